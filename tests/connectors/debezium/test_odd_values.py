"""Odd values of a real PostgreSQL lose a field at most, and times are in their zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from schemas import wire
from tests.connectors.connector_process import Process, Topic, wait_until

TABLES = """
CREATE TABLE person (id char(10) PRIMARY KEY, born date, made timestamp(3),
    seen timestamptz, gone smallint DEFAULT 0);
CREATE TABLE bill (num numeric(10, 0) PRIMARY KEY, who char(10), total numeric(12, 2),
    at timestamp);
INSERT INTO person VALUES
    ('P-1', '1961-03-12', '2026-07-05 10:00', '2026-07-05 10:00+02', 0),
    ('P-2', 'infinity', 'infinity', '-infinity', 0),
    ('P-3', '0044-03-15 BC', NULL, NULL, 0), ('P-4', NULL, NULL, NULL, 1);
INSERT INTO bill VALUES (1, 'P-1', 12.50, '2026-07-05 10:00'),
    (2, 'P-1', 'NaN', '2026-01-05 10:00'), (3, 'P-2', 1.10, '2026-10-25 02:30');
"""
MAPPING = """
tables:
  person:
    kind: customer
    id: id
    deleted: gone
    fields:
      given_name: { constant: Odile }
      birth_date: { from: born, transform: date }
      created_at: { from: made, transform: { timestamp: { zone: Europe/Paris } } }
      updated_at: { from: seen, transform: { timestamp: { zone: Europe/Paris } } }
  bill:
    kind: order
    id: num
    fields:
      customer: { from: who, transform: source_key }
      channel: { constant: till }
      status: { constant: paid }
      total: total
      placed_at: { from: at, transform: { timestamp: { zone: Europe/Paris } } }
"""


# above 20 s on a slow machine: a real Debezium starts
def test_odd_values_lose_a_field_at_most_and_keys_meet(
    till: str, broker: str, tmp_path: Path
) -> None:
    with psycopg.connect(till, autocommit=True) as connection:
        connection.execute(TABLES)
    (tmp_path / "odd.toml").write_text(f'kind = "postgresql"\ndsn = "{till}"\n')
    (tmp_path / "odd.yaml").write_text(MAPPING)
    files = ("--config", "odd.toml", "--mapping", "odd.yaml")
    environ = {"COUTURE_KAFKA": broker}
    with (
        Process(tmp_path, "run", "odd", *files, environ=environ) as run,
        Topic(broker, wire.source_topic("odd")) as topic,
    ):
        wait_until(lambda: len(topic.state()) >= 6, lambda: run.said)
        found: dict[str, Any] = {
            name: event.after for name, event in topic.state().items()
        }

    assert set(found) == {
        *(f"customer/odd:P-{n}" for n in (1, 2, 3)),
        *(f"order/odd:{n}" for n in (1, 2, 3)),
    }
    first, odd = found["customer/odd:P-1"], found["customer/odd:P-2"]
    assert first.birth_date == date(1961, 3, 12)
    assert first.created_at == first.updated_at == datetime(2026, 7, 5, 8, tzinfo=UTC)
    assert odd.birth_date is odd.created_at is odd.updated_at is None
    assert found["customer/odd:P-3"].birth_date is None
    bills = [found[f"order/odd:{n}"] for n in (1, 2, 3)]
    assert [str(one.customer) for one in bills] == ["odd:P-1", "odd:P-1", "odd:P-2"]
    assert [one.total for one in bills] == [Decimal("12.50"), None, Decimal("1.10")]
    assert bills[0].placed_at == datetime(2026, 7, 5, 8, tzinfo=UTC)
