"""Two workers, a partition and a process each, as resolvers run."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import psycopg

from benchmarks.stream_changes import TOPIC
from service.database.connection.session import connect
from service.database.messages import offsets
from service.database.messages.offsets import StoredOffset
from service.resolver.micro_batch import Batch, Message, decode
from service.resolver.resolve import resolve
from service.resolver.worker import load_judge

_CONSUMER = "bench"


def stream(url: str, log: Sequence[Message], *, size: int) -> dict[str, Any]:
    """Stream the messages in micro-batches of this size; return how that went."""
    partitions = sorted({one.partition for one in log})
    with connect(url, autocommit=True) as connection:
        for partition in partitions:
            offsets.start(
                connection,
                consumer=_CONSUMER,
                topic=TOPIC,
                partition=partition,
                stored=StoredOffset(0, "t"),
            )
    shares = [[one for one in log if one.partition == p] for p in partitions]
    fresh = multiprocessing.get_context("spawn")
    started = time.monotonic()
    with ProcessPoolExecutor(len(shares), mp_context=fresh) as processes:
        sizes = [size] * len(shares)
        took = list(processes.map(_work, [url] * len(shares), shares, sizes))
    seconds = time.monotonic() - started
    with connect(url, autocommit=True) as connection:
        resolve(
            connection,
            Batch([], [], []),
            judge=load_judge(connection),
            consumer=_CONSUMER,
        )
    batches = sorted(ms for worker in took for ms in worker)
    return {
        "streamed": len(log),
        "workers": len(shares),
        "stream_seconds": round(seconds, 1),
        "batch_p50_ms": round(statistics.median(batches)),
    }


def _work(url: str, log: list[Message], size: int) -> list[float]:
    took = []
    with connect(url, autocommit=True) as connection:
        judge = load_judge(connection)
        while log:
            place = (TOPIC, log[0].partition)
            batch = decode(log[:size], expected={place: log[0].offset})
            started = time.perf_counter()
            try:
                resolve(connection, batch, judge=judge, consumer=_CONSUMER)
            except psycopg.errors.DeadlockDetected:
                continue
            took.append((time.perf_counter() - started) * 1_000)
            log = log[size:]
    return took
