"""A model version: one immutable bundle, known by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from importlib import metadata, resources
from pathlib import Path
from typing import Any, NamedTuple

from matching.errors import UnusableModel
from matching.features.name_variants import is_full_name
from matching.features.normalise import STANDARDISER, Features, normalise
from matching.model.bands import Bands, weight_of
from matching.model.blocking import RULES, Rule, hashed, holds, key_values
from matching.model.bundle import document_of, opened, sealed
from matching.model.comparisons import TF_COLUMNS
from matching.model.hard_rules import Guards
from schemas.source_record import CustomerRecord

SHIPPED = "retail_fr.json.gz"


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries whose arithmetic a bundle depends on."""
    return {name: metadata.version(name) for name in ("duckdb", "splink")}


@dataclass(frozen=True)
class TermFrequencies:
    """How often each value of a feature occurs; rarer ones share the floor."""

    shares: Mapping[str, float]
    floor: float

    def of(self, value: str | None) -> float | None:
        """Return the frozen frequency of a value; None for no value."""
        return None if value is None else self.shares.get(value, self.floor)


class Statement(NamedTuple):
    """Splink's own scoring statement, and a digest of the settings it wrote it for."""

    settings: str
    sql: str


COMMON_NAME = 1e-4
"""Share of the records from which a first name is no slip of the pen."""


@dataclass(frozen=True)
class Model:
    """Everything a verdict depends on, frozen together."""

    name: str
    description: str
    settings: Mapping[str, Any]
    bands: Bands
    term_frequencies: Mapping[str, TermFrequencies]
    stop_values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stop_keys: frozenset[str] = frozenset()
    golden: Sequence[Mapping[str, Any]] = ()
    rules: tuple[Rule, ...] = RULES
    guards: Guards = field(default_factory=Guards)
    standardiser: str = STANDARDISER
    versions: Mapping[str, str] = field(default_factory=library_versions)
    statement: Statement | None = None

    @classmethod
    def load(cls, path: Path | None = None) -> Model:
        """Return the model of a bundle file; without one, the shipped model."""
        if path is not None:
            try:
                return cls.from_bytes(path.read_bytes())
            except OSError as error:
                raise UnusableModel(
                    f"{path} cannot be read ({error.strerror}); name the file that "
                    "`couture model train` wrote"
                ) from error
        shipped = resources.files("matching") / "models" / SHIPPED
        return cls.from_bytes(shipped.read_bytes())

    @classmethod
    def from_bytes(cls, bundle: bytes) -> Model:
        """Return the model of a bundle; raises UnusableModel if it is not one."""
        content = opened(bundle)
        document = document_of(content, [each.name for each in fields(cls)])
        try:
            model = _from_document(document)
        except (AttributeError, ValueError, KeyError, TypeError) as error:
            raise UnusableModel(
                f"not a model bundle ({error!r}); train one with `couture model train`"
            ) from error
        # A later version of Couture may know more fields: the digest stays that of
        # the bundle as it was made, and so do its bytes.
        model.__dict__["_canonical"] = content
        return model

    def to_bytes(self) -> bytes:
        """Return the bundle: the same bytes for the same model."""
        return sealed(self._canonical)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the bundle's content."""
        return hashlib.sha256(self._canonical).hexdigest()

    @cached_property
    def settings_digest(self) -> str:
        """The SHA-256 of the settings."""
        written = json.dumps(self.settings, sort_keys=True).encode()
        return hashlib.sha256(written).hexdigest()

    @cached_property
    def prior_weight(self) -> float:
        """The match weight of two random records, before any field is compared."""
        prior = self.settings["probability_two_random_records_match"]
        return weight_of(float(prior))

    @property
    def scoring_sql(self) -> str | None:
        """Splink's scoring statement, if the bundle holds that of its settings."""
        known = self.statement
        return known.sql if known and known.settings == self.settings_digest else None

    @cached_property
    def _canonical(self) -> bytes:
        return json.dumps(
            _document(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode("utf-8")

    def standardise(self, records: Sequence[CustomerRecord]) -> list[Features]:
        """Return the features of each record, as this model compares them."""
        return [self.freeze(normalise(record)) for record in records]

    def freeze(self, features: Features) -> Features:
        """Return normalised features without over-shared values, frequencies added."""
        features = dict(features)
        for column, stopped in self.stop_values.items():
            if held := features.get(column):
                features[column] = [v for v in held if v not in stopped] or None
        for column in TF_COLUMNS:
            table = self.term_frequencies.get(column)
            value = features.get(column)
            features[f"tf_{column}"] = table.of(value) if table else None
        given = features.get("given") or ""
        common = len(given) > 2 and (features["tf_given"] or 0) >= COMMON_NAME
        if common or is_full_name(given):
            features["common_given"] = given
        return features

    def keys(self, features: Features) -> set[str]:
        """Return a record's blocking keys in the clear."""
        return key_values(features, self.rules) - self.stop_keys

    def blocking_keys(self, features: Features) -> list[int]:
        """Return a record's blocking keys: hashes, each once, in order."""
        return sorted({hashed(key) for key in self.keys(features)})

    def keys_by_hash(self, features: Features) -> dict[int, str]:
        """Return a record's blocking keys: hashes, each with its key in the clear."""
        return {hashed(key): key for key in self.keys(features)}

    def holds(self, features: Features, key: str) -> bool:
        """Say whether a record has this key in the clear; False if it is unsure."""
        return holds(features, key, self._columns_of_rules)

    @cached_property
    def _columns_of_rules(self) -> dict[str, tuple[str, ...]]:
        return {rule.name: rule.columns for rule in self.rules}

    def shares_block(self, left: Features, right: Features) -> bool:
        """Say whether two records share a key in fact, not by a colliding hash."""
        return not self.keys(left).isdisjoint(self.keys(right))


def _document(model: Model) -> dict[str, Any]:
    statement = {"statement": model.statement._asdict()} if model.statement else {}
    return statement | {
        "name": model.name,
        "description": model.description,
        "settings": model.settings,
        "bands": {"review": model.bands.review, "match": model.bands.match},
        "term_frequencies": {
            column: {"floor": table.floor, "shares": dict(table.shares)}
            for column, table in model.term_frequencies.items()
        },
        "stop_values": {k: sorted(v) for k, v in model.stop_values.items()},
        "stop_keys": sorted(model.stop_keys),
        "golden": list(model.golden),
        "rules": [[rule.name, list(rule.columns)] for rule in model.rules],
        "guards": model.guards.document(),
        "standardiser": model.standardiser,
        "versions": dict(model.versions),
    }


def _from_document(document: dict[str, Any]) -> Model:
    return Model(
        name=document["name"],
        description=document["description"],
        settings=document["settings"],
        bands=Bands(**document["bands"]),
        term_frequencies={
            column: TermFrequencies(table["shares"], table["floor"])
            for column, table in document["term_frequencies"].items()
        },
        stop_values={k: frozenset(v) for k, v in document["stop_values"].items()},
        stop_keys=frozenset(document["stop_keys"]),
        golden=document["golden"],
        rules=tuple(Rule(name, tuple(cols)) for name, cols in document["rules"]),
        # a bundle of before the guards was trained without any of its own
        guards=_guards(document.get("guards")),
        standardiser=document["standardiser"],
        versions=document["versions"],
        # without one, of an earlier version of Couture, Splink is asked at each start
        statement=_statement(document.get("statement")),
    )


def _statement(document: Mapping[str, Any] | None) -> Statement | None:
    return None if document is None else Statement(**document)


def _guards(document: Mapping[str, Any] | None) -> Guards:
    return Guards() if document is None else Guards.from_document(document)
