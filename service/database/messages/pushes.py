"""Changes that come through the API, put where captured changes go: on their topic."""

from __future__ import annotations

from schemas import wire
from schemas.change_event import ChangeEvent
from service.database.connection.session import Connection
from service.database.messages import outbox


def append(connection: Connection, event: ChangeEvent) -> ChangeEvent:
    """Let the event wait for the relay, to be published on its system's topic."""
    key, value, headers = wire.encode(event)
    text = {name: content.decode() for name, content in headers}
    topic = wire.source_topic(event.key.system)
    outbox.append(connection, [outbox.Message(topic, key, value, text)])
    return event
