from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import phonenumbers
import pyarrow.parquet as pq
import pytest

from service.demo.population.names import given_name_count, surname_count
from service.demo.population.people import (
    Person,
    Population,
    SimulatedRecord,
    flat,
    population,
    records,
    write_parquet,
)
from service.demo.population.places import commune_count

PEOPLE = 6_000


@pytest.fixture(scope="module")
def known() -> Population:
    return population(PEOPLE, seed=7)


@pytest.fixture(scope="module")
def held(known: Population) -> list[SimulatedRecord]:
    return list(records(known, 7))


@pytest.fixture(scope="module")
def households(known: Population) -> list[list[Person]]:
    by_id = defaultdict(list)
    for person in known.people:
        by_id[person.household_id].append(person)
    return list(by_id.values())


def test_there_are_more_names_than_faker_has() -> None:
    assert given_name_count() > 1_000
    assert surname_count() > 5_000
    assert commune_count() > 300


def test_the_same_seed_gives_the_same_records_and_another_seed_others() -> None:
    first, again, other = (
        [flat(each) for each in records(population(200, seed=seed), seed)]
        for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_records_do_not_depend_on_the_process(tmp_path: Path, hash_seed: str) -> None:
    here = tmp_path / "here.parquet"
    there = tmp_path / "there.parquet"
    write_parquet(population(150, seed=5), here, seed=5)
    command = [
        sys.executable,
        "-m",
        "service.demo.population.people",
        "--people",
        "150",
    ]
    subprocess.run(
        [*command, "--seed", "5", "--out", str(there)],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    digests = {hashlib.sha256(each.read_bytes()).digest() for each in (here, there)}
    assert len(digests) == 1
    assert pq.read_table(here).column_names[:3] == ["system", "id", "truth"]


def test_there_are_exactly_as_many_people_as_asked_for(known: Population) -> None:
    assert [person.person_id for person in known.people] == list(range(1, PEOPLE + 1))


def test_there_are_twins(households: list[list[Person]]) -> None:
    twins = [
        (one, other)
        for people in households
        for one, other in combinations(people, 2)
        if one.birth_date == other.birth_date and one.family_name == other.family_name
    ]
    assert len(twins) >= 10


def test_a_father_and_a_son_may_have_one_name(households: list[list[Person]]) -> None:
    namesakes = [
        (one, other)
        for people in households
        for one, other in combinations(people, 2)
        if (one.given_name, one.family_name) == (other.given_name, other.family_name)
        and other.birth_date.year - one.birth_date.year >= 18
    ]
    assert {one.gender for one, _ in namesakes} == {"F", "M"}
    assert len(namesakes) >= 5


def test_families_share_homes_phones_and_addresses(
    households: list[list[Person]],
) -> None:
    together = [people for people in households if len(people) > 1]
    shared_home = [each for each in together if len({p.home for p in each}) == 1]
    assert len(shared_home) > len(together) / 2
    assert sum(each[0].household_phone is not None for each in together) > 100
    assert sum(each[0].household_email is not None for each in together) > 50


def test_people_marry_move_and_change_their_number(known: Population) -> None:
    assert sum(person.birth_name is not None for person in known.people) > 300
    assert sum(person.former_home is not None for person in known.people) > 300
    assert sum(person.former_phone is not None for person in known.people) > 300


def test_strangers_may_have_the_same_name(households: list[list[Person]]) -> None:
    heads = Counter((p[0].given_name, p[0].family_name) for p in households)
    assert heads.most_common(1)[0][1] >= 2


def test_a_mobile_number_an_address_and_a_card_belong_to_one_person(
    known: Population,
) -> None:
    for values in (
        [phone for person in known.people for phone in person.phones],
        [email for person in known.people for email in person.emails],
        [person.card for person in known.people if person.card],
    ):
        assert len(values) == len(set(values))


def test_the_phone_numbers_could_be_dialled(known: Population) -> None:
    for person in known.people[:500]:
        for phone in filter(None, (*person.phones, person.household_phone)):
            regions = ("FR", "RE", "GP", "MQ", "GF", "YT")
            assert any(
                phonenumbers.is_possible_number(phonenumbers.parse(phone, region))
                for region in regions
            )


def test_every_person_is_in_a_system_and_some_twice_in_one(
    held: list[SimulatedRecord],
) -> None:
    assert {each.truth for each in held} == set(range(1, PEOPLE + 1))
    twice = Counter((each.truth, each.system) for each in held)
    assert sum(count > 1 for count in twice.values()) > 100
    keys = {(each.system, each.id) for each in held}
    assert len(keys) == len(held)


def test_nearly_every_record_holds_enough_to_know_the_person(
    held: list[SimulatedRecord],
) -> None:
    def identifiers(each: SimulatedRecord) -> int:
        record = each.record
        given = (record.birth_date, record.phones, record.emails, record.cards)
        return sum(map(bool, given)) + bool(record.addresses)

    enough = sum(identifiers(each) >= 2 for each in held)
    assert enough > 0.93 * len(held)


def test_the_shops_own_contacts_stand_on_many_customers(
    held: list[SimulatedRecord],
) -> None:
    emails = Counter(email for each in held for email in each.record.emails)
    shops = sum(count for email, count in emails.items() if "enseigne" in email)
    assert shops >= 10
    assert max(count for email, count in emails.items() if "enseigne" in email) > 3


def test_the_call_centre_holds_the_name_in_one_field(
    held: list[SimulatedRecord],
) -> None:
    for each in held:
        alone = each.record.full_name is not None
        assert alone == (each.system == "call_centre")
