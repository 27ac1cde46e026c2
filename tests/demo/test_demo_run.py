"""A short demo ends by itself with a report in which nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from service.database.connection.session import Connection
from service.demo.run.run import Options, let_in, run_demo
from service.runtime.ports import free_port
from service.stewardship import accounts


@pytest.mark.timeout(280)
def test_a_short_demo_loses_nothing_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    options = Options(
        duration=5,
        people=40,
        rate=20,
        port=free_port(),
        report=tmp_path / "report.json",
    )
    report = run_demo(options)
    assert report.changes.lost == 0
    assert report.changes.dead_lettered == 0
    assert report.changes.captured == report.changes.applied > 100
    assert report.matching.f1 > 0.8
    assert report.coherence.asked == report.coherence.coherent > 0
    at_once = report.coherence_while_changing
    assert at_once.asked == at_once.coherent > 0, at_once.differing
    assert report.restarts == {}
    written = json.loads((tmp_path / "report.json").read_bytes())
    assert written["changes"]["lost"] == 0
    assert list((tmp_path / ".couture").iterdir()) == []
    after = {child.pid for child in psutil.Process().children(recursive=True)}
    assert after <= before


def test_the_way_into_the_stewards_room_works_at_once(connection: Connection) -> None:
    said = let_in(connection, "http://127.0.0.1:8080").split()

    assert said[1] == "http://127.0.0.1:8080/steward"
    person = accounts.fitting(connection, said[3], said[5])
    assert person is not None
    assert person.roles == ("supervisor",)
