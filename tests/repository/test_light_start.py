"""What matches nothing starts without the matcher's libraries: sooner and smaller."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"splink", "duckdb", "pyarrow", "pandas", "pyspark"}


@pytest.mark.parametrize(
    "module",
    ["service.cli", "service.relay.relay", "service.app", "connectors.__main__"],
)
def test_a_process_that_does_not_match_loads_no_matcher(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert module in done.stdout.split()
    assert HEAVY & set(done.stdout.split()) == set()
