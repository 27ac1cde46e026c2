"""New customers copied many at once: labels, customers, history, keys, outbox."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from schemas import wire
from schemas.customer_event import CustomerEventType
from service.database.connection.binary_copy import copy_rows
from service.database.connection.session import Connection
from service.database.customers.customers import PROFILE_SCHEMA
from service.database.messages import outbox

_LINKS = "a, b, version_a, version_b, weight, probability, evidence, model"


def copy_links(connection: Connection, file: Path) -> int:
    """Add the links of a CSV file, never over one that compared newer versions."""
    known = connection.execute("SELECT FROM link LIMIT 1").fetchone()
    table = "link"
    if known:
        connection.execute("CREATE TEMP TABLE new_link (LIKE link) ON COMMIT DROP")
        table = "new_link"
    with (
        file.open("rb") as lines,
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY {table} ({_LINKS}) FROM STDIN (FORMAT csv)".encode()
        ) as copy,
    ):
        while block := lines.read(1 << 20):
            copy.write(block)
    if known:
        connection.execute(
            f"INSERT INTO link AS l ({_LINKS}) SELECT {_LINKS} FROM new_link"
            " ORDER BY a, b ON CONFLICT (a, b) DO UPDATE"
            " SET version_a = excluded.version_a, version_b = excluded.version_b,"
            "   weight = excluded.weight, probability = excluded.probability,"
            "   evidence = excluded.evidence, model = excluded.model"
            " WHERE l.version_a <= excluded.version_a"
            "   AND l.version_b <= excluded.version_b"
        )
        connection.execute("DROP TABLE new_link")
    return cursor.rowcount


def copy_customers(
    connection: Connection,
    *,
    labels: bytes,
    profiles: bytes,
    contact_keys: bytes,
) -> None:
    """Add customers that are new, with their labels and contact keys."""
    copy_rows(connection, "label", "record_id, component, customer_id", labels)
    copy_rows(connection, "customer", "customer_id, anchor, version, profile", profiles)
    copy_rows(connection, "contact_key", "kind, value, customer_id", contact_keys)


def announce(
    connection: Connection, messages: bytes, *, first: UUID, last: UUID
) -> None:
    """Open the history of the customers with these ids; tell of them in the outbox."""
    ids = {"first": first, "last": last}
    connection.execute(
        "INSERT INTO profile_history (customer_id, version, profile, why)"
        " SELECT customer_id, version, profile, %(why)s FROM customer"
        " WHERE customer_id BETWEEN %(first)s AND %(last)s",
        ids | {"why": CustomerEventType.CREATED.value},
    )
    connection.execute(
        f"{outbox.INSERT}"
        " SELECT %(topic)s, convert_to(customer_id::text, 'UTF8'), profile,"
        "   jsonb_build_object('schema', %(schema)s::text) FROM customer"
        " WHERE customer_id BETWEEN %(first)s AND %(last)s ORDER BY customer_id",
        ids | {"topic": wire.CUSTOMERS_TOPIC, "schema": PROFILE_SCHEMA},
    )
    outbox.copy_in(connection, messages)
