"""The settings of one system: its folder's own, a TOML file's, the environment's."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from connectors.contract import Config, StopSource
from schemas.source_key import SourceKey

GROUP = "couture.systems"
SYSTEMS = Path(__file__).parent / "systems"
_FROM_ENVIRONMENT = ("dsn", "base_url", "key")
Known = TypeVar("Known", bound=Config)


def mapping_path(system: str, chosen: Path | None = None) -> Path:
    """Return the mapping file of a system: the chosen one, or its folder's."""
    return chosen or folder(system) / "mapping.yaml"


def folder(system: str) -> Path:
    """Return the folder of a system: ours, or that of a package which brings it by an
    entry point of the group `couture.systems`; it need not exist."""
    ours = SYSTEMS / system
    if not ours.is_dir():
        for brought in entry_points(group=GROUP, name=system):
            return Path(str(files(brought.value)))
    return ours


def system_name(text: str) -> str:
    """Return the name if it is one; raise StopSource."""
    try:
        return SourceKey(text, "probe").system
    except ValueError as error:
        raise StopSource(f"{error}.", remedy="Choose another --system.") from None


def only_table(tables: Collection[str], path: Path) -> str:
    """Return the one table of a mapping for a file; raise StopSource for several."""
    if len(tables) != 1:
        raise StopSource(
            f"{path} maps {len(tables)} tables, and a file is one.",
            remedy="Name a mapping file with one table by --mapping.",
        )
    return next(iter(tables))


def read(
    system: str, chosen: Path | None, environ: Mapping[str, str]
) -> dict[str, Any]:
    """Return the settings, the later source winning: folder, file, environment
    (COUTURE_POS_DSN, COUTURE_ECOMMERCE_BASE_URL, COUTURE_ECOMMERCE_KEY).

    A `mapping` of the file is a path from where the file is.
    """
    settings: dict[str, Any] = {"system": system}
    own = folder(system) / "connector.toml"
    if own.exists():
        settings |= _toml(own)
    if chosen is not None:
        settings |= _toml(chosen)
        if "mapping" in settings:
            settings["mapping"] = str(chosen.parent / str(settings["mapping"]))
    for name in _FROM_ENVIRONMENT:
        value = environ.get(f"COUTURE_{system}_{name}".upper())
        if value:
            settings[name] = value
    return settings


def parse(model: type[Known], settings: Mapping[str, Any]) -> Known:
    """Return the settings as a model; raise StopSource naming the first bad one."""
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        first = error.errors(
            include_url=False, include_context=False, include_input=False
        )[0]
        where = ".".join(str(part) for part in first["loc"]) or "the settings"
        raise StopSource(
            f"Setting `{where}` of {settings.get('system')}: {first['msg']}.",
            remedy=f"Write it in the file given by --config, or as "
            f"COUTURE_{settings.get('system')}_{where}".upper()
            if where in _FROM_ENVIRONMENT
            else "Correct the file given by --config.",
        ) from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise StopSource(
            f"There is no settings file {path}.", remedy="Correct --config."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise StopSource(
            f"{path} is no readable TOML: {error}.", remedy="Correct it."
        ) from None
