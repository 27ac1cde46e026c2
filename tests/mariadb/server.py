"""A real MariaDB server as a child process of the tests, on 127.0.0.1 only."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql

from tests.needs import needs_program

START_S = 120.0
OPTIONS = (
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--log-bin=binlog",
    "--binlog-format=ROW",
    "--server-id=1",
    "--skip-name-resolve",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=0",
    "--performance-schema=OFF",
)
FIRST = """\
CREATE USER IF NOT EXISTS admin@'127.0.0.1' IDENTIFIED BY 'sewn';
GRANT ALL ON *.* TO admin@'127.0.0.1' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS couture@'127.0.0.1' IDENTIFIED BY 'sewn';
GRANT SELECT, RELOAD, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR, LOCK TABLES
  ON *.* TO couture@'127.0.0.1';
"""


class MariaDBDidNotStart(Exception):
    """The server ended or stayed silent; the text is the end of its log."""


class MariaDB:
    """One server and its data directory."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory, self.port = directory, port
        self._log = directory / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, user: str = "couture", password: str = "sewn") -> str:
        """Return the URL of one database, as a connector's `dsn` names it."""
        return f"mariadb://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str | None = None) -> Any:
        """Open an autocommit connection with every right."""
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="admin",
            password="sewn",
            database=database,
            autocommit=True,
        )

    def run(self, statement: str, database: str | None = None) -> list[Any]:
        """Run one statement with every right; return its rows."""
        with closing(self.connect(database)) as opened, opened.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def start(self, *options: str) -> None:
        """Start the server and return when it answers; raise MariaDBDidNotStart."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    needs_program("mariadbd", package="mariadb-server"),
                    *OPTIONS,
                    f"--user={_user()}",
                    f"--datadir={self.directory / 'data'}",
                    f"--tmpdir={self.directory / 'tmp'}",
                    f"--socket={self.directory / 'socket'}",
                    f"--pid-file={self.directory / 'pid'}",
                    f"--port={self.port}",
                    f"--init-file={self.directory / 'first.sql'}",
                    *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise MariaDBDidNotStart(self._log.read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server at once; what it committed stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except pymysql.OperationalError:
            return False
        return True


@contextmanager
def start_mariadb(*, tls: Path | None = None) -> Iterator[MariaDB]:
    """Run a server in a directory of its own, which goes with it; with `tls`, it shows
    cert.pem of that folder."""
    # Not pytest's directory: only its owner may pass there, and the server is another.
    directory = Path(tempfile.mkdtemp(prefix="couture-mariadb-"))
    user = _user()
    # Its own: a server that starts removes the temporary tables of others in /tmp.
    (directory / "tmp").mkdir()
    if os.geteuid() == 0:
        shutil.chown(directory, user)
        shutil.chown(directory / "tmp", user)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    server = MariaDB(directory, port)
    try:
        _install(directory, user)
        server.start(*(_encrypted(directory, tls, user) if tls else ()))
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _install(directory: Path, user: str) -> None:
    program = needs_program("mariadb-install-db", package="mariadb-server")
    command = [
        *(program, "--no-defaults", f"--user={user}", "--skip-test-db"),
        f"--datadir={directory / 'data'}",
        f"--tmpdir={directory / 'tmp'}",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=START_S
    )
    if done.returncode:
        raise MariaDBDidNotStart(done.stdout[-1000:] + done.stderr[-1000:])
    (directory / "first.sql").write_text(FIRST)


def _encrypted(directory: Path, tls: Path, user: str) -> list[str]:
    for name in ("cert.pem", "key.pem"):
        shutil.copy(tls / name, directory / name)
        if os.geteuid() == 0:
            shutil.chown(directory / name, user)
    return [f"--ssl-cert={directory}/cert.pem", f"--ssl-key={directory}/key.pem"]


def _user() -> str:
    """Return the server's own user when the tests are root, else the tests' user."""
    return "mysql" if os.geteuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
