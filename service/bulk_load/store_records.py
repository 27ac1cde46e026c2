"""First half of a load: every part of the file becomes stored source records.

Two processes share the parts. Each part is one transaction, with the note that it is
stored, so an interrupted load goes on after its last part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from matching.features.normalise import normalise
from matching.model.model_version import Model
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.bulk_load import source as files
from service.bulk_load.source import Part, Source
from service.database.batches import bulk_loads
from service.database.clusters import model_versions
from service.database.connection.session import Connection, connect
from service.database.sources.source_records import NewState
from service.resolver.suppression_check import erased_among

Tell = Callable[[int, int], None]
"""Takes the rows just stored and those set aside."""


@dataclass(frozen=True)
class StoreTask:
    """What one process stores: every `of`-th part from `first`, but not `done`."""

    database_url: str
    source: Source
    load_id: int
    first: int
    of: int
    done: frozenset[int]


def store_parts(stage: StoreTask, tell: Tell) -> None:
    """Store the parts of this process; raises ServiceError."""
    parts = files.parts(stage.source, first=stage.first, of=stage.of, done=stage.done)
    with connect(
        stage.database_url, name="couture-load", autocommit=True
    ) as connection:
        model = model_versions.active(connection)
        assert model is not None
        for part in parts:
            _store(connection, part, stage, model)
            tell(len(part.rows), len(part.rejects))


def _store(connection: Connection, part: Part, stage: StoreTask, model: Model) -> None:
    # The later row of one record wins, as it would in the stream.
    newest = {row["id"]: row for row in part.rows}
    states = [_state(row, stage, model) for row in newest.values()]
    with connection.transaction():
        model_versions.pin(connection, model.digest)
        erased = erased_among(connection, {one.key: one.features for one in states})
        states = [one for one in states if one.key not in erased]
        bulk_loads.store(connection, states, model=model.digest)
        bulk_loads.add_part(
            connection,
            stage.load_id,
            part=part.number,
            records=len(part.rows),
            rejects=part.rejects,
        )


def _state(row: Mapping[str, Any], stage: StoreTask, model: Model) -> NewState:
    key = SourceKey(stage.source.system, row["id"])
    position = (0, stage.load_id, row["row"])
    after = row["after"]
    if after is None:
        return NewState(key, position, None, None, None, [], None)
    features = model.freeze(normalise(_record(after)))
    keys = model.blocking_keys(features)
    return NewState(key, position, after, row["raw"], features, keys, None)


class _Place:
    """An address as the standardiser reads it: no field is set but as it came."""

    street_number = street = postal_code = city = region = country = None

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__ = dict(values)


class _StandardisedRecord:
    """A record as the standardiser reads it, at a tenth of a CustomerRecord's cost."""

    given_name = family_name = birth_name = full_name = title = gender = None
    birth_date = national_id = None
    contact_identifies = False
    emails = phones = cards = ()
    addresses: Sequence[_Place] = ()

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__ = dict(values)
        if "birth_date" in values:
            self.birth_date = date.fromisoformat(values["birth_date"])
        if "addresses" in values:
            self.addresses = [_Place(address) for address in values["addresses"]]


def _record(after: Mapping[str, Any]) -> CustomerRecord:
    """Return what the standardiser reads: it was checked where it was mapped."""
    return cast(CustomerRecord, _StandardisedRecord(after))
