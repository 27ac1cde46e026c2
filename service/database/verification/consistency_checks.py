"""What must hold between the tables, as queries that return whatever breaks it.

Each row is (name, record id or null, customer id or null). What is being resolved just
now (`open_customer`, `open_record`) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID

from service.database.batches.snapshot_export import UNFINISHED
from service.database.connection.session import Connection, snapshot_read

CHECKS = {
    "records_without_customer": """
        SELECT s.system || ':' || s.id, s.record_id, NULL::uuid FROM source_record s
        LEFT JOIN label l USING (record_id)
        WHERE s.record IS NOT NULL AND l.record_id IS NULL
            AND s.record_id NOT IN (SELECT record_id FROM open_record)""",
    "labels_without_record": """
        SELECT coalesce(s.system || ':' || s.id, 'record ' || l.record_id),
            l.record_id, l.customer_id
        FROM label l LEFT JOIN source_record s USING (record_id)
        WHERE s.record IS NULL
            AND l.record_id NOT IN (SELECT record_id FROM open_record)""",
    "clusters_without_golden_record": """
        SELECT min(s.system || ':' || s.id), min(l.record_id), l.customer_id
        FROM label l LEFT JOIN source_record s USING (record_id)
        LEFT JOIN customer c ON c.customer_id = l.customer_id
            AND c.profile IS NOT NULL AND c.retired_into IS NULL
        WHERE c.customer_id IS NULL
            AND l.customer_id NOT IN (SELECT customer_id FROM open_customer)
        GROUP BY l.customer_id""",
    "golden_records_without_cluster": """
        SELECT c.customer_id::text, c.anchor, c.customer_id FROM customer c
        LEFT JOIN label l ON l.customer_id = c.customer_id
        WHERE c.profile IS NOT NULL AND l.record_id IS NULL
            AND c.customer_id NOT IN (SELECT customer_id FROM open_customer)""",
    "golden_records_of_other_records": """
        WITH held AS (
            SELECT l.customer_id, count(*) AS records, min(l.record_id) AS first,
                sum(hashtextextended(s.system || ':' || s.id, 0)) AS hash
            FROM label l JOIN source_record s USING (record_id) GROUP BY 1
        ), told AS (
            SELECT c.customer_id, count(*) AS records,
                sum(hashtextextended(k, 0)) AS hash
            FROM customer c, jsonb_array_elements_text(
                convert_from(c.profile, 'UTF8')::jsonb -> 'source_keys') AS k
            WHERE c.profile IS NOT NULL GROUP BY 1
        )
        SELECT h.customer_id::text, h.first, h.customer_id
        FROM held h JOIN told t USING (customer_id)
        WHERE (h.records, h.hash) <> (t.records, t.hash)
            AND h.customer_id NOT IN (SELECT customer_id FROM open_customer)""",
    "retired_ids_astray": """
        SELECT c.customer_id::text, c.anchor, c.customer_id FROM customer c
        LEFT JOIN customer s ON s.customer_id = c.retired_into
        WHERE c.retired_into IS NOT NULL
            AND (s.customer_id IS NULL OR c.profile IS NOT NULL
                OR s.customer_id = c.customer_id)
            AND c.customer_id NOT IN (SELECT customer_id FROM open_customer)""",
    "history_that_differs": """
        SELECT c.customer_id::text, c.anchor, c.customer_id FROM customer c
        LEFT JOIN profile_history h USING (customer_id, version)
        WHERE h.customer_id IS NULL OR h.profile IS DISTINCT FROM c.profile""",
    "contact_keys_of_nobody": """
        SELECT DISTINCT k.customer_id::text, c.anchor, k.customer_id
        FROM contact_key k LEFT JOIN customer c USING (customer_id)
        WHERE c.profile IS NULL
            AND k.customer_id NOT IN (SELECT customer_id FROM open_customer)""",
    "facts_of_nobody": """
        SELECT kind || ' ' || f.system || ':' || f.id, NULL::bigint, NULL::uuid FROM (
            SELECT 'order' AS kind, system, id, customer_record_id FROM customer_order
            UNION ALL SELECT 'interaction', system, id, customer_record_id
                FROM interaction
            UNION ALL SELECT 'consent', system, id, customer_record_id FROM consent
            UNION ALL SELECT 'movement', system, id, customer_record_id
                FROM loyalty_movement) f
        LEFT JOIN source_record s ON s.record_id = f.customer_record_id
        WHERE f.customer_record_id IS NOT NULL AND s.record_id IS NULL""",
    "links_of_no_record": """
        SELECT l.a || ' ' || l.b, NULL::bigint, NULL::uuid FROM link l
        LEFT JOIN source_record x ON x.record_id = l.a
        LEFT JOIN source_record y ON y.record_id = l.b
        WHERE (x.record IS NULL OR y.record IS NULL)
            AND l.a NOT IN (SELECT record_id FROM open_record)
            AND l.b NOT IN (SELECT record_id FROM open_record)""",
}

_COUNTS = {
    "source_records": "SELECT count(*) FROM source_record WHERE record IS NOT NULL",
    "clusters": "SELECT count(DISTINCT customer_id) FROM label",
    "golden_records": "SELECT count(*) FROM customer WHERE profile IS NOT NULL",
    "facts": "SELECT (SELECT count(*) FROM customer_order)"
    " + (SELECT count(*) FROM interaction) + (SELECT count(*) FROM consent)"
    " + (SELECT count(*) FROM loyalty_movement)",
    "open_dead_letters": "SELECT count(*) FROM dead_letter WHERE state = 'open'",
    "unfinished": "SELECT count(*) FROM open_record",
}


class Broken(NamedTuple):
    """One thing that does not hold: what it is called, and whose it is."""

    name: str
    record_id: int | None = None
    customer_id: UUID | None = None


@contextmanager
def moment_of_checks(connection: Connection) -> Iterator[None]:
    """Read one state of the database inside the block; what is unfinished is apart."""
    with snapshot_read(connection, temporary=True):
        connection.execute("SET LOCAL work_mem = '128MB'")
        connection.execute(
            "CREATE TEMP TABLE open_record ON COMMIT DROP AS"
            f" SELECT record_id FROM ({UNFINISHED}) AS u"
        )
        connection.execute(
            "CREATE TEMP TABLE open_customer ON COMMIT DROP AS SELECT DISTINCT"
            " customer_id FROM label JOIN open_record USING (record_id)"
        )
        yield


def counts(connection: Connection) -> dict[str, int]:
    """Return how many there are of each kind of thing."""
    found = {}
    for name, query in _COUNTS.items():
        row = connection.execute(query.encode()).fetchone()
        found[name] = int(row[0]) if row else 0
    return found


def broken(connection: Connection, check: str) -> list[Broken]:
    """Return everything that breaks the check of this name."""
    return [Broken(*row) for row in connection.execute(CHECKS[check].encode())]
