"""Downloads: the file behind a link of a private message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from aiohttp import web

from adapters.web import Handler
from bot.errors import BotError, Refusal

Open = Callable[..., str]
"""Returns the file for a month, a reader, until when and the seal."""
_QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}
_LONGEST = 320
"""Of an e-mail address; nothing in a link is longer."""


def showback(open_: Open, executor: Executor) -> Handler:
    """Return what answers a link to a month by cost centre."""

    async def answer(request: web.Request) -> web.Response:
        month = request.match_info["month"]
        given = [request.query.get(name, "") for name in ("for", "until", "seal")]
        if any(len(value) > _LONGEST for value in (month, *given)):
            return web.Response(status=403, text="This link is not valid.", headers=_QUIET)
        try:
            text = await asyncio.get_running_loop().run_in_executor(executor, lambda: open_(month, *given))
        except Refusal as exc:
            return web.Response(status=403, text=str(exc), headers=_QUIET)
        except BotError:  # its words may name hosts and files
            return web.Response(status=503, text="The figures cannot be read just now. Try again in some minutes.", headers=_QUIET)
        name = f'attachment; filename="aispend-{month}.csv"'
        return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=_QUIET | {"Content-Disposition": name})

    return answer
