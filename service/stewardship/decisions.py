"""What a steward may decide: two source records are the same person, or are not.

Decisions name source keys, so they survive deletes, reloads and new models; they bind
the resolver, which clusters anew whatever they touch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from matching.clustering.cluster import Verdict
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.sources import dirty
from service.database.stewardship import decisions
from service.database.stewardship.decisions import Decided
from service.errors import ServiceError


class Undecidable(ServiceError):
    """A decision that cannot be made: nothing was written."""


class UnknownRecord(Undecidable):
    """No source ever sent a record of that key: check it."""

    remedy = "Check the key; it is written system:id, as the source system knows it."


class DeletedRecord(Undecidable):
    """The source deleted the record: decide on one that it still holds."""

    remedy = "Decisions already made on it are kept, and hold if its source sends it."


class Contradiction(Undecidable):
    """The chain of standing decisions says the opposite: revoke one of them first."""

    def __init__(self, said: str, chain: Sequence[Decided]) -> None:
        links = "; ".join(_sentence(one) for one in chain)
        ids = " or ".join(str(one.decision_id) for one in chain)
        super().__init__(
            f"{said} contradicts what was decided: {links}.",
            remedy=f"Revoke decision {ids} first, if it is the wrong one.",
        )
        self.chain = tuple(chain)


class UnknownDecision(ServiceError):
    """There is no standing decision of that id: list them."""

    remedy = "List the standing decisions with `couture decisions`."


def decide(
    connection: Connection,
    left: SourceKey,
    right: SourceKey,
    verdict: Verdict,
    *,
    steward: str,
    reason: str | None = None,
) -> Decided:
    """Record that two records are the same person, or different; it binds at once.

    Saying again what stands returns the decision that stands. Raises Undecidable.
    """
    verdict = Verdict(verdict)
    said = f"{left} {verdict} {right}"
    if left == right:
        raise Undecidable(f"{said}: these are one record.", remedy="Name two records.")
    with connection.transaction():
        decisions.lock(connection)
        record_ids = _living(connection, left, right)
        known = _around(connection, left, right)
        if standing := _already(known, left, right, verdict):
            return standing
        if chain := opposing(known, left, right, verdict):
            raise Contradiction(said, chain)
        decision_id = decisions.add(
            connection, (left, right), verdict, steward=steward, reason=reason
        )
        # relabel looks at all that these two are linked to or decided to be
        dirty.mark(connection, [(record_id, False) for record_id in record_ids])
        made = decisions.find(connection, decision_id)
    assert made
    return made


def revoke(
    connection: Connection,
    decision_id: int,
    *,
    steward: str,
    reason: str | None = None,
) -> Decided:
    """Take a decision back: the records fall where the others and the model say.

    Raises UnknownDecision if there is none or it is revoked already.
    """
    with connection.transaction():
        decisions.lock(connection)
        found = decisions.find(connection, decision_id)
        if found is None or found.revoked_at is not None:
            what = "is revoked already" if found else "does not exist"
            raise UnknownDecision(f"Decision {decision_id} {what}.")
        decisions.revoke(connection, decision_id, steward=steward, reason=reason)
        ends = decisions.ends(connection, [found.left, found.right])
        # a deleted end too: it may hold its cluster together once it is sent again
        dirty.mark(connection, [(end.record_id, False) for end in ends.values()])
        revoked = decisions.find(connection, decision_id)
    assert revoked
    return revoked


def opposing(
    known: Iterable[Decided], left: SourceKey, right: SourceKey, verdict: Verdict
) -> list[Decided]:
    """Return the chain of decisions that a new one would contradict, if any does.

    `known` holds every standing decision that touches what *same* joins to either.
    """
    known = list(known)
    same = [one for one in known if one.verdict is Verdict.SAME]
    from_left, from_right = _paths(same, left), _paths(same, right)
    if verdict is Verdict.DIFFERENT:
        return from_left.get(right, [])
    for one in known:
        if one.verdict is not Verdict.DIFFERENT:
            continue
        for a, b in ((one.left, one.right), (one.right, one.left)):
            if a in from_left and b in from_right:
                return [*from_left[a], one, *reversed(from_right[b])]
    return []


def _living(connection: Connection, *keys: SourceKey) -> list[int]:
    found = decisions.ends(connection, keys)
    for key in keys:
        if key not in found or not found[key].seen:
            raise UnknownRecord(f"There is no record {key}.")
        if found[key].deleted:
            raise DeletedRecord(f"The record {key} was deleted in its source.")
    return [found[key].record_id for key in keys]


def _around(connection: Connection, *keys: SourceKey) -> list[Decided]:
    """Return the decisions that touch the keys or whatever *same* joins to them."""
    known: dict[int, Decided] = {}
    seen: set[SourceKey] = set()
    reached = set(keys)
    while reached:
        touching = decisions.touching(connection, reached)
        known |= {one.decision_id: one for one in touching}
        seen |= reached
        same = [one for one in touching if one.verdict is Verdict.SAME]
        reached = {key for one in same for key in (one.left, one.right)} - seen
    return [known[decision_id] for decision_id in sorted(known)]


def _already(
    known: Iterable[Decided], left: SourceKey, right: SourceKey, verdict: Verdict
) -> Decided | None:
    pair = {left, right}
    return next(
        (d for d in known if {d.left, d.right} == pair and d.verdict is verdict), None
    )


def _paths(same: Sequence[Decided], start: SourceKey) -> dict[SourceKey, list[Decided]]:
    """Return the shortest chain of decisions *same* to every key that they reach."""
    paths: dict[SourceKey, list[Decided]] = {start: []}
    waiting = deque([start])
    while waiting:
        key = waiting.popleft()
        for one in same:
            if key in (one.left, one.right):
                other = one.right if key == one.left else one.left
                if other not in paths:
                    paths[other] = [*paths[key], one]
                    waiting.append(other)
    return paths


def _sentence(one: Decided) -> str:
    said = f"{one.left} {one.verdict} {one.right}"
    return f"{said} (decision {one.decision_id}, {one.steward})"
