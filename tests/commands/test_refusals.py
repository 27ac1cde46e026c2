"""What is missing at the start is said in one sentence, with its remedy."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

NOBODY = "127.0.0.1:1"  # the port of nothing: connections are refused at once


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def couture(*arguments: str, **settings: str) -> tuple[int, str]:
    """Run a command with these settings; return its exit code and what it said."""
    environment = {f"COUTURE_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def said_once(output: str, *words: str) -> bool:
    """Whether the last line holds all the words, and no stack trace stands above."""
    last = output.strip().splitlines()[-1]
    return "Traceback" not in output and all(word in last for word in words)


@pytest.mark.parametrize("command", ["migrate", "resolve", "relay", "serve"])
def test_a_database_that_is_not_there(command: str) -> None:
    code, output = couture(
        command,
        database_url=f"postgresql://someone:s3cret@{NOBODY}/couture",
        kafka=NOBODY,
    )

    assert code != 0
    assert said_once(output, "PostgreSQL", "COUTURE_DATABASE_URL"), output
    assert "s3cret" not in output


@pytest.mark.parametrize("command", ["resolve", "relay"])
def test_a_broker_that_does_not_answer(command: str, database_url: str) -> None:
    code, output = couture(command, database_url=database_url, kafka=NOBODY)

    assert code != 0
    assert said_once(output, NOBODY, "COUTURE_KAFKA"), output


def test_a_port_in_use(database_url: str, taken_port: int) -> None:
    code, output = couture(
        "serve", database_url=database_url, listen=f"127.0.0.1:{taken_port}"
    )

    assert code != 0
    assert said_once(output, str(taken_port), "COUTURE_LISTEN"), output


def test_a_setting_that_is_no_number(database_url: str) -> None:
    code, output = couture("resolve", database_url=database_url, batch_size="many")

    assert code != 0
    assert said_once(output, "COUTURE_BATCH_SIZE"), output


def test_a_database_without_our_tables(postgres: object) -> None:
    url = postgres.url("postgres")  # type: ignore[attr-defined]
    code, output = couture("resolve", database_url=url, kafka=NOBODY)

    assert code != 0
    assert said_once(output, "couture migrate"), output


WRONG = [
    ("doctor", {"kafka": "::::"}, "COUTURE_KAFKA"),
    ("relay", {"kafka": "broker"}, "COUTURE_KAFKA"),
    ("doctor", {"database_url": "postgres//x"}, "COUTURE_DATABASE_URL cannot be read"),
    ("verify", {"database_url": "postgres//x"}, "COUTURE_DATABASE_URL cannot be read"),
    ("migrate", {"database_url": "postgres//x"}, "COUTURE_DATABASE_URL cannot be read"),
]


@pytest.mark.parametrize(("command", "settings", "told"), WRONG)
def test_a_setting_that_cannot_be_read(
    command: str, settings: dict[str, str], told: str
) -> None:
    code, output = couture(command, **{"kafka": NOBODY} | settings)

    assert code != 0
    assert told in output, output
    assert "Traceback" not in output
    assert "%s" not in output


@pytest.mark.parametrize("command", ["doctor", "migrate", "verify"])
def test_a_database_that_refuses_says_so(command: str, database_url: str) -> None:
    nowhere = database_url.rpartition("/")[0] + "/nowhere"
    code, output = couture(command, database_url=nowhere, kafka=NOBODY)

    assert code != 0
    assert 'refuses: database "nowhere" does not exist.' in output, output
    assert "Traceback" not in output


def test_a_file_that_is_not_there(database_url: str) -> None:
    words = ("deadletters", "edit", "1", "--file", "missing.json")
    code, output = couture(*words, database_url=database_url)

    assert code == 2
    assert "missing.json" in output
    assert "Traceback" not in output
