"""What the views of one application share: pool, cursors' seal, judges, places."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from flask import Flask, current_app

from service.api.http.cursor import Cursors
from service.database.connection import pools
from service.database.connection.pools import Pool
from service.database.connection.session import Connection
from service.model_versions.scorer_pool import ScorerPool

Answer = TypeVar("Answer")
_NAME = "couture"


@dataclass(frozen=True, slots=True)
class Context:
    """Made once by the application factory, found again in every view.

    At most so many as there are places in `listeners` wait for changes at once.
    """

    pool: Pool
    cursors: Cursors
    judges: ScorerPool = field(default_factory=ScorerPool)
    listeners: threading.BoundedSemaphore = field(
        default_factory=threading.BoundedSemaphore
    )
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    zone: tzinfo = UTC
    webhooks_inside: bool = False


def attach(app: Flask, context: Context) -> None:
    """Give the application its context."""
    app.extensions[_NAME] = context


def context() -> Context:
    """Return the context of the application that serves this request."""
    found: Context = current_app.extensions[_NAME]
    return found


def read(query: Callable[[Connection], Answer]) -> Answer:
    """Return the answer of one read; raise DatabaseUnavailable if there is none."""
    return pools.read(context().pool, query)
