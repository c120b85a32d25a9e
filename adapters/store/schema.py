"""Schema: bringing a database to the version of this program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from adapters.store.database import Database
from bot.errors import StoreError

FOLDER = Path(__file__).parent / "migrations"


def config() -> Config:
    """Return Alembic's configuration; there is no ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    return settings


def upgrade(database: Database) -> str:
    """Run the revisions that *database* lacks, in one transaction; return the revision it has then."""
    settings = config()
    with database.writing() as connection:
        settings.attributes["connection"] = connection
        try:
            command.upgrade(settings, "head")
        except CommandError as exc:
            raise StoreError(
                f"The database cannot be brought to this version: {exc}. It belongs to a newer program or to another."
            ) from exc
    return newest()


def current(database: Database) -> str | None:
    """Return the revision of *database*, None for an empty one."""
    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the revision of this program."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def other(found: str | None) -> str:
    """Return what is to be said of a database at revision *found*, which is not this program's newest."""
    script = ScriptDirectory.from_config(config())
    if found is None or any(found == known.revision for known in script.walk_revisions()):
        return f"The database is of version {found or 'none'}, this program of {newest()}. Run `aispend db upgrade`."
    return f"The database is of version {found}, which this program ({newest()}) does not know: a newer one made it. Install that one."
