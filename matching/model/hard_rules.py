"""What may never become one customer, as data of the model version.

A hard rule names a namespace of which a person has one value: a birth date, a national
id, the cards of one programme, the records of a system that holds nobody twice. The
model may err in one pair; a rule looks at all the records of a customer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from matching.features.normalise import CONTACT_ONLY

SOURCE_KEY = "source_key"
"""The column whose values are the records' own keys: for systems without repeats."""
GUARDED = ("birth_date", "national_id", "cards")
"""The features that rules look at."""
CLUSTERED = (*GUARDED, CONTACT_ONLY)
"""The features that clustering looks at; whoever clusters may leave out all others."""
COLUMNS = (*GUARDED, SOURCE_KEY)
NEARNESS = ("same", "keystroke", "date")


@dataclass(frozen=True)
class HardRule:
    """One person has one value of `column` (of those that match `pattern`).

    Values that are `near` count as one: a keystroke apart, or a date as the model's
    levels tell mistakes from other dates. Unless `strict`, the rule gives way where
    the model compared two records with these very values and linked them all the
    same, and fewer than two records stand behind one of the values: that is a wrong
    value, not another person. And it sleeps where such values are often wrong: where
    the model learnt that more than `most_wrong` of one person's pairs differ so.
    """

    name: str
    column: str
    pattern: str = ""
    near: str = "same"
    strict: bool = False
    most_wrong: float = 0.01

    def __post_init__(self) -> None:
        if self.column not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise ValueError(f"rule {self.name}: column must be one of {known}")
        if self.near not in NEARNESS:
            known = ", ".join(NEARNESS)
            raise ValueError(f"rule {self.name}: near must be one of {known}")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"rule {self.name}: bad pattern: {error}") from error

    def covers(self, value: str) -> bool:
        """Say whether a value belongs to the namespace."""
        return not self.pattern or _pattern(self.pattern).match(value) is not None

    def is_active(self, settings: Mapping[str, Any]) -> bool:
        """Say whether the values of its column are right often enough to rule."""
        wrong = [
            compared["comparison_levels"][-1].get("m_probability", 1.0)
            for compared in settings.get("comparisons", ())
            if compared["output_column_name"] == self.column
        ]
        return self.strict or all(share <= self.most_wrong for share in wrong)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


RULES = (
    HardRule("two birth dates", "birth_date", near="date"),
    HardRule("two national ids", "national_id", near="keystroke"),
)
"""On unless a bundle says otherwise; cards and systems differ with every retailer."""


@dataclass(frozen=True)
class Guards:
    """The hard rules, and the shapes of a cluster that a person must look at.

    `largest` records are the most that one customer may have. A link that alone holds
    two groups of `bridge_side` records or more is a bridge; it does not join if it is
    weak: at most `bridge_bits` above the threshold, while each group is tied by at
    least `bridge_density` of its possible links. More than `alarm` records that hang
    together raise an alarm: a junk value ties them. A blocking key of more than
    `largest_block` records finds no candidates.
    """

    rules: tuple[HardRule, ...] = RULES
    largest: int = 100
    alarm: int = 500
    largest_block: int = 500
    bridge_side: int = 3
    bridge_bits: float = 3.0
    bridge_density: float = 0.5

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Guards:
        """Return the guards of a bundle; raises ValueError or TypeError if unfit."""
        rules = tuple(HardRule(**rule) for rule in document["rules"])
        return cls(**{**document, "rules": rules})

    def active(self, settings: Mapping[str, Any]) -> tuple[HardRule, ...]:
        """Return the rules that hold on data like that which the settings learnt."""
        return tuple(rule for rule in self.rules if rule.is_active(settings))

    def document(self) -> dict[str, Any]:
        """Return the guards as JSON values."""
        return asdict(self) | {"rules": [asdict(rule) for rule in self.rules]}


NO_GUARDS = Guards(rules=(), largest=0, alarm=0, largest_block=0, bridge_side=0)
"""Clusters are then the connected components, apart from stewards' decisions."""
