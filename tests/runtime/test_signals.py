"""A process ends when it is asked, at whatever instruction the signal meets it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from service.runtime.signals import StopSignal

WITHIN_S = 30
# Waiting holds the lock of a plain event for some instructions; here it always does.
# Two threads wait, as those of a relay.
WAITING = """
import threading
from {module} import stop_on_signals
stop = stop_on_signals()
stop._cond.wait = lambda timeout: sum(range(10_000))
other = threading.Thread(target=stop.wait)
other.start()
print("ready", flush=True)
while not stop.wait(0.001):
    pass
other.join()
"""


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("module", ["service.runtime.signals", "connectors.signals"])
def test_a_signal_that_meets_the_waiting_itself_stops_it(
    asked: signal.Signals, module: str
) -> None:
    code = WAITING.format(module=module)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(asked)
        try:
            assert process.wait(WITHIN_S) == 0
        finally:
            process.kill()


def test_it_is_waited_for_as_long_as_asked() -> None:
    stop = StopSignal()
    started = time.monotonic()
    assert not stop.wait(0)
    assert not stop.wait(-1)
    assert not stop.wait(0.05)
    assert time.monotonic() - started > 0.04

    threading.Timer(0.05, stop.set).start()
    assert stop.wait(WITHIN_S)
    assert stop.is_set()
    assert stop.wait()
    for _ in range(100_000):  # more than the socket holds
        stop.set()
