"""Lines of files and messages, spoilt as cut and mixed-up exports are."""

from __future__ import annotations

import random


def mutated_line(line: bytes, chance: random.Random) -> bytes:
    """Return a line with bytes cut out, doubled, changed or put in; never its end."""
    at = chance.randrange(len(line) + 1)
    what = chance.choice(
        [b"", b'"', b'\\"', b";", b"\x81", b"\xe9", b"\x00", b"\xff\xfe", b"{", b"]"]
    )
    cut = chance.choice([0, 0, 1, 5])
    return (line[:at] + what + line[at + cut :]).replace(b"\n", b" ") or b"x"
