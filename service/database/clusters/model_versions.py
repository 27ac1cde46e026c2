"""Model versions: immutable bundles, at most one of them active, and who was when."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from matching.model.model_version import Model
from service.database.connection.session import Connection
from service.errors import ServiceError

MODEL_LOCK = 0x4D6F_6465  # "Mode": shared by who writes with a model, alone to switch


class ModelChanged(ServiceError):
    """Another model version decides now: load it and do the work again."""

    retriable = True
    remedy = "A model version was promoted; the resolver loads it and goes on."


class UnknownModel(ServiceError):
    """There is no such stored model version: list them."""

    remedy = "List the versions with `couture model list`."


class Version(NamedTuple):
    """A stored model version and when it last became the active one."""

    digest: str
    active: bool
    added_at: datetime
    promoted_at: datetime | None
    bundle_bytes: int


class Promotion(NamedTuple):
    """One switch of the active model version, and what it touched."""

    digest: str
    replaced: str | None
    promoted_at: datetime
    records: int
    customers_changed: int


def active(connection: Connection) -> Model | None:
    """Return the model version that decides, if one was activated."""
    row = connection.execute("SELECT bundle FROM model_version WHERE active").fetchone()
    return Model.from_bytes(bytes(row[0])) if row else None


def active_digest(connection: Connection) -> str | None:
    """Return the digest of the model version that decides, if one was activated."""
    row = connection.execute("SELECT digest FROM model_version WHERE active").fetchone()
    return row[0] if row else None


def check_active(connection: Connection, digest: str) -> None:
    """Raise ModelChanged if another model version decides than this one."""
    if active_digest(connection) not in (None, digest):
        raise ModelChanged("The records are decided by another model version now.")


def pin(connection: Connection, digest: str) -> None:
    """Keep this model version the active one until the transaction ends.

    Raises ModelChanged if it is not. The lock comes in a statement of its own: what a
    waiting statement sees is older than the end of its wait.
    """
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [MODEL_LOCK])
    check_active(connection, digest)


def lock(connection: Connection) -> None:
    """Wait until nobody writes with a model; nobody begins before this ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [MODEL_LOCK])


def activate(
    connection: Connection,
    model: Model,
    *,
    records: int = 0,
    customers_changed: int = 0,
) -> None:
    """Store the model version, make it the active one, and note when."""
    with connection.transaction():
        connection.execute("LOCK TABLE model_version IN SHARE ROW EXCLUSIVE MODE")
        replaced = active_digest(connection)
        if replaced == model.digest:
            return  # two resolvers that start at once both bring the shipped one
        connection.execute("UPDATE model_version SET active = false WHERE active")
        connection.execute(
            "INSERT INTO model_version (digest, bundle, active) VALUES (%s, %s, true)"
            " ON CONFLICT (digest) DO UPDATE SET active = true",
            [model.digest, model.to_bytes()],
        )
        connection.execute(
            "INSERT INTO model_promotion (digest, replaced, records, customers_changed)"
            " VALUES (%s, %s, %s, %s)",
            [model.digest, replaced, records, customers_changed],
        )


def stored(connection: Connection, digest: str) -> Model:
    """Return a stored version by the beginning of its digest, or raise UnknownModel."""
    rows = connection.execute(
        "SELECT bundle FROM model_version WHERE starts_with(digest, %s) LIMIT 2",
        [digest],
    ).fetchall()
    if len(rows) != 1:
        which = "more than one" if rows else "no"
        raise UnknownModel(f"There is {which} stored model version {digest!r}.")
    return Model.from_bytes(bytes(rows[0][0]))


def previous(connection: Connection) -> Model:
    """Return the version that decided before the active one, or raise UnknownModel."""
    row = connection.execute(
        "SELECT replaced FROM model_promotion ORDER BY promotion_id DESC LIMIT 1"
    ).fetchone()
    if row is None or row[0] is None:
        raise UnknownModel("No model version decided before the active one.")
    return stored(connection, row[0])


def versions(connection: Connection) -> list[Version]:
    """Return the stored versions, oldest first."""
    rows = connection.execute(
        "SELECT v.digest, v.active, v.added_at, max(p.promoted_at), length(v.bundle)"
        " FROM model_version v LEFT JOIN model_promotion p USING (digest)"
        " GROUP BY v.digest ORDER BY v.added_at, v.digest"
    )
    return [Version(*row) for row in rows]


def promotions(connection: Connection) -> list[Promotion]:
    """Return every switch, oldest first."""
    rows = connection.execute(
        "SELECT digest, replaced, promoted_at, records, customers_changed"
        " FROM model_promotion ORDER BY promotion_id"
    )
    return [Promotion(*row) for row in rows]
