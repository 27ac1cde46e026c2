"""How many records a second the resolver folds in, and where the time goes.

    python -m benchmarks.resolve --people 60000 --stored 10000,100000 --json

Simulated records of the French retailer go through `resolve` in micro-batches, with
golden records, history and outbox on, into an embedded PostgreSQL on this machine.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from schemas import wire
from schemas.change_event import CustomerChange, Op, Source
from schemas.source_key import SourceKey
from service.database import offsets
from service.database.migrate import migrate
from service.database.offsets import StoredOffset
from service.database.session import Connection, connect
from service.demo.people import population, records
from service.embedded import start_postgres
from service.resolver import resolve as story
from service.resolver.batch import Message, decode
from service.resolver.worker import load_judge

SOURCE = Source(connector="bench", table="customer")
TOPIC = wire.source_topic("bench")


def main() -> None:
    """Run the benchmark and print its figures."""
    options = _options()
    marks = sorted(int(mark) for mark in options.stored.split(","))
    with (
        tempfile.TemporaryDirectory() as folder,
        start_postgres(Path(folder)) as server,
    ):
        migrate(server.url("couture"))
        with connect(server.url("couture"), autocommit=True) as connection:
            figures = _measure(connection, options, marks)
    figures["worker_peak_mib"] = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    )
    if options.json:
        print(json.dumps(figures, indent=2))  # noqa: T201 - this is its output
    else:
        for name, value in figures.items():
            print(f"{name:28} {value}")  # noqa: T201 - this is its output


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--stored", default="10000")
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _measure(
    connection: Connection, options: argparse.Namespace, marks: Sequence[int]
) -> dict[str, Any]:
    judge = load_judge(connection)
    clock = _Clock()
    clock.watch("publish", "find_and_score", "relabel")
    offsets.start(
        connection, consumer="b", topic=TOPIC, partition=0, stored=StoredOffset(0, "t")
    )
    stored, rates, figures = 0, [], {}
    batch_ms: list[float] = []
    for batch in _batches(options):
        decoded = decode(batch, expected={(TOPIC, 0): stored})
        started = time.perf_counter()
        story.resolve(connection, decoded, judge=judge, consumer="b")
        took = time.perf_counter() - started
        stored += len(batch)
        rates.append(len(batch) / took)
        batch_ms.append(took * 1_000)
        if marks and stored >= marks[0]:
            mark = marks.pop(0)
            recent = batch_ms[-20:]
            figures[f"records_per_s_at_{mark}"] = round(statistics.median(rates[-20:]))
            figures[f"batch_p50_ms_at_{mark}"] = round(statistics.median(recent), 1)
            figures[f"batch_max_ms_at_{mark}"] = round(max(recent), 1)
            sys.stderr.write(f"{stored} records stored\n")
        if not marks:
            break
    figures["stored"] = stored
    figures["shares"] = clock.shares()
    return figures


def _batches(options: argparse.Namespace) -> Iterator[list[Message]]:
    people = population(options.people, seed=options.seed)
    everyone = list(records(people, options.seed))
    random.Random(options.seed).shuffle(everyone)
    batch: list[Message] = []
    for offset, one in enumerate(everyone):
        event = CustomerChange(
            op=Op.CREATE,
            key=SourceKey("bench", f"{one.system}-{one.id}"),
            position=(offset + 1,),
            after=one.record,
            source=SOURCE,
            ts_ms=0,
        )
        key, value, headers = wire.encode(event)
        batch.append(Message(TOPIC, "t", 0, offset, key, value, [*headers]))
        if len(batch) == options.batch:
            yield batch
            batch = []


class _Clock:
    """Adds up the time of the story's steps."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}

    def watch(self, *names: str) -> None:
        for name in names:
            setattr(story, name, self._timed(name, getattr(story, name)))

    def _timed(self, name: str, step: Any) -> Any:
        def timed(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return step(*args, **kwargs)
            finally:
                spent = time.perf_counter() - started
                self._spent[name] = self._spent.get(name, 0.0) + spent

        return timed

    def shares(self) -> dict[str, float]:
        whole = sum(self._spent.values())
        return {name: round(spent / whole, 2) for name, spent in self._spent.items()}


if __name__ == "__main__":
    main()
