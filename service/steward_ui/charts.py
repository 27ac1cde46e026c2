"""The geometry of the pictures: the waterfall of a weight, the graph of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from typing import NamedTuple

from matching.explanation.explain import Step
from schemas.source_key import SourceKey
from service.explanation.models import PairTold, UnionTold
from service.steward_ui.comparison import cut

WIDTH = 320.0
_NODES = 40
"""Records drawn at most: more are a hairball, and the page says how many there are."""


class Bar(NamedTuple):
    """One step of the waterfall: from where to where, in units of the picture."""

    comparison: str
    level: str
    weight: float
    total: float
    x: float
    width: float
    left: str
    right: str


class Waterfall(NamedTuple):
    """A match weight, step by step, against what a link needs."""

    bars: list[Bar]
    zero: float
    needed: float
    weight: float
    needed_weight: float
    missing: float


class Node(NamedTuple):
    """A record in the graph."""

    key: str
    x: float
    y: float
    asked: bool


class Edge(NamedTuple):
    """What joins two records."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str  # link, decision, weakest, case


class Graph(NamedTuple):
    """A cluster, or two and the case between them."""

    nodes: list[Node]
    edges: list[Edge]
    more: int


def waterfall(pair: PairTold) -> Waterfall:
    """Return the picture of a pair's weight."""
    totals = [0.0, pair.prior, *(step.total for step in pair.steps), pair.needed]
    low, high = min(totals), max(totals)
    scale = WIDTH / ((high - low) or 1.0)
    prior = Step("prior", "", pair.prior, [], [], pair.prior)
    bars = [
        Bar(
            step.comparison,
            step.level,
            step.weight,
            step.total,
            (min(step.total, step.total - step.weight) - low) * scale,
            max(abs(step.weight) * scale, 1.0),
            cut(", ".join(step.left)),
            cut(", ".join(step.right)),
        )
        for step in [prior, *pair.steps]
    ]
    return Waterfall(
        bars,
        zero=-low * scale,
        needed=(pair.needed - low) * scale,
        weight=pair.weight,
        needed_weight=pair.needed,
        missing=max(pair.needed - pair.weight, 0.0),
    )


def graph(
    sides: tuple[Sequence[SourceKey], Sequence[SourceKey]],
    unions: Sequence[UnionTold],
    case: tuple[SourceKey, SourceKey],
) -> Graph:
    """Return the picture of the records of both sides, each on a circle of its own."""
    left, right = sides
    apart = set(left) != set(right)
    groups = [left, right] if apart else [left]
    centres = [100.0, 260.0] if apart else [180.0]
    places: dict[SourceKey, tuple[float, float]] = {}
    for keys, centre in zip(groups, centres, strict=True):
        places |= _circle([*keys][:_NODES], centre)
    edges = [
        Edge(*places[one.left], *places[one.right], _kind(one))
        for one in unions
        if one.left in places and one.right in places
    ]
    if case[0] in places and case[1] in places and case[0] != case[1]:
        edges.append(Edge(*places[case[0]], *places[case[1]], "case"))
    nodes = [Node(str(key), *place, asked=key in case) for key, place in places.items()]
    total = len({*left, *right})
    return Graph(nodes, edges, total - len(nodes))


def _kind(union: UnionTold) -> str:
    return "weakest" if union.weakest else str(union.by)


def _circle(
    keys: Sequence[SourceKey], centre: float
) -> dict[SourceKey, tuple[float, float]]:
    if len(keys) == 1:
        return {keys[0]: (centre, 70.0)}
    turn = 2 * pi / max(len(keys), 1)
    return {
        key: (centre + 46 * cos(turn * n), 70.0 + 46 * sin(turn * n))
        for n, key in enumerate(keys)
    }
