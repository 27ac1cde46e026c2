"""Damaged messages among good ones: each is set aside or read, and nothing stops."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from schemas import wire
from service.database.connection.session import connect
from service.runtime.processes import our_program
from tests.end_to_end.checker import spoken
from tests.end_to_end.installation import RESOLVER, caught_up
from tests.end_to_end.processes import Processes
from tests.end_to_end.test_replay import create_topics
from tests.faults.mutation import damaged
from tests.faults.scale import SEED, scaled
from tests.resolver.deliveries import customer

TOPIC = wire.source_topic("till")
MUTANTS = scaled(3_000, 100_000)
ONE_GOOD_IN = 20
PERSON: dict[str, Any] = {
    "given_name": "Zéphyrine",
    "family_name": "Quatrebarbes",
    "emails": ["zephyrine@canari-exemple.fr"],
    "phones": ["0699887766"],
}
SECRETS = ["zéphyrine", "quatrebarbes", "canari-exemple", "699887766"]


@dataclass
class Sent:
    """What stands on the topic, by where it stands."""

    good: dict[tuple[int, int], str] = field(default_factory=dict)
    bad: set[tuple[int, int]] = field(default_factory=set)


@pytest.fixture
def parts(tmp_path: Path, database_url: str, broker: str) -> Iterator[Processes]:
    """A resolver that waits for messages."""
    create_topics(broker, {TOPIC})
    started = Processes(tmp_path)
    environment = {"COUTURE_DATABASE_URL": database_url, "COUTURE_KAFKA": broker}
    started.start(our_program(RESOLVER, "service.cli", "resolve", env=environment))
    try:
        yield started
    finally:
        started.stop_all()


def send(broker: str) -> Sent:
    """Send the mutants, and a good message after some of them."""
    chance, sent = random.Random(SEED), Sent()
    producer = KafkaProducer(bootstrap_servers=broker, acks="all", linger_ms=20)
    futures = []
    for number in range(MUTANTS):
        event = customer(f"till:M-{number}", number + 1, **person(number))
        message = damaged(event, chance)
        futures.append((None, producer.send(TOPIC, **message._asdict())))
        if number % ONE_GOOD_IN == 0:
            key, value, headers = wire.encode(
                customer(f"till:G-{number}", 1, given_name=f"G{number}")
            )
            future = producer.send(TOPIC, key=key, value=value, headers=headers)
            futures.append((f"G-{number}", future))
    for name, future in futures:
        place = future.get(timeout=60)
        if name:
            sent.good[place.partition, place.offset] = name
        else:
            sent.bad.add((place.partition, place.offset))
    producer.close()
    return sent


def person(number: int) -> dict[str, Any]:
    """Return whom a message is about: now and then the person no log may show."""
    if number % 50 == 0:
        return PERSON
    return {"given_name": f"Ada{number}", "emails": [f"ada.{number}@maison.test"]}


@pytest.mark.timeout(1_200)
def test_mutants_are_set_aside_or_read_and_every_good_message_takes_effect(
    parts: Processes, database_url: str, broker: str
) -> None:
    sent = send(broker)
    parts.until(
        lambda: caught_up(database_url, broker, relay=False),
        within=scaled(240, 900),
        what="everything was read",
    )
    with connect(database_url, autocommit=True) as connection:
        letters = connection.execute(
            'SELECT partition, "offset", reason, detail FROM dead_letter'
        ).fetchall()
        alive = connection.execute(
            "SELECT id FROM source_record WHERE record IS NOT NULL AND id ^@ 'G-'"
        ).fetchall()

    assert {id_ for (id_,) in alive} == set(sent.good.values())
    assert {(part, offset) for part, offset, *_ in letters} <= sent.bad
    assert len(letters) > MUTANTS // 3
    assert all(reason for *_, reason, _ in letters)
    told = " ".join(detail or "" for *_, detail in letters).casefold()
    assert not [secret for secret in SECRETS if secret in told]
    assert not list(spoken([parts.log_of(RESOLVER)], SECRETS))
