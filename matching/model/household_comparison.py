"""Two people of one home: what may not add up to one person."""

from __future__ import annotations

from matching.model.comparison_levels import (
    NEAR,
    SAME_NUMBER,
    STREET_ALIKE,
    SWAPPED_BOTH,
    Comparison,
    birth_date_level,
    comparison,
    fixed,
)

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
    f"or {STREET_ALIKE} and ({SAME_NUMBER} or {NEAR}) or {SAME_NUMBER} and {NEAR}"
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
_BORN_CLOSE = "damerau_levenshtein(other_born_l, other_born_r) <= 1 or {swap} or {two}"


def household() -> Comparison:
    """Return what a shared home, phone and family name cannot outweigh.

    Weights add up as if attributes were independent; in a household they are not.
    So two people of one home are told apart by first name and birth date, and only
    an identifier says otherwise; against both it was borrowed from a relative.
    """
    date = birth_date_level("other_born_l", "other_born_r")
    close = f"coalesce({_BORN_CLOSE.format(**date)}, false)"
    same_day = "coalesce(other_born_l = other_born_r, false)"
    agrees = f"coalesce({_GIVEN_AGREES}, false)"
    swapped = f"coalesce({SWAPPED_BOTH}, false)"
    typo = f"coalesce({_GIVEN_TYPO} or {_GIVEN_INITIAL}, false)"
    unknown_given = "(other_given_l is null or other_given_r is null)"
    unknown_born = "(other_born_l is null or other_born_r is null)"
    years = "abs(try_cast(other_year_l as int) - try_cast(other_year_r as int))"
    return comparison(
        "household",
        fixed(
            "other first name and birth date",
            f"not ({agrees} or {typo} or {swapped} or {unknown_given}) "
            f"and not ({close} or {unknown_born})",
            CERTAIN_BITS,
        ),
        fixed(
            "one person's identifier",
            f"({_SAME_PERSON}) and ({agrees} or {typo} or {swapped} "
            f"or {unknown_given} or {close})",
            0,
        ),
        fixed("nothing shared but attributes of the person", f"not ({_SAME_HOME})", 0),
        fixed(
            "one home, other first name",
            f"not ({agrees} or {typo} or {swapped} or {unknown_given})",
            CERTAIN_BITS,
        ),
        fixed(
            "one home, first name alike, other birth date",
            f"{typo} and not {agrees} and not ({close} or {unknown_born})",
            CERTAIN_BITS,
        ),
        fixed(
            "one home, one first name, a generation apart",
            f"{agrees} and not ({close}) and coalesce({years} >= 14, false)",
            CERTAIN_BITS,
        ),
        fixed(
            "one home, person unknown",
            f"{unknown_given} and not {same_day} and not {close}",
            CERTAIN_BITS,
        ),
        fixed(
            "one home, one name, other contacts",
            f"{unknown_born} and {_SAME_STREET} and not {_SAME_CONTACT} "
            f"and ({_OTHER_CONTACT})",
            UNSURE_BITS,
        ),
        fixed("no contradiction", "ELSE", 0),
    )


HOUSEHOLD_LEVELS = (
    "other first name and birth date",
    "one home, other first name",
    "one home, first name alike, other birth date",
    "one home, one first name, a generation apart",
    "one home, person unknown",
    "one home, one name, other contacts",
)
"""Levels that say nothing where no record has a family in the data."""
