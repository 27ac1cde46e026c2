"""All records at once: the reference the stream must equal.

Splink predicts and clusters. The pairs come from `blocking.RULES` in DuckDB, as a table
registered with Splink: its exploding rules make a pass a rule over the unnested
records and know no stop-list; a table of (record, key) is one equi-join for all.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker
from splink.clustering import cluster_pairwise_predictions_at_threshold

from matching.features.normalise import LISTS, Features
from matching.model.blocking import keys_sql, pairs_sql
from matching.model.model_version import Model
from matching.scoring.arrow_tables import arrow_table
from matching.scoring.contact_links import OF_A_CONTACT, contact_link
from matching.scoring.scored_pair import ScoredPair, comparison_columns
from matching.scoring.splink_sql import quiet


@dataclass(frozen=True)
class BatchResult:
    """Scored pairs from the review band up, and each record's component.

    A component is labelled with its smallest record id.
    """

    pairs: list[ScoredPair]
    components: dict[int, int]


def resolve_batch(model: Model, features: Mapping[int, Features]) -> BatchResult:
    """Return what the stream must arrive at for these records."""
    if not features:
        return BatchResult([], {})
    with duckdb.connect() as connection:
        _load(connection, features)
        find_pairs(connection, model)
        pairs = _predict(connection, model, model.bands.review)
        linked = connection.execute("select a, b from contact_pair").fetchall()
        pairs = sorted([*pairs, *(contact_link(model, (a, b)) for a, b in linked)])
        strong = [p for p in pairs if p.probability >= model.bands.match]
        components = _components(connection, strong, model.bands.match)
    return BatchResult(pairs, components)


def predict(
    model: Model, features: Mapping[int, Features], pairs: Collection[tuple[int, int]]
) -> list[ScoredPair]:
    """Return these pairs, scored by Splink's own predict, whatever their weight."""
    if not pairs:
        return []
    with duckdb.connect() as connection:
        _load(connection, features)
        columns = zip(*sorted(set(pairs)), strict=True)
        table = pa.table([pa.array(c, pa.int64()) for c in columns], names=["a", "b"])
        connection.register("given_pairs", table)
        connection.execute("create temp table candidate as from given_pairs")
        return _predict(connection, model, 0.0)


def find_pairs(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    *,
    newest_from: int | None = None,
) -> None:
    """Fill table `candidate` (a, b) with the pairs of table `record` to compare.

    Those of records that hold nothing but a contact, which no model compares, go into
    `contact_pair` (a, b). With `newest_from`, only pairs that hold a record of at least
    this id.
    """
    keys = keys_sql("record", model.rules, LISTS)
    stopped = pa.table({"key": pa.array(sorted(model.stop_keys), pa.string())})
    connection.register("stop_key", stopped)
    connection.execute(
        f"create temp table record_key as select unique_id, key from ({keys}) "
        "anti join stop_key using (key)"
    )
    _suspend(connection, model.guards.largest_block)
    pairs = pairs_sql("record_key")
    if newest_from is not None:
        pairs += f" where r.unique_id >= {newest_from}"
    connection.execute(f"create temp table candidate as {pairs}")
    _set_contact_pairs_apart(connection)


def _set_contact_pairs_apart(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"create temp table contact_pair as from candidate where {OF_A_CONTACT}"
    )
    if connection.execute("select count(*) from contact_pair").fetchall()[0][0]:
        connection.execute(f"delete from candidate where {OF_A_CONTACT}")


def _suspend(connection: duckdb.DuckDBPyConnection, most: int) -> None:
    """Take out the keys of more records than a block may have."""
    if most:
        # hashes first: they are far cheaper to count than the keys
        connection.execute(
            "create temp table crowd as select hash(key) as h from record_key "
            f"group by h having count(*) > {most}"
        )
        connection.execute(
            "delete from record_key where key in (select key from record_key "
            "where hash(key) in (select h from crowd) "
            f"group by key having count(*) > {most})"
        )
        connection.execute("drop table crowd")


def _load(
    connection: duckdb.DuckDBPyConnection, features: Mapping[int, Features]
) -> None:
    connection.register("incoming", arrow_table(features))
    connection.execute("create table record as from incoming")
    connection.unregister("incoming")


def _predict(
    connection: duckdb.DuckDBPyConnection, model: Model, floor: float
) -> list[ScoredPair]:
    answer = predict_table(connection, model)
    if answer is None:
        return []
    columns = comparison_columns(model.settings)
    rows = connection.execute(
        f"select {columns.sql} from {answer} where match_probability >= ? order by all",
        [floor],
    ).fetchall()
    return [columns.scored(row) for row in rows]


def predict_table(connection: duckdb.DuckDBPyConnection, model: Model) -> str | None:
    """Return the table in which Splink's predict scored `candidate`; None for none."""
    if not connection.execute("select count(*) from candidate").fetchall()[0][0]:
        return None
    connection.execute(
        "create table blocked_pair as "
        "select '0' as match_key, a as join_key_l, b as join_key_r from candidate"
    )
    with quiet():
        api = DuckDBAPI(connection)
        # a bundle's settings are looked through when it is opened; Splink's own look
        # takes as long as all else
        linker = Linker(
            api.register("record"),
            copy.deepcopy(dict(model.settings)),
            validate_settings=False,
        )
        linker.table_management.register_blocked_pairs_for_predict(
            api.register("blocked_pair")
        )
        answer = linker.inference.predict(warning_mode="never")
    return str(answer.physical_name)


def _components(
    connection: duckdb.DuckDBPyConnection, strong: list[ScoredPair], match: float
) -> dict[int, int]:
    edges = pa.table(
        {
            "unique_id_l": pa.array([p.a for p in strong], pa.int64()),
            "unique_id_r": pa.array([p.b for p in strong], pa.int64()),
            "match_probability": pa.array(
                [p.probability for p in strong], pa.float64()
            ),
        }
    )
    connection.register("strong_pair", edges)
    connection.execute("create table edge as from strong_pair")
    answer = components_table(connection, match)
    rows = connection.execute(
        "select unique_id, min(unique_id) over (partition by cluster_id) "
        f"from {answer} order by unique_id"
    ).fetchall()
    return dict(rows)


def components_table(connection: duckdb.DuckDBPyConnection, match: float) -> str:
    """Return the table in which Splink clustered `record` by the links of `edge`."""
    with quiet():
        api = DuckDBAPI(connection)
        answer = cluster_pairwise_predictions_at_threshold(
            api.register("record"),
            api.register("edge"),
            api,
            node_id_column_name="unique_id",
            threshold_match_probability=match,
        )
    return str(answer.physical_name)
