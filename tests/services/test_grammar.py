from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.period import Window
from bot.errors import Refusal
from bot.ports import Dimension
from bot.services.commands import HELP, Verb
from bot.services.grammar import parse

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("words", "window"),
    [
        ("me", Window(date(2026, 11, 1), date(2026, 12, 1))),
        ("me today", Window(date(2026, 11, 23), date(2026, 11, 24))),
        ("me yesterday", Window(date(2026, 11, 22), date(2026, 11, 23))),
        ("me week", Window(date(2026, 11, 23), date(2026, 11, 30))),
        ("me quarter", Window(date(2026, 10, 1), date(2027, 1, 1))),
        ("me year", Window(date(2026, 1, 1), date(2027, 1, 1))),
        ("me last 30d", Window(date(2026, 10, 25), date(2026, 11, 24))),
        ("me last month", Window(date(2026, 10, 1), date(2026, 11, 1))),
        ("me 2026-10", Window(date(2026, 10, 1), date(2026, 11, 1))),
        ("me 2026-10-07", Window(date(2026, 10, 7), date(2026, 10, 8))),
        ("me 2026-10-01..2026-10-15", Window(date(2026, 10, 1), date(2026, 10, 16))),
        ("me 2025", Window(date(2025, 1, 1), date(2026, 1, 1))),
    ],
)
def test_periods(words: str, window: Window) -> None:
    assert parse(words, TODAY).period.window == window


def test_words_in_any_case_with_quotes_and_the_slash() -> None:
    command = parse("/aispend TEAM “customer support” last 7d BY Person", TODAY)
    assert (command.verb, command.name, command.by, command.period_words) == (Verb.TEAM, "customer support", Dimension.PERSON, "last 7d")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("mee", "Did you mean: me?"),
        ("tem search", "Did you mean: team search?"),
        ("zzz", "Try: me"),
        ("me by modle", "Did you mean: by model?"),
        ("me by", "By what?"),
        ("me yesteday", "Did you mean: me yesterday?"),
        ("me last mnth", "“last mnth” after me. Did you mean: me last month?"),
        ("me lastmonth", "“lastmonth” after me. Did you mean: me last month?"),
        ("me lst month", "“lst” after me. Did you mean: me last month?"),
        ("me lst 30d by model", "Did you mean: me last 30d by model?"),
        ("org quater by team", "Did you mean: org quarter by team?"),
        ("why org lst week", "Did you mean: why org last week?"),
        ("me last please", "For instance: me last 30d by model."),
        ("me please month", "For instance: me last 30d by model."),
        ("me please", "For instance: me last 30d by model."),
        ("top", "Top of what?"),
        ("wy me", "Did you mean: why me?"),
        ("why tema search", "Did you mean: why team search?"),
        ("why search", "For instance: why me."),
        ("why me please", "For instance: why me."),
        ("why by model", "I cannot break why down."),
        ("why project", "Which project?"),
        ("why person last 7d", "Which person?"),
        ("top peple", "Did you mean: top people?"),
        ("project", "Which project?"),
        ("me 2026-13", "is no period I know"),
        ("me 9999-12", "is no period I know"),
        ("me 0001-01-01", "is no period I know"),
        ("me 2026-10-15..2026-10-01", "ends before it starts"),
        ("me 2001-01-01..2099-01-01", "longer than ten years"),
        ("me last 0d", "between 1 and"),
        ("me last 9999d", "between 1 and"),
    ],
)
def test_errors_teach(words: str, sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(words, TODAY)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("words", "about", "name", "period"),
    [
        ("why", Verb.ME, "", ""),
        ("why last 7d", Verb.ME, "", "last 7d"),
        ("why me last month", Verb.ME, "", "last month"),
        ("WHY Team", Verb.TEAM, "", ""),
        ("why team “customer support” week", Verb.TEAM, "customer support", "week"),
        ("why project ranking 2026-10", Verb.PROJECT, "ranking", "2026-10"),
        ("why org", Verb.ORG, "", ""),
        ("why person ana ruiz", Verb.PERSON, "ana ruiz", ""),
        ("why @ana", Verb.PERSON, "@ana", ""),
    ],
)
def test_why_is_asked_about_whatever_has_figures(words: str, about: Verb, name: str, period: str) -> None:
    command = parse(words, TODAY)
    assert (command.verb, command.about, command.name, command.period_words) == (Verb.WHY, about, name, period)


@given(st.text(max_size=60))
def test_no_text_breaks_the_grammar(words: str) -> None:
    with suppress(Refusal):
        assert parse(words, TODAY).verb in Verb


def test_help_lists_every_command() -> None:
    assert {line.split(maxsplit=1)[0] for line, _ in HELP} == set(Verb)


@pytest.mark.parametrize("words", ["me by person last 30d\n", 'me last "30d\n"', "person \ud800", "me \udfff by model"])
def test_odd_characters_are_no_failure(words: str) -> None:
    try:
        command = parse(words, TODAY)
    except Refusal:
        return
    command.text.encode()


@pytest.mark.parametrize("words", ["budget by model", "privacy last 30d", "help week", "budget by day"])
def test_no_word_is_dropped_silently(words: str) -> None:
    with pytest.raises(Refusal, match=r"break|period"):
        parse(words, TODAY)


def test_a_request_that_is_misspelt_is_offered_whole() -> None:
    with pytest.raises(Refusal, match="Did you mean: budget request 50 the migration"):
        parse("budget reqest 50 the migration", TODAY)
