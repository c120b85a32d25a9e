"""Broadcasts: exactly those it concerns, each their own figures, seen before, stopped half-way and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from office import Office, office

from bot.domain.crowd import Crowd, parse_crowd
from bot.errors import Refusal
from bot.ports import Delivery
from bot.services import broadcast, directory
from bot.wiring import App


@pytest.fixture
def firm(make_app: Callable[..., App], tmp_path: Path) -> Office:
    found = office(make_app, tmp_path)
    found.know()
    found.spend("85", "ana")
    found.spend("30", "ben")
    found.spend("90", "mia")
    return found


def test_it_is_shown_first_and_nothing_goes_out(firm: Office) -> None:
    plan = firm.ask("fin", 'broadcast team:search over:80% "Hi {name}, {used} of {limit}, {share}."')
    assert (plan["state"], plan["count"]) == ("draft", 2)
    assert plan["samples"] == [
        {"to": "Ana Ruiz", "text": "Hi Ana Ruiz, $85.00 of $100.00, 85 %."},
        {"to": "Mia Berg", "text": "Hi Mia Berg, $90.00 of $100.00, 90 %."},
    ]
    firm.app.broadcasts.run()
    assert firm.posts() == []


def test_everybody_reads_their_own_and_says_so(firm: Office) -> None:
    number = firm.ask("fin", 'broadcast team:search "You have used {used}."')["number"]
    firm.ask("fin", f"approve {number}")
    firm.app.broadcasts.run()
    firm.deliver()
    texts = sorted(text for text in firm.world.shown.values() if "From FinOps" in text)
    assert [f"You have used ${cost}.00." in text for cost, text in zip((30, 85, 90), texts, strict=True)] == [True] * 3
    firm.ask("ana", f"seen {number}")
    shown = firm.ask("fin", f"broadcast {number}")
    assert (shown["state"], shown["receipts"], shown["acknowledged"]) == ("done", {"sent": 3}, 1), "what was read was sent"
    assert firm.deliver().edited == 1
    with pytest.raises(Refusal, match="no broadcast"):
        firm.ask("ruth", f"seen {number}")


def test_who_lacks_a_figure_of_the_text_is_left_out_and_counted(firm: Office) -> None:
    plan = firm.ask("fin", 'broadcast everyone "You have used {used}."')
    assert (plan["count"], plan["left_out"]) == (3, 2)


def test_stopped_half_way_and_gone_on_with(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "CHUNK", 2)
    number = firm.ask("fin", 'broadcast everyone "Hello {name}."')["number"]
    firm.ask("fin", f"approve {number}")
    firm.app.broadcasts.run()
    firm.world.fault = ""
    (first, *_) = firm.app.outbox.lease("test", 1, firm.clock.instant, firm.clock.instant)
    from bot.ports import Sent

    firm.app.outbox.sent([(first, Sent("fake", "T1", "ana", "0"))], firm.clock.instant)
    stopped = firm.ask("fin", f"deny {number}")
    assert (stopped["state"], stopped["receipts"]) == ("stopped", {"sent": 1, "dropped": 1})
    firm.app.broadcasts.run()
    assert len(firm.posts()) == 2, "nothing more goes out"
    firm.ask("fin", f"approve {number}")
    for _ in range(3):
        firm.app.broadcasts.run()
    firm.deliver()
    assert firm.ask("fin", f"broadcast {number}")["receipts"] == {"sent": 5}
    assert len({post.message.to for post in firm.posts()}) == len(firm.posts()) == 5, "each once"


def test_a_large_one_needs_somebody_else_to_agree(firm: Office) -> None:
    object.__setattr__(firm.app.broadcasts, "alone_up_to", 2)
    alone = firm.ask("fin", 'broadcast everyone "Hello."')["number"]
    with pytest.raises(Refusal, match="there is nobody else"):
        firm.ask("fin", f"approve {alone}")
    people = firm.folder / "people.csv"
    fin = next(line for line in people.read_text("utf-8").splitlines() if line.startswith("fin@"))
    people.write_text(people.read_text("utf-8") + fin.replace("fin@", "second@") + "\n", "utf-8")
    directory.apply(directory.plan([people], firm.app.people), firm.app.people)
    number = firm.ask("fin", 'broadcast everyone "Hello."')["number"]
    assert firm.ask("fin", f"approve {number}")["state"] == "second"
    with pytest.raises(Refusal, match="somebody else"):
        firm.ask("fin", f"approve {number}")
    firm.app.broadcasts.run()
    assert [post for post in firm.posts() if post.message.about == f"broadcast {number}"] == []
    assert firm.ask("second", f"approve {number}")["state"] == "sending"


def test_what_waits_for_the_morning_can_be_stopped_in_the_evening(firm: Office) -> None:
    firm.know()
    firm.clock.instant = firm.clock.instant.replace(hour=20)
    number = firm.ask("fin", 'broadcast everyone "Hello."')["number"]
    firm.ask("fin", f"approve {number}")
    firm.app.broadcasts.run()
    assert firm.deliver().put_off == 5
    assert firm.ask("fin", f"deny {number}")["state"] == "stopped"
    firm.clock.instant += timedelta(hours=13)
    assert firm.deliver().sent == 0
    firm.ask("fin", f"approve {number}")
    firm.app.broadcasts.run()
    assert firm.deliver().sent == 5
    with pytest.raises(Refusal, match="nothing left to stop"):
        firm.ask("fin", f"deny {number}")


def test_a_sample_with_figures_is_a_look(firm: Office) -> None:
    firm.spend("30", "ana")
    firm.ask("fin", 'broadcast person:ana@x.example "Hello {name}."')
    assert firm.ask("ana", "privacy")["rows"] == []
    firm.ask("fin", 'broadcast person:ana@x.example "You have used {used}."')
    assert len(firm.ask("ana", "privacy")["rows"]) == 1


@pytest.mark.parametrize("who", ["ana", "mia", "ruth"])
def test_only_finops_sends_sees_and_stops(firm: Office, who: str) -> None:
    number = firm.ask("fin", 'broadcast everyone "Hello."')["number"]
    for words in ('broadcast everyone "Hi"', f"broadcast {number}", f"approve {number}", f"deny {number}"):
        with pytest.raises(Refusal, match="Only FinOps"):
            firm.ask(who, words)


@pytest.mark.parametrize(
    "words",
    ["everyone", 'team:nowhere "Hi"', 'over:much "Hi"', 'colour:red "Hi"', 'everyone "{salary}"', 'everyone "{}"', 'over:100% "Hi"'],
)
def test_what_is_not_whole_is_refused(firm: Office, words: str) -> None:
    with pytest.raises(Refusal):
        firm.ask("fin", f"broadcast {words}")


def test_words_of_finops_are_text_and_nothing_else(firm: Office) -> None:
    number = firm.ask("fin", 'broadcast person:ana@x.example "<card> <!channel> {name} & *b*"')["number"]
    firm.ask("fin", f"approve {number}")
    firm.app.broadcasts.run()
    assert firm.posts()[-1].message.card.summary == "<card> <!channel> Ana Ruiz & *b*"


def test_works_council_mode_tells_not_even_finops_who_is_over(make_app: Callable[..., App], tmp_path: Path) -> None:
    firm = office(make_app, tmp_path, "works_council")
    firm.spend("85", "ana")
    for words in ('person:ana@x.example over:83% "Hi"', 'person:ana@x.example over:90% "Hi"', 'person:ana@x.example "{used}"'):
        with pytest.raises(Refusal, match="fewer than five"):
            firm.ask("fin", f"broadcast {words}")
    for share in (80, 90):
        hidden = firm.ask("fin", f'broadcast over:{share}% "Hi"')
        assert (hidden["count"], hidden["left_out"]) == (None, 0)
        firm.ask("fin", f"approve {hidden['number']}")
        firm.app.broadcasts.run()
        assert firm.ask("fin", f"broadcast {hidden['number']}")["receipts"] == {}
    assert [to for to, title in firm.said() if "From FinOps" in title] == ["ana"]
    plan = firm.ask("fin", 'broadcast everyone "Hello {name}"')
    assert "Ana" not in repr(plan["samples"])


def test_who_left_meanwhile_is_told_nothing(firm: Office) -> None:
    number = firm.ask("fin", 'broadcast everyone "Hello."')["number"]
    firm.ask("fin", f"approve {number}")
    people = firm.folder / "people.csv"
    people.write_text(people.read_text("utf-8").replace("Europe/Berlin,en,,,\nben", "Europe/Berlin,en,,,2026-11-02\nben"), "utf-8")
    directory.apply(directory.plan([people], firm.app.people), firm.app.people)
    firm.app.broadcasts.run()
    assert "ana@x.example" not in {post.message.to for post in firm.posts(Delivery.WAITING)}


def test_terms_narrow_and_values_widen(firm: Office) -> None:
    found = firm.app.people.directory()
    today = firm.clock.instant.date()
    assert parse_crowd(["team:search,support", "over:80%"], found) == Crowd(teams=("search", "support"), over=Fraction(4, 5))
    assert [p.email for p in parse_crowd(["team:search,support"], found).members(found, {}, today)] == [
        "ana@x.example", "ben@x.example", "mia@x.example", "ruth@x.example",
    ]  # fmt: skip
    assert [p.email for p in parse_crowd(["role:finops"], found).members(found, {}, today)] == ["fin@x.example"]
    with pytest.raises(Refusal, match="For whom"):
        parse_crowd([], found)


@pytest.mark.parametrize(
    ("audience", "english", "german"),
    [
        ("nobody", "“nobody” is no audience. There are", "„nobody“ ist kein Empfängerkreis. Es gibt"),
        ("tem:search", "Did you mean: team:search?", "Meintest du: team:search?"),
        ("team:serch", "There is no team “serch”. Did you mean: team:search?", "Es gibt kein Team „serch“. Meintest du: team:search?"),
        ("person:zed", "I do not know zed.", "Ich kenne zed nicht."),
        ("role:boss", "“boss” is no role", "„boss“ ist keine Rolle"),
        ("department:X", "There is no department “X”", "Es gibt keine Abteilung „X“"),
        ("over:much", "“over:much” is no share; write over:80%.", "„over:much“ ist kein Anteil; schreibe over:80%."),
    ],
)
def test_an_audience_that_is_none_is_told_in_the_reader_s_language(firm: Office, audience: str, english: str, german: str) -> None:
    with pytest.raises(Refusal) as refused:
        firm.ask("fin", f'broadcast {audience} "Hello."')
    assert english in str(refused.value)
    firm.app.chosen.change(firm.app.people.directory().people["fin@x.example"], ["language", "de"])
    assert german in firm.app.said(refused.value, "fin@x.example")


def test_a_form_leads_to_the_same_preview(firm: Office) -> None:
    fin = firm.app.people.directory().people["fin@x.example"]
    assert firm.ask("fin", "broadcast")["view"] == "broadcast_start"
    assert "over:80%" in firm.app.acts.pressed(fin, "write", "", {}).terms
    plan = firm.app.acts.pressed(fin, "written", "", {"audience": "team:search", "text": "Hello {name}."})
    assert (plan.count, plan.state) == (3, "draft")


@pytest.mark.parametrize(
    ("audience", "text", "field"),
    [
        ("team:nowhere", "Hello.", "audience"),
        ("", "Hello.", "audience"),
        ("department:CC-9", "Hello.", "audience"),
        ("everyone", "You have {spent}.", "text"),
        ("everyone", " ", "text"),
    ],
)
def test_a_form_that_is_not_whole_says_where_and_keeps_what_was_written(firm: Office, audience: str, text: str, field: str) -> None:
    fin = firm.app.people.directory().people["fin@x.example"]
    wrong = firm.app.acts.pressed(fin, "written", "", {"audience": audience, "text": text})
    assert list(wrong.errors) == [field]
    assert (wrong.form.audience, wrong.form.text) == (audience, text)


@pytest.mark.parametrize("do", ["write", "written"])
def test_the_form_is_finops_alone(firm: Office, do: str) -> None:
    mia = firm.app.people.directory().people["mia@x.example"]
    with pytest.raises(Refusal, match="Only FinOps"):
        firm.app.acts.pressed(mia, do, "", {"audience": "everyone", "text": "Hello."})


@pytest.mark.parametrize(
    ("term", "meant"),
    [
        ("team:serch", "team:search"),
        ("person:bne@x.example", "person:ben@x.example"),
        ("taem:search", "team:search"),
    ],
)
def test_an_audience_that_is_nearly_one_is_proposed(firm: Office, term: str, meant: str) -> None:
    with pytest.raises(Refusal, match=f"Did you mean: {meant}"):
        firm.ask("fin", f'broadcast {term} "Hello."')
