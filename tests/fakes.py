"""Fakes: each port, honestly, in memory; they are also the oracle that the stores are held against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from adapters.chat import terminal
from adapters.store.tables import day_of
from bot.domain.account import Account, Profile
from bot.domain.budget import Budget, Raise
from bot.domain.completeness import KEPT, OLDEST, Seen, age_of
from bot.domain.outcome import Outcome
from bot.domain.people import Directory, Person
from bot.domain.period import Window
from bot.domain.visibility import Verdict
from bot.errors import DeliveryDeferred, DeliveryImpossible, DeliveryUnknown
from bot.ledger.schema import DAILY, LINE_COLUMNS, TOKENS
from bot.messages.card import Card
from bot.ports import (
    FORGOTTEN,
    Billed,
    Cost,
    CostScope,
    Counted,
    Daily,
    Delivered,
    Dimension,
    Load,
    Look,
    Member,
    Owner,
    Parts,
    Quarantined,
    Ranking,
    Sent,
    UnallocatedKey,
    Used,
    stated_scopes,
)


@dataclass
class FakePeople:
    stored: Directory = field(default_factory=Directory)
    changes: int = 0
    looks: list[Look] = field(default_factory=list)

    def directory(self) -> Directory:
        return self.stored

    def version(self) -> int:
        return self.changes

    def replace(self, directory: Directory) -> None:
        self.changes += 1
        self.stored = directory

    def log(self, look: Look) -> None:
        self.looks.append(look)

    def looks_at(self, person: Person, limit: int | None = 50) -> list[Look]:
        found = [look for look in reversed(self.looks) if look.viewer != person.email and self._concerns(look, person)]
        return found[:limit]

    @staticmethod
    def _concerns(look: Look, person: Person) -> bool:
        joined = {stint.team for stint in person.stints if stint.valid_from <= look.at.date()}
        return Verdict(look.verdict).allows and (
            (look.subject_kind == "person" and look.subject == person.email)
            or look.subject_kind == "people"
            or (look.subject_kind == "people_of_team" and look.subject in joined)
        )


@dataclass
class FakeBudgets:
    versions: list[Budget] = field(default_factory=list)
    ended: dict[tuple[str, int], datetime] = field(default_factory=dict)
    begun: dict[tuple[str, int], datetime] = field(default_factory=dict)
    granted: list[Raise] = field(default_factory=list)

    def at(self, instant: datetime) -> list[Budget]:
        keys = [key for key, began in self.begun.items() if began <= instant < self.ended.get(key, datetime.max.replace(tzinfo=UTC))]
        return sorted((b for b in self.versions if (b.name, b.version) in keys), key=lambda b: b.name)

    def raises(self) -> list[Raise]:
        return sorted(self.granted, key=lambda r: r.begins)

    def current(self) -> list[Budget]:
        return sorted((b for b in self.versions if (b.name, b.version) not in self.ended), key=lambda b: b.name)

    def apply(self, changed: Sequence[Budget], removed: Sequence[str], at: datetime) -> None:
        for name in [*removed, *(b.name for b in changed)]:
            self.ended |= {(b.name, b.version): at for b in self.versions if b.name == name and (b.name, b.version) not in self.ended}
        for budget in changed:
            version = 1 + max((b.version for b in self.versions if b.name == budget.name), default=0)
            self.versions.append(replace(budget, version=version))
            self.begun[budget.name, version] = at


@dataclass
class FakeLedger:
    """Daily rows as dictionaries; a load works on a copy that takes their place when it is booked."""

    rows: list[dict[str, int]] = field(default_factory=list)
    names: dict[tuple[str, str], int] = field(default_factory=dict)
    known_lines: dict[tuple[str | None, ...], int] = field(default_factory=dict)
    booked: list[Load] = field(default_factory=list)
    young: dict[tuple[str, date, int], int] = field(default_factory=dict)

    @contextmanager
    def load(self, source: str) -> Iterator[_FakeWriter]:
        writer = _FakeWriter(self, source, list(self.rows))
        yield writer
        if writer.is_booked:
            self.rows = writer.rows
            self._remember(self.booked[-1])

    def loads(self, source: str | None = None) -> list[Load]:
        return [load for load in reversed(self.booked) if source in {None, load.source}]

    def sources(self) -> list[Load]:
        newest: dict[str, Load] = {}
        for load in self.booked:
            before = newest.get(load.source)
            is_later = before and FORGOTTEN not in {before.description, load.description}
            newest[load.source] = replace(load, watermark=max(load.watermark, before.watermark)) if before and is_later else load
        return sorted(newest.values(), key=lambda load: load.source)

    def quarantine(self, number: int) -> list[Quarantined]:
        return list(self.booked[number - 1].quarantine)

    def scopes(self) -> dict[str, str]:
        return stated_scopes(self.loads())

    def days(self, source: str, window: Window) -> set[date]:
        number = self.names.get(("source", source))
        return {day_of(r["charge_day"]) for r in self.rows if r["source_id"] == number and day_of(r["charge_day"]) in window}

    def seen(self, since: date) -> list[Seen]:
        found = [Seen(source, day, age, cost, self._cost(source, day)) for (source, day, age), cost in self.young.items() if day >= since]
        return sorted(found, key=lambda one: (one.source, one.day, one.age))

    def _remember(self, load: Load) -> None:
        if load.description == FORGOTTEN:
            self.young = {key: cost for key, cost in self.young.items() if key[0] != load.source}
            return
        oldest = load.loaded_at.date() - timedelta(days=KEPT)
        self.young = {key: cost for key, cost in self.young.items() if key[0] != load.source or key[1] >= oldest}
        for day in (load.window.start + timedelta(days=n) for n in range(len(load.window))):
            if load.loaded_at.date() - timedelta(days=OLDEST) <= day <= load.loaded_at.date():
                self.young[load.source, day, age_of(day, load.loaded_at)] = self._cost(load.source, day)

    def _cost(self, source: str, day: date) -> int:
        number = self.names[("source", source)]
        return sum(row["billed"] + row["estimated"] for row in self.rows if row["source_id"] == number and day_of(row["day"]) == day)


@dataclass
class _FakeWriter:
    of: FakeLedger
    source: str
    rows: list[dict[str, int]]
    is_booked: bool = False

    def labels(self, kind: str, values: Sequence[str]) -> dict[str, int]:
        return {v: self.of.names.setdefault((kind, v), len(self.of.names) + 1) for v in values}

    def lines(self, lines: Sequence[tuple[str | None, ...]]) -> dict[tuple[str | None, ...], int]:
        return {line: self.of.known_lines.setdefault(line, len(self.of.known_lines) + 1) for line in lines}

    def replace(self, window: Window, batches: Iterable[Any], totals: Iterable[Any]) -> None:
        source = self.labels("source", [self.source])[self.source]
        self.rows = [r for r in self.rows if r["source_id"] != source or day_of(r["charge_day"]) not in window]
        for batch in batches:
            assert list(batch.schema.names) == list(DAILY)
            self.rows += batch.to_pylist()
        for _ in totals:
            pass

    def stored(self, window: Window) -> tuple[int, int, int, int]:
        source = self.labels("source", [self.source])[self.source]
        mine = [r for r in self.rows if r["source_id"] == source and day_of(r["charge_day"]) in window]
        return (len(mine), *(sum(r[name] for r in mine) for name in ("billed", "estimated", "original")))

    def book(self, load: Load) -> Load:
        self.is_booked = True
        self.of.booked.append(replace(load, number=len(self.of.booked) + 1))
        return self.of.booked[-1]


_OF_LINES = {Dimension.MODEL: "model", Dimension.TOOL: "service_name", Dimension.PROVIDER: "provider_name"}


@dataclass
class FakeFigures:
    of: FakeLedger

    def costs(self, scope: CostScope, window: Window, by: Dimension) -> list[Cost]:
        sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for row in self.of.rows:
            if day_of(row["day"]) in window and self._counts(row, scope):
                key = self._key(row, by)
                sums[key][0] += row["billed"]
                sums[key][1] += row["estimated"]
        found = [Cost(key, *value) for key, value in sums.items() if any(value)]
        return sorted(found, key=lambda c: c.key) if by is Dimension.DAY else sorted(found, key=lambda c: (-c.total, c.key))

    def highest(self, scope: CostScope, window: Window, by: Dimension, count: int) -> Ranking:
        rows = sorted(((c.key, c.total) for c in self.costs(scope, window, by) if c.total), key=lambda row: (-row[1], row[0]))
        return Ranking(tuple(rows[:count]), len(rows[count:]), sum(total for _, total in rows[count:]))

    def total(self, scope: CostScope, window: Window) -> Cost:
        rows = self.costs(scope, window, Dimension.SOURCE)
        return Cost("", sum(r.billed for r in rows), sum(r.estimated for r in rows))

    def contributors(self, scope: CostScope, window: Window, *by: Dimension) -> dict[tuple[str, ...], frozenset[int]]:
        people: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
        for row in self.of.rows:
            if day_of(row["day"]) in window and self._counts(row, scope):
                keys = tuple(self._key(row, one) for one in by)
                people[keys] |= {row["person_id"] or self._stranger(row)} - {0} if row["billed"] or row["estimated"] else set()
        return {key: frozenset(found) for key, found in people.items()}

    def _stranger(self, row: dict[str, Any]) -> int:
        return -int(row["principal_id"]) if "@" in self._name(row["principal_id"]) else 0

    def matrix(self, window: Window, by: Dimension, other: Dimension) -> dict[str, dict[str, int]]:
        found: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for key, second, cost in self._crossed(window, by, other):
            found[key][second] = cost
        return dict(found)

    def by_day(self, window: Window, by: Dimension) -> Daily:
        rows = self._crossed(window, by, Dimension.DAY)
        keys = tuple(sorted({key for key, _, _ in rows}))
        costs = np.zeros((len(keys), len(window)), dtype=np.int64)
        for key, day, cost in rows:
            costs[keys.index(key), (date.fromisoformat(day) - window.start).days] = cost
        return Daily(keys, window, costs)

    def tokens_by_day(self, window: Window) -> Daily:
        sums: defaultdict[tuple[str], Any] = defaultdict(lambda: np.zeros(len(window), dtype=np.int64))
        for row in (row for row in self.of.rows if day_of(row["day"]) in window):
            sums[(self._name(row["team_id"]),)][(day_of(row["day"]) - window.start).days] += sum(row[name] for name in TOKENS)
        keys = sorted(sums)
        return Daily(tuple(key for (key,) in keys), window, np.array([sums[key] for key in keys]).reshape(len(keys), len(window)))

    def billed(self, window: Window, currency: str, of: tuple[str, str] | None = None) -> list[Billed]:
        sums: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * (len(TOKENS) + 2))
        for row in (row for row in self.of.rows if day_of(row["day"]) in window and row["billed"] and not row["estimated"]):
            line, tokens = self._line(row), [row[name] for name in TOKENS]
            key = (line["provider_name"] or "", line["model"] or "")
            if line["billing_currency"] == currency and key[1] and sum(tokens) > 0 and of in {None, key}:
                known = sums[(*key, day_of(row["day"]), *((row["person_id"], row["principal_id"]) if of else ()))]
                for place, count in enumerate((*tokens, row["original"], row["billed"])):
                    known[place] += count
        found = [Billed(*key[:3], tuple(counts[:-2]), *counts[-2:]) for key, counts in sums.items()]
        return sorted(found, key=lambda row: (row.provider, row.model, row.day, row.tokens, row.cost))

    def parts_by_day(self, window: Window, member: Member) -> Parts:
        sums: defaultdict[tuple[str, str], Any] = defaultdict(lambda: np.zeros(len(window), dtype=np.int64))
        for row in (row for row in self.of.rows if day_of(row["day"]) in window):
            key = self._member(row, member)
            if key and row["team_id"]:
                sums[self._name(row["team_id"]), key][(day_of(row["day"]) - window.start).days] += row["billed"] + row["estimated"]
        keys = sorted(sums)
        costs = np.array([sums[key] for key in keys]).reshape(len(keys), len(window))
        return Parts(tuple(team for team, _ in keys), tuple(key for _, key in keys), window, costs)

    def _member(self, row: dict[str, int], member: Member) -> str:
        match member:
            case Member.PERSON:
                return self._name(row["person_id"])
            case Member.KEY:
                return "" if row["person_id"] else self._name(row["principal_id"])
            case Member.MODEL:
                return self._line(row)["model"] or ""

    def _crossed(self, window: Window, by: Dimension, other: Dimension) -> list[tuple[str, str, int]]:
        sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        for row in self.of.rows:
            if day_of(row["day"]) in window:
                sums[self._key(row, by), self._key(row, other)] += row["billed"] + row["estimated"]
        return [(key, second, cost) for (key, second), cost in sums.items() if cost]

    def usage(self, scope: CostScope, window: Window) -> list[Used]:
        sums: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * (len(TOKENS) + 1))
        for row in self.of.rows:
            if day_of(row["day"]) in window and self._counts(row, scope):
                line = self._line(row)
                kind = (line["provider_name"] or "", line["model"] or "", line["consumed_unit"] or "", line["charge_category"] or "")
                known = sums[self._name(row["person_id"]), self._name(row["team_id"]), *kind]
                for place, count in enumerate((*(row[name] for name in TOKENS), row["billed"] + row["estimated"])):
                    known[place] += count
        found = [Used(*names[:4], tuple(counts[:-1]), counts[-1]) for names, counts in sums.items()]
        return sorted(found, key=lambda u: (u.person, u.team, u.provider, u.model, u.tokens, u.cost))

    def unallocated(self, window: Window) -> list[UnallocatedKey]:
        raise AssertionError("asked of the stores only")

    def projects(self) -> list[str]:
        return sorted(value for kind, value in self.of.names if kind == "project")

    def has_project(self, name: str) -> str | None:
        found = sorted(v for (kind, v) in self.of.names if kind == "project" and v.casefold() == name.casefold())
        return found[0] if found else None

    def _counts(self, row: dict[str, int], scope: CostScope) -> bool:
        line = self._line(row)
        return all(
            wanted is None or value in wanted
            for value, wanted in (
                (self._name(row["person_id"]), scope.people),
                (self._name(row["team_id"]), scope.teams),
                (self._name(row["project_id"]).lower(), (scope.project.lower(),) if scope.project else None),
                (line["provider_name"] or "", (scope.provider,) if scope.provider else None),
                (line["model"] or "", (scope.model,) if scope.model else None),
            )
        )

    def _key(self, row: dict[str, int], by: Dimension) -> str:
        if by is Dimension.DAY:
            return day_of(row["day"]).isoformat()
        if by in _OF_LINES:
            return self._line(row)[_OF_LINES[by]] or ""
        return self._name(row[f"{by.value}_id"])

    def _line(self, row: dict[str, int]) -> dict[str, str | None]:
        texts = next(line for line, number in self.of.known_lines.items() if number == row["line_id"])
        return dict(zip(LINE_COLUMNS, texts, strict=True))

    def _name(self, number: int) -> str:
        return next((value for (_, value), n in self.of.names.items() if n == number), "")


@dataclass
class FakeOutcomes:
    """What sources say, in the order of words; sums are made anew for every question."""

    said: list[tuple[str, Outcome]] = field(default_factory=list)

    def delivered(self, of: Collection[tuple[str, str]]) -> list[Delivered]:
        days: defaultdict[tuple[str, str], list[date]] = defaultdict(list)
        for source, outcome in self.said:
            if (source, outcome.kind) in of:
                days[source, outcome.kind].append(outcome.day)
        return [Delivered(*key, Window(min(found), max(found) + timedelta(days=1))) for key, found in sorted(days.items())]

    def counts(self, window: Window) -> list[Counted]:
        sums: defaultdict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
        for source, o in self.said:
            if o.day in window:
                sums[source, o.kind, o.team, o.project] += o.count
        return [Counted(*key, count) for key, count in sorted(sums.items())]

    def since(self, of: Collection[Owner]) -> dict[Owner, date]:
        days: defaultdict[Owner, list[date]] = defaultdict(list)
        for source, o in self.said:
            for owner in {Owner(source, o.kind, o.team, o.project), Owner(source, o.kind, o.team, None)} & set(of):
                days[owner].append(o.day)
        return {owner: min(found) for owner, found in days.items()}

    def of(self, source: str, days: Collection[date]) -> list[Outcome]:
        found = [o for name, o in self.said if name == source and o.day in days]
        return sorted(found, key=lambda o: (o.day, o.kind, o.team, o.project))

    def stated_by_others(self, source: str, days: Collection[date]) -> dict[tuple[date, str, str, str], str]:
        return {(o.day, o.kind, o.team, o.project): name for name, o in self.said if name != source and o.day in days}

    def replace(self, source: str, days: Collection[date], outcomes: Sequence[Outcome]) -> None:
        self.said = [(name, o) for name, o in self.said if name != source or o.day not in days]
        self.said += [(source, o) for o in outcomes]


@dataclass
class FakeDocuments:
    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def get(self, kind: str, key: str) -> str | None:
        return self.kept.get((kind, key))

    def every(self, kind: str) -> dict[str, str]:
        return {key: text for (of, key), text in self.kept.items() if of == kind}

    def of(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        return {key: text for key, text in self.every(kind).items() if key in keys}

    def put(self, kind: str, key: str, text: str) -> None:
        self.kept[kind, key] = text

    def drop(self, kind: str, key: str) -> None:
        self.kept.pop((kind, key), None)

    def keys(self, kind: str, prefix: str = "") -> list[str]:
        return sorted(key for of, key in self.kept if of == kind and key.startswith(prefix))


class FakeChat:
    """A platform in memory; *world* holds what is shown, counts what is written, and says what goes wrong."""

    platform = "fake"

    def __init__(self, world: Any, people: dict[str, str]) -> None:
        self.world, self.people = world, people

    async def profile(self, account: Account) -> Profile:
        if self.world.fault:
            raise DeliveryDeferred("The platform has trouble.", timedelta(seconds=7))
        return Profile(self.people.get(account.user), is_gone=account.user not in self.people)

    async def find(self, email: str) -> Account | None:
        return next((Account(self.platform, self.world.space, user) for user, of in self.people.items() if of == email), None)

    async def send(self, account: Account, card: Card) -> Sent:
        if account.space != self.world.space:
            raise DeliveryImpossible("The app is not installed there.")
        return self._show(account.space, account.user, next(self.world.ids), card)

    async def post(self, space: str, channel: str, card: Card) -> Sent:
        return self._show(space, channel, next(self.world.ids), card)

    async def edit(self, sent: Sent, card: Card) -> None:
        self._show(sent.space, sent.place, sent.message, card)

    def _show(self, space: str, place: str, message: str, card: Card) -> Sent:
        if self.world.fault != "away":
            self.world.writes += 1
        match self.world.fault:
            case "busy" | "away":
                raise DeliveryDeferred("The platform asks to wait.", timedelta(seconds=7))
            case "trouble" | "drop":
                raise DeliveryUnknown("The connection broke.")
            case "odd":
                raise KeyError("ts")
            case "blocked":
                raise DeliveryImpossible("The app was removed there.")
        self.world.shown[message] = terminal.render(card)[:30_000]
        return Sent(self.platform, space, place, message)
