"""The disk under Couture's tables is full for a while."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.database.connection.migrate import migrate
from service.local.servers import start_postgres
from tests.end_to_end.installation import DATABASE, RESOLVER, start_embedded
from tests.faults.conftest import REST_S, Trading, begin
from tests.needs import needs_debezium

SIZE = "400m"
FAILED = b"batch failed, trying again"


@contextmanager
def small_disk(directory: Path) -> Iterator[Path]:
    """Mount a disk in memory; skip the test where that is not allowed."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=777", "tmpfs"]
    mounted = subprocess.run([*mount, str(directory)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here: that takes root")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[tuple[Trading, Path]]:
    """The whole journey, its own tables on a small disk of their own."""
    needs_debezium()
    with (
        small_disk(tmp_path / "small") as disk,
        start_postgres(disk / "postgres", databases=[DATABASE]) as home,
        start_embedded(tmp_path) as world,
    ):
        world.home = home
        migrate(world.database_url)
        yield begin(world, people=40), disk


# above 20 s: a disk is filled, and PostgreSQL recovers
@pytest.mark.timeout(1_800)
def test_a_full_disk_loses_nothing_once_there_is_room_again(
    crowded: tuple[Trading, Path],
) -> None:
    trading, disk = crowded
    world, trader = trading.world, trading.trader
    trader.come_to_rest(within=REST_S)
    log = world.parts.log_of(RESOLVER)
    before = log.stat().st_size

    fill(disk / "filler")
    world.parts.until(
        lambda: trader.trade(0.5) or FAILED in log.read_bytes()[before:],
        within=90,
        what="the resolver met the full disk",
    )
    trader.trade(2)
    (disk / "filler").unlink()
    assert world.home is not None
    world.home.restart(immediate=True)  # it may have given up, as PostgreSQL does

    assert trading.found() == []


def fill(file: Path) -> None:
    """Write until nothing more fits."""
    block = bytes(4096)
    with file.open("wb", buffering=0) as filler:
        while True:
            try:
                filler.write(block)
            except OSError:
                break
    os.sync()
