"""Families stay families: whom the shipped model joins, and whom never."""

from __future__ import annotations

from typing import Any

import pytest

from matching.explanation.explain import Explanation, explain
from matching.model.bands import Band
from matching.model.model_version import Model
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


def _compared(model: Model, left: dict[str, Any], right: dict[str, Any]) -> Explanation:
    a, b = model.standardise([person(**left), person(**right)])
    return explain(model, a, b)


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
def test_one_home_is_not_one_person(model: Model, other: dict[str, Any]) -> None:
    assert _compared(model, MARC, {**HOME, **other}).band is not Band.MATCH


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
    model: Model, change: dict[str, Any]
) -> None:
    assert _compared(model, MARC, {**MARC, **change}).band is Band.MATCH


def test_a_married_woman_is_known_by_what_stayed(model: Model) -> None:
    before = {**MARC, "given_name": "Anne-Sophie", "family_name": "Roche"}
    after = {**before, "family_name": "Bertholon", "addresses": []}
    assert _compared(model, before, after).band is Band.MATCH


def test_a_pair_without_a_shared_key_is_said_to_be_never_compared(model: Model) -> None:
    other = {"given_name": "Zoé", "family_name": "Quintin", "birth_date": "1990-05-06"}
    told = _compared(model, MARC, other)
    assert told.verdict == "no shared key: never compared"
    assert told.shared_keys == []


def test_the_waterfall_adds_up_and_shows_the_values(model: Model) -> None:
    told = _compared(model, MARC, {**MARC, "birth_date": "1961-03-21"})
    assert told.steps[-1].total == pytest.approx(told.weight)
    assert told.prior + sum(step.weight for step in told.steps) == pytest.approx(
        told.weight
    )
    born = next(step for step in told.steps if step.comparison == "birth_date")
    assert (born.left, born.right) == (["1961-03-12"], ["1961-03-21"])
