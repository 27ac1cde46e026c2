"""500 records in any order, cut into any micro-batches, and where each order ends."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache
from itertools import islice

from matching.features.normalise import Features
from matching.model.model_version import Model
from schemas.change_event import ChangeEvent, CustomerChange
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database.connection.session import Connection, connect
from service.demo.population.people import population, records
from service.resolver.resolve import ActiveModel
from service.resolver.worker import load_judge
from tests.resolver.deliveries import Delivery, customer
from tests.resolver.splink_reference import Resolved, by_splink, streamed
from tests.resolver.test_histories import forget

RECORDS = 500
CONTACTS = 50
"""So many of the records hold nothing but a contact that others hold, too."""


class Remembering(Model):
    """The model; it standardises a record once, since every order brings the same."""

    def standardise(self, records: Sequence[CustomerRecord]) -> list[Features]:
        known: dict[str, Features] = self.__dict__.setdefault("_known", {})
        texts = [record.model_dump_json() for record in records]
        new = {t: r for t, r in zip(texts, records, strict=True) if t not in known}
        known |= zip(new, super().standardise(list(new.values())), strict=True)
        return [known[text] for text in texts]

    @classmethod
    def of(cls, model: Model) -> Model:
        return cls(
            **{field.name: getattr(model, field.name) for field in fields(Model)}
        )


@cache
def simulated() -> list[CustomerChange]:
    """Return 500 records of the simulated retailer, families and twins among them."""
    everyone = islice(records(population(RECORDS, seed=5), 5), RECORDS - CONTACTS)
    events = [
        customer(str(SourceKey(one.system, one.id)), 1, **dict(one.record))
        for one in everyone
    ]
    reached = [
        e.after for e in events if e.after and (e.after.emails or e.after.phones)
    ]
    events += [
        customer(
            f"desk:{number}",
            1,
            emails=held.emails[:1],
            phones=[] if held.emails else held.phones[:1],
            contact_identifies=True,
        )
        for number, held in enumerate(reached[:: len(reached) // CONTACTS][:CONTACTS])
    ]
    assert len(events) == RECORDS
    return events


def by_splink_alone(model: Model) -> Resolved:
    """Return what Splink makes of the 500: one run, as they are the same in any order.

    It knows the records by the order of their keys, the stream by that of arrival: so
    a weight must not depend on which of two records came first either.
    """
    return by_splink(model, {str(e.key): e.after for e in simulated() if e.after})


def sizes_of(seed: int) -> list[int]:
    """Return sizes of micro-batches, from 1 to 300, that make up all the records."""
    chance, sizes = random.Random(seed), [1]
    while sum(sizes) < RECORDS:
        sizes.append(min(chance.randint(60, 300), RECORDS - sum(sizes)))
    chance.shuffle(sizes)
    return sizes


def run(
    connection: Connection,
    events: Sequence[ChangeEvent],
    judge: ActiveModel,
    sizes: Iterable[int],
) -> None:
    """Deliver the events in micro-batches of these sizes."""
    delivery, rest = Delivery(connection, judge), list(events)
    for size in sizes:
        delivery(*rest[:size])
        rest = rest[size:]
    assert not rest


def ending_otherwise(database_url: str, seeds: Iterable[int]) -> list[int]:
    """Return the seeds whose order of the 500 does not end as Splink's batch."""
    options = "-c synchronous_commit=off"
    with connect(database_url, autocommit=True, options=options) as connection:
        judge = load_judge(connection)
        judge = ActiveModel(Remembering.of(judge.model), judge.scorer)
        splinks, wrong = by_splink_alone(judge.model), []
        for seed in seeds:
            forget(connection)
            shuffled = random.Random(seed).sample(simulated(), k=RECORDS)
            run(connection, shuffled, judge, sizes_of(seed))
            if streamed(connection) != splinks:
                wrong.append(seed)
    return wrong
