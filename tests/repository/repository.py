"""The repository as its reader finds it."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("schemas", "matching", "connectors", "service")


def tracked() -> list[Path]:
    """Return the files that are committed and still there, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    names = (name for name in listed.stdout.split("\0") if name)
    return [Path(name) for name in names if (ROOT / name).is_file()]


def text(name: str) -> str:
    """Return the text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")
