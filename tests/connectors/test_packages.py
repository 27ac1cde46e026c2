"""A package outside the repository brings a kind of connector and a system."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from connectors import kinds
from connectors.contract import Kind, StopSource
from schemas import wire
from tests.connectors.connector_process import ROOT, Process, Topic, wait_until

CONNECTOR = '''
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from connectors.contract import Batch, CaptureRequest, Config, Kind, Row, Table
from schemas.change_event import Op


class LinesConfig(Config):
    kind: Literal["lines"]
    path: Path


class LinesConnector:
    """One address a line; the position is the number of the line."""

    name = "lines"

    def __init__(self, config, request):
        self.config, (self.table,) = config, request.needs

    def check(self): ...
    def start_from(self, offset):
        return offset
    def remove(self):
        return []
    def discover(self):
        return [Table(self.table, ("email",))]
    def snapshot(self):
        return self.changes({"line": 0})
    def changes(self, after):
        lines = self.config.path.read_text().splitlines()
        for number, line in enumerate(lines, start=1):
            if number > after["line"]:
                row = Row(self.table, Op.READ, {"email": line}, (number,))
                yield Batch([row], {"line": number}, snapshot=True)


KIND = Kind(LinesConnector.name, LinesConfig, LinesConnector)
NOT_A_KIND = LinesConnector
'''
MAPPING = """
tables:
  address: { kind: customer, id: email, fields: { emails: [email] } }
"""
ENTRY_POINTS = """
[couture.connectors]
lines = {package}:KIND
odd = {package}:NOT_A_KIND
gone = {package}.nowhere:KIND
{more}

[couture.systems]
newsletter = {package}
"""


def installed(site: Path, package: str = "couture_lines", more: str = "") -> Path:
    """Put a package where Python finds it, as pip does."""
    folder, metadata = site / package, site / f"{package}-1.0.dist-info"
    folder.mkdir(parents=True)
    metadata.mkdir()
    (folder / "__init__.py").write_text(CONNECTOR)
    (folder / "mapping.yaml").write_text(MAPPING)
    (folder / "connector.toml").write_text('kind = "lines"\npath = "people.txt"\n')
    name = package.replace("_", "-")
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\n")
    (metadata / "entry_points.txt").write_text(
        ENTRY_POINTS.format(package=package, more=more)
    )
    return site


def test_its_system_is_captured_by_name_alone(broker: str, tmp_path: Path) -> None:
    site = installed(tmp_path / "site")
    (tmp_path / "people.txt").write_text("anne@poste.fr\npaul@poste.fr\n")
    environ = {
        "COUTURE_KAFKA": broker,
        "PYTHONPATH": os.pathsep.join(map(str, (site, ROOT))),
    }
    with Process(tmp_path, "run", "newsletter", environ=environ) as process:
        assert process.wait() == 0, process.said
    with Topic(broker, wire.source_topic("newsletter")) as topic:
        wait_until(lambda: len(topic.events()) == 2)
        events = topic.events()
    assert {event.source.connector for event in events} == {"lines"}
    assert {str(event.key) for event in events} == {
        "newsletter:anne@poste.fr",
        "newsletter:paul@poste.fr",
    }


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in this process; it is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(installed(tmp_path / "site")))
    monkeypatch.delitem(sys.modules, "couture_lines", raising=False)
    return tmp_path / "site"


def test_a_kind_is_found_among_ours_and_those_of_packages(site: Path) -> None:
    assert {"lines", "postgresql", "rest"} <= set(kinds.known())
    assert isinstance(kinds.find("lines", system="newsletter"), Kind)
    assert kinds.find("rest", system="web").name == "rest"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("line", ["no kind of connector 'line'", "lines, mariadb", "Set `kind`"]),
        ("odd", ["of couture-lines is no", "Kind", "Install couture-lines anew"]),
        ("gone", ["cannot be imported", "nowhere", "Install couture-lines anew"]),
    ],
)
def test_what_is_no_kind_is_told_with_its_package(
    site: Path, kind: str, words: list[str]
) -> None:
    with pytest.raises(StopSource) as stopped:
        kinds.find(kind, system="newsletter")
    assert all(word in str(stopped.value) for word in words), stopped.value


def test_two_packages_of_one_kind_and_one_of_ours_are_refused(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = installed(tmp_path / "other", "more_lines", "rest = more_lines:KIND")
    monkeypatch.syspath_prepend(str(other))
    for kind, packages in (
        ("lines", "couture-lines and by more-lines"),
        ("rest", "couture and by more-lines"),
    ):
        with pytest.raises(StopSource, match=packages):
            kinds.find(kind, system="newsletter")
