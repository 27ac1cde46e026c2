"""What a snapshot saw, so that the resolver can tell what its source holds no more."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from connectors.kafka.offsets import Offsets
from connectors.kafka.publisher import Message, Publisher
from connectors.mapping.rows_to_events import Reject
from schemas import wire
from schemas.change_event import ChangeEvent, Position, RecordKind
from schemas.snapshot import KEYS_A_MANIFEST, SnapshotManifest, event_digest


@dataclass(slots=True)
class ManifestBuilder:
    """The keys that one attempt at a snapshot met, as digests; 8 bytes a key."""

    system: str
    kinds: Iterable[RecordKind]
    _seen: set[bytes] = field(default_factory=set)
    _before: dict[RecordKind, Position] = field(default_factory=dict)
    _unreadable: int = 0

    def counted(
        self, outcomes: Iterable[ChangeEvent | Reject]
    ) -> Iterator[ChangeEvent | Reject]:
        """Pass on what a snapshot gives, and remember whom it was about."""
        for outcome in outcomes:
            if isinstance(outcome, Reject):
                self._unreadable += 1
            else:
                self._seen.add(event_digest(outcome))
                if outcome.source.snapshot:
                    known = self._before.get(outcome.kind, outcome.position)
                    self._before[outcome.kind] = max(known, outcome.position)
            yield outcome

    def publish(
        self, offsets: Offsets, publisher: Publisher, *, read_at: Position | None
    ) -> None:
        """Publish the manifest, to count once all that is on the topic is resolved."""
        ends = offsets.ends(wire.source_topic(self.system))
        publisher.send(
            Message(wire.SNAPSHOTS_TOPIC, *wire.encode_manifest(part))
            for part in self.manifests(read_at=read_at, ends=ends)
        )

    def manifests(
        self, *, read_at: Position | None, ends: Mapping[int, int]
    ) -> Iterator[SnapshotManifest]:
        """Yield the manifest in parts; `read_at` is the position of the snapshot, for
        the kinds of which it met nothing."""
        before = dict(self._before)
        if read_at is not None:
            before |= {kind: read_at for kind in self.kinds if kind not in before}
        seen, snapshot = sorted(self._seen), uuid.uuid4().hex
        parts = range(0, max(len(seen), 1), KEYS_A_MANIFEST)
        for number, first in enumerate(parts, start=1):
            digests = b"".join(seen[first : first + KEYS_A_MANIFEST])
            yield SnapshotManifest(
                system=self.system,
                snapshot=snapshot,
                number=number,
                of=len(parts),
                before=before,
                unreadable=self._unreadable,
                ends=dict(ends),
                digests=base64.b64encode(digests).decode(),
            )
