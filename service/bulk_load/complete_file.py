"""A file that holds all there is of its system: who is not in it is gone."""

from __future__ import annotations

from service.database.batches import bulk_loads
from service.database.connection.session import Connection
from service.database.sources import snapshots, sweeps
from service.resolver.sweep import SweepOutcome, approve_or_hold


def sweep_missing(
    connection: Connection, *, system: str, load_id: int
) -> SweepOutcome | None:
    """Have the records deleted that earlier files brought and this load did not.

    A few unasked; many, or where rows were set aside, once a person approved. What was
    captured as it happened is newer than any file and stays. None if the sweep of this
    load was begun before.
    """
    rejects = bulk_loads.loaded(connection, load_id).rejects
    with connection.transaction():
        sweep_id = sweeps.begin(connection, system, f"load {load_id}")
        if sweep_id is None:
            return None
        found = snapshots.find_older(connection, sweep_id, system, before=(0, load_id))
        return approve_or_hold(connection, sweep_id, *found, rejects)
