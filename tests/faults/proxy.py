"""A small TCP proxy between a part and a server, which a test can cut, stop or slow."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from service.runtime.ports import LOCALHOST

_CHUNK = 65_536


class Proxy:
    """Listens on a port of its own and hands everything on, as far as it may."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server((LOCALHOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._flows = threading.Event()
        self._flows.set()
        self.refusing = False
        self.delay_s = 0.0
        self.passed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection at once, as a pulled plug that is noticed."""
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def hold(self) -> None:
        """Hand nothing on, and tell nobody: connections are half-open."""
        self._flows.clear()

    def let_go(self) -> None:
        """Hand on again what comes, and what was held."""
        self._flows.set()

    def close(self) -> None:
        """End everything."""
        self.refusing = True
        self._flows.set()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        try:
            if self.refusing:
                raise ConnectionRefusedError
            far = socket.create_connection((LOCALHOST, self._target))
        except OSError:
            near.close()
            return
        self._pairs.append((near, far))
        for pair in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                time.sleep(self.delay_s)
                self._flows.wait()
                sink.sendall(data)
                self.passed += len(data)
        for end in (source, sink):
            with suppress(OSError):
                end.close()


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """Stand between someone and a port of this machine."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
