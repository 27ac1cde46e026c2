"""The batch's heavy part on Spark: candidates of all records, scored by the bundle.

Spark's string functions are other code than DuckDB's, so its weights are not promised
to be the same bits. It finds the pairs that come near the review band; DuckDB then
scores these few, and only its weights are kept. What differs is counted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matching.batch.duckdb_batch import FileBatch
from matching.batch.spark_sql import keys_sql, spark_settings
from matching.errors import MatchingError
from matching.features.normalise import CONTACT_ONLY, LISTS
from matching.model.comparisons import TF_COLUMNS
from matching.model.model_version import Model
from matching.scoring.contact_links import OF_A_CONTACT
from matching.scoring.json_tables import TF_NAMES
from matching.scoring.splink_sql import quiet

MARGIN = 0.01
"""Bits below the review band that Spark still hands over to DuckDB."""


class SparkMissing(MatchingError):
    """Spark cannot run here; the text says what to install."""


@dataclass(frozen=True)
class SparkReport:
    """What Spark found, and how far it was from DuckDB on the same pairs.

    `higher` pairs reach the review band by Spark's weight alone, `lower` by DuckDB's.
    """

    pairs: int
    largest_difference: float
    higher: int
    lower: int

    def sentence(self) -> str:
        """Return it for a person."""
        return (
            f"Spark found {self.pairs} pairs; its weights differ from DuckDB's by at "
            f"most {self.largest_difference:.3g} bits; {self.higher} pairs reach the "
            f"review band by Spark's weight alone, {self.lower} by DuckDB's alone. "
            "DuckDB's weights are stored."
        )


def match_on_spark(
    batch: FileBatch, scratch: Path, *, newest_from: int | None = None
) -> SparkReport:
    """Fill the batch's `scored` with pairs that Spark found and DuckDB scored."""
    records, found = scratch / "records.parquet", scratch / "pairs.parquet"
    by_contact = scratch / "contact_pairs.parquet"
    batch.write_parquet("select * from record", records)
    alone = batch.rows(f"select count(*) from record where {CONTACT_ONLY}")[0][0]
    with _session(scratch) as spark:
        _find(spark, batch.model, records, found, newest_from=newest_from)
        if alone:
            written = spark.sql(f"select * from candidate where {OF_A_CONTACT}")
            written.write.parquet(str(by_contact))
    floor = f"'{batch.model.bands.review!r}'::double"
    batch.score_pairs(f"select a, b from read_parquet('{found}/*.parquet')")
    if alone:
        batch.link_by_contact(f"read_parquet('{by_contact}/*.parquet')")
        shutil.rmtree(by_contact)
    joined = (
        f"read_parquet('{found}/*.parquet') s join every_scored d "
        "on s.a = d.a and s.b = d.b"
    )
    row = batch.rows(
        f"select count(*) filter (s.probability >= {floor}), "
        "coalesce(max(abs(s.weight - d.weight)), 0.0), "
        f"count(*) filter (s.probability >= {floor} and d.probability < {floor}), "
        f"count(*) filter (s.probability < {floor} and d.probability >= {floor}) "
        f"from {joined}"
    )[0]
    shutil.rmtree(found)
    return SparkReport(*row)


@contextmanager
def _session(scratch: Path) -> Iterator[Any]:
    try:
        from pyspark import SparkConf
        from pyspark.sql import SparkSession
        from splink.internals.spark.jar_location import similarity_jar_location
    except ImportError as error:
        raise SparkMissing(
            "Spark is not installed; install it with `pip install 'couture[spark]'`"
        ) from error
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise SparkMissing("Spark needs Java 17 or later; set JAVA_HOME")
    given = SparkConf()
    builder = SparkSession.builder.master(given.get("spark.master") or "local[*]")
    spark = (
        builder.appName("couture")
        .config("spark.jars", similarity_jar_location())
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.ansi.enabled", "false")
        .config(
            "spark.sql.shuffle.partitions",
            given.get("spark.sql.shuffle.partitions") or "8",
        )
        .config("spark.driver.memory", given.get("spark.driver.memory") or "2g")
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.sparkContext.setCheckpointDir(str(scratch / "checkpoints"))
    try:
        yield spark
    finally:
        spark.stop()


def _find(
    spark: Any, model: Model, records: Path, found: Path, *, newest_from: int | None
) -> None:
    """Write the pairs near the review band or above, with Spark's weights."""
    from splink import Linker
    from splink.backends.spark import SparkAPI

    frame = spark.read.parquet(str(records))
    frame.createOrReplaceTempView("record_with_frequencies")
    frame.drop(*TF_NAMES).createOrReplaceTempView("record")
    _candidates(spark, model, newest_from)
    with quiet():
        api = SparkAPI(spark_session=spark)  # type: ignore[no-untyped-call]
        linker = Linker(api.register("record"), spark_settings(model.settings))
        # Spark, unlike DuckDB, knows no two columns of one name: the bundle's frozen
        # frequencies go in as tables, in place of those that Splink would count.
        for column in TF_COLUMNS:
            view = f"frequency_of_{column}"
            spark.sql(
                f"select distinct {column}, tf_{column} from record_with_frequencies "
                f"where {column} is not null"
            ).createOrReplaceTempView(view)
            linker.table_management.register_term_frequency_lookup(
                api.register(view), column
            )
        linker.table_management.register_blocked_pairs_for_predict(
            api.register("blocked_pair")
        )
        answer = linker.inference.predict(warning_mode="never")
    odds = model.bands.review / (1 - model.bands.review) * 2**-MARGIN
    spark.sql(
        "select unique_id_l as a, unique_id_r as b, match_weight as weight, "
        f"match_probability as probability from {answer.physical_name} "
        f"where match_probability >= {odds / (1 + odds)!r}D"
    ).write.parquet(str(found))


def _candidates(spark: Any, model: Model, newest_from: int | None) -> None:
    spark.sql(keys_sql(model.rules, LISTS)).createOrReplaceTempView("every_key")
    stopped = [(key,) for key in sorted(model.stop_keys)]
    spark.createDataFrame(stopped, "key string").createOrReplaceTempView("stop_key")
    crowd = model.guards.largest_block
    bound = f"having count(*) > {crowd}" if crowd else "having false"
    spark.sql(
        "select * from every_key left anti join stop_key using (key) left anti join "
        f"(select key from every_key group by key {bound}) using (key)"
    ).createOrReplaceTempView("record_key")
    newest = f"where r.unique_id >= {newest_from}" if newest_from is not None else ""
    spark.sql(
        "select distinct l.unique_id as a, r.unique_id as b from record_key l "
        f"join record_key r on l.key = r.key and l.unique_id < r.unique_id {newest}"
    ).createOrReplaceTempView("candidate")
    spark.sql(
        "select '0' as match_key, a as join_key_l, b as join_key_r from candidate "
        f"where not {OF_A_CONTACT}"
    ).createOrReplaceTempView("blocked_pair")
