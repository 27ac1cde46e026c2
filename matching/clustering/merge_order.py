"""How a customer was built: the unions that clustering made of its records, in order.

Of a cluster's links the heaviest that still joins two of its parts is a union, so the
unions are the maximum spanning tree that Kruskal's algorithm finds (J. B. Kruskal,
"On the shortest spanning subtree of a graph", 1956) in the order of
`clustering.cluster`: decisions *same* first, then links by descending weight.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from matching.clustering.cluster import Decision, Keys, Link, Verdict, by_key


class Union(NamedTuple):
    """Two parts of a customer become one, by a decision or by a link."""

    a: int
    b: int
    link: Link | None
    left: frozenset[int]
    right: frozenset[int]


def unions(
    members: Collection[int],
    links: Iterable[Link],
    decisions: Iterable[Decision],
    *,
    match: float,
    keys: Keys | None = None,
) -> list[Union]:
    """Return the unions that made one cluster of its members, first to last."""
    parts = {record: frozenset((record,)) for record in members}
    inside = set(members)
    same = sorted(
        (d for d in decisions if d.verdict is Verdict.SAME and {d.a, d.b} <= inside),
        key=lambda d: (d.decided_at, by_key(d, keys)),
    )
    strong = sorted(
        (x for x in links if x.probability >= match and {x.a, x.b} <= inside),
        key=lambda link: (-link.weight, by_key(link, keys)),
    )
    steps: list[tuple[int, int, Link | None]] = [(d.a, d.b, None) for d in same]
    steps += [(link.a, link.b, link) for link in strong]
    made = []
    for a, b, link in steps:
        left, right = parts[a], parts[b]
        if left is right:
            continue
        made.append(Union(a, b, link, left, right))
        whole = left | right
        parts.update(dict.fromkeys(whole, whole))
    return made


def weakest(made: Iterable[Union]) -> Union | None:
    """Return the union by the lightest link; decisions are no links."""
    by_link = [union for union in made if union.link is not None]
    return min(by_link, key=lambda u: u.link.weight if u.link else 0.0, default=None)


def path(made: Iterable[Union], start: int, end: int) -> list[Union]:
    """Return the unions that lead from one record to another, in that order."""
    beside: dict[int, list[tuple[int, Union]]] = {}
    for union in made:
        beside.setdefault(union.a, []).append((union.b, union))
        beside.setdefault(union.b, []).append((union.a, union))
    came: dict[int, tuple[int, Union]] = {}
    todo = [start]
    while todo and end not in came:
        here = todo.pop()
        for there, union in beside.get(here, []):
            if there not in came and there != start:
                came[there] = (here, union)
                todo.append(there)
    steps = []
    while end in came:
        end, union = came[end]
        steps.append(union)
    return steps[::-1]
