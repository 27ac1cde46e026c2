"""Is every channel told the same? Several ask for the same customers at once."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx
import orjson

_MOST_LISTED = 20
Document = dict[str, Any]


class Seen(NamedTuple):
    """One answer: of whom, at which version, and a digest of all that it said."""

    customer_id: str
    version: int
    digest: bytes


@dataclass(slots=True)
class Coherence:
    """Answers compared, and those that said what the others did.

    Coherent is an answer that equals every other of the same customer and version, and
    whose version is not below one that its channel was told before.
    """

    asked: int = 0
    coherent: int = 0
    differing: list[str] = field(default_factory=list)


class Probe:
    """Channels that ask for the same customers at once, and compare for as long."""

    def __init__(self, api_url: str, *, keys: Sequence[str]) -> None:
        self._clients = [
            httpx.Client(
                base_url=api_url,
                headers={"Authorization": f"Bearer {key}"},
                timeout=10,
                follow_redirects=True,
            )
            for key in keys
        ]
        self._pool = ThreadPoolExecutor(len(keys))
        self._digests: dict[tuple[str, int], bytes] = {}
        self._newest: dict[tuple[int, str], int] = {}
        self.found = Coherence()

    def close(self) -> None:
        """End every channel's conversation."""
        self._pool.shutdown()
        for client in self._clients:
            client.close()

    def ask(self, customer_id: str, *, source_key: str | None = None) -> None:
        """Let every channel ask for the customer at once; compare the answers.

        They ask by customer id, and by source key too if one is given. A customer who
        is gone, and an API that is away, give nothing to compare.
        """
        ways = [_by_id(customer_id)]
        if source_key is not None:
            ways.append(_look_up("source_key", source_key))
        for way in ways:
            for channel, answer in enumerate(self._answers(way)):
                for seen in answer:
                    self._compare(channel, seen)

    def ask_every_way(self, customer_id: str) -> None:
        """Ask by id, by every source key, and by one e-mail, phone and card of it.

        A look-up that does not find the customer differs, if its profile did not change
        in between.
        """
        profile = next(iter(_documents(self._clients[0], _by_id(customer_id))), None)
        self.ask(customer_id)
        if profile is None:
            return
        for kind, value in _contacts(profile):
            for channel, answer in enumerate(self._answers(_look_up(kind, value))):
                found = [seen for seen in answer if seen.customer_id == customer_id]
                for seen in found:
                    self._compare(channel, seen)
                if not found and self._version(customer_id) == profile["version"]:
                    self.found.asked += 1
                    who = f"{customer_id}, channel {channel + 1}"
                    self._differs(f"{who}: not found by {kind}")

    def answers_for(self, customer_id: str) -> bool:
        """Return whether the API knows the customer; compare nothing."""
        return self._version(customer_id) is not None

    def _answers(self, way: str) -> list[list[Seen]]:
        asked = [self._pool.submit(_ask, client, way) for client in self._clients]
        return [answer.result() for answer in asked]

    def _version(self, customer_id: str) -> int | None:
        seen = next(iter(_ask(self._clients[0], _by_id(customer_id))), None)
        return seen.version if seen else None

    def _compare(self, channel: int, seen: Seen) -> None:
        digest = self._digests.setdefault((seen.customer_id, seen.version), seen.digest)
        newest = self._newest.get((channel, seen.customer_id), 0)
        self._newest[channel, seen.customer_id] = max(newest, seen.version)
        self.found.asked += 1
        what = f"{seen.customer_id} version {seen.version}, channel {channel + 1}"
        if digest != seen.digest:
            self._differs(f"{what}: another answer than before")
        elif seen.version < newest:
            self._differs(f"{what}: was told version {newest} before")
        else:
            self.found.coherent += 1

    def _differs(self, how: str) -> None:
        if len(self.found.differing) < _MOST_LISTED:
            self.found.differing.append(how)


def _by_id(customer_id: str) -> str:
    return f"/v1/customers/{customer_id}"


def _look_up(kind: str, value: str) -> str:
    return f"/v1/customers?{httpx.QueryParams({kind: value})}"


def _contacts(profile: Document) -> Iterator[tuple[str, str]]:
    """Yield every source key, and the first e-mail, phone and card, with its kind."""
    for key in profile["source_keys"]:
        yield "source_key", key
    for kind in ("email", "phone", "card"):
        for contact in (profile.get(f"{kind}s") or [])[:1]:
            yield kind, contact["value"]


def _ask(client: httpx.Client, way: str) -> list[Seen]:
    return [_seen(document) for document in _documents(client, way)]


def _documents(client: httpx.Client, way: str) -> Iterator[Document]:
    """Yield the profiles of an answer and its further pages; none if it is refused."""
    following: str | None = way
    while following is not None:
        try:
            answer = client.get(following)
        except httpx.TransportError:
            return
        if answer.status_code != 200:
            return
        page = answer.json()
        yield from page.get("customers", [page])
        cursor = page.get("next")
        following = f"{way}&{httpx.QueryParams({'cursor': cursor})}" if cursor else None


def _seen(document: Document) -> Seen:
    document.pop("freshness", None)
    content = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(content).digest()
    return Seen(document["customer_id"], document["version"], digest)


class Asking:
    """A probe that goes on in the background until it is stopped."""

    def __init__(self, probe: Probe, *, pause_s: float = 0.05) -> None:
        self._probe = probe
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._whom: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def about(self, whom: Sequence[tuple[str, str]]) -> None:
        """Ask about these customer ids from now on, each with a source key."""
        self._whom = list(whom)

    def stop(self) -> Coherence:
        """Return what all answers so far came to."""
        self._stop.set()
        self._thread.join()
        self._probe.close()
        return self._probe.found

    def _run(self) -> None:
        turn = 0
        while not self._stop.wait(self._pause_s):
            whom = self._whom
            if whom:
                customer_id, source_key = whom[turn % len(whom)]
                self._probe.ask(customer_id, source_key=source_key)
                turn += 1
