"""Bands chosen from the data, without answers.

A false link joins two customers. So the threshold starts high and goes down a step
only while the step wins a share of the matches worth the risk, and while the model
expects few false links a record: a record, not a link, since in larger data the same
probability lets more of them through. Where people live in families the attributes
lean on each other and the model trusts itself too much: there it stays the highest.
"""

from __future__ import annotations

import numpy as np

from matching.agreements import Agreements, Floats
from matching.bands import Bands

STEPS = (0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)
WORTH_A_STEP = 0.01
FALSE_LINKS_A_RECORD = 0.02
AMONG_FAMILIES = 0.9999
LOWEST_REVIEW = 0.2
FEWEST_FAMILY_PAIRS = 0.05
"""Pairs of one home and family but two people, a record: fewer are chance."""


def chosen_bands(chance: Floats, records: int, *, households: bool) -> Bands:
    """Return the bands for the match probabilities of all candidates."""
    match = AMONG_FAMILIES if households else _lowest_worth(chance, records)
    return Bands(review=min(LOWEST_REVIEW, match), match=match)


def _lowest_worth(chance: Floats, records: int) -> float:
    chosen = STEPS[0]
    for step in STEPS[1:]:
        won = chance[(chance >= step) & (chance < chosen)].sum()
        linked = chance[chance >= step]
        too_many = (1 - linked).sum() > FALSE_LINKS_A_RECORD * records
        if too_many or won < WORTH_A_STEP * linked.sum():
            break
        chosen = step
    return chosen


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
