"""Timetable: what runs by itself, and how often; instants inside the jobs are each reader's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again; a run that was missed is made up by the next, as every run looks at all that is due.

    Attributes:
        lease: How long one replica keeps the others from doing it.
    """

    name: str
    every: timedelta
    lease: timedelta


LOAD_LEASE = timedelta(hours=1)
"""Of loading the sources, which comes as often as the deployment says."""
REVIEW = Job("review", timedelta(minutes=5), timedelta(minutes=10))
ESCALATE = Job("escalate", timedelta(minutes=1), timedelta(minutes=5))
WEBHOOKS = Job("webhooks", timedelta(minutes=1), timedelta(minutes=10))
BROADCASTS = Job("broadcasts", timedelta(seconds=10), timedelta(minutes=5))
DIGESTS = Job("digests", timedelta(minutes=5), timedelta(minutes=15))
SWEEP = Job("sweep", timedelta(hours=6), timedelta(minutes=10))


def loading(minutes: int) -> Job:
    """Return the job that loads the configured sources every so many minutes."""
    return Job("ingest", timedelta(minutes=minutes), LOAD_LEASE)


JOBS = (REVIEW, ESCALATE, DIGESTS, BROADCASTS, WEBHOOKS, SWEEP)
