"""Two people of one home: what may not add up to one person."""

from __future__ import annotations

from collections.abc import Mapping

from matching.model.comparison_levels import (
    NEAR,
    SAME_NUMBER,
    STREET_ALIKE,
    SWAPPED_BOTH,
    Comparison,
    Level,
    birth_date_level,
    comparison,
    fixed,
)

ALIKE = "one home, first name alike"
SOUND = "one home, first name sounds alike"
UNKNOWN = "one home, person unknown"
GENDER = "one home, one first name, other gender"

CERTAIN_BITS = 100
"""Weight against a match that household evidence may not outweigh."""
UNSURE_BITS = 8
"""Weight against: a father and a son of one name, when no birth date tells."""
UNKNOWN_BITS = {3: 46, 2: 30, 0: 10}
"""Weight against by how many contacts a home shares, when no first name tells who.

It cancels what the contacts say: they are the home's, so however many agree, the pair
stays a steward's case, neither joined nor left out.
"""
ALIKE_BITS = {3: 67, 2: 50, 1: 30, 0: 19}
"""The same for two first names a letter apart that many bear: Lina and Léna."""
SOUND_BITS = {number: bits - 10 for number, bits in ALIKE_BITS.items()}
"""The same for two that only sound alike: Geoffroy and Jofrey count as different."""
GENDER_BITS = {3: 40, 2: 21, 0: 4}
"""The same for one first name, two genders, no birth date: a couple called Claude."""

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
_OTHER_GENDER = "coalesce(gender_l <> gender_r, false)"
_TWO_NAMES = "coalesce(common_given_l <> common_given_r, false)"
_TWO_FORMS = (
    " or ".join(
        f"coalesce(other_given_{him} || {ending} = other_given_{her}, false)"
        for him, her in (("l", "r"), ("r", "l"))
        for ending in ("'e'", f"right(other_given_{him}, 1) || 'e'")
    )
    + " or coalesce(left(other_given_l, length(other_given_l) - 1) "
    "= left(other_given_r, length(other_given_r) - 1) "
    "and right(other_given_l, 1) in ('a', 'o') "
    "and right(other_given_r, 1) in ('a', 'o'), false)"
)
_CONTRADICTED = f"{_OTHER_GENDER} or {_TWO_NAMES} and ({_TWO_FORMS})"
"""A gender that contradicts, or the two genders of one name: Louis and Louise, Gabriel
and Gabrielle, Mario and Maria. Close as they are written, they are two people."""
_SOUNDS_ALIKE = "coalesce(given_sound_l = given_sound_r, false)"
_CONTACTS = (
    "(coalesce(list_has_any(emails_l, emails_r), false)::int "
    "+ coalesce(list_has_any(phones_l, phones_r), false)::int "
    f"+ ({STREET_ALIKE} and {NEAR})::int)"
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
    contradicted = f"({_CONTRADICTED})"
    near = f"coalesce({_GIVEN_TYPO} or {_GIVEN_INITIAL}, false)"
    # two names that many bear are no mistake for one another
    typo = f"({near} and not {contradicted} and not {_TWO_NAMES})"
    unknown = f"not ({agrees} or {typo} or {swapped}) and not {contradicted}"
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
            f"or {unknown_given} or {close} and not {contradicted})",
            0,
        ),
        fixed("nothing shared but attributes of the person", f"not ({_SAME_HOME})", 0),
        # what is cheap to tell comes first in each condition: levels cost time
        *_undecided(ALIKE, f"{same_day} and {near} and {unknown}", ALIKE_BITS),
        *_undecided(SOUND, f"{_SOUNDS_ALIKE} and {same_day} and {unknown}", SOUND_BITS),
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
            "one home, person unknown, other gender or birth date",
            f"{unknown_given} and not {same_day} and not {close} "
            f"and ({contradicted} or not {unknown_born})",
            CERTAIN_BITS,
        ),
        *_undecided(
            UNKNOWN,
            f"{unknown_given} and not {same_day} and not {close}",
            UNKNOWN_BITS,
        ),
        *_undecided(
            GENDER, f"{_OTHER_GENDER} and {unknown_born} and {agrees}", GENDER_BITS
        ),
        fixed(
            "one home, one name, other contacts",
            f"{unknown_born} and {_SAME_STREET} and not {_SAME_CONTACT} "
            f"and ({_OTHER_CONTACT})",
            UNSURE_BITS,
        ),
        fixed("no contradiction", "ELSE", 0),
    )


def _undecided(label: str, sql: str, bits: Mapping[int, float]) -> list[Level]:
    """Return a level for each number of shared contacts, the most first."""
    return [
        fixed(_counted(label, number), f"{sql} and {_CONTACTS} >= {number}", against)
        for number, against in bits.items()
    ]


def _counted(label: str, contacts: int) -> str:
    return f"{label} ({contacts} contacts shared)" if contacts else label


HOUSEHOLD_LEVELS = (
    "other first name and birth date",
    *(_counted(ALIKE, number) for number in ALIKE_BITS),
    *(_counted(SOUND, number) for number in SOUND_BITS),
    "one home, other first name",
    "one home, first name alike, other birth date",
    "one home, one first name, a generation apart",
    "one home, person unknown, other gender or birth date",
    *(_counted(UNKNOWN, number) for number in UNKNOWN_BITS),
    *(_counted(GENDER, number) for number in GENDER_BITS),
    "one home, one name, other contacts",
)
"""Levels that say nothing where no record has a family in the data."""
