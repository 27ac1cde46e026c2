"""What a complete snapshot did not see is gone, and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import wire
from schemas.change_event import ChangeEvent, Op, RecordKind
from schemas.facts import OrderStatus
from schemas.snapshot import SnapshotManifest, key_digest
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.messages import offsets
from service.database.messages.offsets import StoredOffset
from service.database.sources import sweeps
from service.database.sources.sweeps import State
from service.errors import ServiceError
from service.local.servers import EmbeddedPostgres
from service.resolver import sweep as sweeping
from service.resolver.micro_batch import Batch, Message, decode
from service.resolver.resolve import resolve
from tests.resolver import deliveries
from tests.resolver.deliveries import CONSUMER, Delivery
from tests.resolver.fake_model import plain_judge
from tests.resolver.test_histories import emptied


class Swept(Delivery):
    """A delivery that also takes manifests and sweeps as a worker does."""

    def manifest(self, *parts: SnapshotManifest) -> None:
        """Deliver parts of a manifest."""
        place = (wire.SNAPSHOTS_TOPIC, 0)
        if place not in self.next:
            self.next[place] = 0
            offsets.start(
                self.connection,
                consumer=CONSUMER,
                topic=place[0],
                partition=0,
                stored=StoredOffset(0, "t"),
            )
        self.fold(
            [
                Message(place[0], "t", 0, self.next[place] + i, key, value, [*headers])
                for i, part in enumerate(parts)
                for key, value, headers in [wire.encode_manifest(part)]
            ]
        )

    def sweep(self) -> int:
        """Sweep once; return how many deletes were folded in."""

        def fold(batch: Batch) -> None:
            resolve(self.connection, batch, judge=self.judge, consumer=CONSUMER)

        return sweeping.sweep(self.connection, fold, consumer=CONSUMER)

    def held(self) -> set[str]:
        """Return the source keys that are live."""
        rows = self.connection.execute(
            "SELECT system || ':' || id FROM source_record"
            " WHERE NOT deleted AND position IS NOT NULL"
        )
        return {row[0] for row in rows}


@pytest.fixture
def swept(connection: Connection) -> Swept:
    return Swept(connection, plain_judge())


def customer(key: str, name: str, *, position: int = 1) -> ChangeEvent:
    return deliveries.customer(key, position, given_name=name)


def order(key: str, owner: str) -> ChangeEvent:
    return deliveries.order(key, 1, owner, OrderStatus.PLACED)


def manifest(
    seen: Sequence[str],
    *,
    before: int = 10,
    snapshot: str = "s1",
    unreadable: int = 0,
    ends: Mapping[int, int] | None = None,
    part: tuple[int, int] = (1, 1),
) -> SnapshotManifest:
    digests = sorted(
        key_digest(kind, SourceKey.parse(key))
        for key in seen
        for kind in (RecordKind.CUSTOMER, RecordKind.ORDER)
    )
    return SnapshotManifest(
        system="pos",
        snapshot=snapshot,
        number=part[0],
        of=part[1],
        before={RecordKind.CUSTOMER: (before,), RecordKind.ORDER: (before,)},
        unreadable=unreadable,
        ends=dict(ends or {}),
        digests=base64.b64encode(b"".join(digests)).decode(),
    )


def people(count: int, *, position: int = 1) -> list[ChangeEvent]:
    return [customer(f"pos:{n}", f"person{n}", position=position) for n in range(count)]


def test_an_unseen_record_and_fact_are_deleted_and_the_seen_stay(swept: Swept) -> None:
    swept(*people(3), order("pos:o1", "pos:0"), order("pos:o2", "pos:1"))
    swept.manifest(manifest(["pos:0", "pos:2", "pos:o1"]))

    assert swept.sweep() == 2
    assert swept.held() == {"pos:0", "pos:2"}
    (gone,) = swept.connection.execute(
        "SELECT id FROM customer_order WHERE deleted"
    ).fetchall()
    assert gone == ("o2",)
    assert sweeps.listed(swept.connection)[0].state is State.APPLIED
    assert swept.sweep() == 0


def test_a_record_of_another_system_and_one_changed_since_stay(swept: Swept) -> None:
    swept(*people(2), customer("web:9", "nine"), customer("pos:5", "five", position=11))
    swept.manifest(manifest([]))
    swept(customer("pos:1", "person1", position=12))
    swept.sweep()

    assert swept.held() == {"pos:1", "pos:5", "web:9"}


def test_a_swept_record_that_its_source_creates_anew_lives_again(swept: Swept) -> None:
    swept(*people(1))
    swept.manifest(manifest([]))
    swept.sweep()
    assert swept.held() == set()

    swept(customer("pos:0", "person0", position=9))
    assert swept.held() == set()  # an older state is a latecomer
    swept(customer("pos:0", "person0", position=11))
    assert swept.held() == {"pos:0"}


def test_nothing_is_judged_before_all_parts_and_all_changes_are_there(
    swept: Swept,
) -> None:
    swept(*people(3))
    parts = [
        manifest(["pos:0"], part=(1, 2), ends={0: 4}),
        manifest(["pos:1"], part=(2, 2), ends={0: 4}),
    ]
    swept.manifest(parts[1], parts[1])
    assert swept.sweep() == 0
    swept.manifest(parts[0])
    assert swept.sweep() == 0  # the log has a fourth change that is not resolved yet
    swept(customer("pos:7", "seven"))

    assert swept.sweep() == 2
    assert swept.held() == {"pos:0", "pos:1"}
    swept.manifest(*parts)  # redelivered, when all is done
    assert swept.sweep() == 0
    assert len(sweeps.listed(swept.connection)) == 1


def test_a_large_sweep_is_held_until_a_person_approves_it(swept: Swept) -> None:
    swept(*people(sweeping.FEW + 1))
    swept.manifest(manifest([]))
    assert swept.sweep() == 0
    (found,) = sweeps.listed(swept.connection)
    assert (found.state, found.vanished) == (State.HELD, sweeping.FEW + 1)
    assert "21 of 21 records were not seen" in str(found.reason)
    assert len(sweeps.keys(swept.connection, found.sweep_id)) == sweeping.FEW + 1

    sweeps.set_state(swept.connection, found.sweep_id, State.APPROVED)
    assert swept.sweep() == sweeping.FEW + 1
    assert swept.held() == set()
    with pytest.raises(ServiceError, match="is held"):
        sweeps.keys(swept.connection, found.sweep_id)


def test_a_snapshot_that_could_not_read_all_deletes_nothing_unasked(
    swept: Swept,
) -> None:
    swept(*people(2))
    swept.manifest(manifest(["pos:0"], unreadable=1))

    assert swept.sweep() == 0
    assert "could not read 1 rows" in str(sweeps.listed(swept.connection)[0].reason)


def test_a_newer_snapshot_discards_what_an_older_one_held(swept: Swept) -> None:
    swept(*people(2))
    swept.manifest(manifest(["pos:0"], unreadable=1))
    swept.sweep()
    swept.manifest(manifest(["pos:0", "pos:1"], before=20, snapshot="s2"))
    swept.sweep()

    states = [one.state for one in sweeps.listed(swept.connection)]
    assert states == [State.APPLIED, State.DISCARDED]
    assert swept.held() == {"pos:0", "pos:1"}


def test_a_manifest_that_cannot_be_read_is_a_dead_letter(swept: Swept) -> None:
    place = (wire.SNAPSHOTS_TOPIC, 0)
    headers = [("schema", wire.MANIFEST_SCHEMA.encode())]
    batch = decode(
        [Message(place[0], "t", 0, 0, b"pos", b'{"system": "pos"}', headers)],
        expected={place: 0},
    )

    assert batch.manifests == []
    assert [letter.reason for letter in batch.dead_letters] == ["wrong_shape"]


KEYS = st.sampled_from([f"pos:{n}" for n in range(6)])
ACTS = st.lists(
    st.tuples(KEYS, st.integers(1, 20), st.sampled_from([Op.UPDATE, Op.DELETE])),
    max_size=12,
)


@settings(max_examples=40)
@given(early=ACTS, late=ACTS, seen=st.sets(KEYS), before=st.integers(1, 20))
def test_a_sweep_is_one_delete_of_each_unseen_record_at_the_snapshots_position(
    postgres: EmbeddedPostgres,
    early: list[tuple[str, int, Op]],
    late: list[tuple[str, int, Op]],
    seen: set[str],
    before: int,
) -> None:
    with emptied(postgres, "swept") as connection:
        swept = Swept(connection, plain_judge())
        swept(*map(_event, early))
        swept.manifest(manifest(sorted(seen), before=before))
        swept.sweep()
        swept(*map(_event, late))
        assert swept.held() == _expected(early, late, seen, before)


def _event(act: tuple[str, int, Op]) -> ChangeEvent:
    key, position, op = act
    if op is Op.DELETE:
        return deliveries.customer(key, position)
    return customer(key, "someone", position=position)


def _expected(
    early: list[tuple[str, int, Op]],
    late: list[tuple[str, int, Op]],
    seen: set[str],
    before: int,
) -> set[str]:
    state: dict[str, tuple[float, Op]] = {}

    def apply(key: str, position: float, op: Op) -> None:
        if key not in state or state[key][0] < position:
            state[key] = (position, op)

    for act in early:
        apply(*act)
    for key, (position, op) in [*state.items()]:
        if op is Op.UPDATE and key not in seen and position <= before:
            apply(key, before + 0.5, Op.DELETE)
    for act in late:
        apply(*act)
    return {key for key, (_, op) in state.items() if op is Op.UPDATE}
