"""What an explanation tells: pairs with their waterfall, unions, verdicts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from matching.explanation.explain import Cost, SharedRule, Step
from matching.model.bands import Band
from schemas.source_key import SourceKey
from schemas.text import FrozenModel, Time


class PairTold(FrozenModel):
    """Two records, how they compare, and what it would take."""

    left: SourceKey
    right: SourceKey
    stored: bool = Field(description="whether this is a stored link")
    weight: float
    probability: float
    band: Band
    needed: float = Field(description="the weight from which a pair is linked alone")
    prior: float = Field(description="the weight before any field is compared")
    steps: list[Step] = Field(description="field by field, with the values compared")
    rules: list[SharedRule] = Field(
        description="blocking rules that make them candidates; empty: never compared"
    )
    suspended: list[SharedRule] = Field(
        description="rules whose keys of both are suspended: too many records have them"
    )
    costs: list[Cost] = Field(
        description="what a missing or differing field takes, the dearest first;"
        " `enough` says that this field alone would make it a match"
    )
    model: str = Field(description="digest of the model version that compared them")


class DecisionTold(FrozenModel):
    """A steward's decision on two records."""

    left: SourceKey
    right: SourceKey
    verdict: Literal["same", "different"]
    decided_at: Time


class UnionTold(FrozenModel):
    """One step in which a customer was built: two parts became one."""

    by: Literal["decision", "link"]
    left: SourceKey
    right: SourceKey
    left_records: int = Field(description="records of the part that `left` was in")
    right_records: int
    weakest: bool
    decided_at: datetime | None = None
    pair: PairTold | None = Field(
        default=None, description="of a union by decision too, where they compare"
    )


class CustomerExplanation(FrozenModel):
    """How a customer was built: its unions in the order in which clustering made them.

    Decisions first, then links by descending weight. `complete` is false for the
    moment in which a changed record is not yet resolved.
    """

    customer_id: UUID
    source_keys: list[SourceKey]
    unions: list[UnionTold]
    links: int = Field(description="links at or above the threshold, unused ones too")
    only_weakest: bool | None = Field(
        description="whether without its weakest link the customer would fall apart"
    )
    refused: list[RefusedTold] = Field(
        description="links that were not followed: decided different, or a hard rule"
    )
    complete: bool


class RefusedTold(FrozenModel):
    """A link at or above the threshold that may not join two customers."""

    left: SourceKey
    right: SourceKey
    why: str
    customer_id: UUID | None = Field(description="the other customer")


class WhyVerdict(StrEnum):
    """Why two are one customer, or not."""

    ONE_CUSTOMER = "one_customer"
    NOT_YET_RESOLVED = "not_yet_resolved"
    DECIDED_DIFFERENT = "decided_different"
    REFUSED_BY_RULE = "refused_by_rule"
    BELOW_THRESHOLD = "below_threshold"
    NEVER_COMPARED = "never_compared"


class SideTold(FrozenModel):
    """One of the two that were asked about."""

    asked: str
    customer_id: UUID | None
    source_keys: list[SourceKey]


class WhyExplanation(FrozenModel):
    """Why two records or customers are one, or why not."""

    verdict: WhyVerdict
    because: str = Field(examples=["below the threshold: 3.20, needed 13.29"])
    left: SideTold
    right: SideTold
    pair: PairTold | None = Field(
        description="the pair that fits best; missing only for one record alone"
    )
    compared: int = Field(description="pairs between the two that share a key")
    chain: list[UnionTold] = Field(
        description="for one customer: the unions that lead from one to the other"
    )
    decisions: list[DecisionTold] = Field(description="decisions between the two")


CustomerExplanation.model_rebuild()
