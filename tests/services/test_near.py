"""Near names: those of others are not even looked at, so that nothing tells whether there are any."""

from __future__ import annotations

from datetime import date

from bot.domain.people import Directory, Person, Stint, Team
from bot.domain.visibility import Privacy
from bot.services.near import Near

TODAY = date(2026, 11, 23)


def people(*names: str, team: str = "search") -> dict[str, Person]:
    return {f"{name}@x.example": Person(f"{name}@x.example", name.capitalize(), stints=(Stint(team, None),)) for name in names}


def near(hidden: dict[str, Person], privacy: Privacy = Privacy.STANDARD) -> Near:
    everybody = people("mia", "ana") | hidden
    teams = {"search": Team("search", manager="mia@x.example"), "support": Team("support"), "serch-lab": Team("serch-lab")}
    return Near(everybody["mia@x.example"], Directory(everybody, teams), privacy, TODAY)


def test_a_hidden_person_of_nearly_that_name_changes_nothing() -> None:
    assert near({}).person("annaa") == "person ana@x.example"
    crowd = {f"{n}.ana@x.example": Person(f"{n}.ana@x.example", f"N{n} Ana", stints=(Stint("support", None),)) for n in range(80)}
    assert near(crowd).person("annaa") == "person ana@x.example"
    assert near(people("bob", team="support")).person("bobb") == near({}).person("bobb") == ""


def test_a_hidden_team_changes_nothing_and_a_works_council_is_told_no_names() -> None:
    assert near({}).team("serch") == "team search"
    assert near({}).team("suport") == ""
    assert near({}, Privacy.WORKS_COUNCIL).person("annaa") == ""
