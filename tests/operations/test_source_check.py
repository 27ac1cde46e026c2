"""The doctor looks at connectors, replication slots and the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from schemas.connector import ConnectorState, ConnectorStatus
from service.database.connection.session import Connection
from service.database.operations import connector_states
from service.operations import source_check
from service.operations.finding import Health

SLOT = "doctors_slot"


def said(
    connection: Connection, system: str, state: ConnectorState, *, ago_s: float = 0
) -> None:
    """Let a connector have said so."""
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    status = ConnectorStatus(
        system=system, connector="postgresql", state=state, at=at, since=at
    )
    connector_states.keep(connection, [status])


def test_a_connector_that_fails_is_silent_or_rests_is_named(
    connection: Connection,
) -> None:
    assert source_check.connectors(connection).health is Health.LOOK

    said(connection, "pos", ConnectorState.STREAMING)
    assert source_check.connectors(connection).health is Health.GOOD

    said(connection, "loyalty", ConnectorState.PAUSED)
    found = source_check.connectors(connection)
    assert (found.health, found.detail) == (Health.LOOK, "loyalty is paused.")
    assert "couture connector resume" in found.remedy

    said(connection, "ecommerce", ConnectorState.RETRYING)
    said(connection, "call_centre", ConnectorState.STREAMING, ago_s=120)
    found = source_check.connectors(connection)
    assert found.health is Health.BAD
    assert "ecommerce is retrying" in found.detail
    assert "call_centre is silent for 120 s (was streaming)" in found.detail
    assert "loyalty" not in found.detail


@pytest.fixture
def slot(connection: Connection) -> Iterator[str]:
    """A slot that nobody reads."""
    connection.execute(
        "SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [SLOT]
    )
    yield SLOT
    connection.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])


def test_a_slot_that_keeps_the_log_for_nobody_is_named(
    connection: Connection, slot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert source_check.slots(connection).health is Health.GOOD

    monkeypatch.setattr(source_check, "_HELD_BYTES", -1)
    found = source_check.slots(connection)

    assert found.health is Health.LOOK
    assert slot in found.detail
    assert "pg_drop_replication_slot" in found.remedy


def test_a_disk_with_little_room_is_told(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = source_check.disk(connection)
    assert "are free" in found.detail

    full = shutil.disk_usage("/")._replace(total=1_000_000_000, free=50_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    assert source_check.disk(connection).health is Health.LOOK

    def unseen(_: Connection) -> None:
        return None

    monkeypatch.setattr(source_check.replication, "data_directory", unseen)
    found = source_check.disk(connection)
    assert (found.health, "not to be seen" in found.detail) == (Health.GOOD, True)
