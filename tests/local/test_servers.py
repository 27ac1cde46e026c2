"""The embedded servers start, stop, come back, and never outlive their parent."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from service.errors import PortTaken
from service.local.servers import start_broker, start_postgres


def test_postgres_serves_each_database_and_can_decode_its_log(tmp_path: Path) -> None:
    with start_postgres(tmp_path, databases=("couture", "pos")) as server:
        with psycopg.connect(server.url("pos")) as connection:
            level = connection.execute("SHOW wal_level").fetchone()
        assert level == ("logical",)
        assert server.pid is not None
    assert server.pid is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root adds system users")
def test_processes_that_start_at_once_on_a_new_machine_share_one_system_user() -> None:
    name = f"couture{os.getpid()}"
    program = (
        "import pwd; from service.local.postgres_install import server_user;"
        f" print(pwd.getpwnam(server_user({name!r})).pw_uid)"
    )
    try:
        starts = [
            subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
            for _ in range(6)
        ]
        seen = {start.communicate(timeout=60)[0] for start in starts}
        assert seen == {b"%d\n" % pwd.getpwnam(name).pw_uid}
    finally:
        subprocess.run(["userdel", name], check=False, capture_output=True)


def test_processes_that_start_at_once_on_a_new_machine_can_all_start_the_broker(
    tmp_path: Path,
) -> None:
    program = "from service.local.servers import start_broker; start_broker().stop()"
    started = [
        subprocess.Popen([sys.executable, "-c", program], env={"HOME": str(tmp_path)})
        for _ in range(4)
    ]
    assert [process.wait(120) for process in started] == [0] * 4


def test_postgres_keeps_what_was_committed_over_an_immediate_stop(
    tmp_path: Path,
) -> None:
    with start_postgres(tmp_path) as server:
        url = server.url("couture")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        server.stop(immediate=True)
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)


def test_a_stopped_broker_comes_back_empty_on_its_port(tmp_path: Path) -> None:
    from kafka import KafkaAdminClient

    with start_broker(directory=tmp_path) as broker:
        before = broker.bootstrap
        broker.kill()
        assert broker.pid is None
        broker.start()
        assert broker.bootstrap == before
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        assert admin.list_topics() == []
        admin.close()


def test_a_port_in_use_is_said_in_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as refused:
            start_postgres(tmp_path, port=port)
        assert refused.value.sentence() == (
            f"Port {port} is in use, the embedded PostgreSQL needs it. "
            "Stop the other program, or choose another port for PostgreSQL."
        )
        with pytest.raises(PortTaken, match=f"Port {port} is in use"):
            start_broker(port=port)


PARENT = """
import sys, time
from pathlib import Path
from service.local.servers import start_broker, start_postgres
server, broker = start_postgres(Path(sys.argv[1])), start_broker()
print(server.pid, broker.pid, flush=True)
time.sleep(600)
"""


def test_the_servers_die_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent.stdout:
        servers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    family = servers + [child for server in servers for child in server.children()]
    assert len(family) > 4
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while any(_alive(process) for process in family) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [process for process in family if _alive(process)] == []


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
