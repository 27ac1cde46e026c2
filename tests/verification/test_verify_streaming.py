"""`couture verify` finds nothing false while customers come, merge, part and go."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaProducer

from schemas import wire
from service.database.connection.session import connect
from service.relay.relay import relay_once
from service.verification.verify import verify
from tests.resolver.deliveries import Delivery, customer, movement
from tests.resolver.fake_model import plain_judge
from tests.verification.test_verify import Shop, shop

__all__ = ["shop"]

LOOKS = 12


@contextmanager
def trading(shop: Shop) -> Iterator[None]:
    """Sign people up, let them merge, part and leave, and tell of it, all the while."""
    stop, failures = threading.Event(), []

    def guarded(work: object) -> None:
        try:
            while not stop.is_set():
                work()  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)
            raise

    url = shop.settings.database_url
    with (
        connect(url, autocommit=True) as resolving,
        connect(url, autocommit=True) as relaying,
    ):
        chance, positions = random.Random(7), iter(range(10, 10_000_000))
        deliver = Delivery(resolving, plain_judge())

        def resolve() -> None:
            position = next(positions)
            key = f"shop:{chance.randrange(60)}"
            person = {"emails": [f"{chance.randrange(20)}@x"], "given_name": "Ann"}
            there = chance.random() < 0.7
            events = [customer(key, position, **(person if there else {}))]
            events.append(movement(f"shop:m{position}", key, 1))
            messages = deliver.messages(events)
            for one in messages:
                shop.producer.send(
                    wire.source_topic("shop"),
                    *(one.value, one.key, one.headers),
                    partition=0,
                )
            shop.producer.flush()
            deliver.fold(messages)

        producer = KafkaProducer(bootstrap_servers=shop.settings.kafka, acks="all")
        works = (resolve, lambda: relay_once(relaying, producer))
        threads = [threading.Thread(target=guarded, args=[work]) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            producer.close()
    assert not failures


def test_nothing_differs_while_everything_goes_on(shop: Shop) -> None:
    found: list[object] = []
    with trading(shop):
        for _ in range(LOOKS):
            with connect(shop.settings.database_url, autocommit=True) as looking:
                report = verify(looking, shop.settings, with_rebuild=True)
            found += [(kind, every) for kind, every in report.broken.items() if every]

    assert report.counts["captured_messages"] > 20
    assert report.counts["golden_messages"] > 20
    assert found == []
    assert {k: v for k, v in shop.found().items() if k != "golden_not_told"} == {}
