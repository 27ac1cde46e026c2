"""The lock pins every dependency by hash and names no host."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.repository.repository import text

LOCK = text("requirements.lock")
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
def test_the_lock_pins_what_pyproject_asks_for(asked: str) -> None:
    requirement = Requirement(asked)
    pinned = PINNED.get(canonicalize_name(requirement.name))

    assert pinned is not None, "run `make lock`"
    assert requirement.specifier.contains(pinned), "run `make lock`"


def test_every_pin_has_a_hash() -> None:
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in block, block


def test_the_lock_names_no_host() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^\s*-", LOCK.replace("    --hash", ""), re.MULTILINE)
