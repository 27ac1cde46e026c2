"""docker-compose.yml is valid, runs Couture's commands and the tested Kafka."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import yaml

from tests.needs import needs_program
from tests.repository.repository import ROOT, text

COMPOSE: dict[str, Any] = yaml.safe_load(text("docker-compose.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def _config(env_file: str) -> subprocess.CompletedProcess[str]:
    compose = needs_program("docker-compose", package="docker-compose")
    return subprocess.run(
        [compose, "--env-file", env_file, "config", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_docker_compose_accepts_the_file() -> None:
    checked = _config(".env.example")

    assert checked.returncode == 0, checked.stderr


def test_a_missing_secret_is_refused_naming_where_to_look() -> None:
    checked = _config("requirements.lock")

    assert checked.returncode != 0
    assert "see .env.example" in checked.stderr


def test_the_services_are_those_of_the_design() -> None:
    assert {"postgres", "kafka", "connect"} <= SERVICES.keys()
    own = {name for name, one in SERVICES.items() if one.get("image") == "couture"}
    assert own == {"migrate", "resolver", "relay", "api"}


def test_the_kafka_of_production_is_the_kafka_of_the_tests() -> None:
    tested = re.search(
        r"kafka_2\.13</artifactId>\s*<version>([^<]+)", text("tests/kafka/pom.xml")
    )

    assert tested
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{tested[1]}"
