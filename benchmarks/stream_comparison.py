"""Where the stream stands beside one batch of Splink over the same records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matching.batch.duckdb_batch import FileBatch
from matching.model.model_version import Model
from schemas.source_record import CustomerRecord
from service.database.batches.snapshot_export import DECIDED, write_records, write_rows
from service.database.clusters import links
from service.database.connection.session import Connection, snapshot_read
from service.verification.audit import expect_clusters

_SAMPLE = 20_000
_TABLES = {
    "link": ("a bigint, b bigint, weight double, probability double", "link"),
    "label": ("record_id bigint, component bigint, customer_id uuid", "label"),
}
_PAIRS = """
select count(s.a), count(*) filter (l.a is null), count(*) filter (s.a is null),
    count(*) filter (s.weight <> l.weight or s.probability <> l.probability),
    coalesce(max(abs(s.weight - l.weight)), 0.0)
from scored s full join link l using (a, b)
"""
# A group is known by its smallest record in the batch; here it is made so.
_GROUPS = """
with live as (select record_id, component,
    min(record_id) over (partition by customer_id) as customer from label
), batch as (select unique_id, component,
    min(unique_id) over (partition by cluster) as customer from expected)
select count(*), count(distinct b.component), count(distinct b.customer),
    count(*) filter (l.component is distinct from b.component),
    count(*) filter (l.customer is distinct from b.customer)
from live l full join batch b on l.record_id = b.unique_id
"""


def compare(connection: Connection, model: Model, folder: Path) -> dict[str, Any]:
    """Return how many pairs, weights, components and clusters differ: 0 is right."""
    waiting = connection.execute("SELECT count(*) FROM dirty").fetchone()
    assert waiting == (0,), "some records were not resolved"
    with FileBatch(model, folder) as batch:
        with snapshot_read(connection):
            write_records(connection, folder / "records.jsonl")
            for name, (columns, table) in _TABLES.items():
                names = ", ".join(one.split()[0] for one in columns.split(", "))
                write_rows(connection, f"SELECT {names} FROM {table}", folder / name)
            write_rows(connection, DECIDED, folder / "decided")
            decisions = links.all_decisions(connection)
        records = batch.read_records(folder / "records.jsonl")
        for name, (columns, _) in _TABLES.items():
            batch.read_table(name, columns, folder / name)
        batch.read_table("decided", "id bigint", folder / "decided")
        batch.match()
        batch.find_components()
        expect_clusters(connection, batch, decisions)
        pairs, missing, extra, other, worst = batch.rows(_PAIRS)[0]
        labelled, components, customers, apart, others = batch.rows(_GROUPS)[0]
    return {
        "records": records,
        "pairs": pairs,
        "components": components,
        "customers": customers,
        "largest_weight_difference": worst,
        "wrong_pairs_missing": missing,
        "wrong_pairs_extra": extra,
        "wrong_weights": other,
        "wrong_labels": abs(labelled - records),
        "wrong_components": apart,
        "wrong_customers": others,
        "wrong_features": _features_that_differ(connection, model),
    }


def _features_that_differ(connection: Connection, model: Model) -> int:
    """Standardise anew those changed last and as many others: is it what was stored?"""
    rows = connection.execute(
        "(SELECT record, features FROM source_record WHERE features IS NOT NULL"
        "   ORDER BY applied_at DESC LIMIT %(count)s) UNION ALL"
        " (SELECT record, features FROM source_record WHERE features IS NOT NULL"
        "   ORDER BY record_id LIMIT %(count)s)",
        {"count": _SAMPLE},
    ).fetchall()
    anew = model.standardise([CustomerRecord.model_validate(row[0]) for row in rows])
    return sum(row[1] != features for row, features in zip(rows, anew, strict=True))
