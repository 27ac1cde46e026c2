"""Logs that tell of events and keys, never of people: one JSON object a line.

Fields pass by an allow-list; anything else is redacted, and an exception is told by
its class and its frames, because messages of drivers quote values.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

import orjson
import structlog

from service.settings import Settings

REDACTED = "[redacted]"

_LINE = {"event", "level", "at", "logger", "error", "frames"}
_KEYS = {
    *("source_key", "customer_id", "retired_id", "record_id", "key_id", "system"),
    *("topic", "partition", "offset", "next_offset", "position", "consumer"),
    *("connector", "table", "kind", "scope", "channel", "model"),
}
_HAPPENED = {
    *("reason", "state", "version", "count", "counts", "records", "changes"),
    *("customers", "dead_letters", "batch", "applied", "captured", "published"),
    *("scored", "links", "lag", "seconds", "ms", "attempt", "pid", "port", "worker"),
    *("exit_code", "bytes", "events", "place", "first", "end", "another_topic"),
}
_ANSWER = {"method", "route", "status", "request_id"}

ALLOWED_FIELDS = frozenset(_LINE | _KEYS | _HAPPENED | _ANSWER)
"""Names whose values are keys, counts and words of ours; extend it with the like."""

_Event = MutableMapping[str, Any]


class _StandardError:
    """Standard error as it is at each write: a cached logger outlives a redirection."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure_logging(settings: Settings, *, level: int = logging.INFO) -> None:
    """Send structlog and standard logging, redacted, to standard error."""
    render = _console if settings.log_format == "console" else _json
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _without_messages,
            redact,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_StandardError()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_StandardError())
    handler.setFormatter(_Formatter(render))
    # libraries speak of their own business; we want to hear of their trouble only
    quiet = max(level, logging.WARNING)
    logging.basicConfig(level=quiet, handlers=[handler], force=True)


def redact(logger: Any, method: str, event: _Event) -> _Event:
    """Keep the values of allowed fields; of any other keep only its name."""
    for name in event:
        if name not in ALLOWED_FIELDS:
            event[name] = REDACTED
    return event


def _without_messages(logger: Any, method: str, event: _Event) -> _Event:
    failure = event.pop("exc_info", None)
    if failure is True:
        failure = sys.exc_info()[1]
    elif isinstance(failure, tuple):
        failure = failure[1]
    if isinstance(failure, BaseException):
        event.update(told(failure))
    return event


def told(failure: BaseException) -> dict[str, Any]:
    """Return the class and the innermost frames of an exception, not its message."""
    frames = traceback.extract_tb(failure.__traceback__)[-8:]
    return {
        "error": type(failure).__qualname__,
        "frames": [f"{f.filename}:{f.lineno}:{f.name}" for f in frames],
    }


def _json(logger: Any, method: str, event: _Event) -> str:
    return orjson.dumps(event, default=str).decode()


def _console(logger: Any, method: str, event: _Event) -> str:
    head = " ".join(str(event.pop(name, "")) for name in ("at", "level", "event"))
    return " ".join([head, *(f"{name}={value}" for name, value in event.items())])


_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Formatter(logging.Formatter):
    """Tells a standard log record by its template, without the values put into it."""

    def __init__(self, render: Callable[[Any, str, _Event], str]) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        event: _Event = {
            "event": str(record.msg),
            "level": record.levelname.lower(),
            "logger": record.name,
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "exc_info": record.exc_info,
        }
        event.update((k, v) for k, v in vars(record).items() if k not in _OWN)
        event = redact(None, "", _without_messages(None, "", event))
        return self._render(None, "", event)
