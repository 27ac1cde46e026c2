"""The AsyncAPI document: topics, keys, headers and who reads or writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas import wire
from schemas.case_event import CaseEventType
from schemas.customer_event import CustomerEventType

Document = dict[str, Any]

_SOURCE_KEY = "source key, such as pos:C-1042; facts as KIND/SYSTEM:ID"
_TEXT = {"type": "string"}
_ROW_HEADERS = ("reason", "system", "table", "op", "position")
_DEAD_LETTER_HEADERS = ("reason", "detail", "topic", "partition", "offset")


def asyncapi() -> Document:
    """Return the AsyncAPI 3 document of what travels on Kafka."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Couture",
            "version": wire.SCHEMA.partition("/")[2],
            "description": "Change events in; golden records and customer events out.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": _channels(),
        "operations": _operations(),
        "components": {"messages": _messages()},
    }


def _channels() -> Document:
    return {
        "sourceChanges": _channel(
            wire.source_topic("{system}"),
            "changeEvent",
            parameters={"system": {"description": "the system's name, such as pos"}},
        ),
        "snapshots": _channel(wire.SNAPSHOTS_TOPIC, "snapshotManifest"),
        "positions": _channel(wire.POSITIONS_TOPIC, "position", compacted=True),
        "connectors": _channel(
            wire.CONNECTORS_TOPIC, "connectorStatus", compacted=True
        ),
        "connectorCommands": _channel(
            wire.COMMANDS_TOPIC, "connectorCommand", compacted=True
        ),
        "customers": _channel(wire.CUSTOMERS_TOPIC, "profile", compacted=True),
        "events": _channel(wire.EVENTS_TOPIC, "customerEvent", "caseEvent"),
        "deadLetters": _channel(wire.DEADLETTERS_TOPIC, "deadLetter", "rejectedRow"),
        "replays": _channel(wire.REPLAYS_TOPIC, "rejectedRow"),
    }


def _channel(
    address: str, *messages: str, compacted: bool = False, **more: Document
) -> Document:
    policy = "compact" if compacted else "delete"
    return {
        "address": address,
        "messages": {
            message: {"$ref": f"#/components/messages/{message}"}
            for message in messages
        },
        "bindings": {"kafka": {"topicConfiguration": {"cleanup.policy": [policy]}}},
        **more,
    }


def _operations() -> Document:
    return {
        "resolveChanges": _operation("receive", "sourceChanges"),
        "sweep": _operation("receive", "snapshots"),
        "keepPositions": _operation("send", "positions"),
        "showConnectors": _operation("receive", "connectors"),
        "tellConnectors": _operation("send", "connectorCommands"),
        "publishCustomers": _operation("send", "customers"),
        "publishEvents": _operation("send", "events"),
        "publishDeadLetters": _operation("send", "deadLetters"),
        "keepRejectedRows": _operation("receive", "deadLetters"),
        "replayRows": _operation("send", "replays"),
    }


def _operation(action: str, channel: str) -> Document:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _messages() -> Document:
    return {
        "changeEvent": _message(
            "One create, update, delete or snapshot read of a record or fact.",
            key=_SOURCE_KEY,
            headers={"schema": {"const": wire.SCHEMA}},
            payload={"$ref": "./change_event.json"},
        ),
        "snapshotManifest": _message(
            "Part of what a complete snapshot saw; what it did not see is gone.",
            key="system",
            headers={"schema": {"const": wire.MANIFEST_SCHEMA}},
            payload={"$ref": "./snapshot_manifest.json"},
        ),
        "position": _message(
            "Where a connector stands in its source; only connectors read it.",
            key="the connector's name",
        ),
        "connectorStatus": _message(
            "A connector's state, offset, lag and last error.",
            key="system",
            headers={"schema": {"const": wire.STATUS_SCHEMA}},
            payload={"$ref": "./connector_status.json"},
        ),
        "connectorCommand": _message(
            "Pause, resume, read anew or replay; only connectors read it.",
            key="system/standing (pause, resume) or system/reading",
            headers={"schema": {"const": wire.COMMAND_SCHEMA}},
            payload={"$ref": "./connector_command.json"},
        ),
        "profile": _message(
            "The golden record with its facts; a null value says the id is gone.",
            key="customer id",
            headers={"schema": {"const": "profile/1"}},
            payload={"$ref": "./profile.json"},
        ),
        "customerEvent": _message(
            "CloudEvents 1.0, binary mode; ignore a version already seen.",
            key="customer id",
            headers=_cloud_event_headers(
                CustomerEventType, "customer id, colon, version"
            ),
            payload={"$ref": "./customer_event.json"},
        ),
        "caseEvent": _message(
            "CloudEvents 1.0, binary mode: a promised reply has not come; told once.",
            key="customer id",
            headers=_cloud_event_headers(CaseEventType, "the same for a repeat"),
            payload={"$ref": "./case_event.json"},
        ),
        "deadLetter": _message(
            "A message set aside as it came; its headers say why and where it stood.",
            key="the key it came with",
            headers=dict.fromkeys(_DEAD_LETTER_HEADERS, _TEXT),
        ),
        "rejectedRow": _message(
            "A row that a connector could not map, as its source gave it; on its way"
            " back, the row that its connector maps anew.",
            key="system/table/position; on the way back the system",
            headers={
                "schema": {"const": wire.REJECT_SCHEMA},
                **dict.fromkeys(_ROW_HEADERS, _TEXT),
            },
        ),
    }


def _cloud_event_headers(types: Iterable[str], named: str) -> Document:
    kinds = [str(kind) for kind in types]
    return {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**_TEXT, "description": named},
        "ce_source": {"const": "/couture"},
        "ce_type": {"enum": kinds},
        "ce_subject": {**_TEXT, "description": "customer id"},
        "ce_time": {**_TEXT, "format": "date-time"},
        "content-type": {"const": "application/json"},
    }


def _message(
    summary: str,
    *,
    key: str,
    headers: Document | None = None,
    payload: Document | None = None,
) -> Document:
    message: Document = {
        "summary": summary,
        "contentType": "application/json",
        "bindings": {"kafka": {"key": {**_TEXT, "description": key}}},
    }
    if headers:
        message["headers"] = {"type": "object", "properties": headers}
    if payload:
        message["payload"] = payload
    return message
