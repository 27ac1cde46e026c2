"""Reconcile topics, source records, clusters and golden records; name differences."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service.database.connection.session import Connection, snapshot_read
from service.database.verification import consistency_checks
from service.database.verification.consistency_checks import CHECKS, Broken
from service.settings import Settings
from service.verification import rebuild, topics
from service.verification.topics import Golden, GoldenTopic, Place

SHOWN = 20
"""Differences of each kind that a report names; it counts all of them."""

LOOKS = 5
"""How often a doubtful golden record is looked at before it counts as a difference."""
_BETWEEN_LOOKS_S = 0.2

Say = Callable[[str], None]


@dataclass
class Report:
    """What was counted, and everything that does not hold, by kind."""

    counts: dict[str, int] = field(default_factory=dict)
    broken: dict[str, list[Broken]] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def differences(self) -> int:
        """How many differences of any kind there are; 0 is right."""
        return sum(map(len, self.broken.values()))

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values; a name is a key, never a person."""
        return {
            "counts": self.counts,
            "differences": self.differences,
            "kinds": {
                kind: {
                    "count": len(found),
                    "examples": [one.name for one in found[:SHOWN]],
                }
                for kind, found in self.broken.items()
            },
            "seconds": self.seconds,
        }


def verify(
    connection: Connection,
    settings: Settings,
    *,
    with_topics: bool = True,
    with_rebuild: bool = False,
    say: Say = lambda step: None,
) -> Report:
    """Compare everything stored and told at one moment; write nothing.

    What is told goes on after that moment: doubtful golden records are looked at again
    at later ones. Raise BrokerUnavailable if the topics cannot be read.
    """
    report, clock = Report(), _Clock()
    golden = topics.GoldenTopic(settings.kafka)
    with consistency_checks.moment_of_checks(connection):
        say("tables")
        report.counts = consistency_checks.counts(connection)
        for kind in CHECKS:
            report.broken[kind] = consistency_checks.broken(connection, kind)
        report.seconds["tables"] = clock.lap()
        if with_topics:
            say("source topics")
            _captured(connection, settings, report)
            report.seconds["source_topics"] = clock.lap()
            say("golden records' topic")
            found = golden.compare(connection)
    if with_topics:
        _golden(connection, golden, found, report)
        report.seconds["golden_topic"] = clock.lap()
    if with_rebuild:
        say("golden records made again")
        made = rebuild.rebuild(connection, settings.database_url)
        report.counts["rebuilt"] = made.customers
        report.broken["rebuilt_otherwise"] = made.profiles
        report.broken["contact_keys_otherwise"] = made.contact_keys
        report.seconds["rebuild"] = clock.lap()
    return report


def _captured(connection: Connection, settings: Settings, report: Report) -> None:
    found = topics.captured(connection, settings.kafka, consumer=settings.consumer)
    report.counts["captured_messages"] = found.messages
    for kind, pairs in (
        ("captured_not_applied", found.lost),
        ("captured_otherwise", found.otherwise),
    ):
        report.broken[kind] = [one for one, _ in pairs]
        report.places[kind] = [place for _, place in pairs]


def _golden(
    connection: Connection, topic: GoldenTopic, found: Golden, report: Report
) -> None:
    looks = 1
    while any(found[1:]) and looks < LOOKS:
        time.sleep(_BETWEEN_LOOKS_S)
        with snapshot_read(connection):
            found = topic.compare(connection)
        looks += 1
    report.counts["golden_messages"] = found.messages
    report.broken["golden_not_told"] = found.not_told
    report.broken["golden_told_otherwise"] = found.told_otherwise
    report.broken["golden_told_of_nobody"] = found.told_of_nobody


class _Clock:
    def __init__(self) -> None:
        self._since = time.monotonic()

    def lap(self) -> float:
        """Return the seconds since the lap before."""
        now = time.monotonic()
        spent, self._since = round(now - self._since, 2), now
        return spent
