"""People who do not exist, and what the systems of a retailer hold about them.

`python -m service.demo.population.people --people N --seed S --out FILE.parquet`
writes the records of N people with their truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.source_record import CustomerRecord
from service.demo.population.contacts import second_card
from service.demo.population.form_entries import Entry, enter
from service.demo.population.households import Builder, Person

__all__ = ["Person", "Population", "SimulatedRecord", "population", "records"]

# how often a person is known to a system; a card holder is always in the programme
_PRESENCE = {"pos": 0.52, "ecommerce": 0.5, "call_centre": 0.24, "loyalty": 1.0}
# how often a system that knows a person knows them twice
_TWICE = {"pos": 0.05, "ecommerce": 0.04, "call_centre": 0.08, "loyalty": 0.015}
_PREFIX = {"pos": "C", "ecommerce": "U", "call_centre": "D", "loyalty": "M"}


@dataclass(frozen=True, slots=True)
class Population:
    """The simulated people, in households; the same for the same seed."""

    seed: int
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class SimulatedRecord:
    """One source record, and whose it is."""

    system: str
    id: str
    truth: int
    record: CustomerRecord


def population(people: int, *, seed: int) -> Population:
    """Return that many people; the last household may be cut."""
    builder = Builder(Random(f"population {seed}"))
    drawn: list[Person] = []
    while len(drawn) < people:
        drawn.extend(builder.household())
    return Population(seed, tuple(drawn[:people]))


def entries(known: Population, seed: int) -> Iterator[tuple[str, str, Person, Entry]]:
    """Yield system, id, person and entry of every record the systems hold."""
    rng = Random(f"records {seed}")
    numbers = dict.fromkeys(_PREFIX, 1000)
    for person in known.people:
        for system, bearer in appearances(person, rng):
            numbers[system] += rng.randrange(1, 4)
            record_id = f"{_PREFIX[system]}-{numbers[system]}"
            yield system, record_id, person, enter(bearer, system, rng)


def records(known: Population, seed: int) -> Iterator[SimulatedRecord]:
    """Yield every record the systems hold about a population, with its truth."""
    for system, record_id, person, entry in entries(known, seed):
        yield SimulatedRecord(system, record_id, person.person_id, entry.canonical())


def appearances(person: Person, rng: Random) -> list[tuple[str, Person]]:
    """Return the systems that know a person, some twice, and as whom.

    Who joins the loyalty programme a second time gets a second card.
    """
    known = [
        system
        for system, share in _PRESENCE.items()
        if rng.random() < share and (system != "loyalty" or person.card)
    ]
    if not known:
        known = [rng.choice(("pos", "ecommerce"))]
    again = person
    if person.card:
        again = replace(person, card=second_card(person.card))
    return [(system, person) for system in known] + [
        (system, again if system == "loyalty" else person)
        for system in known
        if rng.random() < _TWICE[system]
    ]


def flat(simulated: SimulatedRecord) -> dict[str, object]:
    """Return a record as one row of canonical columns, lists joined by semicolons."""
    record = simulated.record
    address = record.addresses[0] if record.addresses else None
    return {
        "system": simulated.system,
        "id": simulated.id,
        "truth": simulated.truth,
        "given_name": record.given_name,
        "family_name": record.family_name,
        "birth_name": record.birth_name,
        "full_name": record.full_name,
        "birth_date": record.birth_date.isoformat() if record.birth_date else None,
        "gender": record.gender,
        "title": record.title,
        "email": record.emails[0] if record.emails else None,
        "phone": record.phones[0] if record.phones else None,
        "emails": ";".join(record.emails) or None,
        "phones": ";".join(record.phones) or None,
        "street_number": address.street_number if address else None,
        "street": address.street if address else None,
        "postal_code": address.postal_code if address else None,
        "city": address.city if address else None,
        "country": address.country if address else None,
        "card": record.cards[0] if record.cards else None,
    }


def write_parquet(known: Population, path: Path, *, seed: int) -> int:
    """Write the records of a population with their truth; return how many."""
    rows = [flat(simulated) for simulated in records(known, seed)]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    types = {"truth": pa.int64()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    pq.write_table(pa.table(columns, schema=schema), path)
    return len(rows)


def main() -> None:
    """Write a simulated retailer's records to a Parquet file."""
    parser = argparse.ArgumentParser(prog="python -m service.demo.population.people")
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    if asked.people < 1:
        parser.error("--people needs at least 1")
    known = population(asked.people, seed=asked.seed)
    count = write_parquet(known, asked.out, seed=asked.seed)
    print(f"{count} records of {len(known.people)} people in {asked.out}")  # noqa: T201


if __name__ == "__main__":
    main()
