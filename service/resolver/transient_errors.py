"""Transient or permanent: what a retry may mend, and what is the fault of a message."""

from __future__ import annotations

import psycopg
from kafka.errors import KafkaError

from matching.duckdb_errors import OutOfResources
from service.database.clusters import model_versions
from service.database.messages.offsets import OffsetMoved
from service.errors import DatabaseUnavailable

_OF_THE_MESSAGE = frozenset({"21", "22", "23", "54"})
"""Classes of SQLSTATE: a repeated row, a value, a constraint, a limit of PostgreSQL."""

_OUTAGES = (
    OffsetMoved,
    model_versions.ModelChanged,
    KafkaError,
    DatabaseUnavailable,
    OutOfResources,
    OSError,  # a full disk, no more files
    MemoryError,
)


def is_outage(error: Exception) -> bool:
    """Return whether the parts are at fault, and not the message that was resolved.

    An outage is waited for, however long; only what a message itself causes may become
    a dead letter. A missing table or a missing right is the operator's to mend, so it
    is an outage too.
    """
    if not isinstance(error, psycopg.Error):
        return isinstance(error, _OUTAGES)
    if error.sqlstate is None:
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return error.sqlstate[:2] not in _OF_THE_MESSAGE
