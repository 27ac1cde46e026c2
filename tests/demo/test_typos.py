from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.demo.population import error_model, typos
from service.demo.population.people import Population, entries, population
from service.demo.population.typos import Slip

SLIPS: tuple[Slip, ...] = (
    typos.typo,
    typos.misheard,
    typos.misread,
    typos.without_accents,
    typos.upper_case,
    typos.lower_case,
    typos.short_form,
    typos.first_part,
    typos.spaced,
    typos.glued_particle,
    typos.wrong_digit,
    typos.phone_variant,
    typos.domain_typo,
    typos.local_typo,
    typos.street_variant,
)
DATES = st.dates(date(1900, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
@given(value=st.text(max_size=30), seed=st.integers(0, 99))
def test_a_slip_takes_any_text_and_gives_the_same_for_a_seed(
    slip: Slip, value: str, seed: int
) -> None:
    slipped = slip(value, Random(seed))
    assert isinstance(slipped, str)
    assert slipped == slip(value, Random(seed))


@given(value=DATES, seed=st.integers(0, 99))
def test_a_wrong_birth_date_is_still_a_date(value: date, seed: int) -> None:
    wrong = typos.wrong_birth_date(value, Random(seed))
    assert abs(wrong.year - value.year) <= 10
    assert typos.placeholder_birth_date(value, Random(seed)).replace(year=4) == date(
        4, 1, 1
    )


@pytest.mark.parametrize(
    ("slip", "value", "results"),
    [
        (typos.misheard, "Philippe", {"Filippe", "Phylippe"}),
        (typos.first_part, "Jean-Pierre", {"Jean"}),
        (typos.short_form, "Philippe", {"Phil"}),
        (typos.spaced, "Jean-Pierre", {"Jean Pierre", "JeanPierre"}),
        (typos.glued_particle, "de La Tour", {"Delatour"}),
        (typos.glued_particle, "Le Gall", {"Legall"}),
        (typos.without_accents, "Hélène", {"Helene"}),
        (typos.domain_typo, "a@free.fr", {"a@fre.fr", "a@free.com"}),
        (typos.street_variant, "boulevard Foch", {"bd Foch", "bld Foch"}),
    ],
)
def test_a_slip_does_what_people_do(slip: Slip, value: str, results: set[str]) -> None:
    seen = {slip(value, Random(seed)) for seed in range(60)}
    assert results <= seen


@pytest.mark.parametrize("value", ["Moreau", "0612345678", "Le"])
def test_a_typo_changes_at_most_two_letters(value: str) -> None:
    for seed in range(100):
        assert abs(len(typos.typo(value, Random(seed))) - len(value)) <= 1


def test_a_phone_keeps_its_digits_whatever_its_form() -> None:
    for seed in range(50):
        digits = typos.phone_variant("0612345678", Random(seed))
        assert "".join(filter(str.isdigit, digits))[-9:] == "612345678"
        overseas = typos.phone_variant("0692345678", Random(seed))
        assert "33" not in overseas


def test_slips_happen_as_often_as_stated() -> None:
    rng, rate = Random(1), 0.3
    slips: error_model.Slips = ((typos.upper_case, rate),)
    changed = sum(
        error_model.slipped("dupont", slips, rng, clumsiness=0.5) != "dupont"
        for _ in range(20_000)
    )
    assert changed == pytest.approx(20_000 * rate * 0.5, rel=0.1)


@pytest.fixture(scope="module")
def known() -> Population:
    return population(8_000, seed=11)


def test_between_three_and_twelve_percent_of_names_are_wrong(
    known: Population,
) -> None:
    wrong = seen = 0
    for _, _, person, entry in entries(known, 11):
        if entry.family_name:
            seen += 1
            wrong += _bare(entry.family_name) != _bare(person.family_name)
    assert 0.03 < wrong / seen < 0.12


def test_between_two_and_six_percent_of_birth_dates_are_wrong(
    known: Population,
) -> None:
    pairs = [
        (entry.birth_date, person.birth_date)
        for _, _, person, entry in entries(known, 11)
        if entry.birth_date
    ]
    wrong = sum(typed != born for typed, born in pairs)
    assert 0.015 < wrong / len(pairs) < 0.06


def test_three_to_ten_percent_of_phones_and_addresses_are_not_the_persons_own(
    known: Population,
) -> None:
    held = list(entries(known, 11))
    emails = [(p.emails, entry.email.lower()) for _, _, p, entry in held if entry.email]
    phones = [
        (p.phones, "0" + "".join(filter(str.isdigit, entry.phone))[-9:])
        for _, _, p, entry in held
        if entry.phone
    ]
    for values in (emails, phones):
        foreign = sum(value not in own for own, value in values)
        assert 0.03 < foreign / len(values) < 0.15


def _bare(name: str) -> str:
    bare = typos.without_accents(name, Random(0)).lower()
    return bare.replace("-", "").replace(" ", "")
