"""Cases for stewards: written in relabel, gone when the case is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import orjson

from matching.clustering.reviews import Kind, ReviewCase
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints


def replace(
    connection: Connection, record_ids: Sequence[int], cases: Iterable[ReviewCase]
) -> set[ReviewCase]:
    """Make these the only cases that touch the records; return those that are new.

    A case that stays keeps its id. Whoever calls holds the labels' lock, so no one
    else writes cases.
    """
    rows = connection.execute(
        "SELECT review_id, kind, a, b, why, weight, probability FROM review"
        " WHERE a = ANY(%(ids)s::bigint[]) UNION"
        " SELECT review_id, kind, a, b, why, weight, probability FROM review"
        " WHERE b = ANY(%(ids)s::bigint[])",
        {"ids": bigints(record_ids)},
    )
    stored = {ReviewCase(Kind(kind), *rest): id_ for id_, kind, *rest in rows}
    wanted = set(cases)
    _write(connection, wanted - stored.keys())
    named = {(case.kind, case.a, case.b) for case in wanted}
    gone = [id_ for case, id_ in stored.items() if case[:3] not in named]
    if gone:
        connection.execute(
            "DELETE FROM review WHERE review_id = ANY(%s::bigint[])", [bigints(gone)]
        )
    return wanted - stored.keys()


def replace_all(connection: Connection, cases: Collection[ReviewCase]) -> None:
    """Make these the only cases there are."""
    rows = connection.execute("SELECT DISTINCT a FROM review").fetchall()
    replace(connection, [row[0] for row in rows], cases)


def _write(connection: Connection, cases: Collection[ReviewCase]) -> None:
    if not cases:
        return
    rows = [case._asdict() for case in sorted(cases, key=lambda case: case[:3])]
    connection.execute(
        "INSERT INTO review (kind, a, b, why, weight, probability)"
        " SELECT kind, a, b, why, weight, probability"
        " FROM jsonb_to_recordset(%s::jsonb) AS n (kind text, a bigint, b bigint,"
        "   why text, weight float8, probability float8)"
        " ON CONFLICT (a, b, kind) DO UPDATE SET why = excluded.why,"
        "   weight = excluded.weight, probability = excluded.probability",
        [orjson.dumps(rows).decode()],
    )
