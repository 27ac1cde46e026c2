"""What a set of records says about its values: how common, and shared by too many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from matching.features.normalise import Features
from matching.model.comparisons import TF_COLUMNS
from matching.model.model_version import Model, TermFrequencies

MOST_FAMILIES = 5
"""A contact used under this many family names belongs to a shop, not to a home."""
LARGEST_BLOCK = 400
MOST_VALUES = 6_000


def term_frequencies(features: Sequence[Features]) -> dict[str, TermFrequencies]:
    """Return the shares of the most frequent values, and the floor for all others."""
    return {column: _shares(column, features) for column in TF_COLUMNS}


def _shares(column: str, features: Sequence[Features]) -> TermFrequencies:
    counts = Counter(row[column] for row in features if row[column] is not None)
    total = counts.total()
    if not total:
        return TermFrequencies({}, 1.0)
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = {v: n / total for v, n in common[:MOST_VALUES] if n > 1}
    rest = [n for v, n in common if v not in kept]
    floor = (sum(rest) / len(rest) if rest else 1) / total
    return TermFrequencies(kept, floor)


def over_shared_values(features: Sequence[Features]) -> dict[str, frozenset[str]]:
    """Return contacts that too many different families gave."""
    return {c: _over_shared(c, features) for c in ("emails", "phones", "cards")}


def _over_shared(column: str, features: Sequence[Features]) -> frozenset[str]:
    families: dict[str, set[str]] = defaultdict(set)
    for row in features:
        if sound := row["family_sound"]:
            for value in row[column] or ():
                families[value].add(sound)
    return frozenset(v for v, held in families.items() if len(held) >= MOST_FAMILIES)


def oversized_keys(model: Model, features: Mapping[int, Features]) -> frozenset[str]:
    """Return blocking keys so common that their pairs are not worth comparing."""
    counts = Counter(key for row in features.values() for key in model.keys(row))
    return frozenset(key for key, n in counts.items() if n > LARGEST_BLOCK)
