"""What people are called and where they live, in six languages, in one form each."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.features.addresses import postal_code, street_line, town
from matching.features.dates import date_key, year_key
from matching.features.emails import email_key, mailbox
from matching.features.name_variants import forms_of, roots, skeleton
from matching.features.names import (
    family_name,
    family_names,
    given_names,
    split_full_name,
)
from matching.features.normalise import LISTS, TEXTS, normalise
from matching.features.phones import phone_key, phone_region
from matching.features.text_folding import folded, plain, squeezed
from schemas.source_record import Address, CustomerRecord

TEXT = st.text(max_size=40)


@pytest.mark.parametrize(
    ("text", "given_name", "families"),
    [
        ("Mme Marie-Thérèse D'ANGELO", "marie therese", ("dangelo", "angelo")),
        ("Jean-Pierre DE LA TOUR", "jean pierre", ("delatour", "latour", "tour")),
        ("Mme Veuve Lefèbvre Jeanne", "jeanne", ("lefebvre",)),
        ("Œuvrard Zoë", "zoe", ("oeuvrard",)),
        ("Claire MARTIN épouse DUPONT", "claire", ("dupont", "martin")),
        ("Dupont née Martin Anne", "anne", ("dupont", "martin")),
        ("Mr Robert O'Brien", "robert", ("obrien",)),
        ("MacDonald Ian", "ian", ("macdonald",)),
        ("Sir Paul McCartney", "paul", ("mccartney",)),
        ("Dr. Hans-Jürgen von der Leyen", "hans jurgen", ("vonderleyen",)),
        ("Großmann, Jörg", "jorg", ("grossmann",)),
        ("Karin Weiß geb. Schmidt", "karin", ("weiss", "schmidt")),
        ("García López, María José", "maria", ("garcialopez", "garcia", "lopez")),
        ("José de la Cruz", "jose", ("delacruz", "lacruz", "cruz")),
        ("Sig.ra Giulia Dell'Acqua", "giulia", ("dellacqua",)),
        ("Dott. Marco De Luca", "marco", ("deluca", "luca")),
        ("Dhr. Jan van 't Hoff", "jan", ("vanthoff",)),
        ("Pieter de Vries", "pieter", ("devries", "vries")),
        ("Мария Иванова", "mariya", ("ivanova",)),
    ],
)
def test_a_name_of_six_languages_is_split(
    text: str, given_name: str, families: tuple[str, ...]
) -> None:
    name = split_full_name(text)
    assert name.given[0] == given_name
    assert name.family[: len(families)] == families


def test_capitals_order_and_particles_do_not_matter() -> None:
    one, other = split_full_name("DE LA TOUR Jean"), split_full_name("jean Delatour")
    assert one.family[0] == other.family[0] == "delatour"
    assert split_full_name("TOUR Jean").family[0] in one.family
    assert one.given == other.given == ("jean",)


def test_a_family_field_that_says_nothing_is_no_name() -> None:
    for text in ("ne sait pas", "inconnu", "XXX", "n/a", "-", "Keine Angabe"):
        assert family_names(text) == ()


@pytest.mark.parametrize(
    ("short", "full"),
    [("bob", "robert"), ("manu", "emmanuel"), ("pepe", "jose"), ("gigi", "luigi")],
)
def test_short_names_stand_for_full_ones(short: str, full: str) -> None:
    assert full in roots(short)


def test_every_list_of_short_names_states_its_licence() -> None:
    data = Path(__file__).parents[3] / "matching" / "data"
    stated = (data / "README.md").read_text(encoding="utf-8")
    lists = sorted(data.glob("*.csv"))
    assert lists
    for file in lists:
        line = next(x for x in stated.splitlines() if file.name in x)
        assert "Apache-2.0" in line


def test_names_in_the_wrong_fields_have_the_same_whole_name() -> None:
    right = normalise(CustomerRecord(given_name="Zoé", family_name="Œuvrard"))
    wrong = normalise(CustomerRecord(given_name="OEUVRARD", family_name="zoe"))
    assert right["whole_names"] == wrong["whole_names"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("06 12 98 45 71 poste 3", "+33612984571"),
        ("0032 475 12 34 56", "+32475123456"),
        ("(212) 555-1234", "2125551234"),
        ("12-34", ""),
    ],
)
def test_phones_of_other_lands_and_extensions(text: str, key: str) -> None:
    assert phone_key(text) == key


@pytest.mark.parametrize(
    ("postcode", "region"),
    [("97110", "GP"), ("97200", "MQ"), ("97300", "GF"), ("97400", "RE"),
     ("97600", "YT"), ("98800", "NC"), ("75001", "FR")],
)  # fmt: skip
def test_an_overseas_postcode_tells_the_region(postcode: str, region: str) -> None:
    assert phone_region(None, postcode) == phone_region("France", postcode) == region


@pytest.mark.parametrize(
    ("text", "order", "key"),
    [
        ("12.03.1961", "YMD", "1961-03-12"),
        ("3/12/1961", "MDY", "1961-03-12"),
        ("12031961", "DMY", "1961-03-12"),
        ("03121961", "MDY", "1961-03-12"),
        ("19610312", "MDY", "1961-03-12"),
        ("12 mars 1961", "YMD", "1961-03-12"),
        ("March 12, 1961", "YMD", "1961-03-12"),
        ("12. März 1961", "YMD", "1961-03-12"),
        ("12-maart-1961", "YMD", "1961-03-12"),
        ("12 de marzo de 1961", "YMD", ""),
        ("11/11/1111", "YMD", ""),
        ("1970-01-01", "YMD", ""),
    ],
)
def test_dates_in_every_order(text: str, order: str, key: str) -> None:
    assert date_key(text, order) == key  # type: ignore[arg-type]


def test_a_year_alone_is_a_year() -> None:
    assert year_key("1975") == year_key("03/1975") == "1975"
    assert year_key("12/03/1975") == year_key("75") == year_key("") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("123 N Main St Apt 4B", "123 North Main Street #4B"),
        ("Flat 3, 12 High St", "12 High Street"),
        ("Hauptstr. 5a", "Hauptstraße 5 a"),
        ("12, bd du Gal. Leclerc", "12 boulevard du Général Leclerc"),
        ("C/ Mayor 5", "5 calle Mayor"),
        ("Via Roma 12/A", "12a via Roma"),
        ("4 r. St-Honoré", "4 rue Saint Honoré"),
    ],
)
def test_one_street_is_written_in_many_ways(one: str, other: str) -> None:
    assert street_line(None, one) == street_line(None, other)


@pytest.mark.parametrize(
    ("text", "key"),
    [("F-75 001", "75001"), ("CH-1200", "1200"), ("1011 AB", "1011ab"),
     ("sw1a 1aa", "sw1a1aa"), ("90210-1234", "90210"), ("00000", "")],
)  # fmt: skip
def test_postcodes_of_many_lands(text: str, key: str) -> None:
    assert postal_code(text) == key


def test_a_record_without_a_postcode_is_placed_by_its_town() -> None:
    def place(**address: str) -> object:
        return normalise(CustomerRecord(addresses=[Address(**address)]))["place"]

    assert place(postal_code="69003", city="Lyon 3e") == "69003"
    assert place(city="Lyon 3e") == "lyon"
    assert place(street="4 rue X") is None


@given(TEXT)
@settings(max_examples=150)
def test_every_form_is_its_own_form(text: str) -> None:
    for form in (folded, plain, squeezed, email_key, phone_key, postal_code, town,
                 date_key, family_name):  # fmt: skip
        once = form(text)
        assert form(once) == once, form
    number, street = street_line(None, text)
    if number:
        assert street_line(number, street) == (number, street)


@given(TEXT, TEXT)
@settings(max_examples=150)
def test_every_form_takes_any_text(one: str, two: str) -> None:
    split_full_name(one), family_names(one), given_names(one), skeleton(one)
    forms_of((one, two)), roots(one), mailbox(one), year_key(one)
    street_line(one, two), town(one), phone_key(one, phone_region(two, one))
    for order in ("YMD", "DMY", "MDY"):
        date_key(one, order)


@given(st.sampled_from(["", " ", "\0", "-", ".", "?", "  \t"]))
def test_nothing_in_nothing_out(text: str) -> None:
    record = CustomerRecord.model_construct(
        given_name=text, family_name=text, birth_name=text, full_name=text, title=text,
        gender=text, emails=[text], phones=[text], cards=[text], national_id=text,
        birth_date=None,
        addresses=[Address.model_construct(street_number=text, street=text,
                                           postal_code=text, city=text)],
    )  # fmt: skip
    found = normalise(record)
    assert set(found) == {*TEXTS, *LISTS}
    assert set(found.values()) == {None}
