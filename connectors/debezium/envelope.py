"""Debezium's envelope around a row, as its engine and Kafka Connect write it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from connectors.contract import Payload, Row
from schemas.change_event import Op

_ROWS = ("r", "c", "u", "d")
_TRUNCATE = "t"


class NoEnvelope(Exception):
    """A message that Debezium did not write, or not so; says what is unfit."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its operation, key and row, and Debezium's words on its source."""

    op: str
    key: Payload = field(repr=False)
    before: Payload | None = field(repr=False)
    after: Payload | None = field(repr=False)
    source: dict[str, Any]

    @property
    def is_truncation(self) -> bool:
        """Whether all rows of the table went at once."""
        return self.op == _TRUNCATE

    @property
    def in_snapshot(self) -> bool:
        """Whether a snapshot read the row."""
        return self.source.get("snapshot") not in ("false", None, False)

    def row(
        self, table: str, *, position: tuple[int, ...], payload: Payload | None = None
    ) -> Row:
        """Return the row of a table; a delete keeps its key columns only.

        With the default replica identity only those of `before` are true.
        """
        op = Op(self.op)
        kept = self.key if op is Op.DELETE else payload or self.after or {}
        return Row(
            table=table,
            op=op,
            payload=kept,
            position=position,
            ts_ms=self.source.get("ts_ms"),
            snapshot=self.in_snapshot,
        )


def change(key: str | bytes | None, value: str | bytes | None) -> Change | None:
    """Return the change a message carries, None for tombstones, heartbeats and words
    on schemas and transactions; raise NoEnvelope for what is no JSON of Debezium's."""
    if value is None:
        return None
    envelope = _unwrapped(_document(value, "value"))
    op = envelope.get("op")
    if op not in (*_ROWS, _TRUNCATE):
        return None
    source = envelope.get("source")
    if not isinstance(source, dict):
        raise NoEnvelope("the envelope has no `source`")
    found = Change(
        op=op,
        key=_key(key) if op in _ROWS else {},
        before=envelope.get("before"),
        after=envelope.get("after"),
        source=source,
    )
    if op in _ROWS[:3] and not isinstance(found.after, dict):
        raise NoEnvelope("the envelope has no `after`")
    return found


def _key(key: str | bytes | None) -> Payload:
    if key is None:
        raise NoEnvelope("the message has no key: the table has no primary key")
    return _unwrapped(_document(key, "key"))


def _document(text: str | bytes, what: str) -> Payload:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise NoEnvelope(f"the {what} is no JSON") from None
    if not isinstance(found, dict):
        raise NoEnvelope(f"the {what} is no JSON object")
    return found


def _unwrapped(document: Payload) -> Payload:
    # Kafka Connect's JsonConverter wraps all in {schema, payload} unless told not to.
    if document.keys() == {"schema", "payload"}:
        inner = document["payload"]
        if not isinstance(inner, dict):
            raise NoEnvelope("`payload` is no JSON object")
        return inner
    return document
