"""The records that cluster together, clustered once more to learn how."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from matching.clustering.cluster import Clustering, Decision, Verdict
from matching.clustering.guarded_clusters import cluster_by
from matching.clustering.merge_order import Union, unions, weakest
from matching.explanation.explain import explained
from matching.model.model_version import Model
from matching.scoring.scored_pair import ScoredPair
from schemas.source_key import SourceKey
from service.database.clusters import explanations, links
from service.database.clusters.explanations import Member, StoredLink
from service.database.connection.session import Connection
from service.explanation.models import (
    DecisionTold,
    PairTold,
    RefusedTold,
    UnionTold,
)


@dataclass(frozen=True)
class Group:
    """Whole components, with the links, decisions and clusters of their records."""

    model: Model
    members: dict[int, Member]
    links: dict[tuple[int, int], StoredLink]
    decisions: list[Decision]
    clustering: Clustering
    suspended: frozenset[int]

    def of_customer(self, customer_id: UUID | None) -> set[int]:
        """Return the records that bear a customer id."""
        return {
            record_id
            for record_id, member in self.members.items()
            if customer_id is not None and member.customer_id == customer_id
        }

    def unions_of(self, customer_id: UUID) -> list[Union]:
        """Return the unions that made a customer, first to last."""
        return unions(
            self.of_customer(customer_id),
            [stored.link() for stored in self.links.values()],
            self.decisions,
            match=self.model.bands.match,
            keys=self.keys,
        )

    @property
    def keys(self) -> dict[int, SourceKey]:
        """The source key of each record."""
        return {record_id: one.key for record_id, one in self.members.items()}

    def pair_told(self, pair: ScoredPair, *, model: str | None = None) -> PairTold:
        """Tell of a scored pair; `model` is the version of a stored link."""
        left, right = self.members[pair.a], self.members[pair.b]
        told = explained(
            self.model,
            pair,
            left.features,
            right.features,
            suspended=self.suspended,
        )
        return PairTold(
            left=left.key,
            right=right.key,
            stored=model is not None,
            weight=told.weight,
            probability=told.probability,
            band=told.band,
            needed=told.needed,
            prior=told.prior,
            steps=told.steps,
            rules=told.rules,
            suspended=told.suspended,
            costs=told.costs,
            model=model or self.model.digest,
        )

    def unions_told(self, made: Collection[Union]) -> list[UnionTold]:
        """Tell of unions, in their order, the weakest link marked."""
        lightest = weakest(made)
        return [self._union_told(union, union is lightest) for union in made]

    def _union_told(self, union: Union, is_weakest: bool) -> UnionTold:
        stored = self.links.get((union.a, union.b))
        times = [d.decided_at for d in self.decisions if (d.a, d.b) == union[:2]]
        return UnionTold(
            by="decision" if union.link is None else "link",
            left=self.members[union.a].key,
            right=self.members[union.b].key,
            left_records=len(union.left),
            right_records=len(union.right),
            weakest=is_weakest,
            decided_at=min(times) if union.link is None else None,
            pair=self.pair_told(stored.pair, model=stored.model) if stored else None,
        )

    def refused_told(self, customer_id: UUID) -> list[RefusedTold]:
        """Tell of links that may not join this customer to another."""
        inside = self.of_customer(customer_id)
        found = []
        for refusal in self.clustering.refused:
            for here, there in (refusal[:2], refusal[1::-1]):
                if here in inside and there not in inside:
                    other = self.members[there]
                    found.append(
                        RefusedTold(
                            left=self.members[here].key,
                            right=other.key,
                            why=refusal.why,
                            customer_id=other.customer_id,
                        )
                    )
        return found

    def decisions_between(
        self, left: Collection[int], right: Collection[int]
    ) -> list[DecisionTold]:
        """Tell of the decisions that have one end on each side, oldest first."""
        return [
            DecisionTold(
                left=self.members[d.a].key,
                right=self.members[d.b].key,
                verdict="same" if d.verdict is Verdict.SAME else "different",
                decided_at=d.decided_at,
            )
            for d in sorted(self.decisions, key=lambda d: d.decided_at)
            if (d.a in left and d.b in right) or (d.a in right and d.b in left)
        ]


def group_of(
    connection: Connection, record_ids: Collection[int], *, model: Model
) -> Group:
    """Return the group of these records as it stands now."""
    members = {
        one.record_id: one for one in explanations.whole_groups(connection, record_ids)
    }
    stored = explanations.links_among(connection, members)
    decisions = [
        decision
        for decision in links.decisions(connection, list(members))
        if decision.a in members and decision.b in members
    ]
    clustering = cluster_by(
        model,
        {record_id: one.features for record_id, one in members.items()},
        [one.link() for one in stored],
        decisions,
        keys={record_id: one.key for record_id, one in members.items()},
    )
    by_pair = {(one.pair.a, one.pair.b): one for one in stored}
    suspended = explanations.suspended(
        connection,
        {key for one in members.values() for key in model.blocking_keys(one.features)},
    )
    return Group(model, members, by_pair, decisions, clustering, suspended)
