"""Profile reads per second beside the same server's trivial endpoint, in one run.

    python benchmarks/api.py [--customers 10000] [--seconds 3] [--rounds 5] [--json]

Server, client and PostgreSQL share this machine, so the ratios say more than the
rates. Each round asks every endpoint in turn; the figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

import psycopg

from service.access import SCOPES, create_key
from service.database.connection.migrate import migrate
from service.local.servers import start_postgres
from tests.api.served import served

CLIENTS = 4

_FILL = """
INSERT INTO customer (customer_id, version, profile)
SELECT uuidv7(), 3, convert_to(jsonb_build_object('customer_id', n::text, 'version', 3,
    'given_name', 'Marie', 'family_name', 'Durand', 'filler', repeat('x', 1500))::text,
    'UTF8') FROM generate_series(1, %s) AS n RETURNING customer_id
"""

Request = tuple[str, dict[str, str]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        figures = measured(Path(directory), asked)
    print(json.dumps(figures) if asked.json else shown(figures))  # noqa: T201


def measured(directory: Path, asked: argparse.Namespace) -> dict[str, float]:
    """Return requests/s of each endpoint, and the ratios to the trivial one."""
    with start_postgres(directory / "postgres", durable=False) as postgres:
        url = postgres.url("couture")
        migrate(url)
        with psycopg.connect(url, autocommit=True) as rows:
            ids = [str(row[0]) for row in rows.execute(_FILL, [asked.customers])]
            rows.execute(
                "INSERT INTO system_freshness (system, position, source_at)"
                " SELECT name, '{1}', now()"
                " FROM unnest('{pos,web,desk,loyalty}'::text[]) AS n (name)"
            )
            rows.execute("ANALYZE")
        key = create_key(url, channel="bench", scopes=list(SCOPES))
        with served(url, directory / "log") as server:
            port = int(server.url.rpartition(":")[2])
            return _medians(port, _endpoints(ids, key), asked)


def _endpoints(ids: list[str], key: str) -> dict[str, Callable[[Random], Request]]:
    held = {"Authorization": f"Bearer {key}"}

    def profile(random: Random) -> Request:
        return f"/v1/customers/{random.choice(ids)}", held

    def unchanged(random: Random) -> Request:
        customer_id = random.choice(ids)
        tag = {"If-None-Match": f'W/"{customer_id}.3"'}
        return f"/v1/customers/{customer_id}", held | tag

    return {
        "trivial": lambda random: ("/health/live", {}),
        "profile": profile,
        "unchanged": unchanged,
    }


def _medians(
    port: int,
    endpoints: dict[str, Callable[[Random], Request]],
    asked: argparse.Namespace,
) -> dict[str, float]:
    rates: dict[str, list[float]] = {name: [] for name in endpoints}
    waits: dict[str, list[float]] = {name: [] for name in endpoints}
    for round_ in range(asked.rounds + 1):
        for name, request in endpoints.items():
            spent = _ask(port, request, seconds=asked.seconds, seed=round_)
            if round_:  # the first round only warms
                rates[name].append(len(spent) / asked.seconds)
                waits[name] += spent
    figures = {f"{name}_per_s": statistics.median(rates[name]) for name in endpoints}
    for name in ("profile", "unchanged"):
        ratios = [a / b for a, b in zip(rates[name], rates["trivial"], strict=True)]
        figures[f"{name}_to_trivial"] = statistics.median(ratios)
        figures[f"{name}_p50_ms"] = statistics.median(waits[name]) * 1_000
        figures[f"{name}_p99_ms"] = statistics.quantiles(waits[name], n=100)[98] * 1_000
    return {name: round(value, 3) for name, value in figures.items()}


def _ask(
    port: int, request: Callable[[Random], Request], *, seconds: float, seed: int
) -> list[float]:
    """Return the seconds of every answer that clients got, each on one connection."""
    spent: list[float] = []
    until = time.perf_counter() + seconds

    def client(number: int) -> None:
        random = Random(f"{seed}.{number}")
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while (began := time.perf_counter()) < until:
            path, headers = request(random)
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status in (200, 304), answer.status
            spent.append(time.perf_counter() - began)
        connection.close()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spent


def shown(figures: dict[str, float]) -> str:
    """Return the figures for a terminal."""
    return "\n".join(f"{name:22} {value:>10,.3f}" for name, value in figures.items())


if __name__ == "__main__":
    main()
