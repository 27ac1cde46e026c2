"""Stop when the operating system asks, as `service.runtime.signals` does.

The two programs share schemas and nothing else.
"""

from __future__ import annotations

import select
import signal
import socket
import threading
from contextlib import suppress


class StopSignal(threading.Event):
    """An event that the handler of a signal may set.

    A handler runs in the main thread, between any two of its instructions. If these
    were inside the lock of a plain event, `set` would wait for it for ever: this one
    has none, waiting is for a byte on a socket that nobody reads.
    """

    def __init__(self) -> None:
        super().__init__()
        self._asked = False
        self._told, self._tell = socket.socketpair()
        self._tell.setblocking(False)

    def set(self) -> None:
        """Wake everybody who waits, now and later."""
        self._asked = True
        with suppress(BlockingIOError):  # it is full, so there is a byte
            self._tell.send(b"!")

    def is_set(self) -> bool:
        """Return whether it was set."""
        return self._asked

    def wait(self, timeout: float | None = None) -> bool:
        """Return whether it is set, after at most so many seconds."""
        if not self._asked:
            waiting = select.poll()
            waiting.register(self._told, select.POLLIN)
            # a negative time would be for ever
            waiting.poll(None if timeout is None else max(0.0, timeout) * 1_000)
        return self._asked


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = StopSignal()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    return stop
