"""What people type into one field: names, numbers, mailboxes and addresses.

Each pair is one value written in two ways; the standardiser gives both one form.
"""

from __future__ import annotations

import pytest

from matching.features.addresses import place_of, postal_code, street_line
from matching.features.emails import contact_email_key, email_key, email_keys
from matching.features.names import (
    civilities,
    family_name,
    family_names,
    given_names,
    split_full_name,
)
from matching.features.normalise import normalise
from matching.features.phones import phone_key, phone_keys, phone_parts
from schemas.source_record import Address, CustomerRecord


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Le Goff", "LEGOFF"),
        ("de La Roche", "DELAROCHE"),
        ("Da Costa", "DACOSTA"),
        ("d'Aubigné", "DAUBIGNE"),
        ("St-Martin", "SAINT MARTIN"),
        ("Ste Croix", "Sainte-Croix"),
        ("N’Guessan", "NGUESSAN"),
        ("O'Connor", "Oconnor"),
        ("Mme Besnard", "BESNARD"),
    ],
)
def test_a_family_name_is_one_glued_or_apart(one: str, other: str) -> None:
    assert family_name(one) == family_name(other) != ""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Petit Renard", {"petitrenard", "petit", "renard"}),
        ("Petit-Renard", {"petitrenard", "petit", "renard"}),
        ("Le Goff Morel", {"legoffmorel", "legoff", "goff", "morel"}),
        ("de Castries", {"decastries", "castries"}),
        ("van den Broeck", {"vandenbroeck"}),
        ("Ben Salah", {"bensalah"}),
        ("St-Martin", {"saintmartin"}),
    ],
)
def test_a_family_name_is_known_by_its_parts(text: str, names: set[str]) -> None:
    assert set(family_names(text)) == names


def test_an_apostrophe_is_no_civility() -> None:
    assert family_name("M'Baye") == family_name("MBAYE") == "mbaye"
    assert family_name("M. Baye") == "baye"
    assert given_names("M'hamed") == ("mhamed",)


@pytest.mark.parametrize(
    ("text", "given", "family", "before"),
    [
        ("M. Fabre", (), ("fabre",), ("m",)),
        ("Mme FABRE", (), ("fabre",), ("mme",)),
        ("Madame Fabre", (), ("fabre",), ("madame",)),
        ("M. et Mme Fabre", (), ("fabre",), ("m", "mme")),
        ("Mr & Mrs Fabre", (), ("fabre",), ("mr", "mrs")),
        ("Dr Odile Fabre", ("odile",), ("fabre",), ("dr",)),
        ("Odile Fabre", ("odile",), ("fabre",), ()),
    ],
)
def test_one_word_after_a_civility_is_a_family_name(
    text: str,
    given: tuple[str, ...],
    family: tuple[str, ...],
    before: tuple[str, ...],
) -> None:
    assert split_full_name(text) == (given, family)
    assert civilities(text) == before


@pytest.mark.parametrize(
    ("name", "gender"),
    [("M. Fabre", "m"), ("Mme Fabre", "f"), ("M. et Mme Fabre", None), ("Fabre", None)],
)
def test_a_civility_in_the_name_tells_the_gender(name: str, gender: str | None) -> None:
    assert normalise(CustomerRecord(full_name=name))["gender"] == gender
    assert normalise(CustomerRecord(family_name=name))["gender"] == gender


def test_the_initials_of_a_compound_are_initials() -> None:
    assert given_names("M.-C.") == given_names("M.C.") == given_names("M. C.")
    assert given_names("Marie-Claude") == ("marie claude",)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Muhammed", "Mohamed"), ("Yassin", "Yacine"), ("Zaynab", "Zineb"),
     ("Sergey", "Serguei"), ("Abdul-Rahman", "Abderrahmane")],
)  # fmt: skip
def test_one_first_name_is_spelt_in_many_ways(one: str, other: str) -> None:
    a, b = (
        normalise(CustomerRecord(given_name=n))["given_roots"] for n in (one, other)
    )
    assert set(a) & set(b)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("06 71 32 98 45 (perso)", ["+33671329845"]),
        ("Tél. : 06.71.32.98.45", ["+33671329845"]),
        ("06 71 32 98 45 p. 114", ["+33671329845"]),
        ("06 71 32 98 45, après 18h", ["+33671329845"]),
        ("06/71/32/98/45", ["+33671329845"]),
        ("06 71 32 98 45 / 05 56 31 42 97", ["+33671329845", "+33556314297"]),
        ("0671329845 ou 0556314297", ["+33671329845", "+33556314297"]),
        ("0671329845 0556314297", ["+33671329845", "+33556314297"]),
        ("aucun / 0671329845", ["+33671329845"]),
        ("00 00 00 00 00 ; 0671329845", ["+33671329845"]),
        ("perso", []),
    ],
)
def test_every_number_of_a_field_is_read(text: str, keys: list[str]) -> None:
    assert list(phone_keys(text)) == keys
    assert phone_key(text) == (keys[0] if keys else "")


@pytest.mark.parametrize("region", ["FR", "RE", "GP", "MQ"])
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0693 41 25 78", "+262693412578"),
        ("+33 693 41 25 78", "+262693412578"),
        ("262693412578", "+262693412578"),
        ("0262 30 41 52", "+262262304152"),
        ("0690 51 42 87", "+590690514287"),
        ("0696 25 41 83", "+596696254183"),
        ("0694 21 53 87", "+594694215387"),
        ("0639 21 53 87", "+262639215387"),
        ("06 71 32 98 45", "+33671329845"),
    ],
)
def test_a_french_number_rings_where_its_plan_says(
    text: str, key: str, region: str
) -> None:
    assert phone_key(text, region) == key


def test_a_field_of_one_number_is_one_part() -> None:
    assert phone_parts("+41 (0)22 731 45 68") == ("+41 (0)22 731 45 68",)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Odile Fabre <odile.fabre@poste.fr>", ["odile.fabre@poste.fr"]),
        ('"Fabre, Odile" <odile.fabre@poste.fr>', ["odile.fabre@poste.fr"]),
        ("odile.fabre@poste.fr (travail)", ["odile.fabre@poste.fr"]),
        ("Mail : odile.fabre@poste.fr", ["odile.fabre@poste.fr"]),
        ("MAILTO:odile.fabre@poste.fr", ["odile.fabre@poste.fr"]),
        ("odile.fabre @ poste.fr", ["odile.fabre@poste.fr"]),
        ("a.b@x.fr;c.d@y.fr", ["a.b@x.fr", "c.d@y.fr"]),
        ("a.b@x.fr c.d@y.fr", ["a.b@x.fr", "c.d@y.fr"]),
        ("none@none.fr, a.b@x.fr", ["a.b@x.fr"]),
        ("a@b@c.fr", []),
    ],
)
def test_every_mailbox_of_a_field_is_read(text: str, keys: list[str]) -> None:
    assert list(email_keys(text)) == keys
    assert email_key(text) == contact_email_key(text) == (keys[0] if keys else "")


def test_a_domain_with_marks_is_the_one_it_is_registered_as() -> None:
    registered = "contact.vins@xn--chteau-noir-x7a.fr"
    assert email_key("contact.vins@Château-Noir.fr") == registered
    assert email_key(registered) == registered
    assert email_key("contact.vins@chateau-noir.fr") != registered


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bâtiment C, 27 rue des Lilas", "27 rue des Lilas"),
        ("Rés. du Parc, Bât. 2, 27 rue des Lilas", "27 rue des Lilas"),
        ("3e étage, 27 rue des Lilas", "27 rue des Lilas"),
        ("27 rue des Lilas, appt 4B", "27 rue des Lilas"),
        ("N° 27 rue des Lilas", "27, rue des Lilas"),
        ("27 rue des Lilas BP 40012", "27 rue des Lilas"),
        ("Rue des Lilas 27 bte 12", "27 rue des Lilas"),
        ("Lilasstraat 27 bus 3", "Lilasstraat 27"),
        ("27bis rue des Lilas", "27 bis rue des Lilas"),
    ],
)
def test_a_building_or_a_box_is_no_house_number(one: str, other: str) -> None:
    assert street_line(None, one) == street_line(None, other)
    assert street_line(None, one).number.startswith("27")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("rue du 11 novembre 1918", ""),
        ("Place du 19 mars 1962", ""),
        ("avenue du 8 mai 45", ""),
        ("4 rue du 11 novembre 1918", "4"),
        ("rue du 8 mai 4", "4"),
        ("route nationale 20", ""),
        ("RD 920", ""),
        ("avenue de la Porte d'Italie 12", "12"),
    ],
)
def test_the_number_of_a_date_or_a_road_is_no_house_number(
    text: str, number: str
) -> None:
    assert street_line(None, text).number == number


@pytest.mark.parametrize(
    ("code", "country", "key"),
    [
        ("1400", "France", "01400"),
        ("1400", "FR", "01400"),
        ("1400", "", "1400"),
        ("1400", "Belgique", "1400"),
        ("1400", "Norvège", "1400"),
        ("1111", "Hongrie", "1111"),
        ("0000", "", ""),
        ("FR 33000", "", "33000"),
        ("FR-33000", "", "33000"),
        ("BE 1400", "", "1400"),
        ("L-2350", "", "2350"),
        ("33000 CEDEX 9", "", "33000"),
        ("W1A 1AA", "", "w1a1aa"),
        ("NL-1011 AB", "", "1011ab"),
    ],
)
def test_postcodes_of_neighbours(code: str, country: str, key: str) -> None:
    assert postal_code(code, country) == key


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({"street": "27, rue des Lilas 33000 Bordeaux"}, ("27", "33000", "bordeaux")),
        (
            {"street": "27 rue des Lilas, 33000 BORDEAUX CEDEX, France"},
            ("27", "33000", "bordeaux"),
        ),
        ({"street": "27 rue des Lilas\n33000 Bordeaux"}, ("27", "33000", "bordeaux")),
        ({"street": "Lindenstraat 27, B-1400 Nivelles"}, ("27", "1400", "nivelles")),
        ({"street": "Lindenstraat 27, 1400 Nivelles"}, ("27", "1400", "nivelles")),
        ({"street": "rue du 8 mai 1945 Bordeaux"}, ("", "", "")),
        ({"postal_code": "33000 Bordeaux"}, ("", "33000", "bordeaux")),
        ({"city": "33000 BORDEAUX"}, ("", "33000", "bordeaux")),
        ({"postal_code": "1011 AB", "city": "Amsterdam"}, ("", "1011ab", "amsterdam")),
    ],
)
def test_an_address_in_one_field_gives_postcode_and_town(
    address: dict[str, str], expected: tuple[str, str, str]
) -> None:
    place = place_of(Address(**address))
    assert (place.number, place.postal_code, place.town) == expected
