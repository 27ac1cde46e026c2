"""The kinds of connectors, by the name settings give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors import settings as settings_
from connectors.contract import Config, Connector, StopSource
from connectors.debezium.postgresql import PostgresConfig, PostgresConnector
from connectors.rest.connector import RestConfig, RestConnector

NAMES = {
    "postgresql": PostgresConnector.name,
    "rest": RestConnector.name,
}


def build(
    settings: Mapping[str, Any], tables: Sequence[str]
) -> tuple[Config, Connector]:
    """Return the settings as a model and the connector they ask for."""
    kind = settings.get("kind")
    if kind == "postgresql":
        database = settings_.parse(PostgresConfig, settings)
        return database, PostgresConnector(database, tables)
    if kind == "rest":
        http = settings_.parse(RestConfig, settings)
        return http, RestConnector(http, tables)
    raise StopSource(
        f"There is no kind of connector {kind!r}; known: {', '.join(NAMES)}.",
        remedy=f"Set `kind` for {settings.get('system')} in the file of --config.",
    )
