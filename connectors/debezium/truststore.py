"""The certificates to trust, as Java wants them: a store of its own in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.contract import StopSource
from connectors.debezium.jvm import java_class

PASSWORD = "couture"  # of a file of public certificates: it hides nothing
"""What Java asks for to open the store."""


def write(authorities: str, store: Path) -> None:
    """Write the certificates of a PEM file into a store; the runtime has started."""
    import jpype

    keys = java_class("java.security.KeyStore").getInstance("PKCS12")
    keys.load(None, None)
    factory = java_class("java.security.cert.CertificateFactory").getInstance("X.509")
    try:
        source: Any = java_class("java.io.FileInputStream")(authorities)
        found = list(factory.generateCertificates(source))
    except jpype.JException:
        raise StopSource(
            f"{authorities} holds no certificates that can be read.",
            remedy="Correct `ssl_ca` in `dsn`: a PEM file.",
        ) from None
    for number, one in enumerate(found):
        keys.setCertificateEntry(f"authority-{number}", one)
    target = java_class("java.io.FileOutputStream")(str(store))
    keys.store(target, java_class("java.lang.String")(PASSWORD).toCharArray())
    target.close()
