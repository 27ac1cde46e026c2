"""How a change event stands on Kafka: topics, partition keys, encode and decode."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from pydantic import ValidationError

from schemas.change_event import CHANGE_EVENT, ChangeEvent, RecordKind
from schemas.connector import ConnectorCommand, ConnectorStatus
from schemas.snapshot import SnapshotManifest

SOURCE_TOPIC_PREFIX = "couture.source."
POSITIONS_TOPIC = "couture.positions"
CUSTOMERS_TOPIC = "couture.customers"
EVENTS_TOPIC = "couture.events"
DEADLETTERS_TOPIC = "couture.deadletters"
SNAPSHOTS_TOPIC = "couture.snapshots"
CONNECTORS_TOPIC = "couture.connectors"
COMMANDS_TOPIC = "couture.connector-commands"
REPLAYS_TOPIC = "couture.replays"

SCHEMA = "change_event/1"
"""Value of the `schema` header that this version writes and reads."""

MANIFEST_SCHEMA = "snapshot_manifest/1"
"""Value of the `schema` header of what stands on `couture.snapshots`."""

REJECT_SCHEMA = "rejected_row/1"
"""Value of the `schema` header of a row set aside by its connector, or replayed."""

STATUS_SCHEMA = "connector_status/1"
COMMAND_SCHEMA = "connector_command/1"

LARGEST_MESSAGE = 1_048_576
"""Bytes; Kafka's own default bound."""

Headers = list[tuple[str, bytes]]

_FIELD_NAME = re.compile(r"[A-Za-z0-9_]{1,60}|\[key\]")


class Malformed(StrEnum):
    """Why a message cannot be read."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN_SCHEMA = "unknown_schema"
    NOT_JSON = "not_json"
    UNSTORABLE_TEXT = "unstorable_text"
    WRONG_SHAPE = "wrong_shape"
    WRONG_SYSTEM = "wrong_system"


class MalformedMessage(Exception):
    """A message that no retry can read; `detail` names fields, never their values."""

    def __init__(self, reason: Malformed, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def source_topic(system: str) -> str:
    """Return the topic that carries the change events of one system."""
    return SOURCE_TOPIC_PREFIX + system


def partition_key(event: ChangeEvent) -> bytes:
    """Return the key that keeps the events of one source record in order."""
    key = str(event.key)
    if event.kind is not RecordKind.CUSTOMER:
        key = f"{event.kind}/{key}"
    return key.encode()


def encode(event: ChangeEvent) -> tuple[bytes, bytes, Headers]:
    """Return the key, value and headers of a change event's message."""
    value = event.model_dump_json(exclude_defaults=True, exclude_none=True)
    kind = f'"kind":"{event.kind}",'
    return (
        partition_key(event),
        ("{" + kind + value[1:]).encode(),
        [("schema", SCHEMA.encode())],
    )


def decode(
    value: bytes | None, headers: Iterable[tuple[str, bytes | None]], *, topic: str
) -> ChangeEvent:
    """Return the change event of a message; raise MalformedMessage if there is none."""
    value = _checked(value, headers, SCHEMA)
    try:
        event = CHANGE_EVENT.validate_json(value)
    except ValidationError as error:
        raise _malformed(error, value) from None
    if source_topic(event.key.system) != topic:
        detail = f"system {event.key.system} does not belong on {topic}"
        raise MalformedMessage(Malformed.WRONG_SYSTEM, detail)
    return event


def encode_manifest(manifest: SnapshotManifest) -> tuple[bytes, bytes, Headers]:
    """Return the key, value and headers of a snapshot manifest's message."""
    value = manifest.model_dump_json().encode()
    return manifest.system.encode(), value, [("schema", MANIFEST_SCHEMA.encode())]


def decode_manifest(
    value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> SnapshotManifest:
    """Return the manifest of a message; raise MalformedMessage if there is none."""
    value = _checked(value, headers, MANIFEST_SCHEMA)
    try:
        return SnapshotManifest.model_validate_json(value)
    except ValidationError as error:
        raise _malformed(error, value) from None


def encode_status(status: ConnectorStatus) -> tuple[str, bytes, bytes, Headers]:
    """Return the topic, key, value and headers of a connector's status."""
    value = status.model_dump_json(exclude_none=True).encode()
    headers = [("schema", STATUS_SCHEMA.encode())]
    return CONNECTORS_TOPIC, status.system.encode(), value, headers


def decode_status(
    value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> ConnectorStatus:
    """Return the status of a message; raise MalformedMessage if there is none."""
    value = _checked(value, headers, STATUS_SCHEMA)
    try:
        return ConnectorStatus.model_validate_json(value)
    except ValidationError as error:
        raise _malformed(error, value) from None


def decode_command(
    value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> ConnectorCommand:
    """Return the command of a message; raise MalformedMessage if there is none."""
    value = _checked(value, headers, COMMAND_SCHEMA)
    try:
        return ConnectorCommand.model_validate_json(value)
    except ValidationError as error:
        raise _malformed(error, value) from None


def _checked(
    value: bytes | None, headers: Iterable[tuple[str, bytes | None]], schema: str
) -> bytes:
    if not value:
        raise MalformedMessage(Malformed.EMPTY, "the message has no value")
    if len(value) > LARGEST_MESSAGE:
        detail = f"{len(value)} bytes, the limit is {LARGEST_MESSAGE}"
        raise MalformedMessage(Malformed.TOO_LARGE, detail)
    _check_schema(dict(headers), schema)
    return value


def _check_schema(headers: Mapping[str, bytes | None], schema: str) -> None:
    written = headers.get("schema")
    if written != schema.encode():
        name = (written or b"none").decode("utf-8", "replace")[:60]
        detail = f"schema header {name!r}, this version reads {schema!r}"
        raise MalformedMessage(Malformed.UNKNOWN_SCHEMA, detail)


def _malformed(error: ValidationError, value: bytes) -> MalformedMessage:
    problems = error.errors(
        include_url=False, include_context=False, include_input=False
    )
    first = problems[0]
    if first["type"] == "json_invalid":
        if _has_lone_surrogate(value):
            return MalformedMessage(Malformed.UNSTORABLE_TEXT, "holds a lone surrogate")
        return MalformedMessage(Malformed.NOT_JSON, "the value is not JSON")
    where = ".".join(map(_field_name, first["loc"])) or "the message"
    # Pydantic repeats the value in this one message, and in no other.
    tag = first["type"] == "union_tag_invalid"
    what = f"kind is none of {[*map(str, RecordKind)]}" if tag else first["msg"]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    detail = f"{where}: {what}{more}"
    unstorable = "NUL character" in first["msg"] or "lone surrogate" in first["msg"]
    reason = Malformed.UNSTORABLE_TEXT if unstorable else Malformed.WRONG_SHAPE
    return MalformedMessage(reason, detail[:500])


def _field_name(part: str | int) -> str:
    """A free key may hold anything, a person's name or a NUL: show only plain words."""
    text = str(part)
    return text if _FIELD_NAME.fullmatch(text) else "?"


def _has_lone_surrogate(value: bytes) -> bool:
    try:
        text = json.dumps(json.loads(value), ensure_ascii=False)
    except (ValueError, RecursionError):
        return False
    return any("\ud800" <= character <= "\udfff" for character in text)
