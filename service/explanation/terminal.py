"""Explanations drawn for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from service.explanation.models import (
    CustomerExplanation,
    PairTold,
    UnionTold,
    WhyExplanation,
)

_BAR = 24
"""Columns of the longest bar."""


def why_lines(told: WhyExplanation) -> Iterator[str]:
    """Yield the picture of why two are one customer or not."""
    yield f"{told.verdict.value.replace('_', ' ').upper()}: {told.because}"
    for side in (told.left, told.right):
        records = " ".join(map(str, side.source_keys))
        yield f"  {side.asked}: customer {side.customer_id or '-'}, {records}"
    for decided in told.decisions:
        when = decided.decided_at.date()
        yield f"  decided {decided.verdict} on {when}: {decided.left} {decided.right}"
    if told.pair:
        yield ""
        yield from pair_lines(told.pair)
    if len(told.chain) > 1:
        yield ""
        yield "joined by:"
        yield from (f"  {line}" for line in map(_union_line, told.chain))


def pair_lines(told: PairTold) -> Iterator[str]:
    """Yield the waterfall of a pair as bars, and what each doubtful field takes."""
    rules = ", ".join(rule.rule for rule in told.rules) or "none: never compared"
    yield f"{told.left}  and  {told.right}"
    yield (
        f"weight {told.weight:.2f}, needed {told.needed:.2f};"
        f" probability {told.probability:.6f} ({told.band.value.replace('_', ' ')})"
    )
    yield f"shared blocking keys: {rules}"
    if told.suspended:
        over = ", ".join(rule.rule for rule in told.suspended)
        yield f"suspended, since too many records share them: {over}"
    longest = max(abs(weight) for weight in (told.prior, *_weights(told))) or 1.0
    yield _bar("(before any field)", told.prior, longest, "")
    for step in told.steps:
        values = f"{', '.join(step.left) or '-'} | {', '.join(step.right) or '-'}"
        shown = "" if values == "- | -" else f"  {values}"
        label = step.comparison.replace("_", " ")
        yield _bar(label, step.weight, longest, f"{step.level}{shown}")
    if told.costs and told.weight < told.needed:
        yield "what costs most:"
        for cost in told.costs[:3]:
            enough = ", which alone would be enough" if cost.enough else ""
            label = cost.comparison.replace("_", " ")
            yield (
                f"  {label} ({cost.level}): {cost.weight:+.2f},"
                f" at best {cost.at_best:+.2f}{enough}"
            )


def _weights(told: PairTold) -> list[float]:
    return [step.weight for step in told.steps]


def _bar(label: str, weight: float, longest: float, said: str) -> str:
    bar = "█" * round(abs(weight) / longest * _BAR) if weight > 0 else ""
    against = "▒" * round(abs(weight) / longest * _BAR) if weight < 0 else ""
    return f"  {label:18} {weight:+8.2f} {bar or against:{_BAR}} {said}".rstrip()


def how_lines(told: CustomerExplanation) -> Iterator[str]:
    """Yield the tree of how a customer was built."""
    records, links = len(told.source_keys), told.links
    yield f"customer {told.customer_id}: {records} records, {links} links"
    for tree in _trees(told):
        yield from _tree_lines(tree, "", "")
    for union in told.unions:
        if union.weakest:
            only = ": without it the customer falls apart" if told.only_weakest else ""
            yield f"weakest: {_union_line(union)}{only}"
    for refused in told.refused:
        other = refused.customer_id or "-"
        yield f"refused: {refused.left} {refused.right} ({refused.why}), {other}"
    if not told.complete:
        yield "a change of its records is being resolved"


def _union_line(union: UnionTold) -> str:
    return f"{union.left} - {union.right}, {_union_label(union)}"


def _union_label(union: UnionTold) -> str:
    if union.by == "decision":
        when = f" on {union.decided_at.date()}" if union.decided_at else ""
        return f"decided same{when}"
    if union.pair is None:
        return "link"
    return f"{union.pair.weight:.2f} by {', '.join(_speaking(union.pair))}"


def _speaking(pair: PairTold) -> list[str]:
    """Return the three fields that speak most for the pair."""
    speaking = sorted(pair.steps, key=lambda step: -step.weight)
    return [s.comparison.replace("_", " ") for s in speaking[:3] if s.weight > 0]


class _Node:
    """A record, or a union of two parts."""

    def __init__(self, label: str, *parts: _Node) -> None:
        self.label = label
        self.parts = parts


def _trees(told: CustomerExplanation) -> list[_Node]:
    """Return the trees that the unions make: one, if the customer is complete."""
    root = {str(key): _Node(str(key)) for key in told.source_keys}
    inside = {key: [key] for key in root}
    for union in told.unions:
        left, right = str(union.left), str(union.right)
        label = _union_label(union) + ("  <- weakest" if union.weakest else "")
        node = _Node(label, root[left], root[right])
        keys = inside[left] + inside[right]
        root.update(dict.fromkeys(keys, node))
        inside.update(dict.fromkeys(keys, keys))
    return list(dict.fromkeys(root.values()))


def _tree_lines(node: _Node, first: str, rest: str) -> Iterator[str]:
    yield first + node.label
    for place, part in enumerate(node.parts):
        last = place == len(node.parts) - 1
        branch, stem = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _tree_lines(part, rest + branch, rest + stem)
