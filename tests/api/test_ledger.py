"""Promise 10: whatever merges, parts, comes late or twice, each programme's sum stands.

Movements come from a captured ledger and from channels through the API, in any order
with record changes that merge and part customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest
from flask_openapi.openapi import OpenAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import wire
from schemas.change_event import ChangeEvent
from service.access import SCOPES, create_key
from service.app import create_app
from service.database.connection.session import Connection, connect
from service.local.servers import EmbeddedPostgres
from service.settings import Settings
from tests.api.channel import Channel
from tests.resolver.deliveries import Delivery, customer, movement
from tests.resolver.fake_model import plain_judge

ACCOUNTS = ["loyalty:1", "loyalty:2", "pos:1"]
PEOPLE: list[dict[str, Any]] = [
    {"given_name": "Anne", "emails": ["a@x.fr"], "phones": ["0611"]},
    {"given_name": "Bea", "emails": ["b@x.fr"], "phones": ["0622"]},
]
accounts = st.sampled_from(ACCOUNTS)
amounts = st.integers(-60, 60).filter(bool)
steps = st.one_of(
    # who is the same person is one customer: this merges and parts them
    st.tuples(st.just("is_"), accounts, st.sampled_from([0, 1])),
    st.tuples(st.just("captured_line"), accounts, amounts, st.integers(1, 6)),
    st.tuples(st.just("burn"), accounts, st.integers(-60, -1), st.integers(1, 6)),
    st.tuples(st.just("confirm"), st.integers(0, 5)),
    st.tuples(st.just("redeliver"), st.integers(0, 30)),
)


class World:
    """One database, what was said to it, and what its ledger must add up to."""

    def __init__(self, connection: Connection, channel: Channel) -> None:
        self.deliver = Delivery(connection, plain_judge())
        self.connection = connection
        self.channel = channel
        self.said: list[ChangeEvent] = []
        self.captured: dict[str, int] = {}
        self.made: dict[str, dict[str, Any]] = {}
        self.position = 0

    def tell(self, event: ChangeEvent) -> None:
        self.said.append(event)
        self.deliver(event)

    def is_(self, account: str, person: int) -> None:
        self.position += 1
        self.tell(customer(account, self.position, **PEOPLE[person]))

    def captured_line(self, account: str, amount: int, number: int) -> None:
        key = f"{account}-{number}"
        self.captured.setdefault(key, amount)
        self.tell(movement(key, account, self.captured[key]))

    def burn(self, account: str, amount: int, number: int) -> None:
        key = f"{account}-{number}"
        body = {"account": account, "programme": "club", "unit": "points"}
        answer = self.channel.post(
            "/v1/loyalty/movements",
            {**body, "kind": "burn", "amount": amount},
            key=key,
        )
        assert answer.status_code in (201, 409, 422)
        if answer.status_code == 201:
            self.made[key] = answer.json

    def confirm(self, number: int) -> None:
        """The captured ledger repeats a line that a channel made."""
        if not self.made:
            return
        name = sorted(self.made)[number % len(self.made)]
        line = self.made[name]
        event = movement(f"{name}-again", line["account"], int(line["amount"]))
        assert event.after is not None
        after = {**event.after.model_dump(), "confirms": line["key"]}
        self.tell(type(event).model_validate({**event.model_dump(), "after": after}))

    def redeliver(self, number: int) -> None:
        """An event that was told before comes again, late; so does one of the API's."""
        if self.said:
            self.deliver(self.said[number % len(self.said)])
        rows = self.connection.execute(
            "SELECT topic, message_value FROM outbox WHERE topic ~ '^couture.source'"
        ).fetchall()
        if rows:
            topic, value = rows[number % len(rows)]
            schema = [("schema", wire.SCHEMA.encode())]
            self.deliver(wire.decode(value, schema, topic=topic))

    def shown(self) -> dict[str, Decimal]:
        """Return the balance of every live customer by its source keys."""
        rows = self.connection.execute(
            "SELECT profile FROM customer"
            " WHERE profile IS NOT NULL AND retired_into IS NULL"
        )
        found = {}
        for (profile,) in rows:
            told = orjson.loads(profile)
            balances = [Decimal(one["amount"]) for one in told["loyalty"]]
            found[" ".join(told["source_keys"])] = sum(balances, Decimal(0))
        return found

    def due(self) -> dict[str, Decimal]:
        """Return what every account's lines add up to."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for key, amount in self.captured.items():
            sums[key.rpartition("-")[0]] += amount
        for line in self.made.values():
            sums[line["account"]] += Decimal(line["amount"])
        return sums


@pytest.fixture
def ledger_app(postgres: EmbeddedPostgres) -> Iterator[OpenAPI]:
    """The application on a database that the examples of one test share."""
    with connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE ledger TEMPLATE template")
    made = create_app(Settings(database_url=postgres.url("ledger"), api_threads=2))
    yield made
    made.extensions["couture"].pool.close()
    with connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE ledger WITH (FORCE)")


def _emptied(connection: Connection) -> None:
    connection.execute(
        "TRUNCATE source_record, blocking_key, link, label, customer, profile_history,"
        " contact_key, loyalty_movement, dirty, stream_offset, system_freshness,"
        " dead_letter, outbox, answered_request"
    )


@given(st.lists(steps, min_size=4, max_size=18))
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sequence_keeps_the_sum_of_every_account(
    ledger_app: OpenAPI, postgres: EmbeddedPostgres, told: list[tuple[Any, ...]]
) -> None:
    url = postgres.url("ledger")
    with connect(url, autocommit=True) as connection:
        _emptied(connection)
        key = create_key(url, channel="till", scopes=list(SCOPES))
        world = World(connection, Channel(ledger_app, key))
        for account in ACCOUNTS:
            world.is_(account, 0)
            world.captured_line(account, 100, 0)
        assert len(world.shown()) == 1
        for name, *what in told:
            getattr(world, name)(*what)
        world.deliver()

        due, shown = world.due(), world.shown()

        assert sum(shown.values()) == sum(due.values())
        for keys, balance in shown.items():
            assert balance == sum(due[account] for account in keys.split()), keys
        assert connection.execute("SELECT count(*) FROM dead_letter").fetchone() == (0,)
