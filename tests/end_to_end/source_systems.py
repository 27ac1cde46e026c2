"""The four source systems of the demo, as real servers, and how to write to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.demo.retailer.writes import CALL_CENTRE, ECOMMERCE, LOYALTY, POS
from service.demo.systems import loyalty, pos
from service.demo.systems.http_server import KEY_VARIABLE
from service.demo.systems.systems import Systems
from service.local.servers import EmbeddedPostgres
from service.runtime.ports import LOCALHOST, answers, free_port
from service.runtime.processes import our_program
from tests.end_to_end.processes import Processes

DATABASES = (pos.DATABASE, loyalty.DATABASE)
_KEY = "a-key-of-the-journey"
_CALM = {"poll_interval_ms": 100}
"""At rest a capture takes half as much processor as with its 20 ms."""
_SERVERS = {ECOMMERCE: "ecommerce", CALL_CENTRE: "call_centre"}

Configs = Mapping[str, Mapping[str, Any]]


def start_servers(postgres: EmbeddedPostgres, parts: Processes) -> Configs:
    """Start shop and desk; return how a connector reaches each of the four systems."""
    configs: dict[str, dict[str, Any]] = {
        POS: {"dsn": postgres.url(pos.DATABASE), **_CALM},
        LOYALTY: {"dsn": postgres.url(loyalty.DATABASE), **_CALM},
    }
    for system, name in _SERVERS.items():
        port = free_port()
        configs[system] = {"base_url": f"http://{LOCALHOST}:{port}", "key": _KEY}
        _serve(parts, name, port, parts.directory)
    return configs


def _serve(parts: Processes, name: str, port: int, directory: Path) -> None:
    file = directory / f"{name}.sqlite"
    module = f"service.demo.systems.{name}"
    environment = {KEY_VARIABLE: _KEY}
    parts.start(our_program(name, module, str(port), str(file), env=environment))
    parts.until(lambda: answers(port), within=30, what=f"the {name} answers")


def enter(configs: Configs) -> Systems:
    """Return the four systems to write to and to read from."""
    return Systems(
        pos_url=configs[POS]["dsn"],
        loyalty_url=configs[LOYALTY]["dsn"],
        shop_url=configs[ECOMMERCE]["base_url"],
        desk_url=configs[CALL_CENTRE]["base_url"],
        key=_KEY,
    )
