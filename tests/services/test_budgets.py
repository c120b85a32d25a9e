from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from factories import write_directory
from fakes import FakeBudgets, FakePeople

from adapters.clock import FixedClock
from bot.domain.people import Directory
from bot.errors import ConfigError
from bot.services import budgets, directory

CLOCK = FixedClock(datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
def known(tmp_path: Path) -> Directory:
    return directory.plan(write_directory(tmp_path), FakePeople()).directory


def plan(folder: Path, known: Directory, toml: str, store: FakeBudgets | None = None) -> budgets.Plan:
    (folder / "budgets.toml").write_text(toml, "utf-8")
    return budgets.plan(folder / "budgets.toml", store or FakeBudgets(), known, "USD", 4)


ONE = '[[budgets]]\nname = "a"\nteam = "search"\nlimit = 99.5\nladder = [100, 50]\n'


def test_a_plan_is_shown_applied_and_then_empty(tmp_path: Path, known: Directory) -> None:
    store = FakeBudgets()
    first = plan(tmp_path, known, ONE, store)
    assert first.sentences == ("+ a: 99.5 USD a month for team search (tiers 50 %, 100 %)",)
    budgets.apply(first, store, CLOCK)
    assert plan(tmp_path, known, ONE, store).sentences == ()
    assert store.current()[0].ladder == (Decimal("0.5"), Decimal(1))

    changed = plan(tmp_path, known, ONE.replace("99.5", "120") + '[[budgets]]\nname = "b"\norg = true\nlimit = 1\nperiod = "year"\n', store)
    assert [sentence[0] for sentence in changed.sentences] == ["~", "+"]
    budgets.apply(changed, store, CLOCK)
    assert [(b.name, b.version, b.fiscal_year_start) for b in store.current()] == [("a", 2, 4), ("b", 1, 4)]
    assert plan(tmp_path, known, "budgets = []", store).removed == ("a", "b")


def test_planned_changes_are_part_of_a_budget(tmp_path: Path, known: Directory) -> None:
    store = FakeBudgets()
    toml = (
        ONE + 'overlays = [{ from = 2026-12-15, amount = 40 }, { from = 2026-12-01, until = 2027-01-01, factor = 1.2, note = "launch" }]\n'
    )
    first = plan(tmp_path, known, toml, store)
    assert first.sentences == ("+ a: 99.5 USD a month for team search (tiers 50 %, 100 %, 2 planned changes)",)
    budgets.apply(first, store, CLOCK)
    assert plan(tmp_path, known, toml, store).sentences == ()
    launch, seats = store.current()[0].overlays
    assert (launch.factor, launch.note, launch.until) == (Decimal("1.2"), "launch", date(2027, 1, 1))
    assert (seats.amount.amount, seats.factor) == (40, 1)
    assert plan(tmp_path, known, toml.replace("1.2", "1.3"), store).sentences


def test_an_empty_file_does_not_end_what_is_in_force(tmp_path: Path, known: Directory) -> None:
    store = FakeBudgets()
    budgets.apply(plan(tmp_path, known, ONE, store), store, CLOCK)
    with pytest.raises(ConfigError, match=r"holds no budgets, and 1 are in force. To end them all, write budgets = \[\]"):
        plan(tmp_path, known, "# nothing yet\n", store)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("budgets = 3", "takes [[budgets]] sections only"),
        ('budgets = ["a"]', "budget 1 is no [[budgets]] section"),
        ("[budget]", "holds 'budget'"),
        ("[[budgets]]\nlimit = 1\norg = true", "it needs a name"),
        ('[[budgets]]\nname = "a"\norg = true', "it needs a limit"),
        ('[[budgets]]\nname = "a"\norg = true\nlimit = 0', "limit holds 0"),
        ('[[budgets]]\nname = "a"\norg = true\nlimit = nan', "limit holds"),
        ('[[budgets]]\nname = "a"\norg = true\nlimit = true', "limit holds True"),
        ('[[budgets]]\nname = "a"\norg = true\nlimit = 1\namount = 2', "unknown key 'amount'"),
        ('[[budgets]]\nname = "a"\nlimit = 1', "it has none"),
        ('[[budgets]]\nname = "a"\nteam = "search"\nproject = "p"\nlimit = 1', "it has team, project"),
        ('[[budgets]]\nname = "a"\nteam = "serach"\nlimit = 1', "there is no team 'serach'"),
        ('[[budgets]]\nname = "a"\nperson = "x@y"\nlimit = 1', "there is no person x@y"),
        ('[[budgets]]\nname = "a"\norg = true\nlimit = 1\nperiod = "decade"', "period holds 'decade'"),
        ('[[budgets]]\nname = "a"\norg = true\nlimit = 1\nladder = [0.5, 1]', "write percentages"),
        ('[[budgets]]\nname = "a"\norg = true\nlimit = 1\ncurrency = "EUR"', "the reporting currency is USD"),
        ('[[budgets]]\nname = "a"\norg = true\nlimit = 1\nfiscal_year_start = 13', "a month from 1 to 12"),
        ('[[budgets]]\nname = "a"\norg = true\nlimit = 1\nfiscal_year_start = true', "holds True; write a month from 1 to 12"),
        (ONE + ONE, "the name stands here twice"),
        (ONE + ONE.replace('"a"', '"b"'), "as 'a' does; keep one"),
        ("[[budgets", "is not TOML"),
        (ONE + "overlays = 3", "overlays hold 3; write at most 20"),
        (ONE + "overlays = [{factor = 2}]", "needs the day from which it holds"),
        (ONE + "overlays = [{from = 2026-12-01, facter = 2}]", "unknown key 'facter'; there are from, until, factor, amount, note"),
        (ONE + 'overlays = [{from = "2026-12-01", factor = 2}]', "write a day without quotes"),
        (ONE + "overlays = [{from = 2026-12-01T10:00:00, factor = 2}]", "write a day without quotes"),
        (ONE + "overlays = [{from = 2026-12-01, until = 2026-12-01, factor = 2}]", "until is the first day on which it holds no longer"),
        (ONE + "overlays = [{from = 2026-12-01, factor = 0}]", "by what every day is multiplied"),
        (ONE + "overlays = [{from = 2026-12-01, amount = nan}]", "what every day costs more"),
        (ONE + "overlays = [{from = 2026-12-01}]", "changes nothing"),
        (ONE + "overlays = [{from = 2026-12-01, amount = 0.0000000000001}]", "holds 0.0000000000001, which is less than can be counted"),
        (ONE + "overlays = [{from = 2026-12-01, factor = 2, amount = 1e-10}]", "less than can be counted"),
    ],
)
def test_what_cannot_be_a_budget_is_refused_by_name(tmp_path: Path, known: Directory, toml: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        plan(tmp_path, known, toml)
    assert sentence in str(refused.value)
