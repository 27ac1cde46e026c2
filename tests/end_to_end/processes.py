"""The parts of the journey as real processes, which a test may end in any way."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from service.runtime.parent_death import die_with_parent
from service.runtime.processes import STOP_SECONDS, Program, launch, tail

RESOLVER, RELAY, SERVE = "resolve", "relay", "serve"
"""Their names, which a part itself reads as it starts: nothing heavy here."""
_PAUSE_S = 0.05


def _end_of(process: subprocess.Popen[bytes]) -> int:
    """Return how a process that was asked ended; a late one logs where it stands."""
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        return process.wait()


class Processes:
    """Programs by name; each keeps one log over its restarts.

    Start them from the thread that lives as long as they should.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._programs: dict[str, Program] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, program: Program) -> None:
        """Start a program, or the next version of one that ended."""
        self._programs[program.name] = program
        self._processes[program.name] = launch(
            die_with_parent(program.argv, death_signal=program.death_signal),
            env={**os.environ, **program.env, "PYTHONFAULTHANDLER": "1"},
            log=self.log_of(program.name),
        )

    def again(self, name: str) -> None:
        """Start a program that ended, as it was started before."""
        self.start(self._programs[name])

    def kill(self, name: str) -> None:
        """End a program with SIGKILL."""
        process = self._processes[name]
        process.kill()
        process.wait()

    def stop(self, *names: str) -> dict[str, int]:
        """Ask programs to stop, with SIGTERM, and return their exit codes."""
        for name in names:
            self._processes[name].terminate()
        stopped = {}
        for name in names:
            process = self._processes.pop(name)
            stopped[name] = _end_of(process)
        return stopped

    def stop_all(self) -> None:
        """Stop everything that runs."""
        self.stop(*self._processes)

    def family(self, names: Iterable[str]) -> list[psutil.Process]:
        """Return the processes of these programs, and their children."""
        parents = [psutil.Process(self._processes[name].pid) for name in names]
        return [p for one in parents for p in (one, *one.children(recursive=True))]

    def log_of(self, name: str) -> Path:
        """Return the log of a program."""
        return self.directory / f"{name}.log"

    def ended(self) -> list[str]:
        """Return what ended by itself."""
        return [name for name, p in self._processes.items() if p.poll() is not None]

    def tails(self) -> str:
        """Return the ends of all logs, for a failure message."""
        return "\n".join(
            f"--- {name}\n{tail(self.log_of(name), characters=1_500)}"
            for name in self._programs
        )

    def until(self, holds: Callable[[], object], *, within: float, what: str) -> None:
        """Wait until something holds; fail, with the logs, if it does not in time."""
        deadline = time.monotonic() + within
        while not holds():
            gone = self.ended()
            assert not gone, f"{gone} ended by itself\n{self.tails()}"
            late = time.monotonic() > deadline
            assert not late, f"not within {within} s: {what}\n{self.tails()}"
            time.sleep(_PAUSE_S)
