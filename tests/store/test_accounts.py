"""Accounts, documents and deliveries: one suite over SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adapters.store.accounts import RememberedReceived, SqlAccounts, SqlDocuments, SqlReceived
from adapters.store.database import Database
from bot.domain.account import Account, Binding, State

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ANA = Account("slack", "T1", "U1")


def test_the_newest_word_on_an_account_holds(database: Database) -> None:
    accounts = SqlAccounts(database)
    offered = Binding(ANA, "ana@x.example", State.OFFERED, NOW)
    accounts.save(offered)
    accounts.save(offered.moved(State.CONFIRMED, NOW, "ana@x.example"))
    assert accounts.find(ANA) == Binding(ANA, "ana@x.example", State.CONFIRMED, NOW, "ana@x.example")
    assert accounts.find(Account("slack", "T2", "U1")) is None
    assert [b.account for b in accounts.every("ana@x.example")] == [ANA]
    assert accounts.every("ben@x.example") == []


def test_a_document_is_replaced_and_forgotten(database: Database) -> None:
    documents = SqlDocuments(database)
    documents.put("language", "ana@x.example", "en")
    documents.put("language", "ana@x.example", "de")
    assert documents.get("language", "ana@x.example") == "de"
    assert documents.keys("language", "ana") == ["ana@x.example"]
    assert documents.every("language") == {"ana@x.example": "de"}
    documents.drop("language", "ana@x.example")
    assert documents.get("language", "ana@x.example") is None


def test_a_delivery_is_new_once(database: Database) -> None:
    for received in (SqlReceived(database), RememberedReceived()):
        assert received.is_first("a", NOW)
        assert not received.is_first("a", NOW + timedelta(minutes=5))
        assert received.is_first("b", NOW + timedelta(hours=2))
        assert received.is_first("a", NOW + timedelta(hours=2))
