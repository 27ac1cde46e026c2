"""The batch over files: a million records, read, matched and compared inside DuckDB.

Records come as a file of JSON lines and leave as files of links and as columns of
clusters; nothing is done row by row in Python. Pairs are found and scored as
`matching.scoring.splink_predict` does it, by Splink's predict and clustering.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from matching.clustering.cluster import Decision, Link
from matching.clustering.guarded_clusters import cluster_by
from matching.features.normalise import CONTACT_ONLY, LISTS, TEXTS
from matching.model.comparisons import COPIES
from matching.model.hard_rules import CLUSTERED, SOURCE_KEY, HardRule
from matching.model.model_version import Model
from matching.scoring.contact_links import contact_links_sql
from matching.scoring.json_tables import TF_NAMES
from matching.scoring.scored_pair import comparison_columns
from matching.scoring.splink_predict import components_table, find_pairs, predict_table
from schemas.source_key import SourceKey

MEMORY = "1800MB"
"""What DuckDB may hold; beyond it, it writes to the scratch folder."""


class FileBatch:
    """One batch: tables of records, pairs and components in a DuckDB of its own."""

    def __init__(self, model: Model, scratch: Path) -> None:
        """Open it; `scratch` is a folder for what does not fit into memory."""
        self.model = model
        self._connection = duckdb.connect(
            config={"memory_limit": MEMORY, "temp_directory": str(scratch)}
        )
        self._connection.execute("set preserve_insertion_order = false")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the tables."""
        return self._connection.execute(sql, list(values)).fetchall()

    def columns(self, sql: str) -> pa.Table:
        """Return the answer of a query as columns."""
        return self._connection.sql(sql).to_arrow_table()

    def write(self, sql: str, file: Path) -> None:
        """Write the rows of a query as CSV without a header."""
        self._connection.execute(f"copy ({sql}) to '{file}' (format csv, header false)")

    def write_parquet(self, sql: str, file: Path) -> None:
        """Write the rows of a query as Parquet."""
        self._connection.execute(f"copy ({sql}) to '{file}' (format parquet)")

    def read_table(self, name: str, columns: str, file: Path) -> None:
        """Make a table of a CSV file; `columns` as `name type, ...`."""
        types = ", ".join(
            f"'{column}': '{kind}'"
            for column, kind in (one.split() for one in columns.split(", "))
        )
        self._connection.execute(
            f"create table {name} as select * from read_csv('{file}', "
            f"columns = {{{types}}}, header = false, auto_detect = false)"
        )

    def read_records(self, file: Path) -> int:
        """Read lines of features with `unique_id` and `version`; return how many."""
        kinds = {"unique_id": "bigint", "version": "bigint"}
        kinds |= dict.fromkeys(TEXTS, "varchar") | dict.fromkeys(LISTS, "varchar[]")
        kinds |= dict.fromkeys(TF_NAMES, "double") | {CONTACT_ONLY: "boolean"}
        types = ", ".join(f"{name}: '{kind}'" for name, kind in kinds.items())
        copies = "".join(f", {old} as {new}" for new, old in COPIES.items())
        names = ", ".join(name for name in kinds if name != "version")
        self._connection.execute(
            f"create temp table line as select * from read_json('{file}', "
            f"format = 'newline_delimited', columns = {{{types}}})"
        )
        self._connection.execute(
            f"create table record as select {names}{copies} from line"
        )
        self._connection.execute(
            "create table record_version as select unique_id, version from line"
        )
        self._connection.execute("drop table line")
        return int(self.rows("select count(*) from record")[0][0])

    def match(self, *, newest_from: int | None = None) -> int:
        """Fill `scored` with the pairs from the review band up; return how many.

        With `newest_from`, only pairs that hold a record of at least this id.
        """
        find_pairs(self._connection, self.model, newest_from=newest_from)
        self._connection.execute("drop table record_key")
        floor = f"'{self.model.bands.review!r}'::double"
        self._score("scored", f"where match_probability >= {floor}")
        self.link_by_contact("contact_pair")
        return int(self.rows("select count(*) from scored")[0][0])

    def link_by_contact(self, pairs: str) -> None:
        """Add the pairs (a, b) of records that hold nothing but a contact."""
        links = contact_links_sql(self.model, pairs)
        self._connection.execute(f"insert into scored {links}")

    def score_pairs(self, pairs: str) -> int:
        """Fill `scored` as `match` does, with the pairs of the query (a, b) alone.

        `every_scored` holds all of them, those below the review band too.
        """
        self._connection.execute(f"create temp table candidate as {pairs}")
        self._score("every_scored")
        floor = f"'{self.model.bands.review!r}'::double"
        self._connection.execute(
            f"create table scored as from every_scored where probability >= {floor}"
        )
        return int(self.rows("select count(*) from scored")[0][0])

    def _score(self, table: str, where: str = "") -> None:
        answer = predict_table(self._connection, self.model)
        if answer is None:
            self._connection.execute(
                f"create table {table} (a bigint, b bigint, weight double, "
                "probability double, evidence varchar)"
            )
            return
        evidence = comparison_columns(self.model.settings).evidence_sql
        self._connection.execute(
            f"create table {table} as select unique_id_l as a, unique_id_r as b, "
            "match_weight as weight, match_probability as probability, "
            f"{evidence} as evidence from {answer} {where}"
        )
        self._connection.execute(f"drop table {answer}")

    def find_components(self, edges: str = "") -> None:
        """Fill `component` (unique_id, component): each named by its smallest id.

        Records that strong pairs join, and those of the query `edges` (a, b).
        """
        more = f" union all select a, b, 1.0 from ({edges})" if edges else ""
        match = self.model.bands.match
        self._connection.execute(
            "create table edge as select a as unique_id_l, b as unique_id_r, "
            f"probability as match_probability from scored "
            f"where probability >= '{match!r}'::double{more}"
        )
        answer = components_table(self._connection, match)
        self._connection.execute(
            "create table component as select unique_id, min(unique_id) over "
            f"(partition by cluster_id) as component from {answer}"
        )

    def odd_components(self) -> str:
        """Return the query of components in which a guard of the model may bite, or
        a record holds nothing but a contact.

        Wider than need be, never narrower: all others are clusters as they are.
        """
        guards = self.model.guards
        limits = [n for n in (guards.largest, 2 * guards.bridge_side - 1) if n > 0]
        tests = [f"count(*) > {min(limits)}"] if limits else []
        tests.append(f"bool_or({CONTACT_ONLY})")
        tests += [
            _may_apply(rule) for rule in guards.rules if rule.column != SOURCE_KEY
        ]
        source = "component join record using (unique_id)"
        if any(rule.column == SOURCE_KEY for rule in guards.rules):
            tests.append("count(*) > 1")
        having = " or ".join(tests)
        return f"select component from {source} group by component having {having}"

    def guarded_clusters(
        self, keys: Mapping[int, SourceKey], decisions: Sequence[Decision] = ()
    ) -> dict[int, int]:
        """Return the clusters, under the model's guards, of the records of `keys`.

        They must be whole components, with whatever decisions *same* join to them.
        """
        if not keys:
            return {}
        self.register("guarded", keys)
        names = tuple(CLUSTERED)
        features = {
            row[0]: dict(zip(names, row[1:], strict=True))
            for row in self.rows(
                f"select unique_id, {', '.join(names)} from record "
                "semi join guarded on unique_id = id"
            )
        }
        strong = self.rows(
            "select a, b, weight, probability from scored semi join guarded on a = id "
            "where probability >= ?",
            [self.model.bands.match],
        )
        links = [Link(*row) for row in strong]
        return cluster_by(self.model, features, links, decisions, keys=keys).cluster

    def keep_clusters(self, clusters: Mapping[int, int]) -> None:
        """Fill `expected` (unique_id, component, cluster): these, or the component."""
        ids = pa.array(list(clusters), pa.int64())
        labels = pa.array(list(clusters.values()), pa.int64())
        self._connection.register(
            "given_clusters", pa.table({"unique_id": ids, "cluster": labels})
        )
        self._connection.execute(
            "create table expected as select unique_id, component, "
            "coalesce(cluster, component) as cluster from component "
            "left join given_clusters using (unique_id)"
        )
        self._connection.unregister("given_clusters")

    def register(self, name: str, ids: Iterable[int]) -> None:
        """Make a table of one column `id`."""
        table = pa.table({"id": pa.array(list(ids), pa.int64())})
        self._connection.register("given_ids", table)
        self._connection.execute(f"create table {name} as from given_ids")
        self._connection.unregister("given_ids")


def _may_apply(rule: HardRule) -> str:
    """Return whether a component holds two values of what a rule says is one."""
    if rule.column in LISTS:
        return f"len(list_distinct(flatten(list({rule.column})))) > 1"
    return f"min({rule.column}) <> max({rule.column})"
