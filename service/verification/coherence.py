"""Is every channel told the same? Several ask for the same customers at once."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx
import orjson

_MOST_TOLD = 20


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
        self._said: dict[tuple[str, int], bytes] = {}
        self._told: dict[tuple[int, str], int] = {}
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
        ways = [f"/v1/customers/{customer_id}"]
        if source_key is not None:
            query = httpx.QueryParams({"source_key": source_key})
            ways.append(f"/v1/customers?{query}")
        for way in ways:
            asked = [self._pool.submit(_ask, one, way) for one in self._clients]
            for channel, answer in enumerate(asked):
                for seen in answer.result():
                    self._compare(channel, seen)

    def _compare(self, channel: int, seen: Seen) -> None:
        said = self._said.setdefault((seen.customer_id, seen.version), seen.digest)
        newest = self._told.get((channel, seen.customer_id), 0)
        self._told[channel, seen.customer_id] = max(newest, seen.version)
        self.found.asked += 1
        what = f"{seen.customer_id} version {seen.version}, channel {channel + 1}"
        if said != seen.digest:
            self._differs(f"{what}: another answer than before")
        elif seen.version < newest:
            self._differs(f"{what}: was told version {newest} before")
        else:
            self.found.coherent += 1

    def _differs(self, how: str) -> None:
        if len(self.found.differing) < _MOST_TOLD:
            self.found.differing.append(how)


def _ask(client: httpx.Client, way: str) -> list[Seen]:
    try:
        answer = client.get(way)
    except httpx.TransportError:
        return []
    if answer.status_code != 200:
        return []
    document = answer.json()
    return list(_seen(document.get("customers", [document])))


def _seen(documents: Iterable[dict[str, Any]]) -> Iterable[Seen]:
    for document in documents:
        document.pop("freshness", None)
        said = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(said).digest()
        yield Seen(document["customer_id"], document["version"], digest)


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
