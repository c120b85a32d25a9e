"""Ingest: one delivery of a source into the ledger, exactly or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any

import ibis
import ibis.expr.types as ir

from bot.domain.money import to_nanos
from bot.domain.people import Directory
from bot.domain.period import Window
from bot.domain.sourcing import clash, stated_elsewhere
from bot.errors import SourceChanged, SourceRefused
from bot.ledger import allocate, attribute, controls, convert, encode, price, rollup
from bot.ledger.schema import LINE_COLUMNS, Charges
from bot.ports import FORGOTTEN, Clock, Engine, Ledger, Load, LoadWriter, People, PriceBook, Progress, Quarantined, UsageSource
from bot.services.numbering import Figures, Numbers, directory_tables

MOST_MALFORMED = Decimal("0.05")
"""Share of unreadable lines above which a file is taken for something else."""
_KEPT = 1000
_MOST = 9 * 10**9
"""Currency units of one load: what the store adds up in nanos."""
_AT_ONCE = 1_000_000
"""Rows of the roll-ups, which are few, in one batch."""


@dataclass(frozen=True)
class Rules:
    """What the operator configured about whose cost is whose.

    Attributes:
        records: Scope (`provider` or `provider/account`) to the source that states its cost.
        rates: Rows shaped as `ledger.convert.RATES`.
    """

    currency: str
    allocation: tuple[allocate.Rule, ...] = ()
    records: Mapping[str, str] = field(default_factory=dict)
    rates: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a load brought: the load, and whose money it was."""

    load: Load
    owners: tuple[tuple[str, int], ...]
    unowned: tuple[tuple[str, int], ...]
    is_dry_run: bool = False


class Silence:
    """Progress for nobody."""

    def step(self, text: str) -> None:
        """Say nothing."""

    def rows(self, done: int) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Ingest:
    """Loads sources; every part it needs is a port."""

    ledger: Ledger
    people: People
    clock: Clock
    prices: PriceBook
    rules: Rules
    engine: Callable[[], Engine]

    def run(
        self,
        source: UsageSource,
        window: Window | None = None,
        *,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Load *source*, for the days of *window* or all it has; with *dry_run* everything happens and is undone.

        Raises:
            SourceRefused: The source, the window or the scope cannot be booked as it is; nothing was changed.
            SourceChanged: The ledger's rows do not add up to the source's; nothing was changed.
            LoadInProgress: Another load of the source is under way.
        """
        with closing(self.engine()) as engine:
            return _Run(self, source, engine, progress or Silence()).book(window, dry_run=dry_run)

    def forget(self, source: str) -> Load:
        """Take everything that *source* ever stated out of the ledger.

        Raises:
            SourceRefused: Nothing was ever loaded from it.
        """
        loads = self.ledger.loads(source)
        if not loads:
            known = ", ".join(load.source for load in self.ledger.sources()) or "none"
            raise SourceRefused(f"There is no source '{source}' in the ledger. It knows: {known}.")
        window = Window(min(load.window.start for load in loads), max(load.window.end for load in loads))
        empty = replace(
            loads[0], window=window, loaded_at=self.clock.now(), rows=0, days=0, ledger_rows=0, billed_nanos=0, estimated_nanos=0,
            allocated_nanos=0, unallocated_nanos=0, scopes=(), quarantined_rows=0, quarantined_cost={}, left_out_rows=0,
            left_out_cost={}, unpriced_rows=0, unpriced_models=(), quarantine=(), description=FORGOTTEN,
        )  # fmt: skip
        with self.ledger.load(source) as writer:
            writer.replace(window, (), ())
            return writer.book(empty)


@dataclass
class _Survey:
    """What the source's rows hold."""

    rows: list[dict[str, Any]]

    @property
    def bookable(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["left_out"] is None and not row["is_problem"]]

    def count(self, kind: str) -> int:
        return sum(row["rows"] for row in self._of(kind))

    def cost(self, kind: str) -> Decimal:
        return sum((row["billed_cost"] + row["estimated_cost"] for row in self._of(kind)), Decimal(0))

    def costs(self, kind: str, lost: Sequence[Mapping[str, Any]] = ()) -> dict[str, Decimal]:
        """Return the cost per currency, that of rows without a rate (*lost*) included; sums over currencies mean nothing."""
        found: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in self._of(kind):
            found[(row["billing_currency"] or "").strip().upper()] += row["billed_cost"] + row["estimated_cost"]
        for other in lost:
            found[other["billing_currency"]] += other["cost"]
        return {currency: cost for currency, cost in sorted(found.items()) if cost}

    def scopes(self, kind: str) -> list[str]:
        """Return whose cost the bookable rows state: `provider`, or `provider/account`."""
        named = {((row["provider_name"] or "").strip() or kind, (row["billing_account_id"] or "").strip()) for row in self.bookable}
        return sorted(f"{provider}/{account}".lower() if account else provider.lower() for provider, account in named)

    @property
    def currencies(self) -> set[str]:
        return {row["billing_currency"].strip().upper() for row in self.bookable if row["billing_currency"]}

    def window(self) -> Window | None:
        starts = [row["first_day"] for row in self.bookable]
        lasts = [row["last_day"] for row in self.bookable]
        return Window(min(starts), max(lasts) + timedelta(days=1)) if starts else None

    def watermark(self, now: datetime, window: Window) -> datetime:
        """Return until when the source is complete: the end of its last charge that lies within a day, at most *now*."""
        ends = [row["last_day_end"] or row["last_end"] for row in self.bookable]
        days = [row["last_day_end"] for row in self.bookable if row["last_day_end"]]
        if not ends:
            return min(now, datetime.combine(window.end, datetime.min.time(), UTC))
        return min(now, max(days or ends).replace(tzinfo=UTC))

    @property
    def longest(self) -> int:
        return max((row["longest"] for row in self.bookable), default=1)

    def _of(self, kind: str) -> list[dict[str, Any]]:
        if kind == "left_out":
            return [row for row in self.rows if row["left_out"] is not None]
        return self.bookable if kind == "bookable" else [r for r in self.rows if r["is_problem"]]


@dataclass
class _Run:
    """One load under way."""

    ingest: Ingest
    source: UsageSource
    engine: Engine
    progress: Progress

    def book(self, asked: Window | None, *, dry_run: bool) -> Report:
        self.progress.step(f"Reading {self.source.name}")
        description = self.source.describe(self.engine)
        window = asked or self.source.window(self.engine)
        charges, unpriced = self._priced(self._claimed(controls.bounded(self.source.charges(window, self.engine))))
        self.progress.step("Adding up")
        read = self.engine.materialise(rollup.condense(Charges(self.engine.view(charges.table), charges.given)))
        survey = _Survey(self.engine.rows(controls.survey(read)))
        quarantine = self._malformed(survey)
        window = window or survey.window()
        if window is None:
            raise SourceRefused(self._nothing(survey))
        self._check_overlap(window)
        scopes = survey.scopes(self.source.kind)
        self._check_scopes(scopes)
        quarantine += self._problems(survey, window if asked else None)
        condensed = rollup.completed(rollup.bookable(read))
        self._check_complete(condensed, window, is_said=bool(asked or self.source.window(self.engine)))
        self._check_usage(asked, survey.longest)
        rates = self._rates() if survey.currencies - {self.ingest.rules.currency} else None
        lost = [] if rates is None else self.engine.rows(convert.without_rate(condensed, rates, self.ingest.rules.currency))
        converted = self.engine.view(convert.convert(condensed, rates, self.ingest.rules.currency))
        directory = self.ingest.people.directory()
        rows = self._owned(converted, directory, survey.longest)
        with self.ingest.ledger.load(self.source.name) as writer:
            self.progress.step("Storing")
            numbers = Numbers.of(self.engine, writer, directory, self.ingest.rules.allocation, condensed, converted)
            stored, figures = self._store(writer, rows, numbers, window)
            self._check(writer, window, survey, lost, stored)
            load = Load(
                source=self.source.name,
                kind=self.source.kind,
                description=description,
                window=window,
                loaded_at=self.ingest.clock.now(),
                rows=survey.count("bookable") - sum(row["rows"] for row in lost),
                days=figures.days,
                ledger_rows=stored["rows"],
                currency=self.ingest.rules.currency,
                billed_nanos=to_nanos(stored["billed"]),
                estimated_nanos=to_nanos(stored["estimated"]),
                allocated_nanos=figures.allocated,
                unallocated_nanos=figures.unallocated,
                watermark=survey.watermark(self.ingest.clock.now(), window),
                settling=self.source.settling,
                scopes=tuple(scopes),
                quarantined_rows=survey.count("problem") + len(self.engine.rejected()) + sum(row["rows"] for row in lost),
                quarantined_cost=survey.costs("problem", lost),
                left_out_rows=survey.count("left_out"),
                left_out_cost=survey.costs("left_out"),
                unpriced_rows=sum(row["rows"] for row in unpriced),
                unpriced_models=tuple(f"{row['provider_name'] or '?'}/{row['model'] or '?'}" for row in unpriced),
                quarantine=tuple([*quarantine, *map(_rateless, lost)][:_KEPT]),
                is_range_export=self.source.is_range_export,
            )
            if not dry_run:
                load = writer.book(load)
        return Report(load, figures.owners, figures.unowned, dry_run)

    # What comes in

    def _claimed(self, charges: Charges) -> Charges:
        """Leave out what the configuration lets another source state."""
        records = self.ingest.rules.records
        table = charges.table
        provider, account = table.provider_name.strip().lower(), table.billing_account_id.strip().lower()
        cases = []
        for scope in stated_elsewhere(self.source.name, records):
            wanted, _, wanted_account = scope.lower().partition("/")
            fits = provider == wanted
            fits = fits & (account == wanted_account) if wanted_account else fits
            cases.append((table.left_out.isnull() & fits.fill_null(False), ibis.literal(f"stated by {records[scope]}")))
        if not cases:
            return charges
        return Charges(table.mutate(left_out=ibis.cases(*cases, else_=table.left_out)), charges.given | {"left_out"})

    def _priced(self, charges: Charges) -> tuple[Charges, list[dict[str, Any]]]:
        if "needs_price" not in charges.given:
            return charges, []
        found = self.ingest.prices.prices(self.engine.rows(price.wanted(charges)))
        prices = self.engine.from_rows(found, price.PRICES)
        return price.price(charges, prices), self.engine.rows(price.unpriced(charges, prices))

    def _malformed(self, survey: _Survey) -> list[Quarantined]:
        rejected = self.engine.rejected()
        total = sum(row["rows"] for row in survey.rows) + len(rejected)
        if rejected and len(rejected) > max(1, int(total * MOST_MALFORMED)):
            first = rejected[0]
            raise SourceRefused(
                f"{first.file}: {len(rejected)} of {total} lines do not have the header's columns, the first is line "
                f"{first.line}: {first.reason}. The file is damaged or not what it seems; nothing was booked."
            )
        return [Quarantined(f"{line.file}, line {line.line}", line.reason) for line in rejected]

    def _problems(self, survey: _Survey, window: Window | None) -> list[Quarantined]:
        """Look up where the rows with a problem stand; a second, slower reading that only bad files pay for."""
        if not survey.count("problem"):
            return []
        table = controls.bounded(self.source.charges(window, self.engine, positions=True)).table
        bad = table.filter(table.problem.notnull() & table.left_out.isnull()).limit(_KEPT)
        wanted = bad.select("origin_file", "origin_row", "problem", "billed_cost", "estimated_cost", "billing_currency")
        return [
            Quarantined(
                f"{row['origin_file']}, row {row['origin_row']}",
                row["problem"],
                row["billed_cost"] + row["estimated_cost"],
                row["billing_currency"],
            )
            for row in self.engine.rows(wanted.order_by(["origin_file", "origin_row"]))
        ]

    def _nothing(self, survey: _Survey) -> str:
        left_out, problems = survey.count("left_out"), survey.count("problem")
        return (
            f"'{self.source.name}' holds no AI charge that can be booked ({left_out} rows are not AI or are stated elsewhere, "
            f"{problems} have a problem), so nothing was changed. If rows are missing, look at `ai` in its [[sources]] section; "
            "to empty a window on purpose, name it with --from and --to."
        )

    # What must not be

    def _check_scopes(self, scopes: Sequence[str]) -> None:
        found = clash(scopes, self.source.name, self.ingest.ledger.scopes())
        if not found:
            return
        scope, held, holder = found
        raise SourceRefused(
            f"'{self.source.name}' states the cost of '{scope}', which '{holder}' already states (as '{held}'); adding both would "
            f'count it twice. Say in aispend.toml who states it: [records] "{scope}" = "{holder}" (or "{self.source.name}"), '
            f"or, if they are different accounts, name them with `account` in [[sources]]; or take the other out: "
            f"aispend ingest --forget {holder}. Nothing was changed."
        )

    def _check_overlap(self, window: Window) -> None:
        """Refuse a range export that overlaps an earlier one in part: its days cannot be told apart."""
        if not self.source.is_range_export:
            return
        for load in takewhile(lambda load: load.description != FORGOTTEN, self.ingest.ledger.loads(self.source.name)):
            if load.ledger_rows and load.window.overlaps(window) and not load.window.within(window):
                raise SourceRefused(
                    f"This export covers {window.start} to {window.end - timedelta(days=1)}, an earlier one covers {load.window.start} "
                    f"to {load.window.end - timedelta(days=1)}; they overlap in part and each is one sum. Export the earlier days "
                    f"again with these, or days that do not overlap. Nothing was changed."
                )

    def _check_complete(self, condensed: ir.Table, window: Window, *, is_said: bool) -> None:
        """Refuse to empty days that a file merely skips: a late correction must not wipe out the weeks before it."""
        if is_said:
            return
        stated = {row["charge_day"] for row in self.engine.rows(condensed.select("charge_day").distinct())}
        lost = sorted(self.ingest.ledger.days(self.source.name, window) - stated)
        if lost:
            more = f" and {len(lost) - 1} more days" if lost[1:] else ""
            raise SourceRefused(
                f"The charges of '{self.source.name}' run from {window.start} to {window.end - timedelta(days=1)} but hold nothing for "
                f"{lost[0]}{more}, for which the ledger has cost. Load all its files together, or say which days are replaced: "
                f"--from {window.start} --to {window.end}. Nothing was changed."
            )

    def _check_usage(self, asked: Window | None, longest: int) -> None:
        """Refuse to share long charges by the usage of a part of their days."""
        rule = next((rule for rule in self.ingest.rules.allocation if rule.sharing is allocate.Sharing.USAGE), None)
        if asked and rule and longest > 1 and not self.source.is_range_export:
            raise SourceRefused(
                f"Rule '{rule.name}' shares by usage, and '{self.source.name}' has charges that span days: a part of the days would "
                "share them wrongly. Load without --from and --to. Nothing was changed."
            )

    def _check_size(self, sums: Mapping[str, Any]) -> None:
        """Refuse what the store's whole numbers have no room for; the original currency is never added up there."""
        largest = max(sums[f"{name}_volume"] or Decimal(0) for name in encode.MONEYS if name != "original")
        if largest > _MOST:
            raise SourceRefused(
                f"'{self.source.name}' adds up to {largest:,.0f} in one load; the ledger holds {_MOST:,} {self.ingest.rules.currency} "
                "at most. If that is right, report in a currency of larger units ([organisation] currency and rates), or load "
                "fewer days at a time. Nothing was changed."
            )
        for name, most in (("original", _MOST), ("quantity", 1000 * _MOST)):
            if (sums[f"{name}_largest"] or Decimal(0)) > most:
                raise SourceRefused(
                    f"'{self.source.name}' has a day and line whose {name} amount is {sums[f'{name}_largest']:,.0f}; the ledger holds "
                    f"{most:,} at most. Look for a wrong unit in the file, or point at a finer principal or project. Nothing was changed."
                )

    def _check(self, writer: LoadWriter, window: Window, survey: _Survey, lost: list[dict[str, Any]], stored: dict[str, Any]) -> None:
        """Hold what the database now holds against the source's own sums."""
        original = survey.cost("bookable") - sum((row["cost"] for row in lost), Decimal(0))
        if stored["original"] != original:
            raise SourceChanged(
                f"Control total: the source's rows add up to {original}, the ledger's to {stored['original']}. Nothing was changed; "
                "please report this with the file's header."
            )
        expected = (stored["rows"], *(to_nanos(stored[name]) for name in ("billed", "estimated", "original")))
        found = writer.stored(window)
        if found != expected:
            raise SourceChanged(
                f"Control total: {expected} was to be stored (rows, nanos), the database holds {found}. Nothing was changed."
            )

    # Whose it is

    def _rates(self) -> ir.Table:
        return self.engine.from_rows(list(self.ingest.rules.rates), convert.RATES)

    def _owned(self, converted: ir.Table, directory: Directory, longest: int) -> ir.Table:
        rows = rollup.amortise(converted, longest)
        identities, patterns, stints = directory_tables(directory, self.engine)
        rows = attribute.attribute(rows, identities, patterns, stints)
        if longest > 1 or any(rule.sharing for rule in self.ingest.rules.allocation):
            rows = self.engine.materialise(rows)  # what follows is deep, and reads the rows more than once
        spelled = {name.lower(): name for name in directory.teams}
        known = [{"t_key": key, "t_name": name} for key, name in spelled.items()]
        teams = self.engine.from_rows(known, {"t_key": "string", "t_name": "string"})
        order = ["charge_day", "day", "principal", "principal_email", "project", *LINE_COLUMNS[:-1]]
        return self.engine.view(allocate.allocate(rows, self._deciding(rows, teams), teams, order))

    def _deciding(self, rows: ir.Table, teams: ir.Table) -> list[allocate.Rule]:
        """Return the rules without those that share and have nothing to share: a split is much to put to the engine."""
        rules = self.ingest.rules.allocation
        if not any(rule.sharing for rule in rules):
            return list(rules)
        found = {row["_rule"] for row in self.engine.rows(allocate.deciding(rows, rules, teams))}
        return [rule for number, rule in enumerate(rules) if not rule.sharing or number in found]

    def _store(self, writer: LoadWriter, rows: ir.Table, numbers: Numbers, window: Window) -> tuple[dict[str, Any], Figures]:
        source_id = writer.labels("source", [self.source.name])[self.source.name]
        daily = self.engine.materialise(encode.encode(rows, numbers.labels, numbers.lines))
        sums = self.engine.rows(encode.check_sum(daily))[0]
        self._check_size(sums)
        fractional = [name for name in encode.UNITS if sums[f"{name}_roundings"]]
        lines = numbers.number_lines(daily)
        final = self.engine.materialise(encode.stored(daily, source_id, lines.table, fractional))
        totals = self.engine.batches(encode.totals(final, source_id, lines.names), rows=_AT_ONCE)
        writer.replace(window, _watched(self.engine.batches(encode.ascending(final)), self.progress), totals)
        sums |= {name: sums[name] or Decimal(0) for name in ("billed", "estimated", "original")}
        return sums, Figures.of(self.engine, final, lines, numbers, sums["days"])


def _rateless(row: Mapping[str, Any]) -> Quarantined:
    day: date = row["charge_day"]
    reason = f"no rate for {row['billing_currency']} on {day}; add a line to the rates file and load again"
    return Quarantined(f"{row['rows']} rows of {day}", reason, row["cost"], row["billing_currency"])


def _watched(batches: Any, progress: Progress) -> Any:
    done = 0
    for batch in batches:
        yield batch
        done += batch.num_rows
        progress.rows(done)
