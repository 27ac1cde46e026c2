"""The stage of the demo: the house, the four systems, and those who watch."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from service.access import create_key
from service.database.connection.session import Connection, connect
from service.demo.retailer.retailer import Retailer
from service.demo.retailer.writes import CALL_CENTRE, ECOMMERCE, LOYALTY, POS, SYSTEMS
from service.demo.run.captured_events import CaptureCounter
from service.demo.run.freshness import FreshnessSampler
from service.demo.systems import loyalty, pos
from service.demo.systems.http_server import KEY_VARIABLE
from service.demo.systems.systems import Systems
from service.domain.scopes import READ_SCOPES
from service.errors import ServerDidNotStart
from service.local.stack import LocalStack, start_house
from service.runtime import ports
from service.runtime.processes import our_program
from service.verification.coherence import Asking, Probe

HOME = Path(".couture")
_SERVERS = {ECOMMERCE: "ecommerce", CALL_CENTRE: "call_centre"}
_ANSWER_WITHIN_SECONDS = 30.0


@dataclass(frozen=True)
class DemoEnvironment:
    """Everything that runs in a demo; only `retailer` knows the truth."""

    house: LocalStack
    systems: Systems
    configs: Mapping[str, Mapping[str, Any]]
    retailer: Retailer
    connection: Connection
    captured: CaptureCounter
    sampler: FreshnessSampler
    keys: list[str]
    probe: Probe
    asking: Asking


@contextmanager
def set_stage(
    directory: Path, *, port: int, seed: int, people: int
) -> Iterator[DemoEnvironment]:
    """Start everything but the connectors, the systems still empty; stop it after."""
    with ExitStack() as stack:
        databases = (pos.DATABASE, loyalty.DATABASE)
        house = stack.enter_context(
            start_house(directory, port=port, databases=databases)
        )
        configs = _start_servers(house)
        systems = _enter(house, configs)
        stack.callback(systems.close)
        connection = stack.enter_context(
            connect(house.database_url, name="couture-demo", autocommit=True)
        )
        bootstrap = house.broker.bootstrap
        captured = stack.enter_context(CaptureCounter(bootstrap, systems=SYSTEMS))
        sampler = stack.enter_context(FreshnessSampler(house.database_url))
        keys = [
            create_key(house.database_url, channel=name, scopes=READ_SCOPES)
            for name in SYSTEMS
        ]
        probe = Probe(house.api_url, keys=keys)
        stack.callback(probe.close)
        asking = Asking(Probe(house.api_url, keys=keys), pause_s=0.25)
        stack.callback(asking.stop)
        # Its clock runs faster than ours: begin where it will not pass us at once.
        start = datetime.now(UTC) - timedelta(days=1)
        retailer = Retailer(seed, start=start, people=people)
        yield DemoEnvironment(
            house=house,
            systems=systems,
            configs=configs,
            retailer=retailer,
            connection=connection,
            captured=captured,
            sampler=sampler,
            keys=keys,
            probe=probe,
            asking=asking,
        )


@contextmanager
def run_directory(*, keep: bool) -> Iterator[Path]:
    """Give a fresh directory; it goes at the end, but not when there is a failure."""
    HOME.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="demo-", dir=HOME)).absolute()
    try:
        yield directory
    except KeyboardInterrupt:
        _remove(directory, keep=keep)
        raise
    _remove(directory, keep=keep)


def _remove(directory: Path, *, keep: bool) -> None:
    if not keep:
        shutil.rmtree(directory, ignore_errors=True)


def _start_servers(house: LocalStack) -> dict[str, dict[str, Any]]:
    """Start shop and desk; return how to reach each of the four systems."""
    key = secrets.token_urlsafe(16)
    configs: dict[str, dict[str, Any]] = {
        POS: {"dsn": house.postgres.url(pos.DATABASE)},
        LOYALTY: {"dsn": house.postgres.url(loyalty.DATABASE)},
    }
    for system, name in _SERVERS.items():
        port, file = ports.free_port(), house.directory / f"{name}.sqlite"
        arguments = (f"service.demo.systems.{name}", str(port), str(file))
        house.supervisor.start(our_program(name, *arguments, env={KEY_VARIABLE: key}))
        configs[system] = {"base_url": f"http://{ports.LOCALHOST}:{port}", "key": key}
        _await_port(house, name, port)
    return configs


def _await_port(house: LocalStack, name: str, port: int) -> None:
    deadline = time.monotonic() + _ANSWER_WITHIN_SECONDS
    while not ports.answers(port):
        house.supervisor.watch()
        if time.monotonic() > deadline:
            log = house.supervisor.log_of(name)
            raise ServerDidNotStart(f"The {name} does not answer.", remedy=f"See {log}")
        time.sleep(0.05)


def _enter(house: LocalStack, configs: Mapping[str, Mapping[str, Any]]) -> Systems:
    return Systems(
        pos_url=configs[POS]["dsn"],
        loyalty_url=configs[LOYALTY]["dsn"],
        shop_url=configs[ECOMMERCE]["base_url"],
        desk_url=configs[CALL_CENTRE]["base_url"],
        key=configs[ECOMMERCE]["key"],
    )
