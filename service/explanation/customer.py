"""How a customer was built."""

from __future__ import annotations

from uuid import UUID

from matching.clustering.merge_order import Union, weakest
from service.database.clusters import explanations
from service.database.connection.session import Connection
from service.explanation.component import Group, group_of
from service.explanation.models import CustomerExplanation
from service.model_versions.scorer_pool import ScorerPool


def explain_customer(
    connection: Connection, customer_id: UUID, *, judges: ScorerPool
) -> CustomerExplanation | None:
    """Return how a live customer was built; None if no record bears the id.

    The caller's transaction sees one moment.
    """
    members = explanations.of_customer(connection, customer_id)
    if not members:
        return None
    model = judges.model(connection)
    group = group_of(connection, [one.record_id for one in members], model=model)
    made = group.unions_of(customer_id)
    return CustomerExplanation(
        customer_id=customer_id,
        source_keys=[one.key for one in members],
        unions=group.unions_told(made),
        links=len(_links_inside(group, customer_id)),
        only_weakest=_falls_apart(group, customer_id, made),
        refused=group.refused_told(customer_id),
        complete=len(made) == len(members) - 1 and not any(m.waits for m in members),
    )


def _links_inside(group: Group, customer_id: UUID) -> list[tuple[int, int]]:
    inside = group.of_customer(customer_id)
    return [
        pair
        for pair, stored in group.links.items()
        if inside.issuperset(pair)
        and stored.pair.probability >= group.model.bands.match
    ]


def _falls_apart(group: Group, customer_id: UUID, made: list[Union]) -> bool | None:
    """Say whether only the weakest link holds its two parts together."""
    lightest = weakest(made)
    if lightest is None:
        return None
    # Without one edge of a tree its ends lie in two parts; another link may join them.
    rest = [union for union in made if union is not lightest]
    part = _reached(lightest.a, rest)
    across = [
        pair
        for pair in _links_inside(group, customer_id)
        if (pair[0] in part) != (pair[1] in part)
    ]
    return len(across) == 1


def _reached(start: int, edges: list[Union]) -> set[int]:
    beside: dict[int, list[int]] = {}
    for union in edges:
        beside.setdefault(union.a, []).append(union.b)
        beside.setdefault(union.b, []).append(union.a)
    reached, todo = {start}, [start]
    while todo:
        for there in beside.get(todo.pop(), []):
            if there not in reached:
                reached.add(there)
                todo.append(there)
    return reached
