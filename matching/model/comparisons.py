"""How two records are compared: one comparison an attribute, as Splink settings.

Columns named `other_*` are copies under another name, made when records are loaded:
Splink switches off, in a training session, every comparison that reads a column the
session blocks on; a swap must not switch off its neighbour.
"""

from __future__ import annotations

from typing import Any

from matching.model.comparison_levels import (
    NEAR,
    SAME_NUMBER,
    STREET_ALIKE,
    SWAPPED,
    Comparison,
    birth_date_level,
    comparison,
    fixed,
    frequency,
    level,
    missing,
    otherwise,
)
from matching.model.household_comparison import household

COPIES = {
    "other_given": "given", "other_family": "family", "other_born": "birth_date",
    "other_year": "birth_year",
}  # fmt: skip
TF_COLUMNS = ("given", "family", "birth_date", "postal_code", "city")


def _given_name() -> Comparison:
    return comparison(
        "given_name",
        missing("given_l is null or given_r is null"),
        level("same", "given_l = given_r", **frequency("given")),
        level(
            "pet form or second name",
            "list_has_any(given_roots_l, given_roots_r) "
            "or list_has_any(given_names_l, given_names_r)",
        ),
        level(
            "initial",
            "(length(given_l) = 1 or length(given_r) = 1) "
            "and left(given_l, 1) = left(given_r, 1)",
        ),
        level("typo", "damerau_levenshtein(given_l, given_r) <= 1 and "
            "least(length(given_l), length(given_r)) > 3"),
        level("alike", "jaro_winkler_similarity(given_l, given_r) >= 0.88"),
        level("swapped", SWAPPED, **frequency("given", own=True)),
        otherwise(),
    )  # fmt: skip


def _family_name() -> Comparison:
    swapped = SWAPPED
    return comparison(
        "family_name",
        missing("family_l is null or family_r is null"),
        level("same", "family_l = family_r", **frequency("family")),
        level("one name shared", "list_has_any(family_names_l, family_names_r)"),
        level(
            "typo",
            "damerau_levenshtein(family_l, family_r) <= 1 "
            "and least(length(family_l), length(family_r)) > 3",
        ),
        level("alike", "jaro_winkler_similarity(family_l, family_r) >= 0.9"),
        # A swap is one event: the first name says how likely it is, this how rare
        # the names are.
        fixed("swapped", swapped, 0, **frequency("family", own=True)),
        otherwise(),
    )


def _birth_date() -> Comparison:
    date = birth_date_level("birth_date_l", "birth_date_r")
    unknown = "(birth_date_l is null or birth_date_r is null)"
    years = "abs(try_cast(birth_year_l as int) - try_cast(birth_year_r as int))"
    return comparison(
        "birth_date",
        missing("birth_year_l is null or birth_year_r is null"),
        level("same", "birth_date_l = birth_date_r", **frequency("birth_date")),
        level("same year, day unknown", f"{unknown} and {years} = 0"),
        level("a year apart, day unknown", f"{unknown} and {years} = 1"),
        level("day and month swapped", date["swap"]),
        level("one typo", "damerau_levenshtein(birth_date_l, birth_date_r) <= 1"),
        level("two parts of three", date["two"]),
        level("within a month", f"{date['days']} <= 31"),
        level("within a year", f"{date['days']} <= 366"),
        otherwise(),
    )


def _email() -> Comparison:
    """Return how e-mails compare; those of namesakes are alike, which is no sign."""
    alike = (
        "(mailbox_l = mailbox_r "
        "or jaro_winkler_similarity(emails_l[1], emails_r[1]) >= 0.92)"
    )
    namesakes = "coalesce(other_family_l = other_family_r, false)"
    return comparison(
        "email",
        missing("emails_l is null or emails_r is null"),
        level("same", "list_has_any(emails_l, emails_r)"),
        fixed("alike, as their names are", f"{alike} and {namesakes}", 0),
        level("alike", alike),
        otherwise(),
    )


def _phone() -> Comparison:
    return comparison(
        "phone",
        missing("phones_l is null or phones_r is null"),
        level("same", "list_has_any(phones_l, phones_r)"),
        level("one typo", "damerau_levenshtein(phones_l[1], phones_r[1]) <= 1"),
        otherwise(),
    )


def _address() -> Comparison:
    number, street, near = SAME_NUMBER, STREET_ALIKE, NEAR
    return comparison(
        "address",
        missing(
            "(street_l is null or street_r is null) and (postal_code_l is null or "
            "postal_code_r is null) and (city_l is null or city_r is null)"
        ),
        level("same home", f"{number} and {street} and {near}"),
        level("same street", f"{street} and {near}"),
        level("same number and place", f"{number} and {near}"),
        level("same number and street", f"{number} and {street}"),
        level(
            "same postcode and town",
            "postal_code_l = postal_code_r and city_l = city_r",
            **frequency("postal_code", own=True),
        ),
        level(
            "same postcode",
            "postal_code_l = postal_code_r",
            **frequency("postal_code", own=True),
        ),
        level("same town", "city_l = city_r", **frequency("city", own=True)),
        level("town alike", "jaro_winkler_similarity(city_l, city_r) >= 0.9"),
        level(
            "postcode typo",
            "damerau_levenshtein(postal_code_l, postal_code_r) <= 1",
        ),
        otherwise(),
    )


def _gender() -> Comparison:
    return comparison(
        "gender",
        missing("gender_l is null or gender_r is null"),
        level("same", "gender_l = gender_r"),
        otherwise(),
    )


def _card() -> Comparison:
    return comparison(
        "card",
        missing("cards_l is null or cards_r is null"),
        level("same", "list_has_any(cards_l, cards_r)"),
        otherwise(),
    )


def _national_id() -> Comparison:
    return comparison(
        "national_id",
        missing("national_id_l is null or national_id_r is null"),
        level("same", "national_id_l = national_id_r"),
        level("one typo", "damerau_levenshtein(national_id_l, national_id_r) <= 1"),
        otherwise(),
    )


def comparisons() -> list[Comparison]:
    """Return every comparison of the model, untrained."""
    return [
        _given_name(), _family_name(), _birth_date(), _gender(), _email(), _phone(),
        _address(), _card(), _national_id(), household(),
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
