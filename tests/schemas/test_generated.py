"""The committed schemas are those of today's models, and the samples fit them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from schemas import wire
from schemas.customer_event import CustomerEventType
from schemas.generate import GENERATED, READ, WRITTEN, documents, write

SAMPLES = GENERATED.parent / "samples"
SAMPLE_FILES = sorted(SAMPLES.glob("*/*.json"))
ADAPTERS = {**READ, **WRITTEN}


def _asyncapi() -> dict[str, Any]:
    text = (GENERATED / "asyncapi.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def test_generated_files_are_current() -> None:
    committed = {
        file.name: file.read_text(encoding="utf-8") for file in GENERATED.iterdir()
    }

    assert committed == documents(), "run `python -m schemas.generate`"


def test_generated_files_are_written_into_a_new_folder(tmp_path: Path) -> None:
    write(tmp_path / "new")

    assert {file.name for file in (tmp_path / "new").iterdir()} == documents().keys()


@pytest.mark.parametrize("name", ADAPTERS)
def test_generated_schemas_are_valid_json_schemas(name: str) -> None:
    schema = json.loads((GENERATED / f"{name}.json").read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("file", SAMPLE_FILES, ids=lambda file: f"{file.stem}")
def test_samples_of_every_released_version_are_still_read(file: Path) -> None:
    name = file.stem.partition(".")[0]
    schema = json.loads((GENERATED / f"{name}.json").read_text(encoding="utf-8"))

    ADAPTERS[name].validate_json(file.read_bytes())
    jsonschema.validate(json.loads(file.read_bytes()), schema)


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_message_has_a_sample(name: str) -> None:
    assert name in {file.stem.partition(".")[0] for file in SAMPLE_FILES}


@pytest.mark.parametrize("kind", CustomerEventType)
def test_every_event_has_a_golden_sample(kind: CustomerEventType) -> None:
    name = kind.rpartition(".")[2]

    assert f"customer_event.{name}" in {file.stem for file in SAMPLE_FILES}


def test_asyncapi_names_every_topic() -> None:
    addresses = {channel["address"] for channel in _asyncapi()["channels"].values()}

    assert addresses == {
        wire.source_topic("{system}"),
        wire.SNAPSHOTS_TOPIC,
        wire.POSITIONS_TOPIC,
        wire.CUSTOMERS_TOPIC,
        wire.EVENTS_TOPIC,
        wire.DEADLETTERS_TOPIC,
        wire.REPLAYS_TOPIC,
        wire.CONNECTORS_TOPIC,
        wire.COMMANDS_TOPIC,
    }


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    document = _asyncapi()

    for reference in _references(document):
        if reference.startswith("#/"):
            node = document
            for part in reference[2:].split("/"):
                node = node[part]
        else:
            assert (GENERATED / reference).exists(), reference


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for inner in node.values() for found in _references(inner)]
    return []
