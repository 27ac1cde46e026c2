"""Figures for operators: what waits, since when, and how much there is."""

from __future__ import annotations

from typing import NamedTuple

from service.database.connection.session import Connection


class Waiting(NamedTuple):
    """What has not taken effect, is not told, or waits for a steward; ages in seconds,
    0 where nothing waits."""

    unfinished_records: int
    unfinished_age_s: float
    outbox_messages: int
    outbox_age_s: float
    review_age_s: float
    held_sweeps: int


class Size(NamedTuple):
    """How many labelled source records and golden records there are."""

    records: int
    customers: int

    @property
    def link_rate(self) -> float:
        """The share of records that belong to a customer another record made."""
        return 1 - self.customers / self.records if self.records else 0.0


_AGE = "coalesce(extract(epoch FROM now() - min({})), 0)::float8"
_WAITING = f"""
SELECT d.*, o.*, r.*, s.* FROM
    (SELECT count(*), {_AGE.format("nullif(since, 'epoch')")} FROM dirty) d,
    (SELECT count(*), {_AGE.format("written_at")} FROM outbox) o,
    (SELECT {_AGE.format("opened_at")} FROM review) r,
    (SELECT count(*) FROM sweep WHERE state = 'held') s
"""


def waiting(connection: Connection) -> Waiting:
    """Return what waits at this moment."""
    row = connection.execute(_WAITING).fetchone()
    assert row is not None
    return Waiting(*row)


def size(connection: Connection) -> Size:
    """Return the counts; a second or so where there are many millions."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM label), (SELECT count(*) FROM customer"
        " WHERE profile IS NOT NULL)"
    ).fetchone()
    assert row is not None
    return Size(*row)
