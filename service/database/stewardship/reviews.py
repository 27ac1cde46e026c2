"""Open cases, those first in which a wrong or late answer would harm most."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from matching.clustering.reviews import Kind, ReviewCase
from schemas.facts import OrderStatus
from service.database.connection.session import Connection
from service.database.connection.sql_arrays import bigints
from service.database.facts.facts import balances_query

# Harm grows with what is at stake: points slowly, an open order and a conflict of
# consents at once. A case that the model is nearly sure of can harm little.
PAGE = f"""
WITH open_case AS (
    SELECT r.*, la.customer_id AS left_id, lb.customer_id AS right_id
    FROM review r LEFT JOIN label la ON la.record_id = r.a
    LEFT JOIN label lb ON lb.record_id = r.b
    WHERE (%(kind)s::text IS NULL OR r.kind = %(kind)s) AND WHICH
), member AS (
    SELECT l.customer_id, l.record_id FROM label l JOIN (
        SELECT left_id AS customer_id FROM open_case
        UNION SELECT right_id FROM open_case) c USING (customer_id)
), points AS (
    SELECT owner AS customer_id, sum(abs(amount)) AS points
    FROM ({balances_query("(SELECT customer_id AS owner, record_id FROM member)")}) b
    GROUP BY 1
), waiting AS (
    SELECT customer_id, count(*) AS orders
    FROM member JOIN customer_order o ON o.customer_record_id = record_id
    WHERE NOT o.deleted AND o.status = ANY(%(open)s) GROUP BY 1
), said AS (
    SELECT customer_id, record->>'purpose' AS purpose, record->>'channel' AS channel,
        bool_or(record->>'status' = 'withdrawn') AS withdrawn
    FROM member JOIN consent c ON c.customer_record_id = record_id
    WHERE NOT c.deleted AND c.record IS NOT NULL GROUP BY 1, 2, 3
), conflict AS (
    SELECT DISTINCT review_id FROM open_case
    JOIN said x ON x.customer_id = left_id JOIN said y ON y.customer_id = right_id
        AND (x.purpose, x.channel) = (y.purpose, y.channel)
    WHERE x.withdrawn <> y.withdrawn
), stake AS (
    SELECT o.*,
        coalesce(pl.points, 0)
            + CASE WHEN right_id <> left_id THEN coalesce(pr.points, 0) ELSE 0 END
            AS points,
        coalesce(wl.orders, 0)
            + CASE WHEN right_id <> left_id THEN coalesce(wr.orders, 0) ELSE 0 END
            AS open_orders,
        c.review_id IS NOT NULL AS consent_conflict,
        CASE WHEN kind = 'undecided' THEN greatest(0.1, 1 - abs(2 * probability - 1))
            ELSE 1 END AS uncertainty
    FROM open_case o
    LEFT JOIN points pl ON pl.customer_id = left_id
    LEFT JOIN points pr ON pr.customer_id = right_id
    LEFT JOIN waiting wl ON wl.customer_id = left_id
    LEFT JOIN waiting wr ON wr.customer_id = right_id
    LEFT JOIN conflict c USING (review_id)
), ranked AS (
    SELECT *, uncertainty * (1 + ln(1 + points::float8) + 2 * open_orders
        + CASE WHEN consent_conflict THEN 5 ELSE 0 END) AS harm FROM stake
)
SELECT review_id, kind, why, weight, probability, opened_at, left_id, right_id,
    sa.system || ':' || sa.id AS left_key, sb.system || ':' || sb.id AS right_key,
    points::float8, open_orders::int, consent_conflict, uncertainty::float8,
    harm::float8
FROM ranked JOIN source_record sa ON sa.record_id = a
JOIN source_record sb ON sb.record_id = b
WHERE %(harm)s::float8 IS NULL OR (-harm, review_id) > (-%(harm)s, %(after)s)
ORDER BY -harm, review_id LIMIT %(limit)s
"""


OPEN = [status for status in OrderStatus if status.is_open]


class OpenCase(NamedTuple):
    """One case as a steward sees it in the queue."""

    review_id: int
    kind: str
    why: str
    weight: float | None
    probability: float | None
    opened_at: Any
    left_id: Any
    right_id: Any
    left_key: str
    right_key: str
    points: float
    open_orders: int
    consent_conflict: bool
    uncertainty: float
    harm: float


def page(
    connection: Connection,
    *,
    kind: str | None = None,
    after: tuple[float, int] | None = None,
    limit: int,
) -> list[OpenCase]:
    """Return open cases after a place (harm, review id), the most harmful first."""
    harm, last = after or (None, 0)
    values = {"kind": kind, "harm": harm, "after": last, "limit": limit, "open": OPEN}
    query = PAGE.replace("WHICH", "true")
    return [OpenCase(*row) for row in connection.execute(query.encode(), values)]


def counts(connection: Connection) -> dict[str, int]:
    """Return how many cases of each kind are open."""
    rows = connection.execute("SELECT kind, count(*) FROM review GROUP BY kind")
    return {str(kind): int(count) for kind, count in rows}


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
    _insert(connection, wanted - stored.keys())
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


def _insert(connection: Connection, cases: Collection[ReviewCase]) -> None:
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
