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


def test_a_database_of_a_newer_program_is_not_told_to_be_upgraded() -> None:
    assert "Run `aispend db upgrade`" in schema.other("0001")
    assert "Run `aispend db upgrade`" in schema.other(None)
    assert "a newer one made it" in schema.other("9999")
