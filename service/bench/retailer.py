"""What a benchmark feeds Couture: a file of simulated records, then a stream."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas import wire
from schemas.change_event import CustomerChange, Op, Source
from schemas.source_key import SourceKey
from service.bulk_load.mapping_from_columns import write_mapping
from service.bulk_load.source import Source as File
from service.bulk_load.source import checked
from service.demo.population.people import SimulatedRecord, flat, population, records
from service.resolver.micro_batch import Message

SYSTEM = "bench"
TOPIC = wire.source_topic(SYSTEM)
COLUMNS = (
    "id", "given_name", "family_name", "birth_name", "full_name", "title", "gender",
    "birth_date", "email", "phone", "card", "street_number", "street", "postal_code",
    "city", "country",
)  # fmt: skip

_RECORDS_A_PERSON = 2
_SOURCE = Source(connector=SYSTEM, table="customer")


def simulated(count: int, *, seed: int) -> list[SimulatedRecord]:
    """Return that many records of a retailer's systems, shuffled."""
    people = population(count // _RECORDS_A_PERSON + 100, seed=seed)
    everyone = list(records(people, seed))
    random.Random(seed).shuffle(everyone)
    return everyone[:count]


def as_file(some: Sequence[SimulatedRecord], folder: Path) -> File:
    """Write records as a file that `couture load` reads."""
    file = folder / "records.parquet"
    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    with pq.ParquetWriter(file, schema) as writer:
        for start in range(0, len(some), 50_000):
            rows = [_row(one) for one in some[start : start + 50_000]]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    mapping = write_mapping({column: column for column in COLUMNS}, folder)
    return checked(file, system=SYSTEM, mapping=mapping)


def as_messages(some: Sequence[SimulatedRecord], *, partition: int) -> list[Message]:
    """Return records as the messages of one partition."""
    return list(_messages(some, partition))


def _messages(some: Sequence[SimulatedRecord], partition: int) -> Iterator[Message]:
    for offset, one in enumerate(some):
        event = CustomerChange(
            op=Op.CREATE,
            key=SourceKey(SYSTEM, _id(one)),
            position=(offset + 1,),
            after=one.record,
            source=_SOURCE,
            ts_ms=0,
        )
        key, value, headers = wire.encode(event)
        yield Message(TOPIC, "bench", partition, offset, key, value, [*headers])


def _row(one: SimulatedRecord) -> dict[str, object]:
    return flat(one) | {"id": _id(one)}


def _id(one: SimulatedRecord) -> str:
    return f"{one.system}-{one.id}"
