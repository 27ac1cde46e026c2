"""The same bundle on Spark: how far it is from DuckDB is counted, and bounded."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import orjson
import pytest

from matching.batch.duckdb_batch import FileBatch
from matching.batch.spark_batch import match_on_spark
from matching.batch.spark_sql import spark_condition
from matching.model.model_version import Model
from schemas.source_record import CustomerRecord
from tests.matching.people import crowd
from tests.needs import needs


def test_conditions_are_told_in_sparks_words() -> None:
    assert spark_condition("list_has_any(a_l, a_r)") == "ARRAYS_OVERLAP(a_l, a_r)"
    assert spark_condition("b_l[9:10] = b_r[6:7]") == (
        "SUBSTRING(b_l, 9, 2) = SUBSTRING(b_r, 6, 2)"
    )
    found = spark_condition("jaro_winkler_similarity(a_l[1], a_r[1]) >= 0.9")
    assert found == (
        "CASE WHEN a_l[0] IS NULL OR a_r[0] IS NULL THEN NULL "
        "ELSE JARO_WINKLER(a_l[0], a_r[0]) END >= 0.9"
    )


# above 20 s: Spark reads and plans Splink's whole statement several times
def test_spark_finds_what_duckdb_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(
        importlib.util.find_spec("pyspark") is not None
        and shutil.which("java") is not None,
        "pyspark and Java 17",
    )
    # for four hundred records Java's second compiler works as long as all else
    options = "--driver-java-options -XX:TieredStopAtLevel=1 pyspark-shell"
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", options)
    model = Model.load()
    people = crowd(400, seed=12)
    tickets = [
        CustomerRecord(emails=one.emails[:1], contact_identifies=True)
        for one in people[::20]
        if one.emails
    ]
    records = model.standardise([*people, *tickets])
    file = tmp_path / "records.jsonl"
    lines = [
        orjson.dumps({"unique_id": i, "version": 1} | features)
        for i, features in enumerate(records)
    ]
    file.write_bytes(b"\n".join(lines))
    links = "select a, b, weight, probability, evidence from scored order by all"
    with FileBatch(model, tmp_path) as whole, FileBatch(model, tmp_path) as spark:
        whole.read_records(file)
        spark.read_records(file)
        whole.match()

        report = match_on_spark(spark, tmp_path)

        wanted, found = whole.rows(links), spark.rows(links)
    assert report.largest_difference < 1e-9
    assert (report.higher, report.lower) == (0, 0)
    assert len(wanted) > 300
    assert sum('"contact"' in link[-1] for link in wanted) >= len(tickets) > 5
    assert found == wanted
