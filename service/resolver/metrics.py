"""A resolver's figures for Prometheus: time by stage, events, lag; nothing personal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import start_http_server as serve_figures

from service.errors import Misconfigured, PortTaken

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_registry = CollectorRegistry()
_stages = Histogram(
    "couture_batch_seconds",
    "Time of each stage of a micro-batch",
    ["stage"],
    registry=_registry,
    buckets=_BUCKETS,
)
_events = Counter(
    "couture_events_total", "Change events that took effect", registry=_registry
)
_retries = Counter(
    "couture_batch_retries_total",
    "Micro-batches that an outage stopped, tried again",
    ["error"],
    registry=_registry,
)
_lag = Gauge(
    "couture_lag_messages",
    "Messages of a topic that are not yet resolved, as far as this resolver reads it",
    ["topic"],
    registry=_registry,
)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure the block as one stage of a micro-batch."""
    with _stages.labels(name).time():
        yield


def count_events(count: int) -> None:
    """Count events that took effect."""
    _events.inc(count)


def count_retry(error: Exception) -> None:
    """Count a micro-batch that is tried again, by the class of its error."""
    _retries.labels(type(error).__name__).inc()


def set_lag(lag: Mapping[str, int]) -> None:
    """Set how many messages of each topic wait."""
    for topic, messages in lag.items():
        _lag.labels(topic).set(messages)


def serve(address: str) -> None:
    """Serve the figures at host:port until the process ends; nothing if empty."""
    if not address:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise Misconfigured(
            "COUTURE_METRICS is not host:port.", remedy="Set it like 127.0.0.1:9100."
        )
    try:
        serve_figures(int(port), addr=host, registry=_registry)
    except OSError as error:
        raise PortTaken(
            f"Nothing can listen at {address} for the figures.",
            remedy="Stop the other program, or set COUTURE_METRICS.",
        ) from error
