"""A frozen relay does not keep the others from publishing, nor its word the last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas import wire
from service.database.connection.session import Connection
from service.verification.topics import read
from tests.faults.crash_points import heard, tell
from tests.resolver.deliveries import ANNE, Delivery, customer
from tests.resolver.fake_model import plain_judge

WITHIN_S = 120


@contextmanager
def relay(*program: str, url: str, bootstrap: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a relay that loses its lock after two seconds of silence."""
    env = os.environ | {
        "COUTURE_DATABASE_URL": url,
        "COUTURE_KAFKA": bootstrap,
        "COUTURE_FROZEN_AFTER_S": "2",
    }
    process = subprocess.Popen([sys.executable, "-m", *program, "relay"], env=env)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {what}"
        time.sleep(0.1)


@pytest.mark.timeout(3 * WITHIN_S)
def test_another_relay_takes_over_and_the_newest_golden_record_stays_the_last(
    connection: Connection, database_url: str, broker: str, tmp_path: Path
) -> None:
    deliver = Delivery(connection, plain_judge())

    def all_told() -> bool:
        return connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)

    def told() -> list[bytes]:
        return [one.value for one in read(broker, wire.CUSTOMERS_TOPIC)]

    places = {"url": database_url, "bootstrap": broker}
    dying = ("tests.faults.crash_points", str(tmp_path), "service.cli")
    with relay(*dying, **places) as first:
        deliver(customer("pos:1", 1, **ANNE))
        until(all_told, "the first relay publishes")
        tell(tmp_path, "relay-took", freeze=True)
        deliver(customer("pos:1", 2, **ANNE | {"title": "Mme"}))
        until(lambda: heard(tmp_path, "relay-took"), "the first relay freezes")
        with relay("service.cli", **places):
            deliver(customer("pos:1", 3, **ANNE | {"title": "Dr"}))
            until(all_told, "the second relay publishes")
            assert [b"Mme" in one for one in told()] == [False, True, False]

            first.send_signal(signal.SIGCONT)
            until(lambda: len(told()) > 4, "the older word and, again, the newest")
            until(all_told, "everything is told")

    told_last = told()
    assert b"Mme" in told_last[3]
    assert connection.execute("SELECT profile FROM customer").fetchone() == (
        told_last[-1],
    )
