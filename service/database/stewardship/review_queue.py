"""The queue as one steward sees it: what is free now, and whose case is whose."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from service.database.connection.session import Connection
from service.database.stewardship.reviews import OPEN, PAGE, OpenCase

LEASE_S = 5 * 60
UNSURE_S = 24 * 3600

# Records that wait for the resolver were just decided, or changed: their case may be
# gone, so it is shown again only once it still stands.
_FREE = """(%(review_id)s::bigint IS NULL OR r.review_id = %(review_id)s)
    AND (%(system)s::text IS NULL OR EXISTS (SELECT FROM source_record s
        WHERE s.record_id IN (r.a, r.b) AND s.system = %(system)s))
    AND (%(all)s OR NOT EXISTS (SELECT FROM review_claim c
        WHERE c.review_id = r.review_id AND c.until > now()
            AND (c.unsure OR c.name <> %(name)s)))
    AND (%(all)s OR NOT EXISTS (SELECT FROM proposed_decision p
        WHERE p.review_id = r.review_id AND p.name = %(name)s))
    AND NOT EXISTS (SELECT FROM dirty d WHERE d.record_id IN (r.a, r.b))"""
_QUERY = PAGE.replace("WHICH", _FREE).encode()


class Filter(NamedTuple):
    """Which cases a steward wants to see; `all_too`: those set aside as well."""

    kind: str | None = None
    system: str | None = None
    all_too: bool = False


class Claim(NamedTuple):
    """Who holds a case, and until when."""

    name: str
    until: datetime
    unsure: bool


class Proposal(NamedTuple):
    """What a first person would decide."""

    verdict: str
    reason: str | None
    name: str


class Progress(NamedTuple):
    """How a steward's day goes."""

    open_cases: int
    decided_today: int
    last_hour: int
    oldest: datetime | None


def page(
    connection: Connection,
    name: str,
    *,
    wanted: Filter = Filter(),  # noqa: B008 - it is immutable
    review_id: int | None = None,
    limit: int = 50,
) -> list[OpenCase]:
    """Return the cases that wait, the most harmful first."""
    values = {
        "kind": wanted.kind,
        "system": wanted.system,
        "all": wanted.all_too or review_id is not None,
        "name": name,
        "review_id": review_id,
        "harm": None,
        "after": 0,
        "limit": limit,
        "open": OPEN,
    }
    return [OpenCase(*row) for row in connection.execute(_QUERY, values)]


def facets(connection: Connection) -> dict[str, dict[str, int]]:
    """Return how many open cases each kind and each system has."""
    kinds = connection.execute(
        "SELECT kind, count(*) FROM review GROUP BY 1 ORDER BY 1"
    )
    systems = connection.execute(
        "SELECT s.system, count(DISTINCT review_id) FROM review r"
        " JOIN source_record s ON s.record_id IN (r.a, r.b) GROUP BY 1 ORDER BY 1"
    )
    return {
        "kind": {str(kind): int(count) for kind, count in kinds},
        "system": {str(system): int(count) for system, count in systems},
    }


def claim(
    connection: Connection,
    review_id: int,
    name: str,
    *,
    seconds: int = LEASE_S,
    unsure: bool = False,
) -> Claim:
    """Take a case that is free or one's own; return who holds it now."""
    connection.execute(
        "INSERT INTO review_claim AS c (review_id, name, until, unsure)"
        " VALUES (%s, %s, now() + make_interval(secs => %s), %s)"
        " ON CONFLICT (review_id) DO UPDATE SET name = excluded.name,"
        "   until = excluded.until, unsure = excluded.unsure"
        " WHERE c.name = excluded.name OR c.until < now() OR c.unsure",
        [review_id, name, seconds, unsure],
    )
    row = connection.execute(
        "SELECT name, until, unsure FROM review_claim WHERE review_id = %s",
        [review_id],
    ).fetchone()
    assert row
    return Claim(*row)


def release(connection: Connection, review_id: int, name: str) -> None:
    """Let others have a case."""
    connection.execute(
        "DELETE FROM review_claim WHERE review_id = %s AND name = %s", [review_id, name]
    )


def proposal(connection: Connection, review_id: int) -> Proposal | None:
    """Return what a first person proposed of a case, if one did."""
    rows = connection.execute(
        "SELECT verdict, reason, name FROM proposed_decision WHERE review_id = %s",
        [review_id],
    )
    return next((Proposal(*row) for row in rows), None)


def propose(connection: Connection, review_id: int, proposed: Proposal) -> None:
    """Keep what a person proposes, in place of what was proposed before."""
    connection.execute(
        "INSERT INTO proposed_decision (review_id, verdict, reason, name)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT (review_id) DO UPDATE SET"
        "   verdict = excluded.verdict, reason = excluded.reason,"
        "   name = excluded.name, proposed_at = now()",
        [review_id, *proposed],
    )


def settle_proposal(connection: Connection, review_id: int) -> None:
    """Forget what was proposed: the case is decided."""
    connection.execute(
        "DELETE FROM proposed_decision WHERE review_id = %s", [review_id]
    )


def progress(connection: Connection, name: str) -> Progress:
    """Return how many cases wait, and how many a person decided of late."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM review),"
        " count(*) FILTER (WHERE decided_at > date_trunc('day', now())),"
        " count(*) FILTER (WHERE decided_at > now() - interval '1 hour'),"
        " (SELECT min(opened_at) FROM review)"
        " FROM decision WHERE steward = %s AND revoked_at IS NULL",
        [name],
    ).fetchone()
    assert row
    return Progress(*row)
