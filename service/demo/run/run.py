"""`couture demo`: a retailer trades, and what Couture promises is watched."""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from service.database.connection.session import Connection
from service.demo.run import metrics, reconcile
from service.demo.run.environment import DemoEnvironment, run_directory, set_stage
from service.demo.run.freshness import now
from service.demo.run.report import Changes, Customers, Freshness, Report, versions
from service.demo.run.screen import Moment, Screen
from service.local.stack import await_api, require_debezium
from service.runtime.ports import chosen_port, free_port, is_free
from service.runtime.processes import resident_bytes
from service.stewardship import accounts
from service.verification.coherence import Coherence

API_PORT = 8080
_FIGURES_EVERY_SECONDS = 1.0
_MEMORY_EVERY_SECONDS = 10.0
_SAMPLE_ONE_IN = 4
_PAUSE = 0.02
_CUSTOMERS_ASKED_FOR = 25
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Options:
    """How long, how many and where; without a duration it runs until interrupted."""

    duration: float | None = None
    seed: int = 7
    people: int = 400
    rate: float = 20.0
    port: int | None = None
    screen: bool = True
    keep: bool = False
    report: Path | None = None


def run_demo(options: Options) -> Report:
    """Run the demo and return its report, which is also written where asked."""
    require_debezium()
    with (
        run_directory(keep=options.keep) as directory,
        Screen(live=options.screen) as screen,
    ):
        show = DemoRun(options, screen)
        port = show.choose_port()
        screen.say(f"Starting; logs are in {directory}")
        with set_stage(
            directory, port=port, seed=options.seed, people=options.people
        ) as stage:
            show.open(stage)
            show.trade(stage)
            show.settle(stage)
            report = show.report(stage)
    if options.report:
        options.report.write_bytes(report.to_json())
    screen.say(report.to_json().decode())
    return report


class DemoRun:
    """One run: it fills the systems, trades, watches, and reports."""

    def __init__(self, options: Options, screen: Screen) -> None:
        self._options = options
        self._screen = screen
        self._started = time.monotonic()
        self._shown_at = 0.0
        self._written = self._filled = 0
        self._steady = False
        self._doing = "starting"
        self._memory: dict[str, int] = {}
        self._weighed_at = 0.0
        self._first_profile_s: float | None = None

    def choose_port(self) -> int:
        """Return the API's port: the one asked for, else 8080, else a free one."""
        if self._options.port is not None:
            remedy = "Stop the other program, or choose another with --port."
            return chosen_port(self._options.port, what="the API", remedy=remedy)
        if is_free(API_PORT):
            return API_PORT
        port = free_port()
        self._screen.say(f"Port {API_PORT} is in use; the API listens on {port}.")
        return port

    def open(self, stage: DemoEnvironment) -> None:
        """Fill the systems with their first customers, then capture them."""
        self._doing = "filling"
        filled = stage.systems.fill(stage.retailer.initial())
        self._written = self._filled = filled
        for system, config in stage.configs.items():
            stage.house.start_connector(system, config, essential=True)
        self._screen.say(f"{filled:,} rows stand in four systems; capturing them")
        await_api(stage.house)
        self._screen.say(f"API   {stage.house.api_url}/docs")
        self._screen.say(let_in(stage.connection, stage.house.api_url))
        self._screen.say(f"Kafka {stage.house.broker.bootstrap}")
        self._screen.say(f"SQL   {stage.house.database_url}")

    def trade(self, stage: DemoEnvironment) -> None:
        """Apply acts at a steady rate until the time is over."""
        self._doing = "trading"
        acts, sampled = stage.retailer.acts(), cycle(range(_SAMPLE_ONE_IN))
        begun = due = time.monotonic()
        while not self._over(begun, stage):
            while time.monotonic() < due:
                self.watch(stage)
                time.sleep(_PAUSE)
            act, since = next(acts), now()
            stage.systems.apply(act)
            self._written += 1
            if next(sampled) == 0 and self._steady:
                stage.sampler.follow(act, since=since)
            due += 1 / self._options.rate
            self.watch(stage)

    def settle(self, stage: DemoEnvironment) -> None:
        """Wait until all that was captured is applied, as long as there is progress."""
        self._doing = "settling"
        best, patience_until = -1, time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < patience_until:
            counts = self.watch(stage)
            if counts is None:
                time.sleep(_PAUSE)
                continue
            if counts.applied > best:
                best = counts.applied
                patience_until = time.monotonic() + _PATIENCE_SECONDS
            if counts.unfinished or stage.captured.count() > _read(counts):
                continue
            if not reconcile.differences(stage.connection, stage.systems):
                return

    def report(self, stage: DemoEnvironment) -> Report:
        """Return what the run showed, from tables and answers rather than counters."""
        counts = metrics.counts(stage.connection)
        lost = reconcile.differences(stage.connection, stage.systems)
        for difference in lost[:10]:
            self._screen.say(f"lost: {difference}")
        labelled, truth = metrics.labels(stage.connection), stage.retailer.truth()
        p50, p99 = stage.sampler.percentiles_ms()
        return Report(
            changes=Changes(
                stage.captured.count(), counts.applied, counts.dead_lettered, len(lost)
            ),
            customers=Customers(len(set(truth.values())), counts.golden),
            matching=metrics.matching(labelled, truth),
            freshness_ms=Freshness(p50, p99, stage.sampler.samples),
            coherence=_coherence_at_rest(stage, set(labelled.values())),
            coherence_while_changing=stage.asking.stop(),
            kills=0,
            restarts=dict(stage.house.supervisor.restarts),
            first_profile_s=self._first_profile_s,
            memory_mb={name: size >> 20 for name, size in _memory(stage).items()},
            versions=versions(stage.connection),
        )

    def watch(self, stage: DemoEnvironment) -> metrics.Counts | None:
        """Revive what crashed and, once a second, show and return the figures."""
        stage.house.supervisor.watch()
        if time.monotonic() - self._shown_at < _FIGURES_EVERY_SECONDS:
            return None
        counts = metrics.counts(stage.connection)
        labelled, truth = metrics.labels(stage.connection), stage.retailer.truth()
        stage.asking.about([(owner, key) for key, owner in labelled.items()])
        if labelled and self._first_profile_s is None:
            self._greet_first(stage, labelled)
        # Only once the snapshots are read do changes flow as they happen.
        if _read(counts) >= self._filled and counts.unfinished == 0:
            self._steady = True
        self._screen.show(
            Moment(
                doing=self._doing,
                seconds=round(time.monotonic() - self._started),
                captured=stage.captured.count(),
                counts=counts,
                true=len(set(truth.values())),
                freshness_ms=stage.sampler.percentiles_ms(),
                matching=metrics.matching(labelled, truth),
                memory=self._weigh(stage),
                restarts=sum(stage.house.supervisor.restarts.values()),
            )
        )
        self._shown_at = time.monotonic()
        return counts

    def _weigh(self, stage: DemoEnvironment) -> dict[str, int]:
        # Shared pages are told apart page by page: too dear for every second.
        if time.monotonic() - self._weighed_at > _MEMORY_EVERY_SECONDS:
            self._memory, self._weighed_at = _memory(stage), time.monotonic()
        return self._memory

    def _over(self, begun: float, stage: DemoEnvironment) -> bool:
        duration = self._options.duration
        if duration is None or time.monotonic() - begun < duration:
            return False
        # The truth knows a story as a whole: do not stop in the midst of one.
        return self._written >= len(stage.retailer.written)

    def _greet_first(self, stage: DemoEnvironment, labelled: dict[str, str]) -> None:
        """Say how to read a profile as soon as the API answers with one."""
        key, customer_id = next(iter(labelled.items()))
        key_of_channel = stage.keys[0]
        if not stage.probe.answers_for(customer_id):
            return
        self._first_profile_s = round(time.monotonic() - self._started, 1)
        url = f"{stage.house.api_url}/v1/customers?source_key={key}"
        self._screen.say(f"First profile after {self._first_profile_s} s; read it:")
        self._screen.say(f"curl -H 'Authorization: Bearer {key_of_channel}' '{url}'")


def let_in(connection: Connection, api_url: str) -> str:
    """Make an account for the stewards' room; return where it is and the way in."""
    name, password = "demo", secrets.token_urlsafe(12)
    accounts.add(connection, name, password=password, roles=["supervisor"])
    return f"Room  {api_url}/steward  name: {name}  password: {password}"


def _coherence_at_rest(stage: DemoEnvironment, customer_ids: set[str]) -> Coherence:
    """Ask for a sample of the customers in every way, now that nothing changes."""
    sample = min(_CUSTOMERS_ASKED_FOR, len(customer_ids))
    for customer_id in random.Random(0).sample(sorted(customer_ids), sample):
        stage.probe.ask_every_way(customer_id)
    return stage.probe.found


def _read(counts: metrics.Counts) -> int:
    return counts.applied + counts.dead_lettered


def _memory(stage: DemoEnvironment) -> dict[str, int]:
    pids = stage.house.memory_pids()
    return {name: resident_bytes(pid) for name, pid in pids.items()}
