"""Rows as the resolver leaves them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from schemas.facts import Consent, Interaction, LoyaltyMovement, Order
from schemas.golden_record import Profile
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database.connection.session import Connection
from service.database.facts import programmes
from service.domain.contact_keys import ContactKind, contact_key

NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def a_customer(rows: Connection, *keys: str, version: int = 1, **profile: Any) -> UUID:
    """Insert a live customer with its source records; return the customer id."""
    customer_id = uuid4()
    document = Profile(
        customer_id=customer_id,
        version=version,
        source_keys=[SourceKey.parse(key) for key in keys],
        **profile,
    )
    rows.execute(
        "INSERT INTO customer (customer_id, version, profile) VALUES (%s, %s, %s)",
        [customer_id, version, document.model_dump_json().encode()],
    )
    for key in keys:
        a_source_record(rows, customer_id, key)
    return customer_id


def a_source_record(
    rows: Connection,
    customer_id: UUID,
    key: str,
    record: CustomerRecord | None = None,
) -> int:
    """Insert a source record of the customer; return its record id."""
    parsed = SourceKey.parse(key)
    held = (record or CustomerRecord(given_name="Marie")).model_dump(mode="json")
    row = rows.execute(
        "INSERT INTO source_record (system, id, position, version, deleted, record)"
        " VALUES (%s, %s, '{7}', 1, false, %s) RETURNING record_id",
        [parsed.system, parsed.id, Jsonb(held)],
    ).fetchone()
    assert row
    rows.execute(
        "INSERT INTO label (record_id, component, customer_id) VALUES (%s, %s, %s)",
        [row[0], row[0], customer_id],
    )
    return int(row[0])


def a_retired_id(rows: Connection, *, into: UUID) -> UUID:
    """Insert a customer id that lost a merge."""
    retired_id = uuid4()
    rows.execute(
        "INSERT INTO customer (customer_id, version, retired_into) VALUES (%s, 1, %s)",
        [retired_id, into],
    )
    return retired_id


def a_contact(
    rows: Connection, customer_id: UUID, kind: ContactKind, value: str
) -> None:
    """Make the customer findable by an e-mail, phone or card."""
    rows.execute(
        "INSERT INTO contact_key (kind, value, customer_id) VALUES (%s, %s, %s)",
        [kind, contact_key(kind, value), customer_id],
    )


def _record_id(rows: Connection, key: SourceKey) -> int:
    row = rows.execute(
        "SELECT record_id FROM source_record WHERE system = %s AND id = %s",
        [key.system, key.id],
    ).fetchone()
    assert row
    return int(row[0])


def an_order(
    rows: Connection, key: str, *, of: str, minutes: int = 0, **fields: Any
) -> None:
    """Insert an order of the record `of`, placed so many minutes after noon."""
    parsed, customer = SourceKey.parse(key), SourceKey.parse(of)
    placed_at = NOON + timedelta(minutes=minutes)
    order = Order(
        **{
            "customer": customer,
            "channel": "ecommerce",
            "status": "placed",
            "total": "59.90",
            "placed_at": placed_at,
            **fields,
        }
    )
    rows.execute(
        "INSERT INTO customer_order (system, id, position, deleted,"
        " customer_record_id, status, placed_at, record)"
        " VALUES (%s, %s, '{1}', false, %s, %s, %s, %s)",
        [
            *(parsed.system, parsed.id, _record_id(rows, customer)),
            *(order.status, placed_at, Jsonb(order.model_dump(mode="json"))),
        ],
    )


def a_movement(
    rows: Connection,
    key: str,
    *,
    of: str,
    amount: str,
    minutes: int = 0,
    **fields: Any,
) -> None:
    """Insert a ledger line of the account `of`."""
    parsed, account = SourceKey.parse(key), SourceKey.parse(of)
    movement = LoyaltyMovement.model_validate(
        {
            "account": account,
            "programme": "fidelity",
            "unit": "points",
            "amount": amount,
            "kind": "earn",
            "at": NOON + timedelta(minutes=minutes),
            **fields,
        }
    )
    ledger = (movement.programme, movement.unit)
    programmes.declare(rows, [ledger], by=f"source {parsed.system}")
    rows.execute(
        "INSERT INTO loyalty_movement (system, id, position, customer_record_id,"
        " programme, unit, amount, kind, at, expires_on, order_key, confirms)"
        " VALUES (%s, %s, '{1}', %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(parsed.system, parsed.id, _record_id(rows, account)),
            *(movement.programme, movement.unit, movement.amount, movement.kind),
            *(movement.at, movement.expires_on, movement.order),
            movement.confirms and str(movement.confirms),
        ],
    )


def a_burn(amount: int | str = -30, **fields: Any) -> dict[str, Any]:
    """Return the request to burn points of the account `loyalty:M-1`."""
    return {
        "account": "loyalty:M-1",
        "programme": "fidelity",
        "unit": "points",
        "kind": "burn",
        "amount": amount,
        **fields,
    }


def a_contact_with(
    rows: Connection, key: str, *, of: str, minutes: int = 0, **fields: Any
) -> None:
    """Insert an interaction of the record `of`, so many minutes after noon."""
    parsed, customer = SourceKey.parse(key), SourceKey.parse(of)
    interaction = Interaction.model_validate(
        {
            "customer": customer,
            "channel": "call",
            "kind": "call",
            "status": "open",
            "at": NOON + timedelta(minutes=minutes),
            **fields,
        }
    )
    rows.execute(
        "INSERT INTO interaction (system, id, position, deleted, customer_record_id,"
        " at, record) VALUES (%s, %s, '{1}', false, %s, %s, %s)",
        [
            *(parsed.system, parsed.id, _record_id(rows, customer), interaction.at),
            Jsonb(interaction.model_dump(mode="json", exclude_none=True)),
        ],
    )


def a_consent(rows: Connection, key: str, *, of: str, minutes: int = 0) -> None:
    """Insert a consent of the record `of`."""
    parsed, customer = SourceKey.parse(key), SourceKey.parse(of)
    consent = Consent.model_validate(
        {
            "customer": customer,
            "purpose": "newsletter",
            "channel": "email",
            "status": "given",
            "at": NOON + timedelta(minutes=minutes),
        }
    )
    rows.execute(
        "INSERT INTO consent (system, id, position, deleted, customer_record_id,"
        " at, record) VALUES (%s, %s, '{1}', false, %s, %s, %s)",
        [
            *(parsed.system, parsed.id, _record_id(rows, customer), consent.at),
            Jsonb(consent.model_dump(mode="json", exclude_none=True)),
        ],
    )


def a_system(rows: Connection, system: str, *, lag_ms: int | None = 250) -> None:
    """Say that a system's last change took effect."""
    rows.execute(
        "INSERT INTO system_freshness (system, position, source_at, applied_at)"
        " VALUES (%s, '{42}', %s, %s)",
        [
            system,
            None if lag_ms is None else NOON - timedelta(milliseconds=lag_ms),
            NOON,
        ],
    )
