"""The supervisor starts again what crashed and leaves nothing behind."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from service.errors import ServerDidNotStart
from service.runtime.processes import Program, Supervisor, resident_bytes

FOREVER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(99)"]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_program_is_started_again_and_counted(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Program("relay", FOREVER))
        first = supervisor.pids()["relay"]
        supervisor.kill("relay")
        until(lambda: supervisor.watch() == ["relay"])
        second = supervisor.pids()["relay"]
        assert second != first
        assert supervisor.restarts == {"relay": 1}
        assert resident_bytes(second) > 0
    assert not psutil.pid_exists(second)


def test_a_program_that_only_crashes_is_given_up_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.processes.LONGEST_PAUSE_SECONDS", 0.01)
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(
            Program("api", [sys.executable, "-c", "raise SystemExit('no luck')"])
        )
        with pytest.raises(ServerDidNotStart, match=r"api stopped 6 times.*no luck"):
            until(lambda: bool(supervisor.watch() and False))


def test_a_program_that_is_not_essential_is_tried_again_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.runtime.processes.LONGEST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("service.runtime.processes.HEALTHY_AFTER_SECONDS", 0.5)
    mended = tmp_path / "mended"
    program = (
        "import pathlib, sys, time\n"
        f"if not pathlib.Path({str(mended)!r}).exists(): sys.exit('no such database')\n"
        "time.sleep(99)"
    )
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Program("serve", FOREVER))
        supervisor.start(
            Program("pos", [sys.executable, "-c", program], essential=False)
        )
        until(lambda: supervisor.watch() == ["pos"] and "pos" in supervisor.failing())
        assert supervisor.failing() == {"pos"}
        assert supervisor.log_of("pos").read_text().endswith("no such database\n")
        assert supervisor.restarts["pos"] >= 6
        mended.touch()
        until(lambda: not supervisor.watch() and not supervisor.failing())
        assert supervisor.pids().keys() == {"serve", "pos"}


def test_programs_are_stopped_when_an_exception_ends_the_run(tmp_path: Path) -> None:
    def run() -> None:
        with Supervisor(tmp_path) as supervisor:
            supervisor.start(Program("one", FOREVER))
            supervisor.start(Program("two", FOREVER))
            pids.extend(supervisor.pids().values())
            raise KeyboardInterrupt

    pids: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        run()
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []
