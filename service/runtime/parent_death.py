"""Tie a child process to its parent: when the parent dies, even by SIGKILL, so does it.

Run as a script, this file asks the kernel for a signal on the parent's death, drops to
another system user if told, and becomes the program. A `preexec_fn` would do the same
and may deadlock a parent that has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def die_with_parent(
    argv: Sequence[str],
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    user: str = "",
) -> list[str]:
    """Return the command that runs `argv` as a child that dies with this process.

    The kernel's parent is the thread that starts the child: start it from a thread that
    lives as long as the child should.
    """
    return [
        *(sys.executable, "-I", "-S", __file__),
        *(str(os.getpid()), str(int(death_signal)), user),
        *argv,
    ]


def die_when_parent_dies(
    parent: int, death_signal: signal.Signals = signal.SIGKILL
) -> None:
    """Have the kernel signal this process when its parent ends; leave if it has."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent:
        sys.exit("the parent died before its child began")


def _become(parent: int, death_signal: int, user: str, argv: list[str]) -> None:
    if user:
        _drop_to(user)
    # After the change of user, which clears the kernel's note.
    die_when_parent_dies(parent, signal.Signals(death_signal))
    os.execvp(argv[0], argv)


def _drop_to(user: str) -> None:
    import pwd

    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ["HOME"] = entry.pw_dir


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
