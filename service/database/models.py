"""Model versions: immutable bundles, at most one of them active."""

from __future__ import annotations

from matching.model import Model
from service.database.session import Connection


def active(connection: Connection) -> Model | None:
    """Return the model version that decides, if one was activated."""
    row = connection.execute("SELECT bundle FROM model_version WHERE active").fetchone()
    return Model.from_bytes(bytes(row[0])) if row else None


def activate(connection: Connection, model: Model) -> None:
    """Store the model version and make it the active one."""
    with connection.transaction():
        connection.execute("LOCK TABLE model_version IN SHARE ROW EXCLUSIVE MODE")
        connection.execute("UPDATE model_version SET active = false WHERE active")
        connection.execute(
            "INSERT INTO model_version (digest, bundle, active) VALUES (%s, %s, true)"
            " ON CONFLICT (digest) DO UPDATE SET active = true",
            [model.digest, model.to_bytes()],
        )
