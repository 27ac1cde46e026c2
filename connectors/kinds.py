"""The kinds of connectors, by the name settings give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors import settings as settings_
from connectors.contract import Config, Connector, StopEverything, StopSource
from connectors.debezium.postgresql import PostgresConfig, PostgresConnector
from connectors.debezium.topics import TopicsConfig, TopicsConnector
from connectors.mapping.columns import Need
from connectors.rest.connector import RestConfig, RestConnector

NAMES = {
    "postgresql": PostgresConnector.name,
    "mariadb": "debezium-mariadb",
    "debezium-topics": TopicsConnector.name,
    "rest": RestConnector.name,
}


def build(
    settings: Mapping[str, Any],
    tables: Mapping[str, Sequence[Need]],
    *,
    ids: Mapping[str, Sequence[Need]],
    bootstrap: str,
) -> tuple[Config, Connector]:
    """Return the settings as a model and the connector they ask for.

    With each table come the columns that its mapping cannot do without, and of these
    those that make the ids of its records.
    """
    kind = settings.get("kind")
    if kind == "postgresql":
        database = settings_.parse(PostgresConfig, settings)
        return database, PostgresConnector(database, list(tables), tables, ids)
    if kind == "mariadb":
        return _mariadb(settings, tables, bootstrap)
    if kind == "debezium-topics":
        topics = settings_.parse(TopicsConfig, settings)
        return topics, TopicsConnector(topics, tables, bootstrap=bootstrap)
    if kind == "rest":
        http = settings_.parse(RestConfig, settings)
        return http, RestConnector(http, list(tables))
    raise StopSource(
        f"There is no kind of connector {kind!r}; known: {', '.join(NAMES)}.",
        remedy=f"Set `kind` for {settings.get('system')} in the file of --config.",
    )


def _mariadb(
    settings: Mapping[str, Any], tables: Mapping[str, Sequence[Need]], bootstrap: str
) -> tuple[Config, Connector]:
    try:  # its driver is an extra
        from connectors.debezium.mariadb import MariaDBConfig, MariaDBConnector
    except ImportError:
        raise StopEverything(
            "The driver of MariaDB is not installed.",
            remedy="pip install 'couture[mysql]'",
        ) from None
    binlog = settings_.parse(MariaDBConfig, settings)
    connector = MariaDBConnector(binlog, list(tables), tables, bootstrap=bootstrap)
    return binlog, connector
