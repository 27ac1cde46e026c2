"""One resolver under measurement, in a process of its own as in production."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from service.bench.retailer import TOPIC
from service.database.connection.session import Connection, connect
from service.database.messages import offsets
from service.database.messages.offsets import StoredOffset
from service.resolver import resolve
from service.resolver.micro_batch import Message, decode
from service.resolver.resolve import ActiveModel
from service.resolver.worker import load_judge

CONSUMER = "bench"
STEPS = ("publish", "score_candidates", "relabel")

ready: Barrier
"""Where the workers of one run wait for one another; set when a process begins."""


@dataclass
class Timing:
    """What one worker took: per micro-batch, per step, and its memory."""

    began: float = 0.0
    ended: float = 0.0
    batch_ms: list[float] = field(default_factory=list)
    steps_ms: dict[str, list[float]] = field(default_factory=dict)
    cpu_s: float = 0.0
    server_cpu_s: float | None = None
    peak_mib: int = 0


def prepare(barrier: Barrier) -> None:
    """Remember the barrier; runs once in each worker's process."""
    global ready
    ready = barrier


def fold(url: str, messages: Sequence[Message], size: int, warm: int) -> Timing:
    """Resolve the messages of one partition in micro-batches; time all but the first.

    So many `warm` batches fill caches and prepare statements before the clock starts.
    """
    partition = messages[0].partition
    with connect(url, name="couture-bench", autocommit=True) as connection:
        judge = load_judge(connection)
        offsets.start(
            connection,
            consumer=CONSUMER,
            topic=TOPIC,
            partition=partition,
            stored=StoredOffset(messages[0].offset, "bench"),
        )
        timing = Timing(steps_ms={name: [] for name in STEPS})
        _watch(timing)
        batches = [messages[i : i + size] for i in range(0, len(messages), size)]
        for batch in batches[:warm]:
            _fold(connection, batch, judge, Timing())
        for times in timing.steps_ms.values():
            times.clear()
        ready.wait()
        server = connection.info.backend_pid
        timing.began, cpu, before = time.time(), time.process_time(), _cpu_of(server)
        for batch in batches[warm:]:
            _fold(connection, batch, judge, timing)
        timing.ended, timing.cpu_s = time.time(), time.process_time() - cpu
        if before is not None and (after := _cpu_of(server)) is not None:
            timing.server_cpu_s = after - before
    timing.peak_mib = _peak_mib()
    return timing


def _fold(
    connection: Connection,
    messages: Sequence[Message],
    judge: ActiveModel,
    timing: Timing,
) -> None:
    started = time.perf_counter()
    first = messages[0]
    batch = decode(messages, expected={(TOPIC, first.partition): first.offset})
    resolve.resolve(connection, batch, judge=judge, consumer=CONSUMER)
    timing.batch_ms.append((time.perf_counter() - started) * 1_000)


def _cpu_of(process: int) -> float | None:
    """Return the seconds of processor time of a process; None where Linux is not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _peak_mib() -> int:
    """Return this program's own peak; getrusage would tell of the parent's, too."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def _watch(timing: Timing) -> None:
    for name in STEPS:
        setattr(resolve, name, _timed(getattr(resolve, name), timing.steps_ms[name]))


def _timed(step: Callable[..., Any], times: list[float]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return step(*args, **kwargs)
        finally:
            times.append((time.perf_counter() - started) * 1_000)

    return timed
