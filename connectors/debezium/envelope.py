"""Debezium's envelope around a row, as its engine and Kafka Connect write it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from connectors.contract import Payload, Row
from connectors.debezium.typed_values import plain
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
    after: Payload | None = field(repr=False)
    source: dict[str, Any]
    before: Payload | None = field(default=None, repr=False)

    @property
    def is_truncation(self) -> bool:
        """Whether all rows of the table went at once."""
        return self.op == _TRUNCATE

    @property
    def in_snapshot(self) -> bool:
        """Whether a snapshot read the row."""
        return self.source.get("snapshot") not in ("false", None, False)

    def row(
        self,
        table: str,
        *,
        position: tuple[int, ...],
        payload: Payload | None = None,
        before: Payload | None = None,
    ) -> Row:
        """Return the row of a table; a delete has its key and what is true of `before`.

        Nobody knows when a row of a snapshot was changed: Debezium's time is that of
        reading it.
        """
        op = Op(self.op)
        deleted = (before or {}) | self.key
        kept = deleted if op is Op.DELETE else payload or self.after or {}
        return Row(
            table=table,
            op=op,
            payload=kept,
            position=position,
            ts_ms=None if self.in_snapshot else self.source.get("ts_ms"),
            snapshot=self.in_snapshot,
            before=before if op is Op.UPDATE else None,
        )


def change(
    key: str | bytes | None, value: str | bytes | None, *, only_rows: bool = False
) -> Change | None:
    """Return the change a message carries; None for tombstones and, unless it must be
    of `only_rows`, for heartbeats and words on schemas and transactions.

    Raise NoEnvelope for what is no JSON of Debezium's.
    """
    if value is None:
        return None
    envelope, schema = _unwrapped(_document(value, "value"))
    op = envelope.get("op")
    if op not in (*_ROWS, _TRUNCATE):
        if only_rows:
            raise NoEnvelope("the value is no envelope of Debezium's (op, after, …)")
        return None
    source = envelope.get("source")
    if not isinstance(source, dict):
        raise NoEnvelope("the envelope has no `source`")
    after = envelope.get("after")
    if op in _ROWS[:3] and not isinstance(after, dict):
        raise NoEnvelope("the envelope has no `after`")
    before = envelope.get("before")
    return Change(
        op=op,
        key=_key(key) if op in _ROWS else {},
        after=plain(after, schema.get("after", {})) if after else None,
        source=source,
        before=plain(before, schema.get("before", {}))
        if isinstance(before, dict)
        else None,
    )


def _key(key: str | bytes | None) -> Payload:
    if key is None or key == "None":
        raise NoEnvelope("the message has no key: the table has no primary key")
    document = _document(key, "key")
    columns, _ = _unwrapped(document)
    if columns is document:
        return columns
    schema = document["schema"]
    return plain(columns, schema if isinstance(schema, dict) else {})


def _document(text: str | bytes, what: str) -> Payload:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise NoEnvelope(f"the {what} is no JSON") from None
    if not isinstance(found, dict):
        raise NoEnvelope(f"the {what} is no JSON object")
    return found


def _unwrapped(document: Payload) -> tuple[Payload, dict[str, Any]]:
    """Return the payload, and the schemas of its parts by name.

    Kafka Connect's JsonConverter wraps all in {schema, payload} unless told not to.
    """
    if document.keys() != {"schema", "payload"}:
        return document, {}
    inner, schema = document["payload"], document["schema"]
    if not isinstance(inner, dict):
        raise NoEnvelope("`payload` is no JSON object")
    fields = schema.get("fields") if isinstance(schema, dict) else None
    listed = fields if isinstance(fields, list) else []
    return inner, {
        str(one.get("field")): one for one in listed if isinstance(one, dict)
    }
