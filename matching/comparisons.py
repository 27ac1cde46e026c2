"""How two records are compared: one comparison an attribute, as Splink settings.

Columns named `other_*` are copies under another name, made when records are loaded:
Splink switches off, in a training session, every comparison that reads a column the
session blocks on; a swap must not switch off its neighbour.
"""

from __future__ import annotations

from typing import Any

Level = dict[str, Any]
Comparison = dict[str, Any]

COPIES = {"other_given": "given", "other_family": "family", "other_born": "birth_date"}
TF_COLUMNS = ("given", "family", "birth_date", "postal_code", "city")

CERTAIN_BITS = 100
"""Weight against a match that household evidence may not outweigh."""
UNSURE_BITS = 8
"""Weight against: a father and a son of one name, when no birth date tells."""

_SAME_PERSON = (
    "coalesce(list_has_any(cards_l, cards_r), false) "
    "or coalesce(damerau_levenshtein(national_id_l, national_id_r) <= 1, false)"
)
_SAME_HOME = (
    "coalesce(list_has_any(emails_l, emails_r), false) "
    "or coalesce(list_has_any(phones_l, phones_r), false) "
    "or coalesce(postal_code_l = postal_code_r, false) "
    "or coalesce(street_number_l = street_number_r and street_l = street_r, false)"
)
_SAME_STREET = (
    "coalesce(street_number_l = street_number_r and street_l = street_r, false)"
)
_SAME_CONTACT = (
    "(coalesce(list_has_any(emails_l, emails_r), false) "
    "or coalesce(list_has_any(phones_l, phones_r), false))"
)
_OTHER_CONTACT = (
    "emails_l is not null and emails_r is not null "
    "or phones_l is not null and phones_r is not null "
    "or cards_l is not null and cards_r is not null"
)
_GIVEN_AGREES = (
    "other_given_l = other_given_r or list_has_any(given_roots_l, given_roots_r) "
    "or list_has_any(given_names_l, given_names_r)"
)
_GIVEN_INITIAL = (
    "(length(other_given_l) = 1 or length(other_given_r) = 1) "
    "and left(other_given_l, 1) = left(other_given_r, 1)"
)
_GIVEN_TYPO = (
    "damerau_levenshtein(other_given_l, other_given_r) <= 1 "
    "or jaro_winkler_similarity(other_given_l, other_given_r) >= 0.88"
)
# Crosswise alike; where one side holds one name only, that one.
_SWAPPED = (
    "coalesce(jaro_winkler_similarity(other_given_l, other_family_r) >= 0.92, "
    "jaro_winkler_similarity(other_family_l, other_given_r) >= 0.92, false) "
    "and coalesce(jaro_winkler_similarity(other_family_l, other_given_r) >= 0.92, true)"
)
_BORN_CLOSE = "damerau_levenshtein(other_born_l, other_born_r) <= 1 or {swap} or {two}"


def _born(left: str, right: str) -> dict[str, str]:
    day, month, year = (f"[{p}]" for p in ("9:10", "6:7", "1:4"))
    same = [f"({left}{p} = {right}{p})::int" for p in (day, month, year)]
    return {
        "swap": f"({left}{year} = {right}{year} and {left}{day} = {right}{month} "
        f"and {left}{month} = {right}{day})",
        "two": f"({' + '.join(same)} >= 2)",
        "days": f"abs(date_diff('day', try_cast({left} as date), "
        f"try_cast({right} as date)))",
    }


def _null(sql: str) -> Level:
    return {"sql_condition": sql, "label_for_charts": "missing", "is_null_level": True}


def _level(label: str, sql: str, **more: Any) -> Level:
    return {"sql_condition": sql, "label_for_charts": label, **more}


def _else() -> Level:
    return _level("different", "ELSE")


def _fixed(label: str, sql: str, bits: float) -> Level:
    """Return a level whose weight is set, not learnt: it never counts for a match."""
    m, u = (2.0**-bits * 0.5, 0.5) if bits else (0.5, 0.5)
    fixed = {"fix_m_probability": True, "fix_u_probability": True}
    return _level(label, sql, m_probability=m, u_probability=u, **fixed)


def _tf(column: str, weight: float = 1.0, *, own: bool = False) -> dict[str, Any]:
    more = {"disable_tf_exact_match_detection": True} if own else {}
    return {"tf_adjustment_column": column, "tf_adjustment_weight": weight, **more}


def _comparison(name: str, *levels: Level) -> Comparison:
    return {"output_column_name": name, "comparison_levels": list(levels)}


def _given_name() -> Comparison:
    return _comparison(
        "given_name",
        _null("given_l is null or given_r is null"),
        _level("same", "given_l = given_r", **_tf("given")),
        _level(
            "pet form or second name",
            "list_has_any(given_roots_l, given_roots_r) "
            "or list_has_any(given_names_l, given_names_r)",
        ),
        _level(
            "initial",
            "(length(given_l) = 1 or length(given_r) = 1) "
            "and left(given_l, 1) = left(given_r, 1)",
        ),
        _level("typo", "damerau_levenshtein(given_l, given_r) <= 1 and "
            "length(given_l) > 3"),
        _level("alike", "jaro_winkler_similarity(given_l, given_r) >= 0.88"),
        _level("swapped", _SWAPPED),
        _else(),
    )  # fmt: skip


def _family_name() -> Comparison:
    swapped = _SWAPPED
    return _comparison(
        "family_name",
        _null("family_l is null or family_r is null"),
        _level("same", "family_l = family_r", **_tf("family")),
        _level("one name shared", "list_has_any(family_names_l, family_names_r)"),
        _level(
            "typo",
            "damerau_levenshtein(family_l, family_r) <= 1 and length(family_l) > 3",
        ),
        _level("alike", "jaro_winkler_similarity(family_l, family_r) >= 0.9"),
        _level("swapped", swapped),
        _else(),
    )


def _birth_date() -> Comparison:
    born = _born("birth_date_l", "birth_date_r")
    return _comparison(
        "birth_date",
        _null("birth_date_l is null or birth_date_r is null"),
        _level("same", "birth_date_l = birth_date_r", **_tf("birth_date")),
        _level("day and month swapped", born["swap"]),
        _level("one typo", "damerau_levenshtein(birth_date_l, birth_date_r) <= 1"),
        _level("two parts of three", born["two"]),
        _level("within a month", f"{born['days']} <= 31"),
        _level("within a year", f"{born['days']} <= 366"),
        _else(),
    )


def _email() -> Comparison:
    """Return how e-mails compare; those of namesakes are alike, which is no sign."""
    alike = (
        "(mailbox_l = mailbox_r "
        "or jaro_winkler_similarity(emails_l[1], emails_r[1]) >= 0.92)"
    )
    namesakes = "coalesce(other_family_l = other_family_r, false)"
    return _comparison(
        "email",
        _null("emails_l is null or emails_r is null"),
        _level("same", "list_has_any(emails_l, emails_r)"),
        _fixed("alike, as their names are", f"{alike} and {namesakes}", 0),
        _level("alike", alike),
        _else(),
    )


def _phone() -> Comparison:
    return _comparison(
        "phone",
        _null("phones_l is null or phones_r is null"),
        _level("same", "list_has_any(phones_l, phones_r)"),
        _level("one typo", "damerau_levenshtein(phones_l[1], phones_r[1]) <= 1"),
        _else(),
    )


def _address() -> Comparison:
    number = "coalesce(street_number_l = street_number_r, false)"
    street = "coalesce(jaro_winkler_similarity(street_l, street_r) >= 0.92, false)"
    near = (
        "(coalesce(postal_code_l = postal_code_r, false) "
        "or coalesce(jaro_winkler_similarity(city_l, city_r) >= 0.9, false))"
    )
    return _comparison(
        "address",
        _null(
            "(street_l is null or street_r is null) and (postal_code_l is null or "
            "postal_code_r is null) and (city_l is null or city_r is null)"
        ),
        _level("same home", f"{number} and {street} and {near}"),
        _level("same street", f"{street} and {near}"),
        _level("same number and place", f"{number} and {near}"),
        _level("same number and street", f"{number} and {street}"),
        _level(
            "same postcode and town",
            "postal_code_l = postal_code_r and city_l = city_r",
            **_tf("postal_code", own=True),
        ),
        _level(
            "same postcode",
            "postal_code_l = postal_code_r",
            **_tf("postal_code", own=True),
        ),
        _level("same town", "city_l = city_r", **_tf("city", own=True)),
        _level("town alike", "jaro_winkler_similarity(city_l, city_r) >= 0.9"),
        _level(
            "postcode typo",
            "damerau_levenshtein(postal_code_l, postal_code_r) <= 1",
        ),
        _else(),
    )


def _gender() -> Comparison:
    return _comparison(
        "gender",
        _null("gender_l is null or gender_r is null"),
        _level("same", "gender_l = gender_r"),
        _else(),
    )


def _card() -> Comparison:
    return _comparison(
        "card",
        _null("cards_l is null or cards_r is null"),
        _level("same", "list_has_any(cards_l, cards_r)"),
        _else(),
    )


def _national_id() -> Comparison:
    return _comparison(
        "national_id",
        _null("national_id_l is null or national_id_r is null"),
        _level("same", "national_id_l = national_id_r"),
        _level("one typo", "damerau_levenshtein(national_id_l, national_id_r) <= 1"),
        _else(),
    )


def _household() -> Comparison:
    """Return what a shared home, phone and family name cannot outweigh.

    Weights add up as if attributes were independent; in a household they are not.
    So two people of one home are told apart by first name and birth date alone, and
    only an identifier of the person says otherwise.
    """
    born = _born("other_born_l", "other_born_r")
    close = f"coalesce({_BORN_CLOSE.format(**born)}, false)"
    same_day = "coalesce(other_born_l = other_born_r, false)"
    agrees = f"coalesce({_GIVEN_AGREES}, false)"
    swapped = f"coalesce({_SWAPPED}, false)"
    typo = f"coalesce({_GIVEN_TYPO} or {_GIVEN_INITIAL}, false)"
    unknown_given = "(other_given_l is null or other_given_r is null)"
    unknown_born = "(other_born_l is null or other_born_r is null)"
    years = (
        "abs(try_cast(other_born_l[1:4] as int) - try_cast(other_born_r[1:4] as int))"
    )
    return _comparison(
        "household",
        _fixed("one person's identifier", _SAME_PERSON, 0),
        _fixed(
            "other first name and birth date",
            f"not ({agrees} or {typo} or {swapped} or {unknown_given}) "
            f"and not ({close} or {unknown_born})",
            CERTAIN_BITS,
        ),
        _fixed("nothing shared but attributes of the person", f"not ({_SAME_HOME})", 0),
        _fixed(
            "one home, other first name",
            f"not ({agrees} or {typo} or {swapped} or {unknown_given})",
            CERTAIN_BITS,
        ),
        _fixed(
            "one home, first name alike, other birth date",
            f"{typo} and not {agrees} and not ({close} or {unknown_born})",
            CERTAIN_BITS,
        ),
        _fixed(
            "one home, one first name, a generation apart",
            f"{agrees} and not ({close}) and coalesce({years} >= 14, false)",
            CERTAIN_BITS,
        ),
        _fixed(
            "one home, person unknown",
            f"{unknown_given} and not {same_day} and not {close}",
            CERTAIN_BITS,
        ),
        _fixed(
            "one home, one name, other contacts",
            f"{unknown_born} and {_SAME_STREET} and not {_SAME_CONTACT} "
            f"and ({_OTHER_CONTACT})",
            UNSURE_BITS,
        ),
        _fixed("no contradiction", "ELSE", 0),
    )


HOUSEHOLD_LEVELS = (
    "one home, other first name",
    "one home, first name alike, other birth date",
    "one home, one first name, a generation apart",
    "one home, person unknown",
    "one home, one name, other contacts",
)
"""Levels that say nothing where no record has a family in the data."""


def comparisons() -> list[Comparison]:
    """Return every comparison of the model, untrained."""
    return [
        _given_name(), _family_name(), _birth_date(), _gender(), _email(), _phone(),
        _address(), _card(), _national_id(), _household(),
    ]  # fmt: skip


def settings() -> dict[str, Any]:
    """Return the untrained Splink settings."""
    return {
        "link_type": "dedupe_only",
        "sql_dialect": "duckdb",
        "unique_id_column_name": "unique_id",
        "comparisons": comparisons(),
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "max_iterations": 20,
        "em_convergence": 0.001,
    }
