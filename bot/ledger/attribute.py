"""Attribute: principal to person or service, as of the day of the charge.

In this order: an identity that names the principal, an e-mail that the directory knows (the principal itself, or the one
the source read out of it), a pattern; of several patterns the longest. Nothing is guessed: the rest has no person.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

IDENTITIES: dict[str, str] = {
    "i_principal": "string",  # lower case
    "i_person": "string",
    "i_service": "string",
    "i_from": "date",
    "i_to": "date",
}
PATTERNS: dict[str, str] = {**{f"p{name[1:]}": kind for name, kind in IDENTITIES.items()}, "p_length": "int64"}
"""As identities; `p_principal` is a regular expression, lower case."""
STINTS: dict[str, str] = {"s_email": "string", "s_team": "string", "s_from": "date", "s_to": "date"}
"""Half-open stints of the directory's people; every person has at least one row."""


def attribute(rows: ir.Table, identities: ir.Table | None, patterns: ir.Table | None, stints: ir.Table) -> ir.Table:
    """Add to *rows* `person` (e-mail), `service` and `home_team` (the person's team that day), null where unknown.

    Without identities or patterns the work of looking for them is saved.
    """
    keyed = rows.mutate(_principal=rows.principal.lower(), _email=rows.principal_email.lower())
    keyed = _named(keyed, identities) if identities is not None else _without(keyed, "_by_name", "_service_by_name")
    keyed = _known_email(keyed, stints, "_principal", "_by_principal")
    keyed = _known_email(keyed, stints, "_email", "_by_email")
    keyed = _patterned(keyed, patterns) if patterns is not None else _without(keyed, "_by_pattern", "_service_by_pattern")
    person = ibis.coalesce(keyed["_by_name"], keyed["_by_principal"], keyed["_by_email"], keyed["_by_pattern"])
    # A principal that an identity gives to a service is nobody's, whatever e-mail it carries.
    person = ibis.ifelse(keyed["_service_by_name"].notnull(), ibis.null("string"), person)
    service = ibis.coalesce(keyed["_service_by_name"], ibis.ifelse(person.isnull(), keyed["_service_by_pattern"], ibis.null("string")))
    found = keyed.mutate(person=person, service=service)
    return _at_home(found, stints).select(*rows.columns, "person", "service", "home_team")


def _without(rows: ir.Table, *names: str) -> ir.Table:
    return rows.mutate(**dict.fromkeys(names, ibis.null("string")))


def _named(rows: ir.Table, identities: ir.Table) -> ir.Table:
    valid = [rows["_principal"] == identities.i_principal, rows.day >= identities.i_from, rows.day < identities.i_to]
    joined = rows.left_join(identities, valid)
    return joined.mutate(_by_name=joined.i_person, _service_by_name=joined.i_service).select(*rows.columns, "_by_name", "_service_by_name")


def _known_email(rows: ir.Table, stints: ir.Table, column: str, found: str) -> ir.Table:
    """Add *found*: the person whose e-mail stands in *column*."""
    people = stints.select(e_email=stints.s_email).distinct()
    joined = rows.left_join(people, rows[column] == people.e_email)
    return joined.mutate(**{found: joined.e_email}).select(*rows.columns, found)


def _patterned(rows: ir.Table, patterns: ir.Table) -> ir.Table:
    """Match the distinct principals only: there are few of them, and a pattern fits no index."""
    principals = rows.filter(rows["_principal"].notnull()).select(q_principal=rows["_principal"], q_day=rows.day).distinct()
    valid = [principals.q_day >= patterns.p_from, principals.q_day < patterns.p_to]
    fits = principals.join(patterns, valid)
    fits = fits.filter(fits.q_principal.re_search(fits.p_principal))
    best = ibis.row_number().over(group_by=["q_principal", "q_day"], order_by=[fits.p_length.desc(), fits.p_principal])
    fits = fits.mutate(_best=best)
    chosen = fits.filter(fits["_best"] == 0).select("q_principal", "q_day", "p_person", "p_service")
    joined = rows.left_join(chosen, [rows["_principal"] == chosen.q_principal, rows.day == chosen.q_day])
    return joined.mutate(_by_pattern=joined.p_person, _service_by_pattern=joined.p_service).select(
        *rows.columns, "_by_pattern", "_service_by_pattern"
    )


def _at_home(rows: ir.Table, stints: ir.Table) -> ir.Table:
    valid = [rows.person == stints.s_email, rows.day >= stints.s_from, rows.day < stints.s_to]
    joined = rows.left_join(stints, valid)
    return joined.mutate(home_team=joined.s_team)
