"""Loaded by a process under libfaketime before all else: let `time.sleep` sleep.

CPython sleeps until a moment of the monotonic clock; libfaketime takes it for one of
the clock that it moves and answers EINVAL, at once. So who sleeps between two attempts
does not pause at all.
"""

import select
import time


def sleep(seconds: float) -> None:
    """Do nothing for so long."""
    select.select([], [], [], seconds)


time.sleep = sleep  # type: ignore[assignment]
