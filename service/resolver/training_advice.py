"""When a deployment has records enough to learn a model of its own."""

from __future__ import annotations

from matching.model.model_version import Model
from service.database.clusters import model_versions
from service.database.connection.session import Connection

ENOUGH_RECORDS = 5_000


def training_advice(connection: Connection) -> str | None:
    """Return what a model of its own would bring, None if there is nothing to gain.

    That is: another model than the shipped one decides, or there are too few records.
    """
    if model_versions.active_digest(connection) != Model.load().digest:
        return None
    row = connection.execute(
        "SELECT count(*) FROM (SELECT FROM source_record WHERE record IS NOT NULL"
        " LIMIT %s) enough",
        [ENOUGH_RECORDS],
    ).fetchone()
    if row is None or row[0] < ENOUGH_RECORDS:
        return None
    return (
        f"More than {ENOUGH_RECORDS:,} records are decided by the shipped model. One"
        " that learnt from them is surer (on a retailer of 40,387 records: precision"
        " 0.988 to 0.995, recall 0.905 to 0.933): `couture model train --database --out"
        " ours.json.gz`, `couture model compare active ours.json.gz --database` tells"
        " what would change, `couture model promote ours.json.gz --yes` takes it."
    )
