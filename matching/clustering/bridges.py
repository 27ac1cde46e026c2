"""Links that alone hold two parts of a cluster together.

Found by depth-first search as R. E. Tarjan does ("A note on finding the bridges of a
graph", 1974), without recursion.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

Graph = Mapping[int, Collection[int]]


class Part(NamedTuple):
    """One side of a bridge, and how many of its possible links it has."""

    records: frozenset[int]
    density: float


def bridges(graph: Graph) -> list[tuple[int, int]]:
    """Return the edges without which the graph falls into more parts, a < b."""
    found: list[tuple[int, int]] = []
    entered: dict[int, int] = {}
    for root in graph:
        if root not in entered:
            found += _bridges_from(root, graph, entered)
    return found


def _bridges_from(
    root: int, graph: Graph, entered: dict[int, int]
) -> Iterator[tuple[int, int]]:
    entered[root] = len(entered)
    lowest = {root: entered[root]}
    path = [(root, root, iter(graph[root]))]
    while path:
        here, came, ahead = path[-1]
        there = next(ahead, None)
        if there is None:
            path.pop()
            lowest[came] = min(lowest[came], lowest[here])
            if here != came and lowest[here] > entered[came]:
                yield min(here, came), max(here, came)
        elif there not in entered:
            entered[there] = lowest[there] = len(entered)
            path.append((there, here, iter(graph[there])))
        elif there != came:
            lowest[here] = min(lowest[here], entered[there])


def side(graph: Graph, start: int, without: int) -> Part:
    """Return what hangs together with `start` when its edge to `without` is cut."""
    records, todo, edges = {start}, [start], 0
    while todo:
        here = todo.pop()
        for there in graph[here]:
            if here == start and there == without:
                continue
            edges += 1
            if there not in records:
                records.add(there)
                todo.append(there)
    most = len(records) * (len(records) - 1)
    return Part(frozenset(records), edges / most if most else 1.0)
