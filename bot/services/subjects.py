"""Subjects: what a budget is about, as the figures know it, as words, and as the question that shows it."""

from __future__ import annotations

from bot.domain.budget import Scope, ScopeKind
from bot.domain.people import Directory
from bot.messages.words import N_, Phrase
from bot.ports import CostScope, Dimension

DIMENSIONS = {
    ScopeKind.PERSON: Dimension.PERSON,
    ScopeKind.TEAM: Dimension.TEAM,
    ScopeKind.PROJECT: Dimension.PROJECT,
    ScopeKind.PROVIDER: Dimension.PROVIDER,
    ScopeKind.MODEL: Dimension.MODEL,
    ScopeKind.ORG: Dimension.TEAM,
}
"""By what the cost of a subject is looked up; the organisation is all teams, and what has none."""
_WORDS = {
    ScopeKind.PERSON: N_("{name}"),
    ScopeKind.TEAM: N_("team {name}"),
    ScopeKind.PROJECT: N_("project {name}"),
    ScopeKind.PROVIDER: N_("provider {name}"),
    ScopeKind.MODEL: N_("model {name}"),
    ScopeKind.ORG: N_("the organisation"),
}


def cost_scope(subject: Scope, directory: Directory) -> CostScope:
    """Return whose daily rows count for *subject*: a team's with those of the teams below it."""
    match subject.kind:
        case ScopeKind.PERSON:
            return CostScope(people=(subject.name,))
        case ScopeKind.TEAM:
            return CostScope(teams=tuple(directory.below(subject.name)))
        case ScopeKind.PROJECT:
            return CostScope(project=subject.name)
        case ScopeKind.PROVIDER:
            return CostScope(provider=subject.name)
        case ScopeKind.MODEL:
            return CostScope(model=subject.name)
        case ScopeKind.ORG:
            return CostScope()


def words_for(subject: Scope, directory: Directory) -> Phrase:
    """Return what *subject* is called."""
    person = directory.person(subject.name) if subject.kind is ScopeKind.PERSON else None
    return Phrase(_WORDS[subject.kind], name=person.name if person else subject.name)


def question_for(subject: Scope, email: str) -> str:
    """Return the words by which *email* asks for the figures of *subject*."""
    match subject.kind:
        case ScopeKind.PERSON:
            return "me" if subject.name == email else f"person {subject.name}"
        case ScopeKind.TEAM | ScopeKind.PROJECT:
            return f'{subject.kind} "{subject.name}"'
        case ScopeKind.ORG:
            return "org"
        case _:
            return f"org by {subject.kind}"
