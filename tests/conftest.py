"""Real parts for every test that asks: PostgreSQL, a migrated database, a broker."""

from __future__ import annotations

import itertools
import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from service.database.connection.migrate import migrate
from service.database.connection.session import Connection, connect
from service.local.servers import (
    EmbeddedBroker,
    EmbeddedPostgres,
    start_broker,
    start_postgres,
)
from tests.shared import Shared

pytest_plugins = ["tests.chromium", "tests.kafka.fixtures"]  # browser, apache_kafka
_numbers = itertools.count(1)
# how long an example takes says what else the machine does
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
MEMORY = Path("/dev/shm")
ROOM_BYTES = 6_000_000_000
TOGETHER = {
    "tests/faults/": "faults",
    "tests/end_to_end/test_checker.py": "journey",
    "tests/end_to_end/test_replay.py": "journey",
    "tests/end_to_end/test_sources.py": "journey",
    "tests/end_to_end/test_bad_input.py": "journey",
    "tests/steward_ui/": "stewards' room",
}
"""Files that one process runs, as they share what takes long to start."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep files together that share what is costly; any other file is a unit."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class FilesTogether(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            for start, together in TOGETHER.items():
                if nodeid.startswith(start):
                    return together
            return str(super()._split_scope(nodeid))

    return FilesTogether(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files first that hold a test with a long time-out of its own.

    Files go to whichever process is free: a long one that comes last would be waited
    for alone. The others go by their names, not by folder: those of connectors mostly
    wait, those of matching compute, and so they share the cores. Among files of one
    time-out a mark `turn` says which come together, and when.
    """
    longest: dict[Path, float] = {}
    turns: dict[Path, int] = {}
    for item in items:
        marker = item.get_closest_marker("timeout")
        allowed = float(marker.args[0]) if marker else 0.0
        longest[item.path] = max(longest.get(item.path, 0.0), allowed)
        turn = item.get_closest_marker("turn")
        turns[item.path] = int(turn.args[0]) if turn else 0

    def place(item: pytest.Item) -> tuple[float, int, str, Path]:
        path = item.path
        return -longest[path], turns[path], path.name, path

    items.sort(key=place)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say which run what tests share ends with."""
    Shared.session = session


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """End what tests shared as soon as the next one does not want it."""
    yield
    Shared.end_unwanted(nextitem)


@pytest.fixture(autouse=True)
def same_log() -> Iterator[None]:
    """Leave the log of a test's process as it was: commands set up their own."""
    before, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = before
    logging.root.setLevel(level)


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory in memory where there is room, else on the disk.

    Of the time to make and drop a database, a thousand times, five sixths are the file
    system's.
    """
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        yield tmp_path_factory.mktemp("on-disk")
        return
    with tempfile.TemporaryDirectory(prefix="couture-tests-", dir=MEMORY) as directory:
        Path(directory).chmod(0o755)  # the server is another user
        yield Path(directory)


@pytest.fixture(scope="session")
def postgres(memory: Path) -> Iterator[EmbeddedPostgres]:
    """One embedded PostgreSQL for the whole run, with a migrated template."""
    directory = memory / "postgres"
    directory.mkdir()
    with start_postgres(directory, databases=("template",), durable=False) as server:
        migrate(server.url("template"))
        yield server


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A fresh migrated database."""
    name = f"couture_{next(_numbers)}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template".encode())
        yield postgres.url(name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """An autocommit connection to a fresh migrated database."""
    with connect(database_url, autocommit=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def embedded_broker(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[EmbeddedBroker]:
    """One embedded broker for the whole run: use topics or groups of your own."""
    with start_broker(directory=tmp_path_factory.mktemp("broker")) as server:
        yield server


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """The bootstrap servers of an empty embedded broker (it starts in milliseconds)."""
    with start_broker(directory=tmp_path) as server:
        yield server.bootstrap
