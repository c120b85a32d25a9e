"""Allocate: cost to an owner, by ordered rules; the first rule that fits decides, without one the person's team owns it.

What neither a rule nor a person gives an owner to is unallocated: `allocated_by` is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import ibis
import ibis.expr.types as ir

from bot.ledger import exact, parse
from bot.ledger.schema import COSTS, INTEGRAL, MONEY, TAG, TOKENS

_SPLIT_MONEY = (*COSTS, "original_cost", "consumed_quantity")
PERSON = "person"
"""`allocated_by` where the person's own team owns the cost; a rule's name stands there otherwise."""


class Sharing(StrEnum):
    """How a shared cost is split over teams."""

    EVEN = "even"
    SHARE = "share"
    USAGE = "usage"
    """By what each team spent through the same source on the same day; on a day without, evenly."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One allocation rule.

    Attributes:
        when: Column of the charges (or `tag:name`) to the values it may have, `*` standing for any text; all must fit.
        team: A team, or `tag:name` for the team which that tag names; a value that is no team does not fit.
        project: A project, or `tag:name`.
        among: Teams to share with, and their weights (whole numbers); empty where nothing is shared.
    """

    name: str
    when: dict[str, tuple[str, ...]] = field(default_factory=dict)
    team: str | None = None
    project: str | None = None
    sharing: Sharing | None = None
    among: dict[str, int] = field(default_factory=dict)

    @property
    def tags(self) -> set[str]:
        """The tags the rule looks at, without prefix."""
        named = [*self.when, self.team or "", self.project or ""]
        return {name.removeprefix(TAG) for name in named if name.startswith(TAG)}


def allocate(rows: ir.Table, rules: Sequence[Rule], teams: ir.Table, order: Sequence[str]) -> ir.Table:
    """Add `team`, `allocated_by` and the rules' projects to attributed *rows*; split what rules share.

    Args:
        teams: One row per team of the directory: `t_key` (case-folded name), `t_name`.
        order: Columns that tell rows apart, for a stable split.
    """
    matched = _match(_tagged(rows, rules), rules, teams)
    direct = _direct(matched, rules)
    shared = [_shared(matched.filter(matched["_rule"] == index), rule, direct, order) for index, rule in enumerate(rules) if rule.sharing]
    result = direct
    for part in shared:
        result = result.union(part.select(result.columns))
    return result


def deciding(rows: ir.Table, rules: Sequence[Rule], teams: ir.Table) -> ir.Table:
    """Return the numbers (`_rule`, -1 for none) of the rules that decide about some of *rows*; the others may be left out."""
    return _match(_tagged(rows, rules), rules, teams).select("_rule").distinct()


def _tagged(rows: ir.Table, rules: Sequence[Rule]) -> ir.Table:
    """Return *rows* with a column for every tag that *rules* look at."""
    asked = sorted({f"{TAG}{tag}" for rule in rules for tag in rule.tags} - set(rows.columns))
    return rows.mutate(**dict.fromkeys(asked, ibis.null("string"))) if asked else rows


def _match(rows: ir.Table, rules: Sequence[Rule], teams: ir.Table) -> ir.Table:
    """Add `_rule` (number of the first rule that fits, -1 for none) and `_rule_team`."""
    for tag in sorted({rule.team for rule in rules if rule.team and rule.team.startswith(TAG)}):
        named = teams.rename({f"_key_{tag}": "t_key", f"_team_{tag}": "t_name"})
        rows = rows.left_join(named, rows[tag].lower().strip() == named[f"_key_{tag}"])
    cases = [(_fits(rows, rule), index) for index, rule in enumerate(rules)]
    rows = rows.mutate(_rule=ibis.cases(*cases, else_=-1) if cases else ibis.literal(-1))
    named_teams = [(rows["_rule"] == i, _team(rows, rule)) for i, rule in enumerate(rules) if rule.team]
    return rows.mutate(_rule_team=ibis.cases(*named_teams, else_=ibis.null("string")) if named_teams else ibis.null("string"))


def _fits(rows: ir.Table, rule: Rule) -> Any:
    condition = ibis.literal(True)
    for column, values in rule.when.items():
        either = [parse.fits(rows[column], value) for value in values]
        fits = either[0]
        for other in either[1:]:
            fits = fits | other
        condition = condition & fits.fill_null(False)
    if rule.team and rule.team.startswith(TAG):
        condition = condition & rows[f"_team_{rule.team}"].notnull()
    if rule.project and rule.project.startswith(TAG):
        condition = condition & rows[rule.project].notnull()
    return condition


def _team(rows: ir.Table, rule: Rule) -> Any:
    team = rule.team or ""
    return rows[f"_team_{team}"] if team.startswith(TAG) else ibis.literal(team)


def _direct(rows: ir.Table, rules: Sequence[Rule]) -> ir.Table:
    shared = [index for index, rule in enumerate(rules) if rule.sharing]
    kept = rows.filter(rows["_rule"].notin(shared)) if shared else rows
    projects = [(kept["_rule"] == i, _project(kept, r)) for i, r in enumerate(rules) if r.project]
    by_rule = [(kept["_rule"] == i, ibis.literal(f"rule {r.name}")) for i, r in enumerate(rules) if not r.sharing]
    person = ibis.ifelse(kept.person.notnull(), ibis.literal(PERSON), ibis.null("string"))
    kept = kept.mutate(
        team=ibis.coalesce(kept["_rule_team"], kept.home_team),
        project=ibis.cases(*projects, else_=kept.project) if projects else kept.project,
        allocated_by=ibis.cases(*by_rule, else_=person) if by_rule else person,
    )
    return kept.drop(*(name for name in kept.columns if name.startswith("_")), "home_team")


def _project(rows: ir.Table, rule: Rule) -> Any:
    project = rule.project or ""
    return rows[project] if project.startswith(TAG) else ibis.literal(project)


def _shared(rows: ir.Table, rule: Rule, direct: ir.Table, order: Sequence[str]) -> ir.Table:
    """Split *rows* over the rule's teams: nanos and tokens by largest remainder, what is smaller to the first team."""
    receivers = _receivers(rule)
    numbered = rows.mutate(_row=ibis.row_number().over(order_by=[rows[name] for name in order]))
    parts = numbered.cross_join(receivers)
    parts = _weighted(parts, rule, direct) if rule.sharing is Sharing.USAGE else parts.mutate(_weight=parts["r_weight"].cast(INTEGRAL))
    whole = parts["_weight"].sum().over(ibis.window(group_by="_row"))
    parts = parts.mutate(_whole=exact.whole(whole))
    parts = _parts(parts)
    project = _project(parts, rule) if rule.project else parts.project
    return parts.mutate(
        team=parts["r_team"],
        project=project,
        person=ibis.null("string"),
        allocated_by=ibis.literal(f"rule {rule.name}"),
    )


def _receivers(rule: Rule) -> ir.Table:
    teams = ibis.array(list(rule.among)).unnest().name("r_team").as_table()
    weights = [(teams.r_team == team, weight) for team, weight in rule.among.items()]
    places = [(teams.r_team == team, place) for place, team in enumerate(rule.among)]
    return teams.mutate(r_weight=ibis.cases(*weights, else_=0), r_place=ibis.cases(*places, else_=0))


def _weighted(parts: ir.Table, rule: Rule, direct: ir.Table) -> ir.Table:
    """Weigh each team by the nanos it spent directly that day; every team alike on a day when none did."""
    spent = direct.filter(direct.team.isin(list(rule.among)))
    spent = spent.mutate(_cost=(spent.billed_cost + spent.estimated_cost).cast(MONEY))
    used = spent.group_by(["day", "team"]).aggregate(u_cost=spent["_cost"].sum().cast(MONEY)).rename(u_day="day", u_team="team")
    used = used.filter(used.u_cost > 0)
    joined = parts.left_join(used, [parts.day == used.u_day, parts["r_team"] == used.u_team])
    weight = exact.nano_floor(joined.u_cost.fill_null(ibis.literal(0).cast(MONEY)))
    joined = joined.mutate(_used=weight).drop("u_day", "u_team", "u_cost")
    any_used = joined["_used"].sum().over(ibis.window(group_by="_row")) > 0
    return joined.mutate(_weight=ibis.ifelse(any_used, joined["_used"], 1).cast(INTEGRAL)).drop("_used")


def _parts(parts: ir.Table) -> ir.Table:
    """Replace every amount and token count by the receiver's part of it, by largest remainder within each `_row`."""
    zero = ibis.literal(0).cast(MONEY)
    moneys = {name: exact.nano_floor(parts[name].fill_null(zero)) for name in _SPLIT_MONEY}
    parts = parts.mutate(**{f"{n}_units": units for n, units in (moneys | {t: parts[t].cast(INTEGRAL) for t in TOKENS}).items()})
    names = (*_SPLIT_MONEY, *TOKENS)
    parts = parts.mutate(**{f"{n}_product": exact.whole(parts[f"{n}_units"] * parts["_weight"]) for n in names})
    parts = exact.quotients(parts, {f"{n}_floor": (f"{n}_product", "_whole") for n in names})
    parts = parts.mutate(
        **{f"{n}_rest": exact.whole(parts[f"{n}_product"] - exact.whole(parts[f"{n}_floor"] * parts["_whole"])) for n in names}
    )
    row = ibis.window(group_by="_row")
    left = {f"{n}_left": exact.whole(parts[f"{n}_units"] - parts[f"{n}_floor"].sum().over(row)) for n in names}
    rank = {f"{n}_rank": ibis.row_number().over(group_by="_row", order_by=[parts[f"{n}_rest"].desc(), parts["r_place"]]) for n in names}
    parts = parts.mutate(**left, **rank)
    whole = {n: exact.whole(parts[f"{n}_floor"] + _extra(parts, n)) for n in names}
    first = parts["r_place"] == 0
    return parts.mutate(
        **{n: exact.signed(parts[n], parts[f"{n}_units"], whole[n], gets_dust=first) for n in _SPLIT_MONEY},
        **{n: whole[n].cast("int64") for n in TOKENS},
    )


def _extra(parts: ir.Table, name: str) -> Any:
    return ibis.ifelse(parts[f"{name}_rank"] < parts[f"{name}_left"], 1, 0).cast(INTEGRAL)
