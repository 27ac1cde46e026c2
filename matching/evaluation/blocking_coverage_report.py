"""What a look at blocking tells: rules, keys, and an estimate of what is missed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

METHOD = "Chapman 1951: rules on identifiers against rules on the person"


@dataclass(frozen=True)
class RuleCoverage:
    """What one blocking rule makes: pairs to compare, and links among them."""

    rule: str
    columns: list[str]
    records: int
    pairs: int
    pairs_alone: int
    links: int
    links_alone: int
    links_share: float


@dataclass(frozen=True)
class BigKey:
    """A key that many records share; its values are masked unless asked for.

    A suspended one is shared by more than the model allows, and makes no pairs.
    """

    rule: str
    values: list[str]
    records: int
    pairs: int
    suspended: bool


@dataclass(frozen=True)
class Missed:
    """How many matches share no key: an estimate, with an interval of 95 %.

    It is missing where rules of one kind found nothing. Matches that hold neither
    identifier nor name are out of its sight, so the truth is rather more than less.
    """

    estimate: float | None
    low: float | None
    high: float | None
    share_of_matches: float | None
    by_identifiers: int
    by_person: int
    by_both: int
    method: str = METHOD


@dataclass(frozen=True)
class Coverage:
    """What blocking reaches in one set of records.

    `never_compared` are the records that share a key with no other, those without any
    key among them; a suspended key counts as none.
    """

    records: int
    without_key: int
    never_compared: int
    suspended_keys: int
    pairs: int
    links: int
    rules: list[RuleCoverage]
    biggest: list[BigKey]
    missed: Missed

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)
