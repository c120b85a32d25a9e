"""The database: what becomes of an error of the driver, whoever was about to do what."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.store import schema
from adapters.store.database import Database
from bot.errors import StoreError


@pytest.mark.parametrize("what", ["reading", "writing"])
def test_a_database_that_is_away_is_told_by_a_sentence_when_connecting_already(what: str) -> None:
    # Whoever keeps what became of a message tries again on this error, and on no other.
    database = Database("postgresql://nobody@/nothing?host=/nowhere")
    with pytest.raises(StoreError), getattr(database, what)():
        pytest.fail("there is no database")
    database.close()


def test_a_folder_in_the_place_of_the_file_is_told_by_a_sentence(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}")
    with pytest.raises(StoreError, match="The database could not do it"), database.writing():
        pytest.fail("there is no database")
    database.close()


def test_reading_makes_no_file(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'aispend.db'}")
    with pytest.raises(StoreError, match="There is no ledger here yet"), database.reading():
        pytest.fail("there is no database")
    assert schema.current(database) is None
    assert list(tmp_path.iterdir()) == []
    schema.upgrade(database)
    assert schema.current(database) == schema.newest()
    database.close()


def test_a_database_of_another_version_says_which_way_to_go() -> None:
    """What a newer program made cannot be brought back by `db upgrade`."""
    assert schema.mismatch(schema.newest()) == ""
    assert schema.mismatch("0001") == f"The database is of version 0001, this program of {schema.newest()}. Run `aispend db upgrade`."
    newer = f"(9999; this one knows up to {schema.newest()}): install that one."
    assert schema.mismatch("9999") == f"The database was made by a newer version of this program {newer}"
