"""Nordwind: a made-up company of forty people in six teams, the same every time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

DOMAIN = "nordwind.example"
TEAMS = {
    "platform": ("Berlin", "Mia Berg", "Noah Lind", "Aino Salo", "Emil Holm", "Freja Dahl", "Otto Kern", "Lea Voss"),
    "search": (
        "Berlin",
        "Jonas Keller",
        "Ana Ruiz",
        "Ben Okafor",
        "Cy Tran",
        "Dora Nagy",
        "Elif Aydin",
        "Finn Moe",
        "Gita Rao",
    ),
    "support": ("London", "Ruth Amadi", "Hugo Blanc", "Ida Lund", "Jack Reed", "Kira Wolf", "Luca Neri"),
    "marketing": ("Paris", "Paul Girard", "Maja Novak", "Nils Berg", "Olga Petrova", "Pia Sand"),
    "sales": ("New_York", "Sara Stone", "Quinn Hale", "Rosa Diaz", "Sven Falk", "Tess Moran"),
    "finance": ("London", "Vera Finch", "Uma Patel", "Will Shaw", "Yara Haddad"),
}
FINOPS = "uma.patel"
GERMAN = "mia.berg"
"""Reads German; everybody else English."""
MOVER = "finn.moe"
"""Leaves search for platform in the middle of the present month."""
OVERRUNNER = "ben.okafor"
SHARED_KEY = "sk-proj-nightly-4f"
GATEWAY_ROLE = "arn:aws:sts::111122223333:assumed-role/ChatbotGateway/i-0a1b2c3d"


@dataclass(frozen=True, slots=True)
class Member:
    """Someone at Nordwind; *role* is `manager` or `member`."""

    name: str
    team: str
    city: str
    role: str

    @property
    def email(self) -> str:
        """first.last@nordwind.example."""
        return f"{self.login}@{DOMAIN}"

    @property
    def login(self) -> str:
        """first.last."""
        return self.name.lower().replace(" ", ".")


def members() -> list[Member]:
    """Return everybody, team by team, the manager first."""
    return [
        Member(name, team, city, "manager" if place == 0 else "member")
        for team, (city, *names) in TEAMS.items()
        for place, name in enumerate(names)
    ]


def write_directory(folder: Path, today: date) -> None:
    """Write people.csv, teams.csv, identities.csv, budgets.toml and rates.csv into *folder*."""
    managers = {member.team: member.email for member in members() if member.role == "manager"}
    moved = today.replace(day=max(2, today.day // 2))
    people = ["email,name,team,manager_email,time_zone,locale,roles,valid_from,valid_to"]
    for member in members():
        zone = f"{'America' if member.city == 'New_York' else 'Europe'}/{member.city}"
        boss = "" if member.role == "manager" else managers[member.team]
        locale = "de" if member.login == GERMAN else "en"
        roles = "finops" if member.login == FINOPS else ""
        ends = moved.isoformat() if member.login == MOVER else ""
        people.append(f"{member.email},{member.name},{member.team},{boss},{zone},{locale},{roles},,{ends}")
        if member.login == MOVER:
            people.append(f"{member.email},{member.name},platform,{managers['platform']},{zone},en,{roles},{ends},")
    teams = ["team,parent,manager_email,cost_center,channel"]
    teams += [f"{team},,{managers[team]},CC-{100 + place},#{team}" for place, team in enumerate(TEAMS)]
    identities = ["principal,kind,email,service,valid_from,valid_to"]
    identities += [f"user-{member.login},id,{member.email},,," for member in members()]
    identities += [f"{GATEWAY_ROLE},arn,,support chatbot,,"]
    (folder / "people.csv").write_text("\n".join(people) + "\n", "utf-8")
    (folder / "teams.csv").write_text("\n".join(teams) + "\n", "utf-8")
    (folder / "identities.csv").write_text("\n".join(identities) + "\n", "utf-8")
    (folder / "budgets.toml").write_text(BUDGETS, "utf-8")


BUDGETS = """\
[[budgets]]
name = "everyone"
person = "*"
limit = 600

[[budgets]]
name = "search"
team = "search"
limit = 2500

[[budgets]]
name = "each team"
team = "*"
limit = 3000

[[budgets]]
name = "the year"
org = true
period = "year"
limit = 60000
"""
