"""What stewards decide binds the clusters, outlives the records, never contradicts."""

from __future__ import annotations

from typing import cast

import pytest

from matching.clustering.cluster import Verdict
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.stewardship import decisions
from service.resolver.consumer import SourceConsumer
from service.resolver.micro_batch import Message
from service.resolver.worker import Worker
from service.settings import Settings
from service.stewardship.decisions import (
    Contradiction,
    DeletedRecord,
    Undecidable,
    UnknownDecision,
    UnknownRecord,
    decide,
    revoke,
)
from tests.resolver.deliveries import ANNE, BEA, Delivery, clusters, customer, movement

CARL = {"given_name": "Carl", "emails": ["carl@x.fr"], "phones": ["0699887766"]}
A, B, C, D = (SourceKey("pos", name) for name in "abcd")
SAME, DIFFERENT = Verdict.SAME, Verdict.DIFFERENT


def say(deliver: Delivery, left: SourceKey, verdict: Verdict, right: SourceKey) -> int:
    made = decide(deliver.connection, left, right, verdict, steward="s", reason="r")
    return made.decision_id


def settled(deliver: Delivery) -> set[frozenset[str]]:
    """Return the clusters after a batch in which nothing was delivered."""
    deliver()
    return {
        frozenset(key[-1] for key in group) for group in clusters(deliver.connection)
    }


def groups(*names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names}


@pytest.fixture
def three(deliver: Delivery) -> Delivery:
    """Anne twice (a, b), whom the model joins, and Bea (c)."""
    deliver(customer("pos:a", 1, **ANNE), customer("pos:b", 1, **ANNE))
    deliver(customer("pos:c", 1, **BEA))
    return deliver


def test_decisions_bind_in_a_batch_of_any_worker_without_a_message(
    three: Delivery,
) -> None:
    assert settled(three) == groups("ab", "c")
    say(three, B, SAME, C)
    assert settled(three) == groups("abc")
    say(three, A, DIFFERENT, C)
    # what a person said binds before what the model found: a, b stand by the model
    assert settled(three) == groups("a", "bc")


def test_a_revoked_decision_leaves_what_would_be_without_it(three: Delivery) -> None:
    apart, joined = say(three, A, DIFFERENT, B), say(three, B, SAME, C)
    assert settled(three) == groups("a", "bc")
    gone = revoke(three.connection, apart, steward="t", reason="a slip")
    assert settled(three) == groups("abc")
    revoke(three.connection, joined, steward="t")
    assert settled(three) == groups("ab", "c")

    assert (gone.revoked_by, gone.revoke_reason) == ("t", "a slip")
    assert decisions.listed(three.connection) == []
    assert len(decisions.listed(three.connection, revoked_too=True)) == 2


def test_decisions_outlive_delete_and_return_of_their_records(three: Delivery) -> None:
    say(three, A, DIFFERENT, B)
    say(three, A, SAME, C)
    three(customer("pos:a", 2))
    assert settled(three) == groups("b", "c")
    three(customer("pos:a", 3, **ANNE))
    assert settled(three) == groups("ac", "b")


def test_a_chain_through_a_deleted_record_joins_only_while_it_is_there(
    three: Delivery,
) -> None:
    three(customer("pos:d", 1, **CARL))
    say(three, A, SAME, C)
    revoked = say(three, C, SAME, D)
    assert settled(three) == groups("abcd")
    three(customer("pos:c", 2))
    assert settled(three) == groups("ab", "d")
    revoke(three.connection, revoked, steward="s")
    three(customer("pos:c", 3, **BEA))
    assert settled(three) == groups("abc", "d")


def test_same_same_different_round_a_chain_is_refused_with_the_chain(
    three: Delivery,
) -> None:
    three(customer("pos:d", 1, **CARL))
    chain = [say(three, A, SAME, C), say(three, C, SAME, D)]
    with pytest.raises(Contradiction, match=r"decision 2.*decision 1") as refused:
        say(three, D, DIFFERENT, A)

    assert [one.decision_id for one in refused.value.chain] == chain[::-1]
    assert str(chain[0]) in refused.value.remedy
    assert settled(three) == groups("abcd")
    assert len(decisions.listed(three.connection)) == 2


def test_same_across_a_standing_different_is_refused_with_the_chain(
    three: Delivery,
) -> None:
    three(customer("pos:d", 1, **CARL))
    chain = [say(three, A, SAME, C), say(three, C, DIFFERENT, D)]
    with pytest.raises(Contradiction) as refused:
        say(three, D, SAME, A)

    assert [one.decision_id for one in refused.value.chain] == chain[::-1]


def test_a_pair_decided_both_ways_is_refused_and_free_again_once_revoked(
    three: Delivery,
) -> None:
    first = say(three, A, SAME, B)
    with pytest.raises(Contradiction) as refused:
        say(three, B, DIFFERENT, A)
    assert [one.decision_id for one in refused.value.chain] == [first]

    revoke(three.connection, first, steward="s")
    say(three, B, DIFFERENT, A)
    assert settled(three) == groups("a", "b", "c")


def test_saying_again_what_stands_adds_nothing(three: Delivery) -> None:
    first = say(three, A, SAME, B)

    assert say(three, B, SAME, A) == first
    assert len(decisions.listed(three.connection)) == 1


def test_a_contradiction_through_a_deleted_record_is_told_too(three: Delivery) -> None:
    say(three, A, SAME, C)
    three(customer("pos:d", 1, **CARL))
    say(three, C, SAME, D)
    three(customer("pos:c", 2))
    with pytest.raises(Contradiction):
        say(three, A, DIFFERENT, D)


def test_a_record_that_never_was_or_is_gone_is_said(three: Delivery) -> None:
    three(movement("pos:m", "pos:stub", 5), customer("pos:b", 2))
    with pytest.raises(UnknownRecord, match="pos:nobody"):
        say(three, A, SAME, SourceKey("pos", "nobody"))
    with pytest.raises(UnknownRecord, match="pos:stub"):
        say(three, SourceKey("pos", "stub"), SAME, A)
    with pytest.raises(DeletedRecord, match="pos:b"):
        say(three, A, DIFFERENT, B)
    with pytest.raises(Undecidable):
        say(three, A, DIFFERENT, A)

    assert decisions.listed(three.connection) == []


def test_only_a_standing_decision_can_be_revoked(three: Delivery) -> None:
    made = say(three, A, SAME, B)
    revoke(three.connection, made, steward="s")
    for decision_id in (made, made + 1):
        with pytest.raises(UnknownDecision, match=str(decision_id)):
            revoke(three.connection, decision_id, steward="s")


class Silence:
    """A stream on which no message comes."""

    def poll(self, connection: Connection, *, limit: int) -> list[Message]:
        return []

    def advanced(self, steps: object) -> None: ...

    def lag(self) -> dict[str, int]:
        return {}


def test_a_decision_takes_effect_at_the_next_poll_of_a_worker_without_messages(
    three: Delivery, database_url: str
) -> None:
    settings = Settings(database_url=database_url)
    silence = cast(SourceConsumer, Silence())
    worker = Worker(settings, three.judge, three.connection, silence)
    worker._step()  # the first one tidies, whatever there is
    say(three, B, SAME, C)
    worker._step()

    assert len(clusters(three.connection)) == 1
