"""`couture bench resolve`: how fast the resolver is on this machine, and where its time
goes.

A database is loaded with simulated people, golden records, history, outbox and reviews
on; then more records of the same people come as micro-batches. Splink's
`predict_between` matches the same records with the same stored ones in the same run.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matching.scoring.splink_baseline import Between
from service.bench import worker
from service.bench.retailer import as_file, as_messages, simulated
from service.bench.worker import STEPS, Timing
from service.bulk_load.load import load
from service.bulk_load.progress import shown
from service.database.connection.migrate import migrate
from service.database.connection.session import connect
from service.demo.population.people import SimulatedRecord
from service.local.servers import start_postgres
from service.resolver.micro_batch import Message
from service.resolver.worker import load_judge

WARM = 4
SEED = 7


@dataclass(frozen=True)
class Scale:
    """How much is stored before the clock starts, and how much is measured."""

    stored: int
    batches: int = 24
    singles: int = 100
    between: int = 5
    workers: int = 2
    batch: int = 500


SCALES = {"small": Scale(10_000, batches=12), "full": Scale(1_000_000, batches=60)}


def measure(scale: Scale) -> dict[str, Any]:
    """Return the figures of one run; rates and times are medians."""
    runs = scale.workers + 1
    streamed = runs * (scale.batches + WARM) * scale.batch + scale.singles + WARM
    everyone = simulated(scale.stored + streamed, seed=SEED)
    known, fresh = everyone[: scale.stored], everyone[scale.stored :]
    with (
        tempfile.TemporaryDirectory(prefix="couture-bench-") as folder,
        start_postgres(Path(folder) / "postgres") as server,
    ):
        url = server.url("couture")
        migrate(url)
        figures = _load(url, known, Path(folder))
        figures |= _stream(url, fresh, scale)
        figures |= _beside_splink(url, scale, figures["batch_ms_p50"], figures["steps"])
    return figures


def _load(url: str, known: Sequence[SimulatedRecord], folder: Path) -> dict[str, Any]:
    _say(f"{len(known)} records are loaded")
    with connect(url, autocommit=True) as connection:
        judge = load_judge(connection)
        with shown() as progress:
            report = load(url, as_file(known, folder), judge=judge, progress=progress)
        connection.execute("TRUNCATE outbox")  # as if a relay had published all of it
        connection.execute("VACUUM ANALYZE")
    return {"stored": report.records, "load_s": round(sum(report.seconds.values()), 1)}


def _stream(url: str, fresh: Sequence[SimulatedRecord], scale: Scale) -> dict[str, Any]:
    parts = _parts(fresh, scale)
    _say("one worker")
    (alone,) = _together(url, [next(parts)], scale.batch)
    _say(f"{scale.workers} workers")
    several = _together(url, [next(parts) for _ in range(scale.workers)], scale.batch)
    _say("one record at a time")
    (single,) = _together(url, [next(parts)], 1)
    together = [ms for timing in several for ms in timing.batch_ms]
    seconds = max(t.ended for t in several) - min(t.began for t in several)
    spent = {name: sum(alone.steps_ms[name]) for name in STEPS}
    return {
        "records_per_s": round(scale.batch * 1_000 / statistics.median(alone.batch_ms)),
        "batch_ms_p50": _quantile(alone.batch_ms, 50),
        "batch_ms_p99": _quantile(alone.batch_ms, 99),
        "cpu_us_per_record": _cpu(alone, len(alone.batch_ms) * scale.batch),
        "workers": scale.workers,
        "records_per_s_together": round(scale.batch * len(together) / seconds),
        "batch_ms_p99_together": _quantile(together, 99),
        "single_ms_p50": _quantile(single.batch_ms, 50),
        "single_ms_p99": _quantile(single.batch_ms, 99),
        "worker_peak_mib": max(t.peak_mib for t in (alone, *several)),
        "steps": {
            name: {
                "ms_p50": _quantile(alone.steps_ms[name], 50),
                "share": round(spent[name] / sum(alone.batch_ms), 2),
            }
            for name in STEPS
        },
    }


def _parts(fresh: Sequence[SimulatedRecord], scale: Scale) -> Iterator[list[Message]]:
    size = (scale.batches + WARM) * scale.batch
    for number in range(scale.workers + 1):
        part = fresh[number * size : (number + 1) * size]
        yield as_messages(part, partition=number)
    rest = fresh[(scale.workers + 1) * size :]
    yield as_messages(rest, partition=scale.workers + 1)


def _together(url: str, parts: Sequence[list[Message]], size: int) -> list[Timing]:
    """Resolve the parts at once, a process each."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        len(parts),
        mp_context=fresh,
        initializer=worker.prepare,
        initargs=(fresh.Barrier(len(parts)),),
    ) as processes:
        runs = [
            processes.submit(worker.fold, url, messages, size, WARM)
            for messages in parts
        ]
        return [run.result() for run in runs]


def _beside_splink(
    url: str, scale: Scale, batch_ms: float, steps: dict[str, Any]
) -> dict[str, Any]:
    """Time `predict_between` on batches of records that came after the load."""
    if not scale.between:
        return {}
    _say("Splink's predict_between")
    with connect(url, autocommit=True) as connection:
        between = Between(load_judge(connection).model)
        with connection.transaction(), connection.cursor("known") as cursor:
            cursor.itersize = 10_000
            cursor.execute(_FEATURES, {"first": 0, "last": scale.stored})
            while rows := cursor.fetchmany(10_000):
                between.know(dict(rows))
        times = []
        for number in range(scale.between + 1):
            first = scale.stored + number * scale.batch
            window = {"first": first, "last": first + scale.batch}
            rows = connection.execute(_FEATURES, window).fetchall()
            started = time.perf_counter()
            between.predict(dict(rows))
            times.append((time.perf_counter() - started) * 1_000)
        between.close()
    splinks = statistics.median(times[1:])  # the first one prepares
    return {
        "predict_between_ms_p50": round(splinks, 1),
        "faster_than_predict_between": {
            "score_candidates": round(splinks / steps["score_candidates"]["ms_p50"], 1),
            "whole_batch": round(splinks / batch_ms, 1),
        },
    }


_FEATURES = (
    "SELECT record_id, features::text FROM source_record WHERE features IS NOT NULL"
    " AND record_id > %(first)s AND record_id <= %(last)s"
)


def _cpu(timing: Timing, records: int) -> dict[str, int]:
    """Return microseconds of processor a record: steady where the clock is not."""
    spent = {"python": timing.cpu_s, "postgresql": timing.server_cpu_s}
    return {
        name: round(seconds * 1e6 / records)
        for name, seconds in spent.items()
        if seconds is not None
    }


def _quantile(times: Sequence[float], percent: int) -> float:
    ordered = sorted(times)
    return round(ordered[min(len(ordered) * percent // 100, len(ordered) - 1)], 1)


def _say(what: str) -> None:
    sys.stderr.write(f"{what} …\n")
