"""The locks pin every dependency by hash and name no host."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.repository.repository import text

LOCK = text("requirements.lock") + text("requirements-spark.lock")
PINNED = {
    canonicalize_name(name): Version(version)
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", LOCK, re.MULTILINE)
}
PROJECT = tomllib.loads(text("pyproject.toml"))["project"]
ASKED = [
    *PROJECT["dependencies"],
    *(one for extra in PROJECT["optional-dependencies"].values() for one in extra),
]


@pytest.mark.parametrize("asked", ASKED)
def test_the_locks_pin_what_pyproject_asks_for(asked: str) -> None:
    requirement = Requirement(asked)
    pinned = PINNED.get(canonicalize_name(requirement.name))

    assert pinned is not None, "run `make lock`"
    assert requirement.specifier.contains(pinned), "run `make lock`"


def test_the_second_lock_pins_what_the_first_pins() -> None:
    pins = {
        name: set(re.findall(r"^([\w.-]+)(==[^\s;\\]+)", text(name), re.MULTILINE))
        for name in ("requirements.lock", "requirements-spark.lock")
    }
    first, second = pins.values()
    known = {name for name, _ in first}

    assert {pin for pin in second if pin[0] in known} <= first


def test_every_pin_has_a_hash() -> None:
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in block, block


def test_the_locks_name_no_host() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^\s*-", LOCK.replace("    --hash", ""), re.MULTILINE)
