"""An API that ends at a named point: a request repeated until then counts once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from service.database.facts import programmes
from tests.end_to_end.installation import (
    SERVE,
    Installation,
    caught_up,
    start_embedded,
)
from tests.faults.crash_points import POINTS, heard, tell
from tests.faults.scale import scaled

TIMES = scaled(1, 2)
WITHIN_S = 300.0
API = [name for name, point in POINTS.items() if point.part == SERVE]
ANNE = {
    "kind": "customer",
    "id": "C-7",
    "after": {"given_name": "Anne", "emails": ["anne@maison.test"]},
}
MOVEMENT = {
    "account": "till:C-7",
    "programme": "club",
    "unit": "points",
    "kind": "earn",
    "amount": 3,
}


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Installation]:
    """Servers and service, of which every part can be told to end at a point."""
    with start_embedded(tmp_path) as world:
        world.through = ("tests.faults.crash_points", str(tmp_path))
        world.start_service()
        yield world


# above 20 s: the API ends at each point, and starts again
@pytest.mark.timeout(1_800)
def test_a_request_repeated_until_it_is_answered_takes_effect_once(
    mortal: Installation,
) -> None:
    names = API * TIMES
    with mortal.start_api() as channel:
        channel.post("/v1/records/till", json=ANNE).raise_for_status()
        with mortal.connect() as connection:
            programmes.declare(connection, [("club", "points")], by="operator")
        all_took_effect(mortal)
        for number, name in enumerate(names):
            tell(mortal.parts.directory, name)
            answer_at_last(mortal, channel, str(number))
            assert heard(mortal.parts.directory, name)
    all_took_effect(mortal)

    with mortal.connect() as connection:
        found = connection.execute(
            "SELECT count(*), sum(amount) FROM loyalty_movement"
        ).fetchone()
    assert found == (len(names), 3 * len(names))


def all_took_effect(world: Installation) -> None:
    """Wait until relay and resolver have nothing left to do."""
    world.parts.until(
        lambda: caught_up(world.database_url, world.bootstrap),
        within=WITHIN_S,
        what="all took effect",
    )


def answer_at_last(world: Installation, channel: httpx.Client, key: str) -> None:
    """Ask, under one Idempotency-Key, until there is an answer."""
    headers = {"Idempotency-Key": key}
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if SERVE in world.parts.ended():
            world.parts.again(SERVE)
        with suppress(httpx.TransportError):
            answer = channel.post(
                "/v1/loyalty/movements", json=MOVEMENT, headers=headers
            )
            assert answer.status_code in (201, 202, 503), answer.text
            if answer.status_code != 503:
                return
        time.sleep(0.2)
    raise AssertionError(f"no answer\n{world.parts.tails()}")
