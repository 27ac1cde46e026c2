"""The golden record: which value survives, and from where it came."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

from matching.survivorship import Member, golden_record
from schemas.source_key import SourceKey
from schemas.source_record import Address, CustomerRecord


def member(key: str, *, day: int = 1, **fields: Any) -> Member:
    record = CustomerRecord(**fields)
    return Member(SourceKey.parse(key), record, datetime(2026, 1, day, tzinfo=UTC))


def test_any_order_of_the_records_gives_the_same_golden_record() -> None:
    members = [
        member("pos:1", given_name="Anne", emails=["a@x.fr"], day=2),
        member("loyalty:1", given_name="ANNE", family_name="Roux", day=2),
        member("ecommerce:1", given_name="Annie", emails=["A@X.fr", "b@x.fr"], day=1),
    ]

    assert len({golden_record(p).model_dump_json() for p in permutations(members)}) == 1


def test_the_most_frequent_given_name_survives_with_its_origin() -> None:
    golden = golden_record(
        [
            member("pos:1", given_name="Jeann", day=3),
            member("loyalty:1", given_name="Jeanne", day=2),
            member("ecommerce:1", given_name="jeanne", day=1),
        ]
    )

    assert golden.given_name == "Jeanne"
    assert str(golden.origins["given_name"].source_key) == "loyalty:1"


def test_a_placeholder_never_survives() -> None:
    golden = golden_record(
        [
            member("pos:1", family_name="???", birth_date=date(1900, 1, 1), day=3),
            member("pos:2", family_name="Petit", birth_date=date(1980, 5, 6), day=1),
            member("pos:3", emails=["none"], phones=["0000000000"]),
        ]
    )

    assert (golden.family_name, golden.birth_date) == ("Petit", date(1980, 5, 6))
    assert golden.emails == golden.phones == []


def test_the_latest_family_name_survives_a_marriage() -> None:
    golden = golden_record(
        [
            member("pos:1", family_name="Petit", day=1),
            member("pos:2", family_name="Petit", day=2),
            member("ecommerce:1", family_name="Grand", birth_name="Petit", day=3),
        ]
    )

    assert (golden.family_name, golden.birth_name) == ("Grand", "Petit")


def test_a_whole_name_survives_only_where_no_system_holds_its_parts() -> None:
    caller = member("call_centre:1", full_name="DUPONT Jean")
    buyer = member("pos:1", given_name="Jean", family_name="Dupont")

    alone, together = golden_record([caller]), golden_record([caller, buyer])
    assert (alone.full_name, alone.family_name) == ("DUPONT Jean", None)
    assert str(alone.origins["full_name"].source_key) == "call_centre:1"
    assert (together.full_name, together.family_name) == (None, "Dupont")
    assert "full_name" not in together.origins


def test_street_postcode_and_city_survive_together() -> None:
    whole = Address(street="rue du Bac", postal_code="75007", city="Paris")
    part = Address(city="Lyon")
    golden = golden_record(
        [member("pos:1", addresses=[part], day=3), member("pos:2", addresses=[whole])]
    )

    assert golden.address == whole
    assert str(golden.origins["address"].source_key) == "pos:2"


def test_two_spellings_of_one_contact_are_one_contact_with_both_holders() -> None:
    golden = golden_record(
        [
            member("pos:1", phones=["06 11 22 33 44"], day=1),
            member("ecommerce:1", phones=["+33611223344"], day=2),
        ]
    )

    assert [(c.value, list(map(str, c.source_keys))) for c in golden.phones] == [
        ("+33611223344", ["ecommerce:1", "pos:1"])
    ]


def test_each_preference_survives_alone_the_latest_first() -> None:
    golden = golden_record(
        [
            member("pos:1", preferences={"size": "38", "store": "Lyon"}, day=1),
            member("ecommerce:1", preferences={"size": "40"}, day=2),
        ]
    )

    assert golden.preferences == {"size": "40", "store": "Lyon"}
    assert str(golden.origins["preferences.store"].source_key) == "pos:1"


def test_what_the_matcher_takes_for_nothing_never_survives() -> None:
    nothing = Address(street="NULL", postal_code="NULL", city="Non renseigné")
    golden = golden_record(
        [
            member(
                "web:1",
                family_name="NON RENSEIGNE",
                emails=["none@none.fr", "Odile.V@LaPoste.net"],
                phones=["0123456789", "+33 6 98 12 34 57"],
                cards=["0000000000", "2990 0123"],
                addresses=[nothing],
                day=9,
            ),
            member("pos:1", given_name="Odile", family_name="Vasseur"),
        ]
    )

    assert golden.family_name == "Vasseur"
    assert golden.address is None
    assert [one.value for one in golden.emails] == ["Odile.V@LaPoste.net"]
    assert [one.value for one in golden.phones] == ["+33 6 98 12 34 57"]
    assert [one.value for one in golden.cards] == ["2990 0123"]


def test_a_person_who_is_called_null_keeps_the_name() -> None:
    for given, family in (("Tim", "Null"), ("Minji", "Na"), ("Minji", "O")):
        golden = golden_record([member("pos:1", given_name=given, family_name=family)])
        assert (golden.given_name, golden.family_name) == (given, family)
    for given, family in (("Tim", "NULL"), ("Tim", "null"), ("Null", "Null")):
        golden = golden_record([member("pos:1", given_name=given, family_name=family)])
        assert golden.family_name is None


def test_one_mailbox_written_in_two_ways_is_one_contact() -> None:
    golden = golden_record(
        [
            member("pos:1", emails=["odile.vasseur@gmail.com"], day=1),
            member("web:1", emails=["OdileVasseur+shop@googlemail.com"], day=2),
            member("crm:1", emails=["mail@delorme-anne.fr", "mail@free.fr"]),
        ]
    )

    assert [one.value for one in golden.emails] == [
        "OdileVasseur+shop@googlemail.com",
        "mail@delorme-anne.fr",
    ]


def test_each_contact_of_a_field_survives_and_one_alone_as_it_was_written() -> None:
    golden = golden_record(
        [
            member("pos:1", phones=["06 71 32 98 45 / 05 56 31 42 97"]),
            member("pos:2", phones=["07 61 32 98 45 (perso)"]),
            member("pos:3", emails=["a.b@x.fr, c.d@y.fr"]),
        ]
    )

    assert {phone.value for phone in golden.phones} == {
        "06 71 32 98 45",
        "05 56 31 42 97",
        "07 61 32 98 45 (perso)",
    }
    assert {email.value for email in golden.emails} == {"a.b@x.fr", "c.d@y.fr"}
