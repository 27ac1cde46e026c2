"""A file's bytes, and in which encoding they are text, as far as they tell."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import BinaryIO, cast

from connectors.contract import StopSource

_BLOCK = 65_536
_OTHERS = ("mac_roman", "cp850")
_LETTERS = frozenset(
    "àâäáãåæçéèêëíìîïñóòôöõøœúùûüýÿßÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜÝŸšžŠŽ"
)
_FREQUENT = frozenset("éèàçêëîïôûñöüä")
_SIGNS = frozenset("\u00a0«»“”‘’–—…€°ºª²³´·§£©®½¼¾¨")


def opened(path: Path) -> BinaryIO:
    """Return the file's bytes, unpacked if it is packed."""
    if path.name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def detected(path: Path) -> str:
    """Return the encoding: UTF-8 if most lines are, else cp1252 as office programs do.

    Raise StopSource for a file that reads badly as either, with the encoding that it
    most looks like.
    """
    lines, others = 0, Counter[int]()
    broken = 0
    with opened(path) as file:
        while block := file.read(_BLOCK):
            block += file.readline()  # never end within a character
            if _is_utf_8(block):
                lines += not block.isascii()
                continue
            for line in block.split(b"\n"):
                if line.isascii():
                    continue
                if _is_utf_8(line):
                    lines += 1
                else:
                    broken += 1
                    others.update(byte for byte in line if byte >= 0x80)
    if broken == 0 or lines > broken:
        return "utf-8-sig"
    return _one_byte(others, path)


def _is_utf_8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _one_byte(found: Counter[int], path: Path) -> str:
    as_windows = _plausibility(found, "cp1252")
    if as_windows >= 0:
        return "cp1252"
    best = max(_OTHERS, key=lambda encoding: _plausibility(found, encoding))
    if _plausibility(found, best) > 0:
        raise StopSource(
            f"{path} is neither UTF-8 nor cp1252; it looks like {best}.",
            remedy=f"Save it as UTF-8, or write `encoding: {best}` in its mapping.",
        )
    raise StopSource(
        f"{path} is neither UTF-8 nor cp1252.",
        remedy="Save it as UTF-8, or name its `encoding` in its mapping.",
    )


def _plausibility(found: Counter[int], encoding: str) -> float:
    """Return how far bytes read as letters of names: below 0, hardly at all."""
    score = 0.0
    for byte, count in found.items():
        character = bytes([byte]).decode(encoding, "replace")
        if character in _LETTERS:
            score += 2 * count if character in _FREQUENT else count
        elif character == "\ufffd":
            score -= 5 * count
        elif character not in _SIGNS:
            score -= count
    return score
