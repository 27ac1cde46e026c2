"""Families stay families: whom the shipped model joins, and whom never."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matching.explanation.explain import Explanation, explained
from matching.model.bands import Band
from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from tests.matching.people import person

HOME: dict[str, Any] = {
    "family_name": "Bertholon",
    "emails": ["famille.bertholon@poste.fr"],
    "phones": ["04 78 11 92 35"],
    "addresses": [
        {"street": "12 av. de la Gare", "postal_code": "69003", "city": "Lyon"}
    ],
}
MARC = {"given_name": "Marc", "birth_date": "1961-03-12", **HOME}


Compared = Callable[[dict[str, Any], dict[str, Any]], Explanation]


@pytest.fixture(scope="module")
def compared(model: Model) -> Compared:
    scorer = Scorer(model)

    def compare(left: dict[str, Any], right: dict[str, Any]) -> Explanation:
        a, b = model.standardise([person(**left), person(**right)])
        (pair,) = scorer.score_all({1: a, 2: b}, [(1, 2)])
        return explained(model, pair, a, b)

    return compare


@pytest.mark.parametrize(
    "other",
    [
        {"given_name": "Sylvie", "birth_date": "1963-07-30"},
        {"given_name": "Sylvie"},
        {"given_name": "Damien", "birth_date": "1961-03-12"},
        {"given_name": "Marc", "birth_date": "1989-11-02"},
        {"given_name": "Marcel", "birth_date": "1935-01-20"},
        {},
    ],
    ids=[
        "spouse",
        "spouse without date",
        "twin",
        "son of one name",
        "father",
        "no name",
    ],
)
def test_one_home_is_not_one_person(compared: Compared, other: dict[str, Any]) -> None:
    assert compared(MARC, {**HOME, **other}).band is not Band.MATCH


@pytest.mark.parametrize(
    "change",
    [
        {"given_name": "MARC"},
        {"family_name": "Berthollon"},
        {"birth_date": "1961-12-03"},
        {"birth_date": "1961-03-21"},
        {"given_name": "Bertholon", "family_name": "Marc"},
        {
            "addresses": [
                {"street": "3 quai X", "postal_code": "44000", "city": "Nantes"}
            ]
        },
        {"emails": [], "phones": []},
    ],
    ids=[
        "case",
        "typo",
        "day and month",
        "date typo",
        "swapped",
        "moved",
        "no contacts",
    ],
)
def test_one_person_is_known_through_a_change(
    compared: Compared, change: dict[str, Any]
) -> None:
    assert compared(MARC, {**MARC, **change}).band is Band.MATCH


PASCAL = {**HOME, "given_name": "Pascal", "title": "M.", "birth_date": "1999-08-21"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PASCAL, {**PASCAL, "given_name": "Pascale", "title": "Mme"}),
        (PASCAL, {**PASCAL, "given_name": "Pascale", "title": None}),
        (PASCAL, {**PASCAL, "given_name": "P.", "title": "Mme"}),
        (PASCAL | {"cards": ["2998813377"]}, PASCAL | {"cards": ["2998813377"],
         "given_name": "Pascale", "title": "Mme"}),
        ({**HOME, "given_name": "Aimé"}, {**HOME, "given_name": "Aimée"}),
        ({**HOME, "given_name": "Daniel"}, {**HOME, "given_name": "Danielle"}),
        ({**HOME, "given_name": "Mario"}, {**HOME, "given_name": "Maria"}),
        ({**HOME, "full_name": "M. Bertholon", "family_name": None},
         {**HOME, "full_name": "Mme Bertholon", "family_name": None}),
        ({**HOME, "full_name": "M. Bertholon", "family_name": None},
         {**HOME, "full_name": "Mme Odile Bertholon", "family_name": None}),
    ],
)  # fmt: skip
def test_two_genders_of_one_home_are_two_people(
    compared: Compared, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert compared(one, other).band is Band.NO_MATCH


ONE_CONTACT = {**HOME, "emails": [], "addresses": []}
TWO_CONTACTS = {**HOME, "emails": []}
BORN = {"birth_date": "2004-02-11"}


@pytest.mark.parametrize("home", [ONE_CONTACT, TWO_CONTACTS, HOME])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"given_name": "Odile"}),
        ({"title": "Mme"}, {"given_name": "Odile", "title": "Mme"}),
        ({"given_name": "Lina", **BORN}, {"given_name": "Léna", **BORN}),
        ({"given_name": "Geoffroy", **BORN}, {"given_name": "Jofrey", **BORN}),
        ({"given_name": "Claude", "title": "M."},
         {"given_name": "Claude", "title": "Mme"}),
    ],
)  # fmt: skip
def test_who_of_a_home_it_is_stays_a_case_whatever_the_home_shares(
    compared: Compared, home: dict[str, Any], one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert compared({**home, **one}, {**home, **other}).band is Band.REVIEW


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"given_name": "Muhammad", **BORN}, {"given_name": "Mohamed", **BORN}),
        ({"given_name": "J.-P.", **BORN}, {"given_name": "Jean-Pierre", **BORN}),
        ({"given_name": "Sylvie"}, {"given_name": "Sylvei"}),
        ({"given_name": "Odile", "family_name": "Petit Renard"},
         {"given_name": "Odile", "family_name": "Renard"}),
        ({"given_name": "Odile", "family_name": "Le Goff"},
         {"given_name": "Odile", "family_name": "LEGOFF"}),
        ({"full_name": "TRAN VAN MINH", "family_name": None},
         {"given_name": "Văn Minh", "family_name": "Trần"}),
    ],
)  # fmt: skip
def test_one_person_is_known_in_spite_of_the_spelling(
    compared: Compared, one: dict[str, Any], other: dict[str, Any]
) -> None:
    home = ONE_CONTACT
    assert compared({**home, **one}, {**home, **other}).band is Band.MATCH


def test_a_married_woman_is_known_by_what_stayed(compared: Compared) -> None:
    before = {**MARC, "given_name": "Anne-Sophie", "family_name": "Roche"}
    after = {**before, "family_name": "Bertholon", "addresses": []}
    assert compared(before, after).band is Band.MATCH


def test_a_pair_without_a_shared_key_is_said_to_be_never_compared(
    compared: Compared,
) -> None:
    other = {"given_name": "Zoé", "family_name": "Quintin", "birth_date": "1990-05-06"}
    told = compared(MARC, other)
    assert told.verdict == "no shared key: never compared"
    assert told.shared_keys == []


def test_the_waterfall_adds_up_and_shows_the_values(compared: Compared) -> None:
    told = compared(MARC, {**MARC, "birth_date": "1961-03-21"})
    assert told.steps[-1].total == pytest.approx(told.weight)
    assert told.prior + sum(step.weight for step in told.steps) == pytest.approx(
        told.weight
    )
    born = next(step for step in told.steps if step.comparison == "birth_date")
    assert (born.left, born.right) == (["1961-03-12"], ["1961-03-21"])
