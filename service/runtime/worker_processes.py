"""Work shared by processes that die with this one."""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from service.errors import ServiceError
from service.runtime.parent_death import die_when_parent_dies

_SPAWN = multiprocessing.get_context("spawn")
PROCESSES = max(2, min(4, os.cpu_count() or 2))
FEW = 10_000
"""Rows or customers up to which one process does."""


class ProcessDied(ServiceError):
    """A process of the load ended without a word: run the load again."""

    remedy = "Was memory short? Run the load again: it goes on from there."


def together(work: Callable[..., None], tasks: Sequence[Any]) -> Iterator[Any]:
    """Do `work(task, tell)` for each task, a process each; yield what they tell.

    Raises the ServiceError of the first that fails, and stops the others. A single
    task is done here: a process would start for longer than it works.
    """
    if len(tasks) == 1:
        told: list[Any] = []
        work(tasks[0], lambda *one: told.append(one))
        yield from told
        return
    said: Any = _SPAWN.Queue(maxsize=64)
    running = [
        _SPAWN.Process(target=_run, args=(work, task, said, os.getpid()), daemon=True)
        for task in tasks
    ]
    for process in running:
        process.start()
    try:
        yield from _hear(said, running)
    finally:
        for process in running:
            process.kill()
            process.join()


def _hear(said: Any, running: Sequence[Any]) -> Iterator[Any]:
    left = len(running)
    while left:
        try:
            kind, told = said.get(timeout=1.0)
        except queue.Empty:
            if any(one.exitcode not in (None, 0) for one in running):
                raise ProcessDied("A process of the load ended.") from None
            continue
        if kind == "end":
            left -= 1
        elif kind == "failed":
            raise told
        else:
            yield told


def _run(work: Callable[..., None], task: Any, said: Any, parent: int) -> None:
    die_when_parent_dies(parent)
    try:
        work(task, lambda *told: said.put(("told", told)))
    except ServiceError as error:
        said.put(("failed", ServiceError(error.detail, remedy=error.remedy)))
    else:
        said.put(("end", None))
    said.close()
    said.join_thread()
