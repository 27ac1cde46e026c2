"""No double spend while customers become one: a burn and a merge see each other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from service.database.connection.session import Connection, connect
from tests.api.channel import Channel
from tests.api.factories import a_customer, a_movement
from tests.resolver.deliveries import Delivery, customer, movement
from tests.resolver.fake_model import plain_judge

PAIRS = 6
POINTS = 35


def test_what_two_accounts_hold_is_spent_once_though_they_merge_meanwhile(
    busy_channel: Channel, rows: Connection, database_url: str
) -> None:
    deliver = Delivery(rows, plain_judge())
    pairs = [(f"loyalty:{n}", f"pos:{n}") for n in range(PAIRS)]
    for pair in pairs:
        for account in pair:
            deliver(
                customer(account, 1, given_name="Anne", emails=[f"{account}@x.fr"]),
                movement(f"{account}-0", account, POINTS),
            )

    def attempt(number: int) -> int:
        account = pairs[number % PAIRS][number // PAIRS % 2]
        body = {"account": account, "programme": "club", "unit": "points"}
        return busy_channel.post(
            "/v1/loyalty/movements",
            {**body, "kind": "burn", "amount": -10},
            key=f"{number}",
        ).status_code

    def merge() -> None:
        with connect(database_url, autocommit=True) as connection:
            deliver.connection = connection
            for n, pair in enumerate(pairs):
                for account in pair:
                    shared = {"emails": [f"{n}@x.fr"], "phones": [f"06{n}"]}
                    deliver(customer(account, 2, given_name="Anne", **shared))

    with ThreadPoolExecutor(5) as several:
        merging = several.submit(merge)
        during = list(several.map(attempt, range(20 * PAIRS)))
        merging.result()
    after = [attempt(number) for number in range(20 * PAIRS, 24 * PAIRS)]

    # each account alone affords 3 burns; as one customer they afford a seventh
    assert [*during, *after].count(201) == 7 * PAIRS
    assert set(during + after) == {201, 409}
    left = rows.execute("SELECT sum(amount) FROM loyalty_movement").fetchone()
    assert left == (0,)


def test_a_burn_that_waited_for_an_unmerge_looks_at_the_customer_anew(
    busy_channel: Channel, rows: Connection, database_url: str
) -> None:
    together = a_customer(rows, "loyalty:1", "pos:1")
    alone = a_customer(rows, "web:1")
    a_movement(rows, "loyalty:line", of="loyalty:1", amount="100")
    body = {"account": "pos:1", "programme": "fidelity", "unit": "points"}

    def burn() -> int:
        wanted = {**body, "kind": "burn", "amount": -50}
        return busy_channel.post("/v1/loyalty/movements", wanted, key="a").status_code

    with connect(database_url) as unmerge, ThreadPoolExecutor(1) as another:
        # as relabel does: labels first, then the row of every customer they changed
        unmerge.execute(
            "UPDATE label SET customer_id = %s WHERE record_id ="
            " (SELECT record_id FROM source_record WHERE system = 'pos')",
            [alone],
        )
        unmerge.execute(
            "UPDATE customer SET version = 2 WHERE customer_id = %s", [together]
        )
        waiting = another.submit(burn)
        _until_one_waits(rows)
        unmerge.commit()

    assert waiting.result() == 409


def _until_one_waits(rows: Connection) -> None:
    for _ in range(500):
        found = rows.execute(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        ).fetchone()
        if found is not None:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
