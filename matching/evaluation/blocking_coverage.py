"""What the blocking rules reach, which of them carry the links, and what they may miss.

A pair that shares no key is never compared, so no weight tells of it. How many matches
are missed can only be estimated: rules on identifiers (card, e-mail, phone) and rules
on the person (names, birth date, place) catch the same matches almost independently,
so what both caught tells what neither did: D. G. Chapman's estimator ("Some properties
of the hypergeometric distribution with applications to zoological sample censuses",
1951) with the variance of G. A. F. Seber ("The effects of trap response on tag
recapture estimates", 1970).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt

import duckdb
import pyarrow as pa

from matching.evaluation.blocking_coverage_report import (
    BigKey,
    Coverage,
    Missed,
    RuleCoverage,
)
from matching.features.normalise import LISTS, Features
from matching.model.blocking import SEPARATOR, keys_sql
from matching.model.model_version import Model
from matching.scoring.arrow_tables import arrow_table
from matching.scoring.splink_predict import predict_table

IDENTIFIERS = frozenset({"cards", "emails", "phones", "national_id"})


def coverage(
    model: Model,
    chunks: Iterable[Mapping[int, Features]],
    *,
    links: Iterable[tuple[int, int]] | None = None,
    biggest: int = 10,
    show_values: bool = False,
) -> Coverage:
    """Return what blocking reaches in these records.

    `links` are the pairs linked already; without them the model links them here.
    """
    with duckdb.connect() as connection:
        _load(connection, chunks)
        _make_pairs(connection, model)
        _make_links(connection, model, links)
        return Coverage(
            records=_count(connection, "record"),
            without_key=_count(connection, _UNKEYED),
            never_compared=_count(connection, _UNPAIRED),
            suspended_keys=_count(connection, "block where suspended"),
            pairs=_count(connection, "made"),
            links=_count(connection, "linked"),
            rules=_rules(connection, model),
            biggest=_biggest(connection, biggest, show_values),
            missed=_missed(connection, model),
        )


def chapman(first: int, second: int, both: int) -> tuple[float, float]:
    """Return how many neither of two catches caught, and the estimate's deviation."""
    caught = first + second - both
    whole = (first + 1) * (second + 1) / (both + 1) - 1
    spread = (first + 1) * (second + 1) * (first - both) * (second - both)
    deviation = sqrt(spread / ((both + 1) ** 2 * (both + 2)))
    return max(0.0, whole - caught), deviation


def _load(
    connection: duckdb.DuckDBPyConnection, chunks: Iterable[Mapping[int, Features]]
) -> None:
    connection.register("incoming", arrow_table({}))
    connection.execute("create table record as from incoming")
    for chunk in chunks:
        connection.register("incoming", arrow_table(chunk))
        connection.execute("insert into record from incoming")
    connection.unregister("incoming")


def _make_pairs(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Make the pairs, each with the rules that made it as bits."""
    names = [rule.name for rule in model.rules]
    connection.register("rule", pa.table({"name": names, "bit": range(len(names))}))
    stopped = pa.table({"key": pa.array(sorted(model.stop_keys), pa.string())})
    connection.register("stop_key", stopped)
    connection.execute(
        "create table record_key as select k.unique_id, k.key, rule.name, rule.bit"
        f" from ({keys_sql('record', model.rules, LISTS)}) k"
        " anti join stop_key using (key)"
        " join rule on rule.name = split_part(k.key, chr(31), 1)"
    )
    most = model.guards.largest_block
    connection.execute(
        "create table block as select key, count(*) as records,"
        f" {most} > 0 and count(*) > {most} as suspended from record_key group by key"
    )
    connection.execute(
        "delete from record_key where key in (select key from block where suspended)"
    )
    connection.execute(
        "create table made as select l.unique_id as a, r.unique_id as b,"
        " bit_or(1::bigint << l.bit) as rules from record_key l"
        " join record_key r on l.key = r.key and l.unique_id < r.unique_id"
        " group by 1, 2"
    )


def _make_links(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    links: Iterable[tuple[int, int]] | None,
) -> None:
    if links is None:
        connection.execute("create table candidate as select a, b from made")
        answer = predict_table(connection, model)
        source = (
            f"(select unique_id_l as a, unique_id_r as b from {answer}"
            f" where match_probability >= {model.bands.match!r})"
            if answer
            else "candidate"
        )
    else:
        known = list(links)
        columns = [
            pa.array([pair[end] for pair in known], pa.int64()) for end in (0, 1)
        ]
        connection.register("known", pa.table(columns, names=["a", "b"]))
        source = "known"
    connection.execute(
        f"create table linked as select made.* from {source} join made using (a, b)"
    )


_UNKEYED = "record anti join record_key using (unique_id)"
_UNPAIRED = (
    "(select unique_id from record anti join"
    " (select a as unique_id from made union select b from made) using (unique_id))"
)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _rules(connection: duckdb.DuckDBPyConnection, model: Model) -> list[RuleCoverage]:
    links = _count(connection, "linked")
    found = []
    for place, rule in enumerate(model.rules):
        bit = 1 << place
        counts: list[int] = []
        for table in ("made", "linked"):
            counts += connection.execute(
                f"select count(*) filter (rules & {bit} <> 0),"
                f" count(*) filter (rules = {bit}) from {table}"
            ).fetchall()[0]
        keyed = connection.execute(
            "select count(distinct unique_id) from record_key where bit = ?", [place]
        ).fetchall()[0][0]
        pairs, pairs_alone, joined, joined_alone = counts
        found.append(
            RuleCoverage(
                rule=rule.name,
                columns=list(rule.columns),
                records=keyed,
                pairs=pairs,
                pairs_alone=pairs_alone,
                links=joined,
                links_alone=joined_alone,
                links_share=joined / links if links else 0.0,
            )
        )
    return found


def _biggest(
    connection: duckdb.DuckDBPyConnection, most: int, show_values: bool
) -> list[BigKey]:
    rows = connection.execute(
        "select key, records, suspended from block where records > 1"
        " order by records desc, key limit ?",
        [most],
    ).fetchall()
    return [
        BigKey(
            rule,
            values if show_values else [masked(value) for value in values],
            records,
            0 if suspended else records * (records - 1) // 2,
            suspended,
        )
        for key, records, suspended in rows
        for rule, *values in [key.split(SEPARATOR)]
    ]


def masked(value: str) -> str:
    """Return a value as its first character and its length."""
    return f"{value[:1]}… ({len(value)})"


def _missed(connection: duckdb.DuckDBPyConnection, model: Model) -> Missed:
    bits = sum(
        1 << place
        for place, rule in enumerate(model.rules)
        if IDENTIFIERS.issuperset(rule.columns)
    )
    seen, first, second = connection.execute(
        f"select count(*), count(*) filter (rules & {bits} <> 0),"
        f" count(*) filter (rules & ~{bits}::bigint <> 0) from linked"
    ).fetchall()[0]
    both = first + second - seen
    if not both:
        return Missed(None, None, None, None, first, second, both)
    estimate, deviation = chapman(first, second, both)
    low, high = (max(0.0, estimate + side * 1.96 * deviation) for side in (-1, 1))
    share = estimate / (seen + estimate)
    return Missed(estimate, low, high, share, first, second, both)
