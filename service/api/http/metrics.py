"""Figures for Prometheus, and one access-log line per answer; no personal data."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import structlog
from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from matching.clustering.reviews import Kind
from service.access import public
from service.api.http.operational_metrics import Operation
from service.database.connection import pools
from service.database.connection.pools import Pool
from service.database.operations import connector_states
from service.database.sources import system_freshness
from service.database.stewardship import reviews
from service.database.verification import (
    audits,
    coherence_checks,
)
from service.errors import DatabaseUnavailable

log = structlog.get_logger()

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class _Freshness(Collector):
    """Asks the database at each scrape how late every system is."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[GaugeMetricFamily]:
        lag = GaugeMetricFamily(
            "couture_freshness_lag_seconds",
            "From a system's last change to its effect",
            labels=["system"],
        )
        age = GaugeMetricFamily(
            "couture_freshness_age_seconds",
            "Since a system's last change took effect",
            labels=["system"],
        )
        try:
            ages = pools.read(self._pool, system_freshness.ages)
        except DatabaseUnavailable:
            ages = []
        for system in ages:
            age.add_metric([system.system], system.age_s)
            if system.lag_s is not None:
                lag.add_metric([system.system], system.lag_s)
        yield lag
        yield age


class _Audit(Collector):
    """Asks the database at each scrape what the newest audit found."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            newest = pools.read(self._pool, audits.newest)
        except DatabaseUnavailable:
            newest = None
        if newest is None:
            return
        figures = {
            "couture_audit_differences": (
                "Where the live state differed from a batch at the newest audit",
                newest.differences,
            ),
            "couture_audit_timestamp_seconds": (
                "When the newest audit ended, since 1970",
                newest.finished_at.timestamp(),
            ),
            "couture_audit_seconds": ("How long it took", newest.seconds),
            "couture_audit_records": ("Records that it compared", newest.records),
        }
        for name, (help_, value) in figures.items():
            yield GaugeMetricFamily(name, help_, value=value)


class _Coherence(Collector):
    """Asks the database at each scrape what the newest check of coherence found."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            newest = pools.read(self._pool, coherence_checks.newest)
        except DatabaseUnavailable:
            newest = None
        if newest is None:
            return
        figures = {
            "couture_coherence_asked": (
                "Answers that the newest check of coherence compared",
                newest.asked,
            ),
            "couture_coherence_coherent": ("Those that were alike", newest.coherent),
            "couture_coherence_timestamp_seconds": (
                "When it ended, since 1970",
                newest.checked_at.timestamp(),
            ),
        }
        for name, (help_, value) in figures.items():
            yield GaugeMetricFamily(name, help_, value=value)


class _Reviews(Collector):
    """Asks the database at each scrape how many cases wait; a giant one is an alarm."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = GaugeMetricFamily(
            "couture_open_reviews", "Cases that wait for a steward", labels=["kind"]
        )
        try:
            counts = pools.read(self._pool, reviews.counts)
        except DatabaseUnavailable:
            return
        for kind in Kind:
            found.add_metric([kind], counts.get(kind, 0))
        yield found


class _Connectors(Collector):
    """Asks the database at each scrape what connectors last said."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[GaugeMetricFamily]:
        gauges = {
            name: GaugeMetricFamily(f"couture_connector_{name}", help_, labels=labels)
            for name, help_, labels in _CONNECTOR_FIGURES
        }
        try:
            found = pools.read(self._pool, connector_states.every)
        except DatabaseUnavailable:
            found = []
        for status, age_s in found:
            of = [status.system]
            gauges["state"].add_metric([*of, status.state], 1)
            gauges["status_age_seconds"].add_metric(of, age_s)
            gauges["rows_per_second"].add_metric(of, status.rows_per_s)
            gauges["rejected_rows"].add_metric(of, status.rejects)
            if status.lag_s is not None:
                gauges["lag_seconds"].add_metric(of, status.lag_s)
        yield from gauges.values()


_CONNECTOR_FIGURES = (
    ("state", "1 for the state that it is in", ["system", "state"]),
    ("status_age_seconds", "Since it last told its state", ["system"]),
    ("lag_seconds", "From a commit to its confirmed event", ["system"]),
    ("rows_per_second", "Rows that it reads", ["system"]),
    ("rejected_rows", "Rows set aside since it started", ["system"]),
)


def measure(app: Flask, pool: Pool) -> None:
    """Count and time every answer, log it, and serve the figures at /metrics."""
    registry = CollectorRegistry()
    registry.register(_Freshness(pool))
    registry.register(_Audit(pool))
    registry.register(_Coherence(pool))
    registry.register(_Reviews(pool))
    registry.register(Operation(pool))
    registry.register(_Connectors(pool))
    answers = Counter(
        "couture_http_answers_total",
        "Answers by route template",
        ["method", "route", "status"],
        registry=registry,
    )
    seconds = Histogram(
        "couture_http_seconds",
        "Time to answer",
        ["route"],
        registry=registry,
        buckets=_BUCKETS,
    )

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = uuid.uuid4()

    @app.after_request
    def end(answer: Response) -> Response:
        spent = time.perf_counter() - g.get("began", time.perf_counter())
        # The template, never the path: a path holds keys and a query holds people.
        route = request.url_rule.rule if request.url_rule else "(none)"
        method = request.method if request.method in _METHODS else "(other)"
        answers.labels(method, route, str(answer.status_code)).inc()
        seconds.labels(route).observe(spent)
        _log_answer(answer, method=method, route=route, spent=spent)
        return answer

    app.register_blueprint(_metrics_page(registry))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _log_answer(answer: Response, *, method: str, route: str, spent: float) -> None:
    caller = g.get("caller")
    log.info(
        "request answered",
        method=method,
        route=route,
        status=answer.status_code,
        ms=round(spent * 1_000, 2),
        key_id=caller.key_id if caller else None,
        request_id=str(g.get("request_id", "")),
    )


def _metrics_page(registry: CollectorRegistry) -> Blueprint:
    page = Blueprint("metrics", __name__)

    @page.get("/metrics")
    @public
    def metrics() -> Response:
        """Return the figures in Prometheus' text format."""
        return Response(
            generate_latest(registry), content_type="text/plain; version=0.0.4"
        )

    return page
