"""What matches nothing starts without the matcher's libraries: sooner and smaller."""

from __future__ import annotations

import subprocess
import sys

import pytest

TABLES = {"sqlmodel", "sqlalchemy", "alembic"}
"""What describes and migrates tables; what reads and writes them is psycopg."""
HEAVY = {"splink", "duckdb", "pyarrow", "pandas", "pyspark"} | TABLES


@pytest.mark.parametrize(
    "module",
    ["service.cli", "service.relay.relay", "service.app", "connectors.__main__"],
)
def test_a_process_that_does_not_match_loads_no_matcher(module: str) -> None:
    assert not HEAVY & loaded_by(module)


def loaded_by(module: str) -> set[str]:
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert module in loaded
    return loaded


def test_the_resolver_loads_duckdb_and_nothing_else_of_the_matcher() -> None:
    loaded = loaded_by("service.resolver.worker")
    assert (HEAVY | {"flask", "numpy"}) & loaded == {"duckdb"}


@pytest.mark.parametrize("module", ["service.cli", "service.relay.relay"])
def test_a_command_loads_no_pages(module: str) -> None:
    assert "flask" not in loaded_by(module)
