"""The kinds of connectors: ours, and those of installed packages.

A package brings one by an entry point of the group `couture.connectors`, whose name is
what settings say as `kind` and whose value is a `Kind`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from connectors.contract import Kind, StopEverything, StopSource

GROUP = "couture.connectors"
_OURS = {
    "postgresql": "connectors.debezium.postgresql",
    "mariadb": "connectors.debezium.mariadb",
    "debezium-topics": "connectors.debezium.topics",
    "rest": "connectors.rest.connector",
}
_EXTRAS = {"mariadb": ("The driver of MariaDB", "mysql")}


def find(kind: str, *, system: str) -> Kind:
    """Return the kind of this name; only its own modules are imported.

    Raises StopSource for one that nobody brings, or two packages do, or whose package
    cannot be imported; StopEverything for one of ours that is not installed.
    """
    brought = list(entry_points(group=GROUP, name=kind))
    if kind in _OURS and not brought:
        return _ours(kind)
    if len(brought) == 1 and kind not in _OURS:
        return _of_package(kind, brought[0])
    if brought:
        packages = [_package(one) for one in brought] + ["couture"] * (kind in _OURS)
        raise StopSource(
            f"The kind {kind!r} is brought by {' and by '.join(sorted(packages))}.",
            remedy="Uninstall all but one of them.",
        )
    raise StopSource(
        f"There is no kind of connector {kind!r}; known: {', '.join(known())}.",
        remedy=f"Set `kind` for {system} in the file of --config, or install the "
        "package that brings it.",
    )


def known() -> list[str]:
    """Return the names of all kinds, ours and those of installed packages."""
    return sorted({*_OURS, *(one.name for one in entry_points(group=GROUP))})


def _ours(kind: str) -> Kind:
    try:
        found: Kind = import_module(_OURS[kind]).KIND
    except ImportError:
        if kind not in _EXTRAS:
            raise
        what, extra = _EXTRAS[kind]
        raise StopEverything(
            f"{what} is not installed.", remedy=f"pip install 'couture[{extra}]'"
        ) from None
    return found


def _of_package(kind: str, brought: EntryPoint) -> Kind:
    remedy = f"Install {_package(brought)} anew, in a version that fits this Couture."
    try:
        found = brought.load()
    except Exception as error:
        raise StopSource(
            f"The kind {kind!r} of {_package(brought)} cannot be imported "
            f"({type(error).__name__}: {error}).",
            remedy=remedy,
        ) from error
    if not isinstance(found, Kind):
        raise StopSource(
            f"The kind {kind!r} of {_package(brought)} is no connectors.contract.Kind.",
            remedy=remedy,
        )
    return found


def _package(brought: EntryPoint) -> str:
    return brought.dist.name if brought.dist else brought.value
