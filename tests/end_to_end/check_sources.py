"""Every row of the sources against the service: nothing lost, nothing twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import sql

from service.database.connection.session import Connection
from service.demo.retailer.writes import LOYALTY, Row
from service.demo.systems.systems import Systems
from tests.end_to_end.expected import TABLES, Table, Values, plain

Rows = dict[tuple[str, str], dict[str, Row]]


def read_sources(systems: Systems) -> Rows:
    """Return every row that stands in the sources, by system and table, by id."""
    return {
        (table.system, table.name): {
            str(row["id"]): row
            for row in systems.rows(table.system, table.name)
            if not row.get("deleted")
        }
        for table in TABLES
    }


def differences(connection: Connection, sources: Rows) -> Iterator[str]:
    """Yield every row that the service does not hold as the source does."""
    excused = _set_aside(connection)
    for table in TABLES:
        rows = sources[table.system, table.name]
        held = _held(connection, table)
        for row_id in sorted(rows.keys() | held.keys()):
            if f"{table.system}:{row_id}" in excused:
                continue
            what = _verdict(table, rows.get(row_id), held.get(row_id))
            if what:
                yield f"{table.system}.{table.name} {row_id}: {what}"


def _verdict(table: Table, row: Row | None, held: Values | None) -> str | None:
    if row is None:
        return "is held, but no source holds it"
    if held is None:
        return "is lost"
    wanted = {name: plain(value) for name, value in table.values(row).items()}
    wrong = sorted(name for name in wanted if wanted[name] != plain(held.get(name)))
    return f"differs in {', '.join(wrong)}" if wrong else None


def _held(connection: Connection, table: Table) -> dict[str, Values]:
    if table.arrives == "loyalty_movement":
        return dict(_ledger(connection, table.system))
    query = sql.SQL(
        "SELECT id, record FROM {} WHERE system = %s AND record IS NOT NULL"
    ).format(sql.Identifier(table.arrives))
    return {id_: _flat(rec) for id_, rec in connection.execute(query, [table.system])}


def _ledger(connection: Connection, system: str) -> Iterator[tuple[str, Values]]:
    rows = connection.execute(
        "SELECT m.id, s.system || ':' || s.id, amount, kind, expires_on, order_key"
        " FROM loyalty_movement m JOIN source_record s"
        "   ON s.record_id = m.customer_record_id WHERE m.system = %s",
        [system],
    )
    for id_, account, amount, kind, expires_on, order_key in rows:
        yield (
            id_,
            {
                "account": account,
                "amount": amount,
                "kind": kind,
                "expires_on": expires_on,
                "order_key": order_key,
            },
        )


def _flat(record: Mapping[str, Any]) -> Values:
    """Return a canonical record with the few nested values that the oracle names."""
    home = (record.get("addresses") or [{}])[0]
    lines = record.get("lines") or []
    seconds = {
        name: datetime.fromisoformat(record[name]).timestamp()
        for name in ("updated_at", "placed_at")
        if record.get(name)
    }
    amounts = {
        name: Decimal(record[name]) for name in ("total", "cost") if record.get(name)
    }
    return {
        **record,
        **seconds,
        **amounts,
        "address": [home.get(part) for part in ("street", "postal_code", "city")],
        "skus": [line["sku"] for line in lines],
        "amounts": [Decimal(line["amount"]) for line in lines],
        "steps": [step["status"] for step in record.get("status_history") or ()],
    }


def points(
    connection: Connection, sources: Rows, balances: Mapping[str, int]
) -> Iterator[str]:
    """Yield where the points do not add up, by member and in total."""
    rows = connection.execute(
        "SELECT s.id, sum(m.amount) FROM loyalty_movement m JOIN source_record s"
        " ON s.record_id = m.customer_record_id WHERE s.system = %s GROUP BY 1",
        [LOYALTY],
    )
    sums: dict[str, Decimal] = defaultdict(Decimal, rows.fetchall())
    for member, balance in balances.items():
        if sums[member] != balance:
            yield f"points of {member}: {sums[member]} instead of {balance}"
    lines = sources[LOYALTY, "points_ledger"].values()
    total, wanted = sum(sums.values()), sum(line["points"] for line in lines)
    if total != wanted:
        yield f"points in total: {total} instead of {wanted}"


def _set_aside(connection: Connection) -> set[str]:
    """Return the source keys that stand in the dead letters with a reason."""
    rows = connection.execute(
        "SELECT convert_from(message_key, 'UTF8') FROM dead_letter"
        " WHERE message_key IS NOT NULL AND reason <> ''"
    )
    return {key.rpartition("/")[2] for (key,) in rows}
