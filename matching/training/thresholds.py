"""Bands chosen from the data, without answers.

A false link joins two customers. So the threshold starts high and goes down a step
only while the step wins a share of the matches worth the risk, and while the model
expects few false links a record: a record, not a link, since in larger data the same
probability lets more of them through. Where people live in families the attributes
lean on each other and the model trusts itself too much: there it starts higher, and a
step has to win more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from matching.model.bands import Bands
from matching.model.hard_rules import Guards
from matching.training.comparison_vectors import Agreements, Floats
from matching.training.default_parameters import DEFAULTS

Bools = npt.NDArray[np.bool_]

STEPS: tuple[float, ...] = (0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)
STEPS_AMONG_FAMILIES = (0.9999, 0.999, *STEPS)
WORTH_A_STEP = 0.01
WORTH_A_STEP_AMONG_FAMILIES = 0.03
FALSE_LINKS_A_RECORD = 0.02
LOWEST_REVIEW = 0.2
MOST_WRONG_AMONG_FAMILIES = 0.2
"""Of one person's pairs, the share with two birth dates that puts the rule to sleep."""
FEWEST_FAMILY_PAIRS = 0.05
"""Pairs of two relatives a record, below which families do not matter."""
FEWEST_RELATIVES = 0.15
"""Pairs of two relatives for each pair of one person, below which they are noise."""
MORE_THAN_CHANCE = 2.0
"""Namesakes of one place are families if they are more than chance makes them."""
POSTCODE_AGREES = (4, 5)
"""Levels of the address, by Splink's number, that say no more than one postcode."""


def chosen_bands(chance: Floats, records: int, *, households: bool) -> Bands:
    """Return the bands for the match probabilities of all candidates."""
    if households:
        steps, worth = STEPS_AMONG_FAMILIES, WORTH_A_STEP_AMONG_FAMILIES
    else:
        steps, worth = STEPS, WORTH_A_STEP
    match = _lowest_worth(chance, records, steps, worth)
    return Bands(review=min(LOWEST_REVIEW, match), match=match)


def among_families(guards: Guards) -> Guards:
    """Return the guards for data with families, whose rules seldom sleep.

    A record without a birth date links to two namesakes as well as to one. Alone, a
    person's wrong date is as likely; at one home, the relative is the likelier.
    """
    rules = (
        replace(rule, most_wrong=max(rule.most_wrong, MOST_WRONG_AMONG_FAMILIES))
        for rule in guards.rules
    )
    return replace(guards, rules=tuple(rules))


def _lowest_worth(
    chance: Floats, records: int, steps: Sequence[float], worth: float
) -> float:
    chosen = steps[0]
    for step in steps[1:]:
        won = chance[(chance >= step) & (chance < chosen)].sum()
        linked = chance[chance >= step]
        too_many = (1 - linked).sum() > FALSE_LINKS_A_RECORD * records
        if too_many or won < worth * linked.sum():
            break
        chosen = step
    return chosen


def has_households(pairs: Agreements, anyone: Agreements, records: int) -> bool:
    """Say whether families are in the data: one place, one name, other people.

    Two records of one person may disagree so too, and namesakes may live in one town:
    families are more than both.
    """
    return any(
        _has_families(pairs, anyone, records, together)
        for together in (_one_home, _one_postcode)
    )


def _has_families(
    pairs: Agreements,
    anyone: Agreements,
    records: int,
    together: Callable[[Agreements], Bools],
) -> bool:
    namesakes = together(pairs) & _top(pairs, "family_name")
    others = (pairs.levels["given_name"] == 0) & (pairs.levels["birth_date"] <= 0)
    relatives = np.count_nonzero(namesakes & others)
    persons = np.count_nonzero(namesakes & ~others)
    share = together(anyone).mean() * _top(anyone, "family_name").mean()
    by_chance = share * records * (records - 1) / 2
    return bool(
        relatives > FEWEST_FAMILY_PAIRS * records
        and relatives > FEWEST_RELATIVES * persons
        and relatives > MORE_THAN_CHANCE * by_chance
    )


def _one_home(pairs: Agreements) -> Bools:
    return _top(pairs, "address") | _top(pairs, "email") | _top(pairs, "phone")


def _one_postcode(pairs: Agreements) -> Bools:
    return _top(pairs, "address") | np.isin(pairs.levels["address"], POSTCODE_AGREES)


def _top(pairs: Agreements, name: str) -> Bools:
    return np.asarray(pairs.levels[name] == len(DEFAULTS[name]) - 1)
