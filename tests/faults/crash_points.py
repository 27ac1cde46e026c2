"""Run a part as it is shipped, but for this: at a named point its process ends.

It ends there once for every time that `tell` is called, by `os._exit`: nothing is
closed, no signal handled, no buffer written. Or, if told so, it freezes there.

`python -m tests.faults.crash_points FOLDER MODULE ARGUMENT…` runs the module.
"""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.processes import RELAY, RESOLVER, SERVE

DIED = 86
FREEZE = "freeze"


@dataclass(frozen=True)
class Point:
    """Before or after which call of which function a process ends."""

    part: str
    place: str
    function: str
    before: bool = False
    busy: bool = False
    """Only where the call returned something."""
    given: int | None = None
    """Only where the argument at this place is not empty: an idle resolver relabels
    what another one scored, in a step that takes no message and can lose none."""


POINTS = {
    "resolver-published-uncommitted": Point(
        RESOLVER, "service.resolver.resolve", "publish"
    ),
    "resolver-scored-uncommitted": Point(
        RESOLVER, "service.resolver.resolve", "score_candidates"
    ),
    "resolver-linked": Point(
        RESOLVER, "service.resolver.resolve", "find_links", given=1
    ),
    "resolver-relabelled-uncommitted": Point(
        RESOLVER, "service.resolver.resolve", "relabel"
    ),
    "resolver-committed": Point(RESOLVER, "service.resolver.worker", "resolve"),
    "relay-took": Point(RELAY, "service.database.messages.outbox", "take", busy=True),
    "relay-sent": Point(
        RELAY, "service.database.messages.outbox", "remove", before=True
    ),
    "relay-removed": Point(RELAY, "service.database.messages.outbox", "remove"),
    **{
        f"{system}-{name}": Point(f"connector-{system}", *place)
        for system in ("pos", "ecommerce")
        for name, place in {
            "read": ("connectors.kafka.publisher:Publisher", "publish", True),
            "published": ("connectors.kafka.publisher:Publisher", "publish"),
            "stored": ("connectors.kafka.offsets:Offsets", "store"),
        }.items()
    },
    "api-settled-uncommitted": Point(
        SERVE, "service.database.requests.idempotency", "store_response"
    ),
    "api-committed": Point(SERVE, "service.api.http.idempotency", "write"),
}


def tell(folder: Path, name: str, *, freeze: bool = False) -> None:
    """Have the part end (or freeze) when it next comes by the point."""
    told = folder / f"{name}.told"
    told.write_text(FREEZE if freeze else "")
    told.rename(folder / name)


def heard(folder: Path, name: str) -> bool:
    """Return whether the part has ended there."""
    return not (folder / name).exists()


def _arm(folder: Path, name: str, point: Point) -> None:
    module, _, owner = point.place.partition(":")
    holder = importlib.import_module(module)
    holder = getattr(holder, owner) if owner else holder
    function = getattr(holder, point.function)
    setattr(holder, point.function, _mortal(function, folder / name, point))


def _mortal(
    function: Callable[..., Any], token: Path, point: Point
) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        if point.given is not None and not args[point.given]:
            return function(*args, **kwargs)
        if point.before:
            _die_if_told(token)
        result = function(*args, **kwargs)
        if result or not point.busy:
            _die_if_told(token)
        return result

    return called


def _die_if_told(token: Path) -> None:
    try:
        how = token.read_text()
        token.unlink()
    except FileNotFoundError:
        return
    if how != FREEZE:
        os._exit(DIED)
    os.kill(os.getpid(), signal.SIGSTOP)


def main() -> None:
    """Arm every point of the part that this is, and run it."""
    folder, module, *arguments = sys.argv[1:]
    part = f"connector-{arguments[1]}" if module == "connectors" else arguments[0]
    for name, point in POINTS.items():
        if point.part == part:
            _arm(Path(folder), name, point)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
