"""Settings: `aispend.toml` and the environment, read once, checked whole, frozen."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.visibility import Privacy
from bot.errors import ConfigError

FILE = "aispend.toml"
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
"""What a source may be called."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Organisation(_Section):
    """Who we are.

    Attributes:
        currency: The one reporting currency, ISO 4217.
        rates: CSV of date, currency, rate; needed where bills are in other currencies.
        fiscal_year_start: Month, 1 to 12.
    """

    name: str = "Our organisation"
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    privacy: Privacy = Privacy.STANDARD
    fiscal_year_start: int = Field(default=1, ge=1, le=12, strict=True)
    countries: list[str] = Field(default_factory=list)
    rates: str | None = None


class Store(_Section):
    """Where the ledger is kept; a relative SQLite path starts at the configuration's folder."""

    url: str = "sqlite:///aispend.db"


class EngineSettings(_Section):
    """Where expressions run: DuckDB in the process."""

    kind: Literal["duckdb"] = "duckdb"
    memory: str = Field(default="900MB", pattern=r"^[1-9]\d{0,5}(MB|GB)$")
    threads: int | None = Field(default=None, ge=1, le=1024)


class SourceSettings(BaseModel):
    """One [[sources]] section; what the kind needs beside name and kind is checked by the source itself."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field(pattern=f"^{NAME}$")
    kind: str

    def own(self) -> dict[str, Any]:
        """Return the settings of the kind."""
        return dict(self.model_extra or {})


class RuleSettings(_Section):
    """One [[allocation]] rule.

    Attributes:
        when: Column or `tag:name` to one value or several; `*` is any text.
        team, project: A name, or `tag:name`.
        share: How a shared cost is split; `among` names the teams, as a list or with weights.
    """

    name: str
    when: dict[str, str | list[str]]
    team: str | None = None
    project: str | None = None
    share: Literal["even", "share", "usage"] | None = None
    among: list[str] | dict[str, int] | None = None


class ChatSettings(_Section):
    """What holds on every chat platform.

    Attributes:
        guests: Answer guests of a workspace or tenant, if the directory has their e-mail.
        host, port: Where `aispend serve` listens; a proxy with TLS stands in front.
    """

    guests: bool = False
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class SlackSettings(_Section):
    """[slack]: its secrets come from the environment (SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, …).

    Attributes:
        mode: `http`: Slack calls us; `socket`: we call Slack and need no public address.
        workspaces: Ids of those that may install the app themselves (T…, or E… for an enterprise); none for one bot token.
        client_id: Of the app; needed where workspaces install it.
        api: The Web API; another one only for trials.
    """

    enabled: bool = False
    mode: Literal["http", "socket"] = "http"
    workspaces: tuple[Annotated[str, Field(pattern="^[TE][A-Z0-9]+$")], ...] = ()
    client_id: str = ""
    api: str = Field(default="https://slack.com/api/", pattern=r"^https?://[^\s]+/$")


class DigestSettings(_Section):
    """[digests]: what holds for people who have not chosen otherwise under `settings`.

    Attributes:
        hour, quiet_from, quiet_to: Local hours of the reader; equal quiet hours are none.
        pushes: New messages a week before those that are not urgent wait for the digest.
        address: Where `serve` is reached from outside; digests link to files there, with links sealed by AISPEND_LINK_SECRET.
    """

    cadence: Literal["daily", "weekly", "monthly", "off"] = "weekly"
    hour: int = Field(default=9, ge=0, le=23)
    quiet_from: int = Field(default=19, ge=0, le=23)
    quiet_to: int = Field(default=8, ge=0, le=23)
    pushes: int = Field(default=5, ge=1, le=100)
    address: str = Field(default="", pattern=r"^$|^https://[^\s?#]+$|^http://(127\.0\.0\.1|localhost)(:\d+)?$")


class IngestSettings(_Section):
    """[ingest]: when `serve` loads the configured sources by itself.

    Attributes:
        every: Minutes; 0 where something else runs `aispend ingest`.
    """

    every: int = Field(default=0, ge=0, le=10_080)


class AlertSettings(_Section):
    """[alerts]: when people are told, and when silence escalates.

    Attributes:
        answer_from: Percent of a budget from which an answer is wanted.
        answer_within: Working hours of the recipient before the next person is told.
        pace_floor, unowned_floor: Units of the currency below which a fast day, or a new key that nobody owns, is not worth a word.
        stale_after: Days beyond its usual time that a source may be silent.
        four_eyes_from: Above this amount two people must approve a raise.
        broadcast_alone: People above whose number a second person of FinOps has to agree to a broadcast.
        webhook: A system of yours that is told of every raise, signed with AISPEND_WEBHOOK_SECRET.
        anomalies_per_quarter: False alarms per team and quarter that people put up with; 0 switches anomalies off.
    """

    answer_from: Decimal = Field(default=Decimal(100), ge=1, le=1000)
    answer_within: int = Field(default=8, ge=1, le=80)
    pace_floor: Decimal = Field(default=Decimal(25), ge=0, le=10**9)
    unowned_floor: Decimal = Field(default=Decimal(25), ge=0, le=10**9)
    stale_after: int = Field(default=3, ge=1, le=60)
    four_eyes_from: Decimal = Field(default=Decimal(1000), ge=0, le=10**9)
    broadcast_alone: int = Field(default=50, ge=1, le=100_000)
    webhook: str = Field(default="", pattern=r"^$|^https?://[^\s]+$")
    anomalies_per_quarter: float = Field(default=1.0, ge=0, le=100, allow_inf_nan=False)


_GUID = r"^$|^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


class TeamsSettings(_Section):
    """[teams]: its secrets come from the environment (AISPEND_TEAMS_APP_PASSWORD or AISPEND_TEAMS_CERTIFICATE).

    Attributes:
        app_id: Of the Azure Bot and its app in Microsoft Entra.
        tenant: The only one whose people are answered.
        identity: How the app proves who it is.
        service_hosts: Hosts that take our messages, beside Microsoft's own; only for trials.
        openid: Where the Bot Framework says by which keys it signs; another one only for trials.
    """

    enabled: bool = False
    app_id: str = Field(default="", pattern=_GUID)
    tenant: str = Field(default="", pattern=_GUID)
    identity: Literal["password", "certificate", "managed_identity"] = "password"
    service_hosts: tuple[str, ...] = ()
    openid: str = Field(default="https://login.botframework.com/v1/.well-known/openidconfiguration", pattern=r"^https?://[^\s]+$")


class Settings(_Section):
    """The whole configuration.

    Attributes:
        records: Scope (`provider` or `provider/account`) to the source that states its cost.
        root: The folder that relative paths start at.
    """

    organisation: Organisation = Organisation()
    store: Store = Store()
    engine: EngineSettings = EngineSettings()
    sources: tuple[SourceSettings, ...] = ()
    allocation: tuple[RuleSettings, ...] = ()
    chat: ChatSettings = ChatSettings()
    slack: SlackSettings = SlackSettings()
    teams: TeamsSettings = TeamsSettings()
    ingest: IngestSettings = IngestSettings()
    alerts: AlertSettings = AlertSettings()
    digests: DigestSettings = DigestSettings()
    records: dict[str, str] = Field(default_factory=dict)
    root: Path = Field(default=Path(), exclude=True)

    def store_url(self) -> str:
        """Return the store's URL with a relative SQLite path made absolute."""
        prefix = "sqlite:///"
        path = self.store.url.removeprefix(prefix)
        if not self.store.url.startswith(prefix) or path.startswith("/") or path == ":memory:":
            return self.store.url
        return f"{prefix}{(self.root / path).resolve()}"


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of *path*, else of `AISPEND_CONFIG`, else of `aispend.toml` here, else the defaults.

    `AISPEND_STORE_URL`, or the file that `AISPEND_STORE_URL_FILE` names, replaces the store's URL.

    Raises:
        ConfigError: The file is not there, not TOML, or a setting in it is unknown or does not fit.
    """
    named = path or (Path(environment["AISPEND_CONFIG"]) if environment.get("AISPEND_CONFIG") else None)
    if named and not named.is_file():
        raise ConfigError(f"There is no configuration {named}. Write one with `aispend init {named}`.")
    file = named or (Path(FILE) if Path(FILE).is_file() else None)
    content = _parsed(file) if file else {}
    if url := secret(environment, "AISPEND_STORE_URL"):
        content["store"] = {"url": url}
    if "root" in content:
        raise ConfigError(f"{file}: unknown setting 'root'.")
    return checked(content, str(file or "the environment"), (file.parent if file else Path()).resolve())


def checked(content: Mapping[str, Any], origin: str, root: Path) -> Settings:
    """Return *content* as settings.

    Raises:
        ConfigError: Names the first setting that does not fit, what it holds and what would do.
    """
    try:
        settings = Settings(**content, root=root)
    except ValidationError as exc:
        raise ConfigError(f"{origin}: {_sentence(exc)}") from exc
    names = [source.name for source in settings.sources]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"{origin}: two [[sources]] are called '{twice}'; every source needs a name of its own.")
    return settings


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ConfigError(f"{file} is not TOML: {exc}.") from exc
    except OSError as exc:
        raise ConfigError(f"{file} cannot be read: {exc.strerror}.") from exc


def secret(environment: Mapping[str, str], name: str) -> str | None:
    """Return the secret *name*, or what the file that `NAME_FILE` names holds, None where neither is set.

    Raises:
        ConfigError: Both are set, or the file cannot be read, or it is empty.
    """
    file = environment.get(f"{name}_FILE")
    if not file:
        return environment.get(name)
    if environment.get(name):
        raise ConfigError(f"Both {name} and {name}_FILE are set; keep one of them.")
    try:
        secret = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{name}_FILE names {file}, which cannot be read as text.") from exc
    if not secret:
        raise ConfigError(f"{name}_FILE names {file}, which is empty.")
    return secret


def _sentence(exc: ValidationError) -> str:
    error = exc.errors()[0]
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"unknown setting '{place}'. {_neighbours(error['loc'])}"
    if error["type"] == "missing":
        return f"'{place}' is missing."
    shown = "something that does not fit" if place.startswith("store") else repr(error["input"])
    return f"'{place}' holds {shown}: {error['msg'].removeprefix('Input should be ')}."


def _neighbours(place: tuple[Any, ...]) -> str:
    model: Any = Settings
    for part in place[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        model = RuleSettings if part == "allocation" else getattr(field, "annotation", model) if field else model
    names = [name for name in getattr(model, "model_fields", {}) if name != "root"]
    return f"There are: {', '.join(names)}." if names else ""
