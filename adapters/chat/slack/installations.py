"""Installations: the workspaces that installed us, their tokens encrypted at rest; only those the operator named are taken.

Whoever owns a workspace decides on the e-mails in it, so a workspace that is not ours could speak for anybody.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.models import Installation
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from adapters.chat.once import Once
from adapters.chat.slack.client import Workspace
from bot.errors import ConfigError
from bot.ports import Clock, Documents

KIND = "slack.installation"
CACHED = timedelta(minutes=5)
"""How long another replica's change may go unnoticed; a token that Slack refuses ends it at once."""
STATE_S = 600
"""How long an installation may take."""
log = structlog.get_logger()


def cipher(keys: str) -> MultiFernet:
    """Return what encrypts tokens; of several keys, separated by commas, the first one encrypts and all decrypt.

    Raises:
        ConfigError: One is no key.
    """
    try:
        return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])
    except ValueError as exc:
        raise ConfigError(
            "AISPEND_SLACK_TOKEN_KEY must be 32 bytes in URL-safe base64. Make one: "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
        ) from exc


class Installations(AsyncInstallationStore):
    """Bolt's installation store over our documents."""

    def __init__(self, documents: Documents, keys: MultiFernet, allowed: Iterable[str], clock: Clock) -> None:
        self._documents, self._keys, self._clock = documents, keys, clock
        self._allowed = frozenset(allowed)
        self._cached: dict[str, tuple[Workspace, datetime]] = {}

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation.

        Raises:
            BoltError: It is of a workspace that the operator did not name; nothing is kept.
        """
        team = "" if installation.is_enterprise_install else installation.team_id or ""
        if not {installation.enterprise_id, team} & self._allowed:
            log.warning("slack_installation_refused", workspace=team or installation.enterprise_id)
            raise BoltError(
                f"This workspace ({team or installation.enterprise_id}) is not one of ours. The operator names them under [slack]."
            )
        workspace = Workspace(
            space=installation.enterprise_id or team,
            team=team,
            enterprise=installation.enterprise_id,
            bot_user=installation.bot_user_id or "",
            scopes=frozenset(installation.bot_scopes or ()),
            token=installation.bot_token or "",
        )
        text = json.dumps(asdict(workspace) | {"scopes": sorted(workspace.scopes)})
        await asyncio.to_thread(self._documents.put, KIND, _key(workspace.space, team), self._keys.encrypt(text.encode()).decode())
        self._cached.clear()
        log.info("slack_installed", workspace=team or installation.enterprise_id)

    async def find(self, space: str, team: str = "") -> Workspace | None:
        """Return the installation that serves *team* of *space*: its own, the enterprise's, else any of the enterprise."""
        for key in dict.fromkeys((_key(space, team), _key(space, ""), _key(space, space))):
            found = await self._read(key)
            if found:
                return found
        others = await asyncio.to_thread(self._documents.keys, KIND, f"{space}/") if not team else []
        return await self._read(others[0]) if others else None

    async def forget(self, space: str, team: str = "") -> None:
        """Drop the installation of *team*; that of the whole enterprise where the team had none of its own."""
        own = await asyncio.to_thread(self._documents.get, KIND, _key(space, team))
        await asyncio.to_thread(self._documents.drop, KIND, _key(space, team if own else ""))
        self._cached.clear()

    def doubt(self) -> None:
        """Read everything anew: Slack refused a token."""
        self._cached.clear()

    async def _read(self, key: str) -> Workspace | None:
        known = self._cached.get(key)
        if known and self._clock.now() - known[1] < CACHED:
            return known[0]
        text = await asyncio.to_thread(self._documents.get, KIND, key)
        if text is None:
            return None
        try:
            found = json.loads(self._keys.decrypt(text.encode()))
        except InvalidToken as exc:
            raise ConfigError(
                "The tokens in the database are encrypted with another key. Put the former AISPEND_SLACK_TOKEN_KEY behind the new one."
            ) from exc
        workspace = Workspace(**found | {"scopes": frozenset(found["scopes"])})
        if not {workspace.space, workspace.team} & self._allowed:
            return None  # named once, and no more
        self._cached[key] = (workspace, self._clock.now())
        return workspace


class States(AsyncOAuthStateStore):
    """The state of an installation under way: it carries its own proof, and is taken once."""

    def __init__(self, keys: MultiFernet, once: Once, clock: Clock) -> None:
        self._keys, self._once, self._clock = keys, once, clock

    async def async_issue(self, *_: object, **__: object) -> str:
        """Return a new state."""
        return self._keys.encrypt_at_time(secrets.token_bytes(16), int(self._clock.now().timestamp())).decode()

    async def async_consume(self, state: str) -> bool:
        """Tell whether *state* is ours, fresh, and used for the first time."""
        try:
            nonce = self._keys.decrypt_at_time(state.encode(), STATE_S, int(self._clock.now().timestamp()))
        except (InvalidToken, UnicodeEncodeError):
            return False
        return await self._once.is_first(f"slack:state:{nonce.hex()}")


def _key(space: str, team: str) -> str:
    return f"{space}/{team}"
