"""Child processes: started with a log, started again when they crash, none left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from service.errors import ServerDidNotStart
from service.runtime.parent_death import die_with_parent

STOP_SECONDS = 20.0
CRASHES_IN_A_ROW = 6
HEALTHY_AFTER_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 10.0
_HERE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Program:
    """What to run: a name for its log, its command, what it adds to the environment.

    A program that has children of its own is told to end them: give it SIGTERM. One
    that is not essential is tried again without end, and does not end the others.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    death_signal: signal.Signals = signal.SIGKILL
    essential: bool = True


def our_program(
    name: str,
    module: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> Program:
    """Return the program that runs a module of ours, wherever it is started."""
    path = os.pathsep.join(filter(None, [str(_HERE), os.environ.get("PYTHONPATH")]))
    return Program(
        name,
        [sys.executable, "-m", module, *arguments],
        {"PYTHONPATH": path, **(env or {})},
        death_signal,
    )


def launch(
    command: Sequence[str], *, env: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a command that writes to this log, in a session of its own.

    So Ctrl-C reaches the parent alone, which then stops its children in order.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes], *, polite: signal.Signals) -> None:
    """Ask a child to stop, and kill it if it does not in time; return when it ended."""
    process.send_signal(polite)
    await_end(process)


def await_end(process: subprocess.Popen[bytes]) -> None:
    """Return when a child that was asked to stop has ended; kill it if it is late."""
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(log: Path, *, characters: int = 600) -> str:
    """Return the end of a log."""
    return log.read_text(errors="replace")[-characters:].strip()


@dataclass
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    since: float
    crashes: int = 0
    start_again_at: float | None = None


class Supervisor:
    """Runs programs; call `watch` often, from the thread that started them."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._running: dict[str, _Running] = {}
        self.restarts: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def log_of(self, name: str) -> Path:
        """Return the log of a program."""
        return self._directory / f"{name}.log"

    def start(self, program: Program) -> None:
        """Start a program, which dies with this process."""
        process = self._launch(program)
        self._running[program.name] = _Running(program, process, time.monotonic())

    def watch(self) -> list[str]:
        """Start again what crashed, after a pause; return the names started again.

        Raise ServerDidNotStart, with the end of its log, for what is essential and only
        ever crashes.
        """
        return [name for name, one in self._running.items() if self._revive(name, one)]

    def failing(self) -> set[str]:
        """Return the names of the programs that only ever crash."""
        now = time.monotonic()
        return {
            name
            for name, one in self._running.items()
            if one.crashes >= CRASHES_IN_A_ROW
            and (one.start_again_at or now - one.since <= HEALTHY_AFTER_SECONDS)
        }

    def stop(self) -> None:
        """Tell everything to stop, and wait until it has, the last started first."""
        for one in self._running.values():
            one.process.send_signal(signal.SIGTERM)
        while self._running:
            _, one = self._running.popitem()
            # Not asked twice: a second signal would cut its farewell short.
            await_end(one.process)

    def stop_one(self, name: str) -> None:
        """Stop one program for good."""
        end(self._running.pop(name).process, polite=signal.SIGTERM)

    def kill(self, name: str) -> None:
        """Kill a program with SIGKILL; `watch` starts it again."""
        one = self._running[name]
        one.process.kill()
        one.process.wait()

    def pids(self) -> dict[str, int]:
        """Return the process ids by name."""
        return {name: one.process.pid for name, one in self._running.items()}

    def _launch(self, program: Program) -> subprocess.Popen[bytes]:
        return launch(
            die_with_parent(program.argv, death_signal=program.death_signal),
            env={**os.environ, **program.env},
            log=self.log_of(program.name),
        )

    def _revive(self, name: str, one: _Running) -> bool:
        now = time.monotonic()
        if one.start_again_at is None:
            if one.process.poll() is not None:
                self._note_crash(name, one, now)
            return False
        if now < one.start_again_at:
            return False
        one.process, one.since = self._launch(one.program), now
        one.start_again_at = None
        self.restarts[name] = self.restarts.get(name, 0) + 1
        return True

    def _note_crash(self, name: str, one: _Running, now: float) -> None:
        healthy = now - one.since > HEALTHY_AFTER_SECONDS
        one.crashes = 1 if healthy else one.crashes + 1
        if one.crashes >= CRASHES_IN_A_ROW and one.program.essential:
            log = self.log_of(name)
            raise ServerDidNotStart(
                f"{name} stopped {one.crashes} times in a row: {tail(log)}",
                remedy=f"Read {log}.",
            )
        pause = min(0.2 * 2 ** min(one.crashes, 20), LONGEST_PAUSE_SECONDS)
        one.start_again_at = now + pause


def resident_bytes(pid: int) -> int:
    """Return the memory of a process and its children; 0 when it is gone.

    Shared pages count once, where the kernel tells: PostgreSQL's backends share theirs.
    """
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return sum(_own_bytes(member) for member in family)


def _own_bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(memory, "pss", memory.rss))
