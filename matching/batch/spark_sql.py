"""The model's expressions as Spark reads them: DuckDB has other words for the same."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from matching.model.blocking import SEPARATOR, Rule

# Splink's jar of string functions for Spark; DuckDB has its own of each.
_JAR = {"jaro_winkler_similarity": "jaro_winkler", "damerau_levenshtein": None}


def spark_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return Splink settings with every condition in Spark's SQL."""
    found = copy.deepcopy(dict(settings))
    found["sql_dialect"] = "spark"
    for comparison in found["comparisons"]:
        for level in comparison["comparison_levels"]:
            if level["sql_condition"] != "ELSE":
                level["sql_condition"] = spark_condition(level["sql_condition"])
    return found


def spark_condition(condition: str) -> str:
    """Return a condition of DuckDB's in Spark's SQL."""
    tree = sqlglot.parse_one(condition, read="duckdb").transform(_translated)
    return str(tree.sql(dialect="spark"))


def _translated(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Bracket) and isinstance(node.expressions[0], exp.Slice):
        part = node.expressions[0]
        first, last = int(part.this.name), int(part.expression.name)
        return exp.Substring(
            this=node.this,
            start=exp.Literal.number(first),
            length=exp.Literal.number(last - first + 1),
        )
    if isinstance(node, exp.ArrayOverlaps):
        both = [node.this, node.expression]
        return exp.Anonymous(this="arrays_overlap", expressions=both)
    if (name := _name(node)) in _JAR:
        arguments = _arguments(node)
        call = exp.Anonymous(this=_JAR[name] or name, expressions=arguments)
        # In the jar a missing text is a text without letters; here it is unknown.
        missing = exp.or_(
            *(exp.Is(this=a.copy(), expression=exp.Null()) for a in arguments)
        )
        return exp.Case().when(missing, exp.Null()).else_(call)
    return node


def _name(node: exp.Expression) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.name).lower()
    if isinstance(node, exp.JarowinklerSimilarity):
        return "jaro_winkler_similarity"
    return ""


def _arguments(node: exp.Expression) -> list[exp.Expression]:
    if isinstance(node, exp.Anonymous):
        return list(node.expressions)
    return [node.this, node.expression]


def keys_sql(rules: Sequence[Rule], lists: Iterable[str]) -> str:
    """Return the statement for (unique_id, key) of table `record`."""
    several = set(lists)
    return " union all ".join(_rule_sql(rule, several) for rule in rules)


def _rule_sql(rule: Rule, several: set[str]) -> str:
    source, names = "record", []
    for i, column in enumerate(rule.columns):
        value = f"explode({column})" if column in several else column
        names.append(f"v{i}")
        source = f"(select *, {value} as v{i} from {source})"
    known = " and ".join(f"{name} is not null" for name in names)
    separator = f"char({ord(SEPARATOR)})"
    return (
        f"select distinct unique_id, concat_ws({separator}, '{rule.name}', "
        f"{', '.join(names)}) as key from {source} where {known}"
    )
