"""The standardiser: one form for one meaning, whatever was typed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.features.addresses import postal_code, street_line, town
from matching.features.dates import date_key
from matching.features.emails import email_key
from matching.features.name_variants import roots, skeleton
from matching.features.names import (
    family_name,
    family_names,
    given_names,
    split_full_name,
)
from matching.features.normalise import normalise
from matching.features.phones import phone_key, phone_region
from matching.features.text_folding import folded
from schemas.source_record import Address, CustomerRecord

TEXT = st.text(max_size=40)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Müller", "MULLER"), ("Œuvrard", "oeuvrard"), ("Strauß", "STRAUSS")],
)
def test_marks_and_ligatures_do_not_matter(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("text", "given_name", "family"),
    [
        ("DUPONT Jean", "jean", "dupont"),
        ("M. Jean DUPONT", "jean", "dupont"),
        ("Dupont, Jean-Pierre", "jean pierre", "dupont"),
        ("Mme Marie-Thérèse de la Fontaine", "marie therese", "delafontaine"),
        ("Anna van der Berg", "anna", "vanderberg"),
        ("Sophie PERRAIS ne sait pas", "sophie", "perrais"),
    ],
)
def test_a_whole_name_is_split(text: str, given_name: str, family: str) -> None:
    name = split_full_name(text)
    assert name.given[0] == given_name
    assert name.family[0] == family


def test_a_birth_name_is_kept_beside_the_married_one() -> None:
    assert split_full_name("Mme Anne DUPONT née MARTIN").family == ("dupont", "martin")
    assert set(family_names("Dupont-Martin")) == {"dupontmartin", "dupont", "martin"}


def test_a_pet_form_stands_for_its_full_names_and_french_names_for_themselves() -> None:
    assert "robert" in roots("bob")
    assert "catherine" in roots("cathy")
    assert roots("jean") == ("jean",)


def test_names_that_sound_alike_share_a_skeleton() -> None:
    assert skeleton("lefebvre") == skeleton("lefevre")


@pytest.mark.parametrize("text", ["none@none.fr", "aaa@aaa.fr", "x", "", "@", "a@b"])
def test_an_address_typed_for_want_of_one_is_none(text: str) -> None:
    assert email_key(text) == ""


def test_a_mailbox_has_one_key() -> None:
    assert email_key("Jean.Dupont+promo@GoogleMail.com") == "jeandupont@gmail.com"


@pytest.mark.parametrize("text", ["0000000000", "0123456789", "06 00 00 00 00", "?"])
def test_a_number_typed_for_want_of_one_is_none(text: str) -> None:
    assert phone_key(text) == ""


def test_a_phone_follows_its_region() -> None:
    assert phone_region("FR", "97400") == "RE"
    assert phone_key("0692 12 98 71", "RE") == "+262692129871"
    assert phone_key("06 12 98 45 71") == phone_key("+33 (0)6.12.98.45.71")


def test_streets_are_read_through_their_abbreviations() -> None:
    assert street_line(None, "12 bis, av. de la Gare") == ("12 bis", "avenue gare")
    assert street_line("12 BIS", "Avenue de la gare") == ("12 bis", "avenue gare")
    assert town("St-Denis CEDEX 2") == "saint denis"
    assert town("PARIS 12e") == "paris"
    assert postal_code("F-75012") == "75012"


def test_dates_are_read_in_every_order_and_stand_ins_are_none() -> None:
    assert date_key("19610312") == date_key("12/03/1961") == "1961-03-12"
    assert date_key("03/12/1961", "MDY") == "1961-03-12"
    assert date_key("1835-81-01") == "1835-81-01"
    assert date_key("01/01/1900") == date_key("") == date_key("gestern") == ""


def test_no_input_gives_no_output() -> None:
    assert set(normalise(CustomerRecord()).values()) == {None}


def test_what_was_received_is_not_changed() -> None:
    record = CustomerRecord(given_name="  JEAN ", emails=["A.B@gmail.com"])
    before = record.model_dump_json()
    normalise(record)
    assert record.model_dump_json() == before


@given(TEXT)
@settings(max_examples=150)
def test_a_form_is_its_own_form(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    for form in (email_key, phone_key, postal_code, date_key):
        assert form(form(text)) == form(text)


@given(TEXT, TEXT, TEXT)
@settings(max_examples=150)
def test_nothing_typed_breaks_it(one: str, two: str, three: str) -> None:
    given_names(one), family_name(two), split_full_name(three)
    record = CustomerRecord.model_construct(
        given_name=one,
        family_name=two,
        full_name=three,
        emails=[one],
        phones=[two, three],
        addresses=[Address.model_construct(street=one, postal_code=two, city=three)],
        cards=[three],
        national_id=one,
    )
    json.dumps(normalise(record))
