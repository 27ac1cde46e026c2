"""How long a search before create takes, by what the clerk knows, over HTTP.

    python -m benchmarks.search --people 50000 --searches 200

Simulated people are loaded at once; then the API, a process of its own, is asked one
search after the other. Beside it stands the API's trivial answer in the same run.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import httpx
import psutil

from service.access import create_key
from service.database.connection.migrate import migrate
from service.demo.population.people import population, records
from service.local.servers import start_postgres
from service.runtime.ports import free_port

FIELDS = {
    "given_name": "given_name",
    "family_name": "family_name",
    "birth_date": "birth_date",
    "email": "email",
    "phone": "phone",
    "postal_code": "postal_code",
    "city": "city",
}
KINDS = {
    "name": ("given_name", "family_name"),
    "name and phone": ("given_name", "family_name", "phone"),
    "name and birth date": ("given_name", "family_name", "birth_date"),
    "name and town": ("given_name", "family_name", "city"),
    "phone": ("phone",),
    "e-mail": ("email",),
    "everything": tuple(FIELDS),
}


def main() -> None:
    """Measure, and print one JSON document."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        known, stored = _write_people(directory / "people.csv", arguments.people)
        with start_postgres(directory / "pg", databases=("bench",)) as server:
            url = server.url("bench")
            migrate(url)
            _load(url, directory / "people.csv")
            with _served(url, directory / "api.log") as (ask, cpu_s):
                figures = _measure(ask, cpu_s, known, arguments.searches)
    print(json.dumps({"records": stored, **figures}, indent=2))  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--searches", type=int, default=200)
    return parser.parse_args()


def _write_people(file: Path, people: int) -> tuple[list[dict[str, str]], int]:
    draw, kept, count = Random(1), [], 0
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, ["id", *FIELDS])
        writer.writeheader()
        for one in records(population(people, seed=5), 5):
            row = _row(one.record)
            writer.writerow({"id": f"{one.system}-{one.id}", **row})
            count += 1
            if draw.random() < 2_000 / (2 * people):
                kept.append(row)
    return kept, count


def _row(record: Any) -> dict[str, str]:
    address = record.addresses[0] if record.addresses else None
    values = {
        "given_name": record.given_name,
        "family_name": record.family_name,
        "birth_date": record.birth_date and record.birth_date.isoformat(),
        "email": next(iter(record.emails), None),
        "phone": next(iter(record.phones), None),
        "postal_code": address and address.postal_code,
        "city": address and address.city,
    }
    return {name: value or "" for name, value in values.items()}


def _load(url: str, file: Path) -> None:
    columns = [f"--map={name}={column}" for name, column in FIELDS.items()]
    subprocess.run(
        [sys.executable, "-m", "service.cli", "load", str(file), "--system", "pos",
         "--map=id=id", *columns],
        env={**os.environ, "COUTURE_DATABASE_URL": url},
        check=True,
        stdout=sys.stderr,
    )  # fmt: skip


@contextmanager
def _served(
    url: str, log: Path
) -> Iterator[tuple[Callable[..., httpx.Response], Callable[[], float]]]:
    """Serve the API; give a way to ask it, and the CPU seconds it has used."""
    port, key = free_port(), create_key(url, channel="b", scopes=["customers:read"])
    server = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "serve"],
        env={**os.environ, "COUTURE_DATABASE_URL": url,
             "COUTURE_LISTEN": f"127.0.0.1:{port}"},
        stderr=log.open("wb"),
    )  # fmt: skip

    def cpu_s() -> float:
        workers = psutil.Process(server.pid).children(recursive=True)
        return sum(sum(one.cpu_times()[:2]) for one in workers)

    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        ) as client:
            _await(client)
            yield client.request, cpu_s
    finally:
        server.terminate()
        server.wait(timeout=20)


def _await(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            client.get("/health/live")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the API does not answer")


def _measure(
    ask: Callable[..., httpx.Response],
    cpu_s: Callable[[], float],
    known: list[dict[str, str]],
    searches: int,
) -> dict[str, Any]:
    started = time.perf_counter()
    _search(ask, {"phone": "0647129830"})
    first = time.perf_counter() - started
    trivial = sorted(
        _timed(lambda: ask("GET", "/health/live")) for _ in range(searches)
    )
    figures: dict[str, Any] = {
        "first_search_s": round(first, 2),
        "trivial_ms": round(median(trivial) * 1_000, 2),
    }
    before, asked_in_all = cpu_s(), 0
    for kind, fields in KINDS.items():
        asked = [{name: row[name] for name in fields} for row in known]
        asked = [query for query in asked if all(query.values())][:searches]
        figures[kind] = _of_kind(ask, asked)
        asked_in_all += len(asked)
    spent = (cpu_s() - before) / max(1, asked_in_all)
    figures["api_cpu_ms_a_search"] = round(spent * 1_000, 1)
    return figures


def _of_kind(
    ask: Callable[..., httpx.Response], asked: list[dict[str, str]]
) -> dict[str, Any]:
    times, compared = [], []
    verdicts: dict[str, int] = {}
    for query in asked:
        started = time.perf_counter()
        answer = _search(ask, query)
        times.append(time.perf_counter() - started)
        compared.append(answer["compared"])
        verdicts[answer["verdict"]] = verdicts.get(answer["verdict"], 0) + 1
    times.sort()
    return {
        "searches": len(times),
        "p50_ms": round(median(times) * 1_000, 1),
        "p95_ms": round(times[int(len(times) * 0.95)] * 1_000, 1),
        "compared_median": median(compared),
        "compared_most": max(compared),
        "verdicts": verdicts,
    }


def _search(ask: Callable[..., httpx.Response], query: dict[str, str]) -> Any:
    answer = ask("POST", "/v1/customers/search", json=query)
    answer.raise_for_status()
    return answer.json()


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
