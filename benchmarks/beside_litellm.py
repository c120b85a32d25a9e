"""Beside LiteLLM: its own spend queries on its own tables, and our digests' questions, on the same requests in the same PostgreSQL.

LiteLLM is not installed and none of its text stands here: LITELLM names the folder of an unpacked wheel (without it, the program says how
to get one). Each request of a synthetic year becomes a row of its spend logs, a part of its daily roll-ups and a part of our ledger.
The calls take turns, each in one process of the server. On both sides the bare statements are compared, put by the same client, rows
fetched; ours are all that the port puts for the question, names included. Beside them stands what our port takes in whole; what Prisma
and the proxy add to theirs is not measured. Its logs stay narrow (no metadata, no messages), which favours it.

Usage: LITELLM=FOLDER python benchmarks/beside_litellm.py [REQUESTS] [FOLDER]
"""

from __future__ import annotations

import math
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import bill
import duckdb
import first_load
import psycopg
from litellm_wheel import HOW, Query, Wheel, WheelError
from psycopg.rows import dict_row
from sqlalchemy import event
from stores import postgresql

from adapters.store.database import Database
from adapters.store.figures import SqlFigures
from bot.domain.period import Window
from bot.ports import Cost, CostScope, Dimension, Figures

WEEK = Window(date(2026, 11, 23), date(2026, 11, 30))
MONTH = Window(date(2026, 11, 1), date(2026, 12, 1))
ROUNDS = 30
LOGS = """
SELECT 'chatcmpl-' || md5('r' || n) AS request_id, 'acompletion' AS call_type, sha256(x_PrincipalId) AS api_key,
  CAST(BilledCost AS DOUBLE) AS spend, CAST(ConsumedQuantity AS BIGINT) AS total_tokens,
  CASE SkuMeter WHEN 'input tokens' THEN total_tokens ELSE 0 END AS prompt_tokens, total_tokens - prompt_tokens AS completion_tokens,
  ChargePeriodStart + to_seconds(n % 20000) AS "startTime", "startTime" + INTERVAL 2 SECOND AS "endTime", 2000 AS request_duration_ms,
  x_Model AS model, sha256(x_Model) AS model_id, x_Model AS model_group, ServiceProviderName AS custom_llm_provider,
  x_PrincipalId AS "user", Tags ->> '$.team' AS team_id, md5('s' || n // 10) AS session_id, 'success' AS status,
  md5('c' || n) AS litellm_call_id
FROM (SELECT *, row_number() OVER () AS n FROM read_parquet('{file}')) ORDER BY "startTime"
"""
"""The requests as it logs them, in the order in which they come."""
ROLLED_UP = """
SELECT uuid() AS id, {whose}, strftime("startTime", '%Y-%m-%d') AS date, api_key, model, model_group, custom_llm_provider,
  '' AS mcp_namespaced_tool_name, '/chat/completions' AS endpoint, SUM(prompt_tokens) AS prompt_tokens,
  SUM(completion_tokens) AS completion_tokens, SUM(spend) AS spend, COUNT(*) AS api_requests, COUNT(*) AS successful_requests,
  SUM(request_duration_ms) AS total_response_time_ms, COUNT(*) AS timed_requests, TIMESTAMP '2027-01-01' AS updated_at
FROM logs GROUP BY ALL ORDER BY date
"""
FILLED = {
    "LiteLLM_SpendLogs": "FROM logs",
    "LiteLLM_DailyUserSpend": ROLLED_UP.format(whose='"user" AS user_id'),
    "LiteLLM_DailyTeamSpend": ROLLED_UP.format(whose="team_id"),
    "LiteLLM_TeamTable": "SELECT DISTINCT team_id, team_id AS team_alias FROM logs",
}
"""Its tables, and what we put into them."""
Costs = Mapping[tuple[str, ...], float]
"""Cost per key: a team, a model, or a person or team and a model."""
Rows = list[dict[str, Any]]


def main() -> None:
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    folder = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("LITELLM", "")
    if not folder:
        print(f"Nothing was measured beside LiteLLM: {HOW}")
        return
    try:
        compare(Wheel(Path(folder)), requests)
    except WheelError as exc:
        raise SystemExit(str(exc)) from exc


def compare(wheel: Wheel, requests: int) -> None:
    for name in FILLED:
        wheel.table(name)
    file = bill.write(first_load.CACHE, requests)
    with tempfile.TemporaryDirectory() as scratch, postgresql(Path(scratch)) as url:
        first_load.load(file, Path(scratch), url)
        one_process_each(url)
        with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.RawCursor, row_factory=dict_row) as connection:
            fill(wheel, connection, file, Path(scratch))
            sizes(wheel, connection, requests)
            database = Database(url)
            ours = Ours(connection, database)
            ours.figures.costs(CostScope(), WEEK, Dimension.TEAM)  # connects
            for question in Asking(wheel, connection, ours.figures).questions():
                question.measure(ours, cpu_of(connection))
                question.report()
            database.close()


def one_process_each(url: str) -> None:
    """Keep every statement in one process of the server, so that its CPU is counted whole."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET max_parallel_workers_per_gather = 0")
        connection.execute("SELECT pg_reload_conf()")


def cpu_of(connection: Any) -> Callable[[], float]:
    """Return a clock of the CPU, in s, of this process and of every connection there is now (Linux; nobody's parallel workers)."""
    rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'").fetchall()
    files = [Path(f"/proc/{row['pid']}/schedstat") for row in rows]
    return lambda: process_time() + sum(int(file.read_text().split()[0]) for file in files) / 1e9


def fill(wheel: Wheel, connection: Any, file: Path, scratch: Path) -> None:
    """Make LiteLLM's tables, copy the requests of *file* into them, and index them as its schema says."""
    engine = duckdb.connect(str(scratch / "requests.duckdb"))
    engine.execute("SET enable_progress_bar = false; SET memory_limit = '4GB'")
    engine.execute(f"CREATE TABLE logs AS {LOGS.format(file=file)}")
    for name, select in FILLED.items():
        table = wheel.table(name)
        connection.execute(table.create)
        copy(engine, select, connection, name, scratch / "rows.csv")
        for index in table.indexes:
            connection.execute(index)
    engine.close()
    connection.execute("VACUUM ANALYZE")


def copy(engine: Any, select: str, connection: Any, table: str, file: Path) -> None:
    columns = ", ".join(f'"{column[0]}"' for column in engine.execute(f"DESCRIBE {select}").fetchall())
    engine.execute(f"COPY ({select}) TO '{file}' (FORMAT csv, HEADER false)")
    with connection.cursor() as cursor, file.open("rb") as rows, cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN (FORMAT csv)') as into:
        while block := rows.read(1 << 20):
            into.write(block)
    file.unlink()


def sizes(wheel: Wheel, connection: Any, requests: int) -> None:
    print(f"{requests:,} requests, LiteLLM {wheel.version}; rows, table and indexes in MB:")
    for table in (*FILLED, "daily_costs", "period_costs"):
        (found,) = connection.execute(
            f"""SELECT (SELECT COUNT(*) FROM "{table}") AS count, pg_table_size('"{table}"') / 1e6 AS heap,
            pg_indexes_size('"{table}"') / 1e6 AS indexes"""
        ).fetchall()
        print(f"  {table}: {found['count']:,}, {found['heap']:,.0f} + {found['indexes']:,.0f}")


@dataclass(frozen=True)
class Theirs:
    """One way LiteLLM has of answering.

    Attributes:
        name: The endpoint, or the report.
        ask: The n-th asking; this is what is timed.
        read: The rows as costs, for the comparison with ours.
        sample: Who is asked about, one person a call, where ours answers for all of *everybody* at once.
        everybody: How many there are; the mean of the sample is multiplied by it.
    """

    name: str
    ask: Callable[[int], Rows]
    read: Callable[[Rows], Costs]
    sample: Sequence[str] = ()
    everybody: int = 1


class Ours:
    """Our figures, and the statements that they put, overheard to be put again without them."""

    def __init__(self, connection: Any, database: Database) -> None:
        self.figures = SqlFigures(database)
        self._cursor = psycopg.Cursor(connection, row_factory=dict_row)
        self._heard: list[tuple[str, Any]] = []
        event.listen(database.engine, "before_cursor_execute", self._hear)

    def _hear(self, _connection: Any, _cursor: Any, sql: str, params: Any, *_: object) -> None:
        self._heard.append((sql, params or None))

    def overheard(self) -> list[tuple[str, Any]]:
        """Return what was put since the last time."""
        heard, self._heard = self._heard, []
        return heard

    def again(self, statements: Sequence[tuple[str, Any]]) -> None:
        for sql, params in statements:
            self._cursor.execute(sql, params).fetchall()


@dataclass(frozen=True)
class Spent:
    """What one way of answering took, a call after the other: ms of the clock, and of CPU in this process and the server's."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return f"p50 {statistics.median(self.wall):,.2f} ms, CPU {statistics.median(self.cpu):,.2f} ms"

    def beside(self, ours: Spent) -> str:
        wall, cpu = (statistics.median(mine) / statistics.median(other) for mine, other in ((self.wall, ours.wall), (self.cpu, ours.cpu)))
        return f"{self}: {wall:,.1f} and {cpu:,.1f} times ours"

    def for_all(self, count: int, ours: Spent) -> str:
        """Extrapolate from the mean, not the median: it alone can be multiplied to a sum."""
        wall, cpu = statistics.mean(self.wall) * count, statistics.mean(self.cpu) * count
        ratios = f"{wall / statistics.median(ours.wall):,.0f} and {cpu / statistics.median(ours.cpu):,.0f} times ours"
        return f"mean {wall / count:,.2f} ms a person, extrapolated to {count:,} people {wall:,.0f} ms, CPU {cpu:,.0f} ms: {ratios}"


@dataclass(frozen=True)
class Question:
    """What is asked of both."""

    name: str
    ours: Callable[[int], Costs]
    theirs: tuple[Theirs, ...]
    spent: defaultdict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))

    def measure(self, ours: Ours, cpu: Callable[[], float]) -> None:
        """Ask everybody in turn, and hold every answer against ours."""
        for n in range(ROUNDS):
            ours.overheard()
            costs = self._timed("whole", partial(self.ours, n), cpu)
            self._timed("statements", partial(ours.again, ours.overheard()), cpu)
            for other in self.theirs:
                self._agree(costs, other, self._timed(other.name, partial(other.ask, n), cpu), n)

    def report(self) -> None:
        ours = self.spent["statements"]
        print(f"{self.name}: our statements {ours}; the whole port {self.spent['whole']}; every sum agrees")
        for other in self.theirs:
            spent = self.spent[other.name]
            print(f"  {other.name}: {spent.for_all(other.everybody, ours) if other.sample else spent.beside(ours)}")

    def _timed(self, who: str, ask: Callable[[], Any], cpu: Callable[[], float]) -> Any:
        begun, used = perf_counter(), cpu()
        found = ask()
        self.spent[who].wall.append((perf_counter() - begun) * 1000)
        self.spent[who].cpu.append((cpu() - used) * 1000)
        return found

    def _agree(self, ours: Costs, other: Theirs, rows: Rows, n: int) -> None:
        theirs = other.read(rows)
        if other.sample:
            ours = {key[1:]: cost for key, cost in ours.items() if key[0] == other.sample[n]}
        if not ours or ours.keys() != theirs.keys():
            raise SystemExit(f"{self.name}, {other.name}: {len(theirs)} keys beside our {len(ours)}.")
        for key, cost in theirs.items():
            if not math.isclose(cost * 1e9, ours[key], rel_tol=1e-9, abs_tol=1):
                raise SystemExit(f"{self.name}, {other.name}: {' '.join(key)} costs {cost} there and {ours[key]} nanos here.")


@dataclass(frozen=True)
class Asking:
    """The questions, put to LiteLLM's tables and to our figures."""

    wheel: Wheel
    connection: Any
    figures: Figures

    def questions(self) -> Iterator[Question]:
        people, teams = self._with_cost(Dimension.PERSON), self._with_cost(Dimension.TEAM)
        yield self.week_by_team()
        yield self.everybody(sample(people), len(people))
        yield self.every_team()
        yield self.person(sample(people))
        yield self.team(sample(teams))

    def week_by_team(self) -> Question:
        report = self._between(self.wheel.weekly_report, WEEK)
        return Question(
            "The organisation's week by team",
            lambda _: flat(self.figures.costs(CostScope(), WEEK, Dimension.TEAM)),
            (
                Theirs("Slack weekly report", lambda _: self._rows(report), by_team),
                Theirs("daily roll-up by team", lambda _: self._activity("team", None, WEEK, by_entity=True), by_entity),
            ),
        )

    def everybody(self, people: Sequence[str], everybody: int) -> Question:
        report = self.wheel.report("user")
        return Question(
            "Every person's week by model",
            lambda _: paired(self.figures.matrix(WEEK, Dimension.PERSON, Dimension.MODEL)),
            (
                Theirs("user report", lambda n: self._rows(self._between(report, WEEK, people[n])), by_model, people, everybody),
                Theirs("daily roll-up of a user", lambda n: self._activity("user", people[n], WEEK), by_rolled_model, people, everybody),
                Theirs("daily roll-up, export with models", lambda _: self._export("user", WEEK), by_entity_and_model),
            ),
        )

    def every_team(self) -> Question:
        def ours(_: int) -> Costs:
            self.figures.matrix(WEEK, Dimension.TEAM, Dimension.PERSON)
            return paired(self.figures.matrix(WEEK, Dimension.TEAM, Dimension.MODEL))

        report = self._between(self.wheel.team_report, WEEK, None)
        return Question(
            "Every team's week by person, and by model",
            ours,
            (
                Theirs("global report by team", lambda _: self._rows(report), by_team_and_model),
                Theirs("daily roll-up, export with models (not by person)", lambda _: self._export("team", WEEK), by_entity_and_model),
            ),
        )

    def person(self, people: Sequence[str]) -> Question:
        report = self.wheel.report("user")
        return Question(
            "A person's month by model",
            lambda n: flat(self.figures.costs(CostScope(people=(people[n],)), MONTH, Dimension.MODEL)),
            (
                Theirs("user report", lambda n: self._rows(self._between(report, MONTH, people[n])), by_model),
                Theirs("daily roll-up of a user", lambda n: self._activity("user", people[n], MONTH), by_rolled_model),
            ),
        )

    def team(self, teams: Sequence[str]) -> Question:
        report = self.wheel.report("team_id")

        def ours(n: int) -> Costs:
            scope = CostScope(teams=(teams[n],))
            self.figures.costs(scope, WEEK, Dimension.PERSON)
            return flat(self.figures.costs(scope, WEEK, Dimension.MODEL))

        return Question(
            "A team's week by person, and by model",
            ours,
            (
                Theirs("team report", lambda n: self._rows(self._between(report, WEEK, teams[n])), by_model),
                Theirs("daily roll-up of a team", lambda n: self._activity("team", teams[n], WEEK), by_rolled_model),
            ),
        )

    def _with_cost(self, by: Dimension) -> list[str]:
        """Return who had cost in the week, highest first."""
        return [cost.key for cost in self.figures.costs(CostScope(), WEEK, by)]

    def _activity(self, table: str, whose: str | None, window: Window, *, by_entity: bool = False) -> Rows:
        return self._rows(self.wheel.activity(table, whose, *_days(window), by_entity=by_entity))

    def _export(self, table: str, window: Window) -> Rows:
        """Return all pages of an export, each asked for after the last row of the one before."""
        rows: Rows = []
        while True:
            last = (rows[-1]["date"], rows[-1]["entity_id"], rows[-1]["model"]) if rows else None
            page = self._rows(self.wheel.export(table, *_days(window), last))
            rows += page
            if len(page) < self.wheel.page:
                return rows

    def _rows(self, query: Query) -> Rows:
        found: Rows = self.connection.execute(query.sql, query.params).fetchall()
        return found

    @staticmethod
    def _between(sql: str, window: Window, *others: str | None) -> Query:
        """Return a report of *window*; its last day is included there."""
        start, last = (datetime.combine(day, time(), UTC) for day in (window.start, window.end - timedelta(days=1)))
        return Query(sql, (start, last, *others))


def _days(window: Window) -> tuple[str, str]:
    return window.start.isoformat(), (window.end - timedelta(days=1)).isoformat()


def sample(keys: Sequence[str]) -> list[str]:
    """Return one of *keys* for each round, from the highest to the lowest."""
    return [keys[n * len(keys) // ROUNDS] for n in range(ROUNDS)]


# Answers as costs per key


def flat(costs: Iterable[Cost]) -> Costs:
    return {(cost.key,): cost.total for cost in costs}


def paired(matrix: Mapping[str, Mapping[str, int]]) -> Costs:
    return {(key, other): cost for key, row in matrix.items() for other, cost in row.items()}


def added(costs: Iterable[tuple[tuple[str, ...], float]]) -> Costs:
    found: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for key, cost in costs:
        found[key] += cost
    return found


def by_team(rows: Rows) -> Costs:
    return added(((row["team_alias"],), row["total_spend"]) for row in rows)


def by_model(rows: Rows) -> Costs:
    return added(((detail["model"],), detail["total_cost"]) for row in rows for detail in row["model_details"])


def by_team_and_model(rows: Rows) -> Costs:
    teams = [team for row in rows for team in row["teams"]]
    return added(((team["team_name"], part["model"]), part["spend"]) for team in teams for part in team["metadata"])


def by_rolled_model(rows: Rows) -> Costs:
    """Take the rows of date and model among the grouping sets."""
    chosen = [row for row in rows if row["model"] and not row["model_group"] and not row["api_key"]]
    return added(((row["model"],), row["spend"]) for row in chosen)


def by_entity(rows: Rows) -> Costs:
    return added(((row["entity_id"],), row["spend"]) for row in rows if row["api_key_rolled"])


def by_entity_and_model(rows: Rows) -> Costs:
    return added(((row["entity_id"], row["model"]), row["spend"]) for row in rows)


if __name__ == "__main__":
    main()
