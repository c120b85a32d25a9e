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
    """Return the revision of *database*, None for an empty one, or where there is no file yet."""
    if not database.is_there:
        return None
    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the revision of this program."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def mismatch(found: str) -> str:
    """Return why this program cannot use a database of the revision *found*, and what would do; empty text where it can."""
    own = newest()
    if found == own:
        return ""
    if found not in {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}:
        return f"The database was made by a newer version of this program ({found}; this one knows up to {own}): install that one."
    return f"The database is of version {found}, this program of {own}. Run `aispend db upgrade`."
