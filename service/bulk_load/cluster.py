"""Second half of a load, in DuckDB: links and clusters of all that is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from matching.batch.duckdb_batch import FileBatch
from service.database.batches.snapshot_export import (
    DECIDED,
    keys_of,
    write_records,
    write_rows,
)
from service.database.connection.session import Connection, snapshot_read


@dataclass(frozen=True)
class Cluster:
    """A cluster of records that had no customer, and the component it is part of."""

    component: int
    record_ids: list[int]


@dataclass(frozen=True)
class Found:
    """What the batch says of the new records.

    `new` clusters touch nothing that was there before; the records of `others`, a
    list a component, do, and are for relabel to join to it.
    """

    pairs: int
    new: list[Cluster]
    others: list[list[int]]
    spark: str | None


Match = Callable[[FileBatch, int], str | None]
"""Fills `scored` with the pairs that hold a record of at least this id; may tell."""


def in_duckdb(batch: FileBatch, first: int) -> None:
    """Match on this machine."""
    batch.match(newest_from=first)


def on_spark(scratch: Path) -> Match:
    """Return what matches on Spark, and tells how far that was from DuckDB."""
    from matching.batch.spark_batch import match_on_spark

    def match(batch: FileBatch, first: int) -> str:
        return match_on_spark(batch, scratch, newest_from=first).sentence()

    return match


def read(connection: Connection, batch: FileBatch, scratch: Path) -> int:
    """Read one state of all records, labels, marks and decisions; count the records."""
    files = {
        "label": ("record_id bigint, component bigint", "record_id, component"),
        "dirty": ("record_id bigint", "record_id"),
    }
    with snapshot_read(connection):
        write_records(connection, scratch / "records.jsonl")
        for table, (_, columns) in files.items():
            write_rows(connection, f"SELECT {columns} FROM {table}", scratch / table)
        write_rows(connection, DECIDED, scratch / "decided")
    records = batch.read_records(scratch / "records.jsonl")
    for table, (types, _) in files.items():
        batch.read_table(table, types, scratch / table)
    batch.read_table("decided", "record_id bigint", scratch / "decided")
    (scratch / "records.jsonl").unlink()
    return records


def find(
    connection: Connection, batch: FileBatch, match: Match, *, first: int, links: Path
) -> Found:
    """Find what is true of the records from id `first` on; write their links.

    `match` fills the batch's table of scored pairs.
    """
    spark = match(batch, first)
    pairs = int(batch.rows("select count(*) from scored")[0][0])
    _write_links(batch, links)
    # What is being resolved just now comes to its customer by the stream: its marks
    # make relabel look at all that it is linked with.
    batch.find_components(
        "select record_id as a, component as b from label "
        "semi join record on unique_id = record_id where a <> b "
        "and component in (select unique_id from record)"
    )
    batch.rows(
        "create table touched as select distinct component from component "
        "where unique_id in (select record_id from label union all "
        "select record_id from dirty union all select record_id from decided)"
    )
    batch.rows(f"create table odd as {batch.odd_components()}")
    return Found(
        pairs,
        sorted(
            [*_plain(batch), *_guarded(connection, batch)],
            key=lambda one: one.record_ids[0],
        ),
        _others(batch, first),
        spark,
    )


def _write_links(batch: FileBatch, file: Path) -> None:
    batch.write(
        "select a, b, l.version, r.version, weight, probability, evidence, "
        f"'{batch.model.digest}' from scored "
        "join record_version l on a = l.unique_id "
        "join record_version r on b = r.unique_id order by a, b",
        file,
    )


_OF = "select component, unique_id from component {where} order by component, unique_id"


def _grouped(batch: FileBatch, where: str) -> Iterator[tuple[int, list[int]]]:
    table = batch.columns(_OF.format(where=where))
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    for component, members in groupby(rows, key=itemgetter(0)):
        yield component, [member[1] for member in members]


def _plain(batch: FileBatch) -> Iterator[Cluster]:
    where = "anti join touched using (component) anti join odd using (component)"
    for component, members in _grouped(batch, where):
        yield Cluster(component, members)


def _others(batch: FileBatch, first: int) -> list[list[int]]:
    """Return new records without a mark whose component was touched before."""
    where = (
        "semi join touched using (component) "
        f"where unique_id >= {first} "
        "and unique_id not in (select record_id from dirty)"
    )
    return [members for _, members in _grouped(batch, where)]


def _guarded(connection: Connection, batch: FileBatch) -> list[Cluster]:
    """Return the clusters of new components in which a guard of the model may bite."""
    where = "anti join touched using (component) semi join odd using (component)"
    component = {
        record: name for name, members in _grouped(batch, where) for record in members
    }
    keys = keys_of(connection, list(component))
    return _gathered(batch.guarded_clusters(keys), component)


def _gathered(cluster: dict[int, int], component: dict[int, int]) -> list[Cluster]:
    members: dict[int, list[int]] = {}
    for record in sorted(cluster):
        members.setdefault(cluster[record], []).append(record)
    return [Cluster(component[label], records) for label, records in members.items()]


def in_slices(others: Sequence[list[int]], *, size: int) -> Iterator[list[int]]:
    """Yield record ids, whole components together, about so many at a time."""
    gathered: list[int] = []
    for records in others:
        gathered += records
        if len(gathered) >= size:
            yield gathered
            gathered = []
    if gathered:
        yield gathered
