"""Links between records: stored with the versions that were compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from matching.clustering.cluster import Decision, Link, Verdict
from matching.model.bands import Bands
from matching.scoring.scored_pair import ScoredPair
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints

_DECISIONS = (
    "SELECT a.record_id, b.record_id, d.verdict, d.decided_at FROM decision d"
    " JOIN source_record a ON (a.system, a.id) = (d.system_a, d.id_a)"
    " JOIN source_record b ON (b.system, b.id) = (d.system_b, d.id_b)"
    " WHERE d.revoked_at IS NULL AND d.verdict IN ('same', 'different')"
)


def upsert(
    connection: Connection,
    pairs: Sequence[ScoredPair],
    *,
    versions: Mapping[int, int],
    model: str,
) -> None:
    """Store the pairs, never over a link that compared newer versions."""
    if not pairs:
        return
    rows = [
        {
            "a": pair.a,
            "b": pair.b,
            "version_a": versions[pair.a],
            "version_b": versions[pair.b],
            "weight": pair.weight,
            "probability": pair.probability,
            "evidence": pair.evidence,
        }
        for pair in sorted(pairs)
    ]
    connection.execute(
        "INSERT INTO link AS l (a, b, version_a, version_b, weight, probability,"
        "   evidence, model)"
        " SELECT a, b, version_a, version_b, weight, probability, evidence, %s"
        " FROM jsonb_to_recordset(%s::jsonb) AS n (a bigint, b bigint,"
        "   version_a bigint, version_b bigint, weight float8, probability float8,"
        "   evidence jsonb)"
        " ON CONFLICT (a, b) DO UPDATE SET version_a = excluded.version_a,"
        "   version_b = excluded.version_b, weight = excluded.weight,"
        "   probability = excluded.probability, evidence = excluded.evidence,"
        "   model = excluded.model"
        " WHERE l.version_a <= excluded.version_a"
        "   AND l.version_b <= excluded.version_b",
        [model, orjson.dumps(rows).decode()],
    )


def drop_stale(connection: Connection, record_ids: Sequence[int]) -> set[int]:
    """Drop links of these records that compared older versions; return the ends.

    Older, never merely different: a concurrent worker's newer link must live.
    """
    rows = connection.execute(
        "WITH mine AS (SELECT a, b FROM link WHERE a = ANY(%(ids)s::bigint[])"
        "   UNION SELECT a, b FROM link WHERE b = ANY(%(ids)s::bigint[]))"
        " DELETE FROM link l USING mine m, source_record ra, source_record rb"
        " WHERE l.a = m.a AND l.b = m.b AND ra.record_id = l.a AND rb.record_id = l.b"
        "   AND (l.version_a < ra.version OR l.version_b < rb.version"
        "     OR ra.record IS NULL OR rb.record IS NULL)"
        " RETURNING l.a, l.b",
        {"ids": bigints(record_ids)},
    )
    return {end for pair in rows for end in pair}


def neighbours(
    connection: Connection, record_ids: Sequence[int], *, match: float
) -> set[int]:
    """Return the records joined to these by a link."""
    rows = connection.execute(
        "SELECT b FROM link WHERE a = ANY(%(ids)s::bigint[])"
        "   AND probability >= %(match)s"
        " UNION SELECT a FROM link WHERE b = ANY(%(ids)s::bigint[])"
        "   AND probability >= %(match)s",
        {"ids": bigints(record_ids), "match": match},
    )
    return {row[0] for row in rows}


def joined_by_decision(connection: Connection, record_ids: Sequence[int]) -> set[int]:
    """Return both ends of every decision *same* that touches these records."""
    said = decisions(connection, record_ids)
    same = [decision for decision in said if decision.verdict is Verdict.SAME]
    return {end for decision in same for end in (decision.a, decision.b)}


def touching(
    connection: Connection, record_ids: Sequence[int], *, floor: float
) -> list[Link]:
    """Return the links of at least `floor` that have an end in these records."""
    rows = connection.execute(
        "SELECT a, b, weight, probability FROM link"
        " WHERE a = ANY(%(ids)s::bigint[]) AND probability >= %(floor)s"
        " UNION SELECT a, b, weight, probability FROM link"
        " WHERE b = ANY(%(ids)s::bigint[]) AND probability >= %(floor)s",
        {"ids": bigints(record_ids), "floor": floor},
    )
    return [Link(*row) for row in rows]


def among(
    connection: Connection, record_ids: Sequence[int], *, match: float
) -> list[Link]:
    """Return the links of at least `match` that have both ends in these records."""
    rows = connection.execute(
        "SELECT a, b, weight, probability FROM link"
        " WHERE a = ANY(%(ids)s::bigint[]) AND b = ANY(%(ids)s::bigint[])"
        "   AND probability >= %(match)s",
        {"ids": bigints(record_ids), "match": match},
    )
    return [Link(*row) for row in rows]


def between_customers(connection: Connection, *, bands: Bands) -> list[Link]:
    """Return the links in the review band whose ends are two customers."""
    rows = connection.execute(
        "SELECT a, b, weight, probability FROM link"
        " JOIN label la ON la.record_id = a JOIN label lb ON lb.record_id = b"
        " WHERE probability >= %s AND probability < %s"
        "   AND la.customer_id <> lb.customer_id",
        [bands.review, bands.match],
    )
    return [Link(*row) for row in rows]


def all_decisions(connection: Connection) -> list[Decision]:
    """Return the stewards' standing decisions on records that came."""
    return [_decision(row) for row in connection.execute(_DECISIONS)]


def decisions(connection: Connection, record_ids: Sequence[int]) -> list[Decision]:
    """Return the stewards' standing decisions that touch any of these records."""
    rows = connection.execute(
        f"{_DECISIONS} AND (a.record_id = ANY(%(ids)s::bigint[])"
        "   OR b.record_id = ANY(%(ids)s::bigint[]))",
        {"ids": bigints(record_ids)},
    )
    return [_decision(row) for row in rows]


def _decision(row: tuple[Any, ...]) -> Decision:
    a, b, verdict, decided_at = row
    return Decision(min(a, b), max(a, b), Verdict(verdict), decided_at)
