"""Bands chosen from the data, without answers.

A false link joins two customers, so what counts is false links a record, not a link:
in larger data the same probability lets more of them through. The lowest threshold is
taken at which the model itself expects few enough. Where people live in families the
attributes lean on each other and the model trusts itself too much: there the threshold
is the highest.
"""

from __future__ import annotations

import numpy as np

from matching.agreements import Agreements, Floats
from matching.bands import Bands

STEPS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999)
FALSE_LINKS_A_RECORD = 0.02
AMONG_FAMILIES = 0.9999
LOWEST_REVIEW = 0.2
FEWEST_FAMILY_PAIRS = 0.05
"""Pairs of one home and family but two people, a record: fewer are chance."""


def chosen_bands(chance: Floats, records: int, *, households: bool) -> Bands:
    """Return the bands for the match probabilities of all candidates."""
    step = AMONG_FAMILIES
    for step in () if households else STEPS:
        linked = chance[chance >= step]
        if float((1 - linked).sum()) <= FALSE_LINKS_A_RECORD * records:
            break
    return Bands(review=min(LOWEST_REVIEW, step), match=step)


def has_households(pairs: Agreements, records: int) -> bool:
    """Say whether families are in the data: one home, other names and birth dates."""
    home = (
        (pairs.levels["address"] == _top("address"))
        | (pairs.levels["email"] == _top("email"))
        | (pairs.levels["phone"] == _top("phone"))
    )
    family = pairs.levels["family_name"] == _top("family_name")
    others = (pairs.levels["given_name"] == 0) & (pairs.levels["birth_date"] <= 0)
    found = int(np.count_nonzero(home & family & others))
    return found > FEWEST_FAMILY_PAIRS * records


def _top(name: str) -> int:
    return {"address": 9, "email": 3, "phone": 2, "family_name": 5}[name]
