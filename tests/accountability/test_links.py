"""Links to files of figures: for one reader, for two weeks, and only while it is theirs to see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession, web
from factories import charge, write_csv
from office import Office, office

from adapters import downloads
from adapters.web import application
from bot.errors import ConfigError, Refusal, StoreError
from bot.services import directory
from bot.services.links import Links
from bot.wiring import App

OCTOBER = date(2026, 10, 1)
FIN = "fin@x.example"


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    rows = [charge("2026-10-05", "40.125", x_PrincipalId="ana@x.example"), charge("2026-10-06", "2", x_PrincipalId="nobody")]
    write_csv(found.folder / "bill.csv", rows)
    with found.app.source(found.app.settings.sources[0]) as source:
        found.app.ingest.run(source)
    return found


@pytest.fixture
def links(firm: Office) -> Links:
    return Links("https://aispend.example.com/", "of-tests", firm.app.people, firm.clock, firm.app.digests.showback)


def parts(link: str) -> list[str]:
    query = parse_qs(urlsplit(link).query)
    return [urlsplit(link).path.rpartition("/")[2], *(query[name][0] for name in ("for", "until", "seal"))]


def test_who_it_was_made_for_gets_the_month(firm: Office, links: Links) -> None:
    link = links.to(OCTOBER, FIN)
    assert link.startswith("https://aispend.example.com/showback/2026-10?")
    assert links.open(*parts(link)).splitlines() == ["month,cost_center,cost,currency", "2026-10,,42.125000000,USD"]


@pytest.mark.parametrize(("place", "value"), [(0, "2026-09"), (1, "ruth@x.example"), (2, "9999999999"), (3, "0" * 64), (3, ""), (2, "x")])
def test_what_was_changed_opens_nothing(links: Links, place: int, value: str) -> None:
    given = parts(links.to(OCTOBER, FIN))
    given[place] = value
    with pytest.raises(Refusal, match="not valid"):
        links.open(*given)


def test_after_two_weeks_it_opens_nothing(firm: Office, links: Links) -> None:
    given = parts(links.to(OCTOBER, FIN))
    firm.clock.instant += timedelta(days=14, seconds=1)
    with pytest.raises(Refusal, match="not any more"):
        links.open(*given)


def test_who_is_not_of_finops_any_more_gets_nothing(firm: Office, links: Links, tmp_path: Path) -> None:
    given = parts(links.to(OCTOBER, FIN))
    file = tmp_path / "people.csv"
    file.write_text(file.read_text("utf-8").replace("finops", ""), "utf-8")
    directory.apply(directory.plan([file], firm.app.people), firm.app.people)
    with pytest.raises(Refusal):
        links.open(*given)


def test_the_monthly_message_links_to_it(firm: Office, links: Links) -> None:
    firm.clock.instant = datetime(2026, 11, 1, 12, tzinfo=UTC)
    object.__setattr__(firm.app.digests, "link", links.to)
    firm.app.digests.run()
    (card,) = [repr(post.message.card) for post in firm.posts() if "cost centre" in post.message.card.title]
    assert "https://aispend.example.com/showback/2026-10?for=fin%40x.example" in card


def test_an_address_without_a_secret_is_told(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AISPEND_LINK_SECRET", raising=False)
    section = firm.app.settings.digests.model_copy(update={"address": "https://aispend.example.com"})
    object.__setattr__(firm.app, "settings", firm.app.settings.model_copy(update={"digests": section}))
    with pytest.raises(ConfigError, match="AISPEND_LINK_SECRET"):
        _ = firm.app.links


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as found:
        yield found


def fetch(handler: downloads.Handler, path: str) -> tuple[int, str, str]:
    """Ask over real HTTP."""

    async def run() -> tuple[int, str, str]:
        runner = web.AppRunner(application({"GET /showback/{month}": handler}, {}, bytes, 1000))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
        async with ClientSession() as session, session.get(address) as response:
            found = response.status, await response.text(), response.headers["Cache-Control"]
        await runner.cleanup()
        return found

    return asyncio.run(run())


def test_over_http_the_file_comes_and_is_kept_nowhere(links: Links, executor: ThreadPoolExecutor) -> None:
    link = urlsplit(links.to(OCTOBER, FIN))
    status, text, cache = fetch(downloads.showback(links.open, executor), f"{link.path}?{link.query}")
    assert (status, text.count("\n"), cache) == (200, 2, "no-store")


@pytest.mark.parametrize("query", ["", "?for=a&until=b&seal=c", "?seal=" + "x" * 4000, "?for=%00&until=%ff&seal=%e2%98%83"])
def test_over_http_anything_else_is_refused_without_a_figure(links: Links, executor: ThreadPoolExecutor, query: str) -> None:
    status, text, _ = fetch(downloads.showback(links.open, executor), f"/showback/2026-10{query}")
    assert status == 403
    assert "42" not in text


def test_over_http_a_store_that_is_away_tells_nothing_of_itself(executor: ThreadPoolExecutor) -> None:
    def away(*_: str) -> str:
        raise StoreError("host db.internal refused")

    status, text, _ = fetch(downloads.showback(away, executor), "/showback/2026-10?for=a&until=1&seal=c")
    assert (status, "db.internal" in text) == (503, False)
