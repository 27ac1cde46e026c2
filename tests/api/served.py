"""The API as a process of its own, as an operator starts it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from service.runtime.ports import free_port

ROOT = Path(__file__).parents[2]
_SERVE = "from service.commands.serve import serve; serve()"


class Served(NamedTuple):
    """A server that answers, and the file that holds its log."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path


def start(
    database_url: str, *, port: int, log: Path, **more: str
) -> subprocess.Popen[bytes]:
    """Start `couture serve` in a session of its own."""
    environ = {
        **os.environ,
        "COUTURE_DATABASE_URL": database_url,
        "COUTURE_LISTEN": f"127.0.0.1:{port}",
        **more,
    }
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            env=environ,
            cwd=ROOT,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


@contextmanager
def served(database_url: str, log: Path, **more: str) -> Iterator[Served]:
    """Serve the API on a free port until the block ends."""
    port = free_port()
    process = start(database_url, port=port, log=log, **more)
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url, process, log)
        yield Served(process, url, log)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            httpx.get(f"{url}/health/live")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())
