"""How well a mapping fills each field: filled, distinct, the most frequent value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.mapping.rows_to_events import Reject
from schemas.change_event import ChangeEvent


@dataclass(slots=True)
class FieldCounts:
    """Counts over the records that rows gave; a value is told only to who asks."""

    rows: int = 0
    records: Counter[str] = field(default_factory=Counter)
    deletions: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    _filled: Counter[str] = field(default_factory=Counter)
    _values: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, outcome: ChangeEvent | Reject) -> None:
        """Count what a row gave."""
        if isinstance(outcome, Reject):
            self.set_aside[outcome.reason] += 1
            return
        kind = str(outcome.kind)
        if outcome.after is None:
            self.deletions[kind] += 1
            return
        self.records[kind] += 1
        after = outcome.after.model_dump(mode="json", exclude_defaults=True)
        found: dict[str, list[str]] = {}
        for name, value in _leaves(kind, after):
            found.setdefault(name, []).append(value)
        for name, values in found.items():
            self._filled[name] += 1
            self._values.setdefault(name, Counter()).update(values)

    def told(self) -> dict[str, Any]:
        """Return the counts as JSON values, `fields` by kind and name.

        Of each field: records in which it is filled, distinct values, and the most
        frequent one with how often it comes, where one comes more than once.
        """
        return {
            "rows": self.rows,
            "records": dict(self.records),
            "deletions": dict(self.deletions),
            "set_aside": dict(self.set_aside.most_common()),
            "fields": {name: self._field(name) for name in sorted(self._filled)},
        }

    def _field(self, name: str) -> dict[str, Any]:
        values = self._values[name]
        (most, times), *_ = values.most_common(1)
        often = {"most_frequent": most, "times": times} if times > 1 else {}
        return {"filled": self._filled[name], "distinct": len(values)} | often


def as_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield the counts for a person, the line of a field under the last."""
    counted = [
        *(f"{n} {kind} records" for kind, n in told["records"].items()),
        *(f"{n} {kind} deletions" for kind, n in told["deletions"].items()),
        f"{sum(told['set_aside'].values())} set aside",
    ]
    yield f"{told['rows']} rows: {', '.join(counted)}"
    width = max(map(len, told["fields"]), default=0)
    for name, one in told["fields"].items():
        share = one["filled"] / told["records"][name.partition(".")[0]]
        line = f"    {name:{width}}  {share:4.0%} filled, {one['distinct']} distinct"
        if "times" in one:
            line += f", {one['times']} times {one['most_frequent']!r}"
        yield line
    for reason, times in told["set_aside"].items():
        yield f"    set aside {times} times: {reason}"


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield each value inside a record with its place: `customer.addresses.city`."""
    if isinstance(value, dict):
        for inner, held in value.items():
            yield from _leaves(f"{name}.{inner}", held)
    elif isinstance(value, list):
        for held in value:
            yield from _leaves(name, held)
    elif value is not None:
        yield name, str(value)
