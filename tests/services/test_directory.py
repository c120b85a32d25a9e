from __future__ import annotations

from pathlib import Path

import pytest
from factories import TEAMS, write_directory
from fakes import FakePeople

from bot.errors import ConfigError
from bot.services import directory

HEAD = "email,name,team,manager_email,valid_from,valid_to\n"
ROLES = "email,name,roles,valid_from,valid_to\n"


def plan(folder: Path, stored: FakePeople | None = None, **files: str) -> directory.Plan:
    paths = []
    for name, content in files.items():
        path = folder / f"{name}.csv"
        path.write_text(content, "utf-8")
        paths.append(path)
    return directory.plan(paths, stored or FakePeople())


def test_a_directory_is_loaded_whole_and_again_changes_nothing(tmp_path: Path) -> None:
    people = FakePeople()
    first = directory.plan(write_directory(tmp_path), people)
    directory.apply(first, people)

    assert [s.team for s in people.stored.people["ben@x.example"].stints] == ["search", "support"]
    assert len(first.changes) == 5 + 3 + 4
    assert directory.plan(write_directory(tmp_path), people).changes == ()


def test_a_people_file_without_people_takes_nobody_out(tmp_path: Path) -> None:
    people = FakePeople()
    directory.apply(directory.plan(write_directory(tmp_path), people), people)
    with pytest.raises(ConfigError, match="would take all 5 people out"):
        plan(tmp_path, people, people=HEAD)


def test_a_file_that_is_not_given_leaves_what_is_known(tmp_path: Path) -> None:
    people = FakePeople()
    directory.apply(directory.plan(write_directory(tmp_path), people), people)
    again = plan(tmp_path, people, teams=TEAMS.replace("mia@x.example", "ana@x.example"))
    assert again.changes == ("~ team search",)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"people": f"{HEAD}a@x,A,t,b@x,,\n"}, "people.csv, line 2: there is no person b@x to be the manager of a@x"),
        ({"people": f"{HEAD}a@x,A,t,b@x,,\nb@x,B,t,a@x,,\n"}, "the managers run in a circle: a@x → b@x → a@x"),
        ({"people": f"{HEAD}a@x,A,t,,,\nA@X,Anna,t,,,\n"}, "two people cannot share one e-mail"),
        ({"people": f"{HEAD}a@x,A,t,,2026-01-01,2026-03-01\na@x,A,u,,2026-02-01,\n"}, "already in t until 2026-03-01"),
        ({"people": f"{HEAD}a@x,A,t,,2026-03-01,2026-03-01\n"}, "is not after valid_from"),
        ({"people": f"{HEAD}a@x,A,t,,soon,\n"}, "valid_from holds 'soon'; write a date such as"),
        ({"people": f"{HEAD}nobody,A,t,,,\n"}, "'nobody' is no e-mail address"),
        ({"people": f"{HEAD}a@x,A,t,,\n"}, "line 2: 5 values for 6 columns"),
        ({"people": "email,name,roles\na@x,A,king\n"}, "'king' is no role; there are finops, operator"),
        ({"people": f"{ROLES}a@x,A,,,2026-12-01\na@x,A,finops,2026-12-01,\n"}, "line 2: a@x has the roles 'none' here and 'finops' in"),
        ({"people": f"{ROLES}a@x,A,finops,,2026-12-01\na@x,A,,2026-12-01,\n"}, "write those of today in each line"),
        ({"people": "email,name,time_zone\na@x,A,Mars/Base\n"}, "time_zone holds 'Mars/Base'"),
        ({"people": "email,name,locale\na@x,A,xx_YY_ZZ\n"}, "locale holds 'xx_YY_ZZ'"),
        ({"people": "email,name,salary\na@x,A,1\n"}, "unknown column 'salary'; people take email, name"),
        ({"people": "email,name,name\na@x,A,B\n"}, "two columns called 'name'"),
        ({"people": "a,b\n1,2\n"}, "is neither people"),
        ({"people": "emial,name,team\na@x,A,t\n"}, "unknown column 'emial'; people take email, name"),
        ({"people": "emial,name,team\na@x,A,t\n"}, "Did you mean 'email'?"),
        ({"teams": "teem,parent\nt,\n"}, "is neither people"),
        ({"teams": "teem,parent,channel\nt,,\n"}, "unknown column 'teem'; teams take team"),
        ({"ids": "principle,kind,email\nk,key,a@x\n"}, "unknown column 'principle'; identities take principal"),
        ({"people": f"{HEAD}a@x,A,t,,,\n", "teams": "team,parent\nT,\n"}, "there is no team 't'; did you mean 'T'?"),
        ({"people": f"{HEAD}a@x,A,t,,,\n", "teams": "team,parent\nt,u\nu,t\n"}, "the parents run in a circle: t → u → t"),
        ({"people": f"{HEAD}a@x,A,t,,,\n", "teams": "team,parent\nt,x\n"}, "there is no team 'x' to be the parent"),
        ({"people": f"{HEAD}a@x,A,t,,,\n", "teams": "team\nt\nT\n"}, "team 'T' stands here twice"),
        ({"people": f"{HEAD}a@x,A,t,,,\n", "ids": "principal,kind,email\nk,key,b@x\n"}, "there is no person b@x"),
        ({"people": f"{HEAD}a@x,A,t,,,\n", "ids": "principal,kind,email,service\nk,key,a@x,bot\n"}, "either an email or a service"),
        ({"people": f"{HEAD}a@x,A,t,,,\n", "ids": "principal,kind,email\nk,key,a@x\nK,key,a@x\n"}, "'K' already belongs to a@x"),
        ({"people": f"{HEAD}a@x,A,t,,,\n", "ids": "principal,kind,email\n**,pattern,a@x\n"}, "fits every principal"),
        ({"people": f"{HEAD}a@x,A,t,,,\n", "ids": "principal,kind,email\nk,fingerprint,a@x\n"}, "kind holds 'fingerprint'"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    people = FakePeople()
    with pytest.raises(ConfigError) as refused:
        plan(tmp_path, people, **files)
    assert sentence in str(refused.value)
    assert "Nothing was changed." in str(refused.value) or "is neither" in str(refused.value)
    assert people.stored.people == {}


def test_the_newest_line_is_the_newest_day_however_dates_are_spelt(tmp_path: Path) -> None:
    people = FakePeople()
    head = "email,name,team,time_zone,valid_from,valid_to\n"
    rows = "a@x,A,finance,UTC,20260101,2026-11-05\na@x,A,search,Europe/Berlin,2026-11-05,\n"
    directory.apply(plan(tmp_path, people, people=head + rows), people)
    assert people.stored.people["a@x"].time_zone == "Europe/Berlin"
    assert [stint.team for stint in people.stored.people["a@x"].stints] == ["finance", "search"]


def test_every_bad_line_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        plan(tmp_path, people=f"{HEAD}a@x,A,t,no@x,,\nb@x,B,t,nope@x,,\n")
    assert "line 2: there is no person no@x" in str(refused.value)
    assert "line 3: there is no person nope@x" in str(refused.value)
