"""How long to wait after a failed call, and when to stop: a pure function."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from service.relay.webhooks.signed_request import DeliveryResult

_PAUSES_S = (5, 30, 120, 600, 1_800, 3_600)
_GIVE_UP_AFTER = timedelta(days=3)
_GONE = 410


class Next(NamedTuple):
    """When to try again, or why not."""

    pause_s: int
    stopped_because: str | None = None


def after_failure(
    answered: DeliveryResult, *, failures: int, failing: timedelta
) -> Next:
    """Return what follows a failure, so many in a row for so long."""
    if answered.status == _GONE:
        return Next(0, "The receiver answered 410: it wants no more calls.")
    if failing >= _GIVE_UP_AFTER:
        return Next(0, "The receiver took nothing for three days.")
    pause = _PAUSES_S[min(failures, len(_PAUSES_S)) - 1]
    return Next(max(pause, min(answered.retry_after_s, _PAUSES_S[-1])))
