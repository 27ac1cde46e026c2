"""Ports on this machine: a free one, or the one asked for if it is free."""

from __future__ import annotations

import socket

from service.errors import PortTaken

LOCALHOST = "127.0.0.1"


def is_free(port: int, *, host: str = LOCALHOST) -> bool:
    """Return whether a server could listen on this port now."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        port: int = probe.getsockname()[1]
    return port


def chosen_port(asked: int | None, *, what: str, remedy: str) -> int:
    """Return the port asked for, or a free one; raise PortTaken if it is in use."""
    if asked is None:
        return free_port()
    if not is_free(asked):
        raise PortTaken(f"Port {asked} is in use, {what} needs it.", remedy=remedy)
    return asked


def answers(port: int) -> bool:
    """Return whether something accepts a connection on this port."""
    try:
        socket.create_connection((LOCALHOST, port), timeout=1).close()
    except OSError:
        return False
    return True
