"""Which values of one group of records say that they are more than one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from matching.clustering.cluster import Decision, Keys, Link, Verdict
from matching.features.normalise import Features
from matching.features.similarity import near
from matching.model.hard_rules import SOURCE_KEY, HardRule

FEW = 12
"""Distinct values up to which each pair is looked at before any union is tried."""


class Contradiction(NamedTuple):
    """Two values of which one person has one, and the rule that says so."""

    rule: HardRule
    left: str
    right: str


class Contradictions:
    """What the hard rules say of one group of records."""

    def __init__(
        self,
        rules: Iterable[HardRule],
        records: Sequence[int],
        features: Mapping[int, Features],
        keys: Keys | None,
    ) -> None:
        self.held = {
            rule: held
            for rule in rules
            if len(held := _held(rule, records, features, keys)) > 1
        }
        self._accepted: dict[HardRule, set[tuple[str, str]]] = {}
        self._linked: dict[HardRule, set[tuple[str, str]]] = {}
        self._seen: dict[Contradiction, bool] = {}

    def possible(self) -> bool:
        """Say whether any two of the values may contradict each other."""
        return any(map(_apart, self.held, map(_values, self.held.values())))

    def weigh(self, links: Iterable[Link], decisions: Iterable[Decision]) -> None:
        """Learn which values the model linked, and which a steward called one."""
        same = [(d.a, d.b) for d in decisions if d.verdict is Verdict.SAME]
        linked = [(link.a, link.b) for link in links]
        for rule, held in self.held.items():
            together = [(record, record) for record in held]
            self._accepted[rule] = _pairs(held, [*same, *together])
            self._linked[rule] = set() if rule.strict else _pairs(held, linked)

    def between(self, left: Iterable[int], right: Iterable[int]) -> str | None:
        """Return the name of a rule that forbids these two to be one, or None."""
        left, right = list(left), list(right)
        for rule, held in self.held.items():
            mine = {value for r in left for value in held.get(r, ())}
            theirs = {value for r in right for value in held.get(r, ())}
            for one in mine:
                if any(self._forbids(rule, one, other) for other in theirs):
                    return rule.name
        return None

    def inside(self, records: Iterable[int]) -> list[tuple[HardRule, int, int]]:
        """Return, a rule, two records of one cluster that no steward called one."""
        found = []
        for rule, held in self.held.items():
            bearers = sorted((value, r) for r in records for value in held.get(r, ()))
            first = dict(reversed(bearers))
            for one, other in combinations(sorted(first), 2):
                accepted = _pair(one, other) in self._accepted[rule]
                if not accepted and not near(one, other, rule.near):
                    found.append((rule, first[one], first[other]))
                    break
        return found

    def _forbids(self, rule: HardRule, one: str, other: str) -> bool:
        question = Contradiction(rule, *_pair(one, other))
        if question not in self._seen:
            self._seen[question] = self._contradicts(*question)
        return self._seen[question]

    def _contradicts(self, rule: HardRule, one: str, other: str) -> bool:
        if near(one, other, rule.near) or (one, other) in self._accepted[rule]:
            return False
        if rule.strict or (one, other) not in self._linked[rule]:
            return True
        return self._supported(rule, one) and self._supported(rule, other)

    def _supported(self, rule: HardRule, value: str) -> bool:
        bearers = 0
        for values in self.held[rule].values():
            bearers += any(near(value, held, rule.near) for held in values)
        return bearers >= 2


def _held(
    rule: HardRule,
    records: Iterable[int],
    features: Mapping[int, Features],
    keys: Keys | None,
) -> dict[int, tuple[str, ...]]:
    held = {}
    for record in records:
        if rule.column == SOURCE_KEY:
            value: Any = str(keys[record]) if keys else None
        else:
            value = features[record].get(rule.column)
        if value is not None:
            values = value if isinstance(value, list) else [value]
            if covered := tuple(v for v in values if rule.covers(v)):
                held[record] = covered
    return held


def _values(held: Mapping[int, tuple[str, ...]]) -> set[str]:
    return {value for values in held.values() for value in values}


def _apart(rule: HardRule, values: set[str]) -> bool:
    if len(values) > FEW:
        return True
    return any(not near(a, b, rule.near) for a, b in combinations(values, 2))


def _pairs(
    held: Mapping[int, tuple[str, ...]], joined: Iterable[tuple[int, int]]
) -> set[tuple[str, str]]:
    return {
        _pair(one, other)
        for a, b in joined
        for one in held.get(a, ())
        for other in held.get(b, ())
    }


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
