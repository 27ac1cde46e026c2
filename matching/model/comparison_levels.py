"""The parts of a comparison, as Splink's settings want them."""

from __future__ import annotations

from typing import Any

Level = dict[str, Any]
Comparison = dict[str, Any]

_SAME_WORDS = "coalesce(name_words_l = name_words_r, false)"

# Crosswise alike; where one side holds one name only, that one. Or the same names,
# parted otherwise: of NGUYEN THI HUONG nobody can tell by its form which is which.
SWAPPED = (
    "(coalesce(jaro_winkler_similarity(other_given_l, other_family_r) >= 0.92, "
    "jaro_winkler_similarity(other_family_l, other_given_r) >= 0.92, false) "
    "and coalesce(jaro_winkler_similarity(other_family_l, other_given_r) >= 0.92, true)"
    f" or {_SAME_WORDS})"
)

# Crosswise alike on both sides: one name alone would be any relative's.
SWAPPED_BOTH = (
    "(jaro_winkler_similarity(other_given_l, other_family_r) >= 0.92 "
    "and jaro_winkler_similarity(other_family_l, other_given_r) >= 0.92 "
    f"or other_given_l <> other_given_r and {_SAME_WORDS})"
)

SAME_NUMBER = "coalesce(street_number_l = street_number_r, false)"
STREET_ALIKE = "coalesce(jaro_winkler_similarity(street_l, street_r) >= 0.92, false)"
NEAR = (
    "(coalesce(postal_code_l = postal_code_r, false) "
    "or coalesce(jaro_winkler_similarity(city_l, city_r) >= 0.9, false))"
)


def birth_date_level(left: str, right: str) -> dict[str, str]:
    """Return conditions on two birth dates: swapped, two parts alike, days apart."""
    day, month, year = (f"[{p}]" for p in ("9:10", "6:7", "1:4"))
    same = [f"({left}{p} = {right}{p})::int" for p in (day, month, year)]
    return {
        "swap": f"({left}{year} = {right}{year} and {left}{day} = {right}{month} "
        f"and {left}{month} = {right}{day})",
        "two": f"({' + '.join(same)} >= 2)",
        "days": f"abs(date_diff('day', try_cast({left} as date), "
        f"try_cast({right} as date)))",
    }


def missing(sql: str) -> Level:
    """Return the level of pairs that cannot be compared."""
    return {"sql_condition": sql, "label_for_charts": "missing", "is_null_level": True}


def level(label: str, sql: str, **more: Any) -> Level:
    """Return a level whose weight is learnt."""
    return {"sql_condition": sql, "label_for_charts": label, **more}


def otherwise() -> Level:
    """Return the level of all pairs that reached no other."""
    return level("different", "ELSE")


def fixed(label: str, sql: str, bits: float, **more: Any) -> Level:
    """Return a level whose weight is set, not learnt: it never counts for a match."""
    m, u = (2.0**-bits * 0.5, 0.5) if bits else (0.5, 0.5)
    fixed = {"fix_m_probability": True, "fix_u_probability": True}
    return level(label, sql, m_probability=m, u_probability=u, **fixed, **more)


def frequency(column: str, weight: float = 1.0, *, own: bool = False) -> dict[str, Any]:
    """Return what makes a level weigh rare values of a column more."""
    more = {"disable_tf_exact_match_detection": True} if own else {}
    return {"tf_adjustment_column": column, "tf_adjustment_weight": weight, **more}


def comparison(name: str, *levels: Level) -> Comparison:
    """Return a comparison; a pair takes the first level it fulfils."""
    return {"output_column_name": name, "comparison_levels": list(levels)}
