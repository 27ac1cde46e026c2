"""`couture up` answers, ends in order, and says in one sentence what is wrong."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psutil
import pytest
from rich.console import Console

from service.errors import Misconfigured
from service.local.stack import as_toml, read_systems, tell_who_fails
from service.runtime import ports

HERE = Path(__file__).parents[2]
WITHIN_S = 120


def couture(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "service.cli", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=ignore_interrupts,
    )


def ignore_interrupts() -> None:
    """Start as a shell starts what it runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind_however_up_ends(
    tmp_path: Path, name: signal.Signals
) -> None:
    port = ports.free_port()
    program = couture("up", "--port", str(port), cwd=tmp_path)
    until_alive(f"http://127.0.0.1:{port}/health/live", program)
    family = psutil.Process(program.pid).children(recursive=True)
    assert len(family) > 5
    program.send_signal(name)
    said, _ = program.communicate(timeout=WITHIN_S)
    assert program.returncode == (-9 if name == signal.SIGKILL else 0), said
    _, alive = psutil.wait_procs(family, timeout=WITHIN_S)
    assert alive == []


def test_up_refuses_a_port_in_use_with_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        program = couture("up", "--port", str(port), cwd=tmp_path)
        said, _ = program.communicate(timeout=WITHIN_S)
    assert program.returncode == 1
    assert said.strip() == (
        f"Port {port} is in use, the API needs it. "
        "Stop the other program, or choose another with --port."
    )


@pytest.mark.parametrize("part", ["migrate", "resolve", "relay"])
def test_a_part_without_its_database_says_so_in_one_sentence(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"postgresql://nobody:secret@127.0.0.1:{ports.free_port()}/couture"
    monkeypatch.setenv("COUTURE_DATABASE_URL", url)
    said, _ = (program := couture(part, cwd=tmp_path)).communicate(timeout=WITHIN_S)
    assert program.returncode == 1
    assert "does not answer" in said
    assert "COUTURE_DATABASE_URL" in said
    assert "secret" not in said
    assert "Traceback" not in said


def test_systems_are_read_from_the_file_if_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "couture.toml"
    assert read_systems(file) == {}
    file.write_text('[systems.pos]\ndsn = "postgresql://till/pos"\n')
    assert read_systems(file) == {"pos": {"dsn": "postgresql://till/pos"}}
    file.write_text("[systems]\npos = 3\n")
    with pytest.raises(Misconfigured, match="each system is a table"):
        read_systems(file)
    file.write_text("[systems")
    with pytest.raises(Misconfigured, match="is not TOML"):
        read_systems(file)


def test_a_system_that_fails_is_told_of_once_and_once_when_it_runs_again(
    tmp_path: Path,
) -> None:
    log = tmp_path / "connector-pos.log"
    log.write_text(
        '{"state": "starting"}\n{"problem": "No database.", "remedy": "Make it."}\n'
    )
    told: set[str] = set()
    out = io.StringIO()
    console = Console(file=out, width=80, soft_wrap=True)
    stops = {"connector-pos"}
    for failing in (set(), stops, stops, set(), set()):
        supervisor: Any = SimpleNamespace(
            failing=failing.copy, log_of=lambda name: tmp_path / f"{name}.log"
        )
        tell_who_fails(console, supervisor, told)

    assert out.getvalue().splitlines() == [
        "connector-pos stops: No database. Make it. It is tried again every 10 s.",
        "connector-pos runs again.",
    ]


def test_a_table_written_as_toml_reads_back_the_same() -> None:
    table = {
        "dsn": 'a "quoted" é',
        "n": 3,
        "on": True,
        "t": ["a"],
        "in": {"x": {"y": 1}},
    }
    assert tomllib.loads(as_toml(table)) == table


def until_alive(url: str, program: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert program.poll() is None, program.communicate()[0]
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the API does not answer")
