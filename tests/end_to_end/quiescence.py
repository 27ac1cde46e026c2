"""A journey at rest: what was written before has arrived, and has been told."""

from __future__ import annotations

import itertools

from tests.end_to_end import writes
from tests.end_to_end.installation import Installation

_numbers = itertools.count(1)
_ARRIVED = """
SELECT (SELECT count(*) FROM source_record WHERE id = ANY(%(keys)s)
          AND record IS NOT NULL)
     + (SELECT count(*) FROM customer_order WHERE id = ANY(%(keys)s))
     + (SELECT count(*) FROM interaction WHERE id = ANY(%(keys)s))
     + (SELECT count(*) FROM loyalty_movement WHERE id = ANY(%(keys)s))
"""


def come_to_rest(world: Installation, *, within: float) -> int:
    """Mark every table of every source and wait until all took effect and was told.

    Each source is read in its own order, so what was written before a mark arrives
    before it. Returns the number of the marks, which is also their points.
    """
    number = next(_numbers)
    marks = writes.marks(number)
    for act in marks:
        world.systems.apply(act)
    keys = [str(act.id) for act in marks]

    def arrived() -> bool:
        with world.connect() as connection:
            row = connection.execute(_ARRIVED, {"keys": keys}).fetchone()
        return row == (len(marks),) and world.caught_up()

    world.parts.until(arrived, within=within, what="all took effect")
    return number
