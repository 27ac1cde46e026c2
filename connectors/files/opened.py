"""A file's bytes, unpacked if it is packed."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import BinaryIO, cast


def opened(path: Path) -> BinaryIO:
    """Return the file's bytes, unpacked if it is packed."""
    if path.name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")
