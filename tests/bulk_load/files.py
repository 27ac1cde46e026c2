"""Files of simulated people, and the same people as a stream would bring them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import psycopg

from connectors.contract import Row
from connectors.mapping.rows_to_events import Mapping
from schemas.change_event import ChangeEvent, Op
from schemas.source_record import CustomerRecord
from service.database.connection.session import Connection, connect
from service.resolver.resolve import ActiveModel
from tests.resolver.deliveries import Delivery

COLUMNS = (
    "id given_name family_name birth_date email other_email phone other_phone street"
    " postal_code city card"
).split()
MAPPING = """
tables:
  person:
    kind: customer
    id: id
    fields:
      given_name: given_name
      family_name: family_name
      birth_date: { from: birth_date, transform: date, invalid: ignore }
      emails: [email, other_email]
      phones: [phone, other_phone]
      cards: [card]
      addresses:
        fields: { street: street, postal_code: postal_code, city: city }
    contact_identifies: true
"""


def mapping_file(folder: Path) -> Path:
    """Return a mapping file for the columns."""
    path = folder / "mapping.yaml"
    path.write_text(MAPPING)
    return path


def rows_of(records: Sequence[CustomerRecord]) -> list[dict[str, str]]:
    """Return the records as rows whose ids rise as they stand."""
    return [_row(f"P{i:06d}", record) for i, record in enumerate(records)]


def write_csv(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def changes_of(
    rows: Sequence[dict[str, str]], mapping: Path, *, system: str
) -> list[ChangeEvent]:
    """Return what the stream says of the same rows."""
    mapped = Mapping.load(mapping, system=system, connector="file")
    found: list[ChangeEvent] = []
    for number, row in enumerate(rows, start=1):
        one = Row("person", Op.READ, dict(row), (0, 1, number), None, True)
        found += [event for event in mapped.events(one) if hasattr(event, "op")]
    return found


def streamed_state(
    postgres: Any, events: Sequence[ChangeEvent], judge: ActiveModel
) -> dict[str, Any]:
    """Return the state of a new database after a stream of these events."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS streamed")
        admin.execute("CREATE DATABASE streamed TEMPLATE template")
    with connect(postgres.url("streamed"), autocommit=True) as connection:
        deliver = Delivery(connection, judge)
        for start in range(0, len(events), 97):
            deliver(*events[start : start + 97])
        return state(connection)


def _row(id_: str, record: CustomerRecord) -> dict[str, str]:
    address = record.addresses[0]
    emails, phones = [*record.emails, "", ""], [*record.phones, "", ""]
    values = {
        "id": id_,
        "given_name": record.given_name,
        "family_name": record.family_name,
        "birth_date": record.birth_date and record.birth_date.isoformat(),
        "email": emails[0],
        "other_email": emails[1],
        "phone": phones[0],
        "other_phone": phones[1],
        "street": address.street,
        "postal_code": address.postal_code,
        "city": address.city,
        "card": next(iter(record.cards), ""),
    }
    return {name: value or "" for name, value in values.items()}


_NAME = "s.system || ':' || s.id"


def state(connection: Connection) -> dict[str, Any]:
    """Return everything that the resolver derives, by source keys instead of ids."""
    return {
        "records": _rows(
            connection,
            f"SELECT {_NAME}, version, deleted, record, raw, features, model,"
            " (SELECT array_agg(k ORDER BY k) FROM unnest(blocking_keys) AS k)"
            " FROM source_record s",
        ),
        "keys": _rows(
            connection,
            f"SELECT {_NAME}, array_agg(key ORDER BY key) FROM blocking_key"
            " JOIN source_record s USING (record_id) GROUP BY 1",
        ),
        "links": _rows(
            connection,
            "SELECT x.id, y.id, version_a, version_b, weight, probability, evidence,"
            " l.model FROM link l JOIN source_record x ON x.record_id = a"
            " JOIN source_record y ON y.record_id = b",
        ),
        "components": _groups(connection, "component"),
        "customers": _groups(connection, "customer_id"),
        "profiles": _profiles(connection),
        "history": _rows(
            connection,
            "SELECT count(*), version, why, valid_to IS NULL FROM profile_history"
            " GROUP BY 2, 3, 4",
        ),
        "contact_keys": _rows(
            connection,
            f"SELECT kind, value, min({_NAME}) FROM contact_key"
            " JOIN label USING (customer_id) JOIN source_record s USING (record_id)"
            " GROUP BY kind, value, customer_id",
        ),
        "reviews": _rows(
            connection,
            "SELECT kind, x.id, y.id, why, weight, probability FROM review r"
            " JOIN source_record x ON x.record_id = a"
            " JOIN source_record y ON y.record_id = b",
        ),
        "dirty": _rows(connection, "SELECT record_id FROM dirty"),
    }


def _rows(connection: Connection, query: str) -> list[str]:
    rows = connection.execute(query.encode()).fetchall()
    return sorted(orjson.dumps(row).decode() for row in rows)


def _groups(connection: Connection, column: str) -> list[list[str]]:
    rows = connection.execute(
        f"SELECT array_agg({_NAME} ORDER BY s.id) FROM label"
        f" JOIN source_record s USING (record_id) GROUP BY {column}".encode()
    )
    return sorted(row[0] for row in rows)


def _profiles(connection: Connection) -> list[bytes]:
    rows = connection.execute(
        "SELECT profile FROM customer WHERE retired_into IS NULL"
        " AND profile IS NOT NULL"
    )
    return sorted(bytes(row[0]).split(b",", 2)[2] for row in rows)
