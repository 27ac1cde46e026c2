"""No double spend: a thousand channels burn from one balance at the same moment."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from service.access import create_key
from service.database.connection.session import Connection
from tests.api.factories import a_customer, a_movement
from tests.api.served import served

ATTEMPTS = 1_000
AFFORDABLE = 137


async def _burn_at_once(port: int, keys: list[str]) -> Counter[int]:
    """Return the statuses of all attempts, sent when all connections are open."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(ATTEMPTS)]
    for n, (_, writer) in enumerate(opened):
        writer.write(_request(n, key=keys[n % len(keys)]))
    statuses = [int((await reader.readline()).split()[1]) for reader, _ in opened]
    for _, writer in opened:
        writer.close()
    return Counter(statuses)


def _request(n: int, *, key: str) -> bytes:
    body = json.dumps(
        {
            "account": f"loyalty:M-{n % 2}",
            "programme": "fidelity",
            "unit": "points",
            "kind": "burn",
            "amount": -10,
        }
    )
    return (
        "POST /v1/loyalty/movements HTTP/1.1\r\nHost: couture\r\n"
        f"Authorization: Bearer {key}\r\nIdempotency-Key: burn-{n}\r\n"
        "Content-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def test_of_a_thousand_burns_at_once_exactly_the_affordable_succeed(
    database_url: str, rows: Connection, tmp_path: Path
) -> None:
    a_customer(rows, "loyalty:M-0", "loyalty:M-1")
    a_movement(rows, "loyalty:1", of="loyalty:M-0", amount="1000")
    a_movement(rows, "loyalty:2", of="loyalty:M-1", amount=f"{AFFORDABLE * 10 - 995}")
    keys = [
        create_key(database_url, channel=channel, scopes=["loyalty:burn"])
        for channel in ("till", "web", "app", "desk")
    ]

    with served(database_url, tmp_path / "log") as server:
        statuses = asyncio.run(_burn_at_once(urlsplit(server.url).port or 80, keys))

    assert statuses == {201: AFFORDABLE, 409: ATTEMPTS - AFFORDABLE}
    left = rows.execute("SELECT sum(amount) FROM loyalty_movement").fetchone()
    assert left == (5,)
