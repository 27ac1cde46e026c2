"""Which pairs of records are worth comparing: declared once, as equi-joins.

A rule is a list of features; a key is the rule with one value of each. A feature with
several values (two e-mails) gives a key for each; a missing one gives none. The stream
hashes the keys; the batch joins them in DuckDB; both read `RULES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

SEPARATOR = "\x1f"


class Rule(NamedTuple):
    """Records that share a value of each of these features are compared."""

    name: str
    columns: tuple[str, ...]


RULES: tuple[Rule, ...] = (
    Rule("national_id", ("national_id",)),
    Rule("card", ("cards",)),
    Rule("email", ("emails",)),
    Rule("phone", ("phones",)),
    Rule("name", ("whole_names",)),
    Rule("name_born", ("names", "birth_date")),
    Rule("root_born", ("given_roots", "birth_date")),
    Rule("sound_born", ("family_sound", "birth_date")),
    Rule("sound_year", ("family_sound", "given_initial", "birth_year")),
    Rule("name_place", ("names", "place")),
    Rule("sound_town", ("family_sound", "city")),
    Rule("town_born", ("city", "birth_date")),
    Rule("place_born", ("postal_code", "birth_date")),
    Rule("home", ("address", "given_initial")),
)


def key_values(features: dict[str, Any], rules: Sequence[Rule] = RULES) -> set[str]:
    """Return a record's keys in the clear: rule and values, joined."""
    keys: list[str] = []
    for name, columns in rules:
        begun = [name]
        for column in columns:
            value = features.get(column)
            if value is None:
                break
            if isinstance(value, list):
                begun = [f"{key}{SEPARATOR}{one}" for key in begun for one in value]
            else:
                begun = [f"{key}{SEPARATOR}{value}" for key in begun]
        else:
            keys += begun
    return set(keys)


def holds(
    features: dict[str, Any], key: str, columns: Mapping[str, Sequence[str]]
) -> bool:
    """Say whether a record has a key in the clear; `columns` are those of each rule.

    A value that holds the separator may be told wrong, and then only as not held.
    """
    name, *values = key.split(SEPARATOR)
    if len(values) != len(columns[name]):
        return False
    for column, value in zip(columns[name], values, strict=True):
        held = features.get(column)
        if value not in held if isinstance(held, list) else value != held:
            return False
    return True


def hashed(key: str) -> int:
    """Return a key as a signed 64-bit number."""
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def keys_sql(table: str, rules: Sequence[Rule], lists: Iterable[str]) -> str:
    """Return the statement for the same keys in DuckDB: (record, key)."""
    several = set(lists)
    return "\nunion all\n".join(_rule_sql(table, rule, several) for rule in rules)


def pairs_sql(keys: str) -> str:
    """Return the statement for the distinct pairs that share a key, a < b."""
    return (
        f"select distinct l.unique_id as a, r.unique_id as b from {keys} l "
        f"join {keys} r on l.key = r.key and l.unique_id < r.unique_id"
    )


def _rule_sql(table: str, rule: Rule, several: set[str]) -> str:
    # One unnest a level: DuckDB zips two in one select, and this is a product.
    source, names = table, []
    for i, column in enumerate(rule.columns):
        value = f"unnest({column})" if column in several else column
        names.append(f"v{i}")
        source = f"(select *, {value} as v{i} from {source})"
    known = " and ".join(f"{name} is not null" for name in names)
    return (
        f"select distinct unique_id, "
        f"concat_ws(chr(31), '{rule.name}', {', '.join(names)}) as key "
        f"from {source} where {known}"
    )
