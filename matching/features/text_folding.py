"""Text as the matcher reads it: no marks, one case, plain letters and single spaces."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

_BLANKS = re.compile(r"[^\S\n]+")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=100_000)
def folded(text: str) -> str:
    """Return the text without marks, in lower case, in plain letters and digits.

    `Müller`, `MULLER` and `muller` become one; everything else becomes one space.
    """
    return _NOT_WORD.sub(" ", plain(text).casefold()).strip()


def plain(text: str) -> str:
    """Return the text in ASCII, case and punctuation kept, NUL and marks dropped."""
    if text.isascii():
        return text.replace("\0", "")
    # Decomposed first, so that a mark of any kind goes; the rest (œ, ß, ø, и) is
    # written out letter by letter.
    marked = unicodedata.normalize("NFKD", text)
    return anyascii("".join(c for c in marked if not unicodedata.combining(c))).replace(
        "\0", ""
    )


def single_spaced(text: str) -> str:
    """Return the text with one space for each run of blanks; line breaks stay."""
    return _BLANKS.sub(" ", text)


def squeezed(text: str) -> str:
    """Return folded text without its spaces."""
    return folded(text).replace(" ", "")
