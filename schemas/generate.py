"""Write the JSON Schemas and the AsyncAPI document: `python -m schemas.generate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from schemas.asyncapi import asyncapi
from schemas.case_event import CaseEvent
from schemas.change_event import CHANGE_EVENT
from schemas.connector import ConnectorCommand, ConnectorStatus
from schemas.customer_event import CustomerEvent
from schemas.facts import Consent, Interaction, LoyaltyMovement, Order
from schemas.golden_record import GoldenRecord, Profile
from schemas.snapshot import SnapshotManifest
from schemas.source_record import CustomerRecord

GENERATED = Path(__file__).parent / "generated"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

READ: dict[str, TypeAdapter[Any]] = {
    "change_event": CHANGE_EVENT,
    "customer_record": TypeAdapter(CustomerRecord),
    "order": TypeAdapter(Order),
    "loyalty_movement": TypeAdapter(LoyaltyMovement),
    "interaction": TypeAdapter(Interaction),
    "consent": TypeAdapter(Consent),
    "snapshot_manifest": TypeAdapter(SnapshotManifest),
    "connector_status": TypeAdapter(ConnectorStatus),
    "connector_command": TypeAdapter(ConnectorCommand),
}
"""What Couture accepts: a release must read all that the one before it read."""

WRITTEN: dict[str, TypeAdapter[Any]] = {
    "golden_record": TypeAdapter(GoldenRecord),
    "profile": TypeAdapter(Profile),
    "customer_event": TypeAdapter(CustomerEvent),
    "case_event": TypeAdapter(CaseEvent),
}
"""What Couture publishes: a release must keep all that its readers lean on."""


def documents() -> dict[str, str]:
    """Return the text of every generated file by its name."""
    texts = {f"{name}.json": _json(_read(name)) for name in READ}
    texts |= {f"{name}.json": _json(_written(name)) for name in WRITTEN}
    texts["asyncapi.yaml"] = yaml.safe_dump(asyncapi(), sort_keys=False, width=88)
    return texts


def write(folder: Path) -> None:
    """Write every generated file into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")


def _read(name: str) -> dict[str, Any]:
    return {"$schema": DRAFT, **READ[name].json_schema(mode="validation")}


def _written(name: str) -> dict[str, Any]:
    return {"$schema": DRAFT, **WRITTEN[name].json_schema(mode="serialization")}


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write(GENERATED)
