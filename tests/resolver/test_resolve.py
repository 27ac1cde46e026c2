"""One micro-batch after another: what the customers become."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest

from schemas.facts import OrderStatus
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.messages.offsets import OffsetMoved
from tests.resolver.deliveries import (
    ANNE,
    BEA,
    Delivery,
    clusters,
    customer,
    message,
    movement,
    order,
    profiles,
)


def customer_ids(connection: Connection) -> dict[str, str]:
    rows = connection.execute(
        "SELECT s.system || ':' || s.id, customer_id::text FROM label"
        " JOIN source_record s USING (record_id)"
    )
    return dict(rows.fetchall())


def test_two_records_of_one_person_become_one_customer(deliver: Delivery) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    deliver(customer("ecommerce:9", 1, **ANNE), customer("pos:2", 1, **BEA))

    assert clusters(deliver.connection) == {
        frozenset({"pos:1", "ecommerce:9"}),
        frozenset({"pos:2"}),
    }


def test_a_stale_event_leaves_the_customer_unchanged(deliver: Delivery) -> None:
    deliver(customer("pos:1", 5, **ANNE))
    before = profiles(deliver.connection)
    deliver(customer("pos:1", 4, **BEA))
    deliver(customer("pos:1", 5, **BEA))

    assert profiles(deliver.connection) == before


def test_a_delete_is_remembered_so_that_a_latecomer_stays_late(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    deliver(customer("pos:1", 3))
    deliver(customer("pos:1", 2, **ANNE))

    assert clusters(deliver.connection) == set()
    assert profiles(deliver.connection) == []


def test_a_record_that_takes_over_an_identity_leaves_its_old_customer(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:1", 1, **ANNE), customer("ecommerce:9", 1, **ANNE))
    deliver(customer("pos:2", 1, **BEA), customer("ecommerce:9", 2, **BEA))

    assert clusters(deliver.connection) == {
        frozenset({"pos:1"}),
        frozenset({"pos:2", "ecommerce:9"}),
    }


def test_in_a_merge_the_older_id_survives_and_an_undone_merge_brings_the_other_back(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    deliver(customer("pos:2", 1, **BEA))
    apart = customer_ids(deliver.connection)
    deliver(customer("pos:2", 2, **ANNE))
    together = customer_ids(deliver.connection)
    redirect = deliver.connection.execute(
        "SELECT retired_into::text FROM customer WHERE customer_id = %s",
        [apart["pos:2"]],
    ).fetchone()
    deliver(customer("pos:2", 3, **BEA))

    assert together == {"pos:1": apart["pos:1"], "pos:2": apart["pos:1"]}
    assert redirect == (apart["pos:1"],)
    assert customer_ids(deliver.connection) == apart


def test_facts_come_with_their_record_through_merge_and_unmerge(
    deliver: Delivery,
) -> None:
    deliver(customer("loyalty:1", 1, **ANNE), customer("loyalty:2", 1, **BEA))
    deliver(movement("loyalty:m1", "loyalty:1", 100))
    deliver(movement("loyalty:m2", "loyalty:2", -30))
    deliver(order("pos:o1", 1, "loyalty:2", OrderStatus.PLACED))
    apart = profiles(deliver.connection)
    deliver(customer("loyalty:2", 2, **ANNE))
    (together,) = profiles(deliver.connection)
    deliver(customer("loyalty:2", 3, **BEA))

    assert together["loyalty"] == [
        {"programme": "club", "unit": "points", "amount": "70"}
    ]
    assert [view["key"] for view in together["open_orders"]] == ["pos:o1"]
    assert profiles(deliver.connection) == apart


def test_a_fact_that_comes_before_its_customer_is_in_the_profile_later(
    deliver: Delivery,
) -> None:
    deliver(movement("loyalty:m1", "loyalty:1", 100))
    assert profiles(deliver.connection) == []
    deliver(customer("loyalty:1", 1, **ANNE))

    (profile,) = profiles(deliver.connection)
    assert profile["loyalty"][0]["amount"] == "100"


def test_a_repeated_movement_counts_once_and_a_changed_one_is_a_dead_letter(
    deliver: Delivery,
) -> None:
    deliver(customer("loyalty:1", 1, **ANNE), movement("loyalty:m1", "loyalty:1", 100))
    deliver(movement("loyalty:m1", "loyalty:1", 100))
    deliver(movement("loyalty:m1", "loyalty:1", 900, position=2))

    (profile,) = profiles(deliver.connection)
    assert profile["loyalty"][0]["amount"] == "100"
    letters = deliver.connection.execute('SELECT reason, "offset" FROM dead_letter')
    assert letters.fetchall() == [("immutable_movement", 3)]


def test_an_order_moves_on_by_position_not_by_arrival(deliver: Delivery) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    deliver(order("web:o1", 2, "pos:1", OrderStatus.COLLECTED))
    deliver(order("web:o1", 1, "pos:1", OrderStatus.PLACED))

    (profile,) = profiles(deliver.connection)
    assert "open_orders" not in profile or profile["open_orders"] == []
    assert profile["recent_orders"][0]["status"] == "collected"


def test_a_payment_on_delivery_leaves_the_order_delivered_in_whatever_order_it_comes(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    told = [
        order("web:o1", 1, "pos:1", OrderStatus.PLACED),
        order("web:o1", 2, "pos:1", OrderStatus.DELIVERED),
        order("web:o1", 3, "pos:1", OrderStatus.PAID),
    ]
    paid = order("web:o0", 3, "pos:1", OrderStatus.PAID)
    deliver(order("web:o0", 2, "pos:1", OrderStatus.PLACED), paid)
    for number, arrival in enumerate(permutations(told)):
        key = SourceKey("web", f"o{number + 1}")
        for one in arrival:
            deliver(one.model_copy(update={"key": key}))

    (profile,) = profiles(deliver.connection)
    assert [view["key"] for view in profile["open_orders"]] == ["web:o0"]
    assert {view["status"] for view in profile["recent_orders"]} == {"delivered"}
    statuses = deliver.connection.execute("SELECT status FROM customer_order")
    assert Counter(statuses.fetchall()) == {("delivered",): 6, ("paid",): 1}


def test_a_batch_whose_offset_was_taken_over_has_no_last_effects(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    zombie = Delivery(deliver.connection, deliver.judge)
    zombie.next = dict(deliver.next)
    deliver(customer("pos:2", 1, **BEA))
    before = profiles(deliver.connection)
    with pytest.raises(OffsetMoved):
        zombie(customer("pos:1", 2, **BEA))

    assert profiles(deliver.connection) == before


def test_what_a_crash_left_between_the_steps_is_finished_by_the_redelivery(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    messages = deliver.messages([customer("pos:2", 1, **ANNE)])

    class Died(BaseException):
        pass

    def dies(*_: object) -> list[object]:
        raise Died

    alive = deliver.judge.scorer.score
    deliver.judge.scorer.score = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(Died):
        deliver.fold(messages)
    deliver.judge.scorer.score = alive  # type: ignore[method-assign]
    assert len(clusters(deliver.connection)) == 1
    deliver.fold(messages)

    assert clusters(deliver.connection) == {frozenset({"pos:1", "pos:2"})}
    assert deliver.connection.execute("SELECT count(*) FROM dirty").fetchone() == (0,)


def test_unreadable_messages_become_dead_letters_and_the_batch_goes_on(
    deliver: Delivery,
) -> None:
    good = deliver.messages([customer("pos:1", 1, **ANNE), customer("pos:2", 1, **BEA)])
    bad = good[0]._replace(value=b"\xff not json", offset=2)
    deliver.fold([good[0], bad._replace(offset=1), good[1]._replace(offset=2)])

    assert len(clusters(deliver.connection)) == 2
    row = deliver.connection.execute(
        'SELECT reason, topic, partition, "offset", message_value FROM dead_letter'
    ).fetchone()
    assert row == ("not_json", "couture.source.pos", 0, 1, b"\xff not json")
    topics = deliver.connection.execute("SELECT DISTINCT topic FROM outbox").fetchall()
    assert ("couture.deadletters",) in topics


def test_a_dead_letter_delivered_twice_stands_once(deliver: Delivery) -> None:
    (good,) = deliver.messages([customer("pos:1", 1, **ANNE)])
    bad = good._replace(value=b"{", offset=0)
    deliver.fold([bad])
    deliver.next[bad.topic, 0] = 0
    deliver.connection.execute("UPDATE stream_offset SET next_offset = 0")
    deliver.fold([bad])

    count = deliver.connection.execute("SELECT count(*) FROM dead_letter").fetchone()
    assert count == (1,)


def test_a_decision_same_holds_when_another_record_of_either_side_changes(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:1", 1, **ANNE), customer("web:1", 1, **ANNE))
    deliver(customer("pos:2", 1, **BEA))
    deliver.connection.execute(
        "INSERT INTO decision (system_a, id_a, system_b, id_b, verdict, steward)"
        " VALUES ('pos', '1', 'pos', '2', 'same', 'a steward')"
    )
    deliver(customer("pos:2", 2, **BEA | {"title": "Mme"}))
    together = {frozenset({"pos:1", "web:1", "pos:2"})}
    assert clusters(deliver.connection) == together
    deliver(customer("web:1", 2, **ANNE | {"title": "Mme"}))

    assert clusters(deliver.connection) == together
    (profile,) = profiles(deliver.connection)
    assert profile["source_keys"] == ["pos:1", "pos:2", "web:1"]


def test_an_unchanged_profile_is_not_written_again(deliver: Delivery) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    assert deliver(customer("pos:1", 2, **ANNE)) == 0


def test_every_change_is_told_once_in_order_with_a_rising_version(
    deliver: Delivery,
) -> None:
    deliver(customer("pos:1", 1, **ANNE))
    deliver(customer("pos:1", 2, **ANNE | {"title": "Mme"}))
    deliver(customer("pos:1", 3))

    told = deliver.connection.execute(
        "SELECT message_headers->>'ce_type', message_headers->>'ce_id' FROM outbox"
        " WHERE topic = 'couture.events' ORDER BY seq"
    ).fetchall()
    assert [row[0].rpartition(".")[2] for row in told] == [
        "created",
        "changed",
        "deleted",
    ]
    assert [row[1].rpartition(":")[2] for row in told] == ["1", "2", "3"]


def test_a_message_names_its_place() -> None:
    assert message(customer("pos:1", 1), 7).offset == 7
