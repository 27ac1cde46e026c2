"""What a search finds: customers that a person may be, with the evidence."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from matching.model.bands import Band
from schemas.golden_record import Balance
from schemas.source_key import SourceKey
from schemas.text import FrozenModel


class SearchVerdict(StrEnum):
    """What to do with the person at the counter."""

    FOUND = "found"
    SEVERAL = "several"
    UNSURE = "unsure"
    NEW = "new"


class Evidence(FrozenModel):
    """What one comparison adds to the match weight; the values stay where they are."""

    comparison: str
    level: str
    weight: float


class Summary(FrozenModel):
    """As much of a profile as tells a clerk whether this is the person."""

    version: int
    title: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    birth_name: str | None = None
    full_name: str | None = None
    birth_date: date | None = None
    postal_code: str | None = None
    city: str | None = None
    emails: list[str] = []
    phones: list[str] = []
    cards: list[str] = []
    source_keys: list[SourceKey]
    loyalty: list[Balance] = []


class Candidate(FrozenModel):
    """A customer that the person may be, by the record of it that fits best."""

    customer_id: UUID | None = Field(
        description="missing for the moment in which a new record is not yet resolved"
    )
    source_key: SourceKey = Field(description="the record that fits best")
    band: Band = Field(
        description="no_match: too little is known for more, but nothing contradicts"
    )
    weight: float = Field(description="the match weight that the stream would store")
    probability: float
    evidence: list[Evidence] = Field(description="with `prior` they add up to `weight`")
    records: int = Field(description="records of this customer that were compared")
    profile: Summary | None


class SearchResult(FrozenModel):
    """Who it may be, best first, and what would tell more."""

    verdict: SearchVerdict
    because: str
    candidates: list[Candidate]
    ask_for: list[str] = Field(description="fields that would tell most, best first")
    not_used: list[str] = Field(
        description="fields given that identify nobody: malformed, or placeholders"
    )
    prior: float = Field(description="the weight before any field is compared")
    compared: int = Field(description="records that share a blocking key")
    left_out: int = Field(description="records that share one but were too many")
    model: str = Field(description="digest of the model version that decided")


def summary(profile: dict[str, Any]) -> Summary:
    """Return the summary of a profile document."""
    address = profile.get("address") or {}
    return Summary.model_validate(
        {
            **{name: profile.get(name) for name in _SINGLE},
            **{
                name: [contact["value"] for contact in profile.get(name, [])]
                for name in ("emails", "phones", "cards")
            },
            "postal_code": address.get("postal_code"),
            "city": address.get("city"),
            "source_keys": profile["source_keys"],
            "loyalty": profile.get("loyalty", []),
        }
    )


_SINGLE = (
    *("version", "title", "given_name", "family_name", "birth_name"),
    *("full_name", "birth_date"),
)
