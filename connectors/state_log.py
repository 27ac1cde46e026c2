"""What a connector tells about itself: one line of JSON for each change of state."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

Say = Callable[..., None]


class State(StrEnum):
    """What a connector is doing."""

    STARTING = "starting"
    SNAPSHOT = "snapshot"
    STREAMING = "streaming"
    PAUSED = "paused"
    COMMANDED = "commanded"
    RETRYING = "retrying"
    REJECTING = "rejecting"
    REPLAYED = "replayed"
    DRIFT = "drift"
    NOTED = "noted"
    STOPPED = "stopped"
    FAILED = "failed"


def reporter(system: str, stream: TextIO | None = None) -> Say:
    """Return the function that writes a state and its details, never a row."""
    output = stream or sys.stderr

    def say(state: State, **details: object) -> None:
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "system": system,
            "state": state.value,
            **details,
        }
        print(json.dumps(line, default=str), file=output, flush=True)

    return say
