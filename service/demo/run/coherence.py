"""Ask the API for the same customers on every way in, from four channels."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from service import access
from service.demo.retailer.writes import SYSTEMS

_CUSTOMERS = 25
_TRIES = 3
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CoherenceFigures:
    """Questions asked, those answered with the one same document, and the others."""

    asked: int
    coherent: int
    differing: tuple[str, ...] = ()


class Channel:
    """One channel with its own key, as it reads the API."""

    def __init__(self, name: str, *, api_url: str, database_url: str) -> None:
        self.key = access.create_key(
            database_url, channel=name, scopes=access.READ_SCOPES
        )
        headers = {"Authorization": f"Bearer {self.key}"}
        self._client = httpx.Client(base_url=api_url, headers=headers, timeout=10)

    def close(self) -> None:
        """End the conversation."""
        self._client.close()

    def by_id(self, customer_id: str) -> Document | None:
        """Return a profile, without the freshness that every answer has of its own."""
        url = f"/v1/customers/{customer_id}"
        answer = self._client.get(url, follow_redirects=True)
        if not answer.is_success:
            return None
        document: Document = answer.json()
        document.pop("freshness")
        return document

    def by_contact(self, customer_id: str, query: dict[str, str]) -> Document | None:
        """Return this customer among those whom a look-up finds."""
        while True:
            answer = self._client.get("/v1/customers", params=query)
            page = answer.json() if answer.is_success else {"customers": []}
            for document in page["customers"]:
                if document["customer_id"] == customer_id:
                    return dict(document)
            if not page.get("next"):
                return None
            query = {**query, "cursor": page["next"]}


def open_channels(*, api_url: str, database_url: str) -> list[Channel]:
    """Return the four channels."""
    return [
        Channel(name, api_url=api_url, database_url=database_url) for name in SYSTEMS
    ]


def ask(channels: Sequence[Channel], customer_ids: Sequence[str]) -> CoherenceFigures:
    """Ask for a sample of customers on every way in and compare the answers."""
    chosen = random.Random(0).sample(
        sorted(customer_ids), min(_CUSTOMERS, len(customer_ids))
    )
    asked, differing = 0, []
    for customer_id in chosen:
        questions, different = _ask_one(channels, customer_id)
        asked += questions
        differing += different
    return CoherenceFigures(asked, asked - len(differing), tuple(differing[:20]))


def _ask_one(channels: Sequence[Channel], customer_id: str) -> tuple[int, list[str]]:
    """Return how many questions, and those answered otherwise than the first.

    A customer who changes in between is asked for again.
    """
    found: list[tuple[str, Document | None]] = []
    for _ in range(_TRIES):
        before = channels[0].by_id(customer_id)
        if before is None:
            return 1, [f"{customer_id} by id: no answer"]
        found = list(_answers(channels, before))
        if channels[0].by_id(customer_id) == before:
            return len(found), [way for way, answer in found if answer != before]
    return len(found), [f"{customer_id}: no two answers alike"] * len(found)


def _answers(
    channels: Sequence[Channel], profile: Document
) -> Iterator[tuple[str, Document | None]]:
    """Yield the answer on every way in, with the way's name (never the value)."""
    customer_id = profile["customer_id"]
    ways = [{"source_key": key} for key in profile["source_keys"]]
    for kind in ("email", "phone", "card"):
        held = profile.get(f"{kind}s") or []
        ways += [{kind: contact["value"]} for contact in held[:1]]
    for number, channel in enumerate(channels, 1):
        whom = f"{customer_id} from channel {number} by"
        yield f"{whom} id", channel.by_id(customer_id)
        for way in ways:
            answer = channel.by_contact(customer_id, way)
            yield f"{whom} {', '.join(way)}", answer
