"""The shadow run: what a model makes of all records, beside what is in force.

The records need not be of one moment: each stands in the shadow with the state that
was read, and the switch reads again whatever changed since.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from matching.batch.duckdb_batch import FileBatch
from matching.model.model_version import Model
from service.database.batches.snapshot_export import DECIDED, write_records, write_rows
from service.database.clusters import links
from service.database.clusters import shadow_run as shadow
from service.database.clusters.shadow_run import ShadowRecord
from service.database.connection.session import Connection
from service.model_versions.restandardise import live_ids, standardised
from service.verification.audit import expect_clusters


def shadow_run(connection: Connection, model: Model) -> int:
    """Put into the shadow what the model makes of all records; return how many."""
    shadow.begin(connection)
    read_records(connection, model, live_ids(connection))
    return find_again(connection, model)


def read_records(
    connection: Connection, model: Model, record_ids: Sequence[int]
) -> None:
    """Put these records into the shadow as they are now; without those that went."""
    shadow.forget_records(connection, record_ids)
    for records in standardised(connection, record_ids):
        frozen = [(one, model.freeze(one.normalised)) for one in records]
        shadow.put_records(
            connection,
            [
                ShadowRecord(
                    one.record_id,
                    one.position,
                    one.version,
                    features,
                    model.blocking_keys(features),
                )
                for one, features in frozen
            ],
        )


def find_again(connection: Connection, model: Model) -> int:
    """Find links and clusters of the shadow's records in one batch; count these."""
    with (
        tempfile.TemporaryDirectory(prefix="couture-shadow-") as folder,
        FileBatch(model, Path(folder)) as batch,
    ):
        scratch = Path(folder)
        write_records(connection, scratch / "records.jsonl", table="shadow_record")
        write_rows(connection, DECIDED, scratch / "decided")
        records = batch.read_records(scratch / "records.jsonl")
        batch.read_table("decided", "id bigint", scratch / "decided")
        batch.match()
        batch.find_components()
        expect_clusters(connection, batch, links.all_decisions(connection))
        batch.write("select unique_id, component, cluster from expected", scratch / "l")
        batch.write(
            "select a, b, weight, probability, evidence from scored", scratch / "p"
        )
        shadow.keep_found(
            connection,
            links=scratch / "p",
            labels=scratch / "l",
            largest_block=model.guards.largest_block,
        )
    return records
