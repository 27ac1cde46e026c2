"""The server as a process: it answers, stops cleanly, and says why it cannot start."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path

import httpx
import psutil
import pytest

from service.access import create_key
from service.database.connection.session import Connection
from service.domain.scopes import SCOPES
from service.runtime.ports import free_port
from tests.api.factories import a_contact, a_customer, a_source_record
from tests.api.served import served, start


def test_a_channel_reads_a_profile_over_http_and_the_log_tells_of_nobody(
    database_url: str, rows: Connection, tmp_path: Path
) -> None:
    customer_id = a_customer(rows, "pos:C-1", family_name="Durand")
    a_contact(rows, customer_id, "email", "zoe.durand@maison.fr")
    key = create_key(database_url, channel="till", scopes=list(SCOPES))

    with served(database_url, tmp_path / "log") as server:
        client = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {key}"}
        )
        with client:
            found = client.get(
                "/v1/customers", params={"email": "Zoe.Durand@maison.fr"}
            )
            profile = client.get(f"/v1/customers/{customer_id}")
            refused = client.get("/v1/customers?email=%80%00zoe.durand")
        children = psutil.Process(server.process.pid).children(recursive=True)

    log = server.log.read_text()
    assert found.json()["customers"][0]["customer_id"] == str(customer_id)
    assert profile.json()["family_name"] == "Durand"
    assert refused.status_code == 422
    lines = [json.loads(line) for line in log.splitlines()]
    told = [line for line in lines if line.get("route") == "/v1/customers"]
    assert {line["status"] for line in told} == {200, 422}
    assert told[0]["key_id"] == key.split("_")[1]
    assert "durand" not in log.lower()
    assert key.split("_")[2] not in log
    assert children
    assert not any(child.is_running() for child in children)
    assert server.process.returncode == 0


def test_a_killed_server_leaves_no_worker_behind(
    database_url: str, tmp_path: Path
) -> None:
    with served(database_url, tmp_path / "log") as server:
        workers = psutil.Process(server.process.pid).children(recursive=True)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()

        gone, alive = psutil.wait_procs(workers, timeout=15)

    assert gone
    assert not alive


def test_cursors_are_understood_by_every_worker(
    database_url: str, rows: Connection, tmp_path: Path
) -> None:
    customer_id = a_customer(rows, "pos:C-1")
    for n in range(2, 5):
        a_source_record(rows, customer_id, f"pos:C-{n}")
    key = create_key(database_url, channel="till", scopes=list(SCOPES))
    headers = {"Authorization": f"Bearer {key}"}
    address = f"/v1/customers/{customer_id}/sources?limit=1"

    with served(database_url, tmp_path / "log", COUTURE_API_WORKERS="2") as server:
        first = httpx.get(server.url + address, headers=headers).json()
        later = f"{server.url}{address}&cursor={first['next']}"
        # A connection each, so that both workers answer some.
        statuses = {httpx.get(later, headers=headers).status_code for _ in range(12)}

    assert statuses == {200}


def _refusal(database_url: str, port: int, log: Path) -> tuple[int, str]:
    began = time.monotonic()
    status = start(database_url, port=port, log=log).wait(timeout=60)
    assert time.monotonic() - began < 60
    return status, log.read_text().strip()


def test_a_port_in_use_is_one_sentence_with_the_remedy(
    database_url: str, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = _refusal(database_url, port, tmp_path / "log")

    assert status == 1
    assert said.count("\n") == 0
    assert f"Port {port} is in use" in said
    assert "COUTURE_LISTEN" in said


@pytest.mark.parametrize(
    "database_url_given", ["postgresql://u:s3cret@127.0.0.1:1/none", "not a url"]
)
def test_a_database_that_is_not_there_is_one_sentence_with_the_remedy(
    database_url_given: str, tmp_path: Path
) -> None:
    status, said = _refusal(database_url_given, free_port(), tmp_path / "log")

    assert status == 1
    assert said.count("\n") == 0, said
    assert "COUTURE_DATABASE_URL" in said
    assert "s3cret" not in said


def test_a_database_without_our_tables_is_one_sentence_with_the_remedy(
    postgres_url: str, tmp_path: Path
) -> None:
    status, said = _refusal(postgres_url, free_port(), tmp_path / "log")

    assert status == 1
    assert said.count("\n") == 0
    assert "couture migrate" in said
