"""Histories as a state machine: hypothesis writes them, shrinks them, replays them.

Sources insert, update, delete and re-insert; messages repeat and come late; up to six
workers take micro-batches of 1 to 300 and stop at any seam, or die there; a steward
decides and revokes meanwhile. Then the stream must stand where Splink's batch over the
final records does.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from matching.clustering.cluster import Verdict
from schemas.change_event import CustomerChange, Op
from schemas.source_key import SourceKey
from schemas.wire import source_topic
from service.database.connection.session import Connection
from service.database.messages import offsets
from service.database.messages.offsets import OffsetMoved, StoredOffset
from service.database.stewardship import decisions
from service.resolver import resolve as story
from service.resolver.micro_batch import Batch, Message, decode
from service.resolver.resolve import ActiveModel
from service.stewardship.decisions import Undecidable, decide, revoke
from tests.resolver.deliveries import CONSUMER, SOURCE, message
from tests.resolver.people import KEYS, SAID, SYSTEMS
from tests.resolver.splink_reference import Said, streamed
from tests.resolver.stepped_workers import SteppedWorker, SteppedWorkers
from tests.resolver.test_histories import forget

WORKERS = 6
_UNDONE = (OffsetMoved, psycopg.errors.DeadlockDetected)
"""After these a worker reads its offsets again, as after its end."""

keys = st.sampled_from(KEYS)
workers = st.integers(0, WORKERS - 1)
places = st.integers(0, len(SAID) - 1)
changes = st.tuples(keys, st.one_of(places, places, places, st.none()))
turns = st.lists(
    st.tuples(st.integers(0, len(SYSTEMS) - 1), st.integers(1, 5)),
    min_size=5,
    max_size=20,
)
sizes = st.one_of(st.integers(1, 4), st.integers(1, 30), st.integers(1, 300))


class Histories(RuleBasedStateMachine):
    """One history of a deployment, from its first record to the comparison."""

    stage: SteppedWorkers
    connection: Connection
    judge: ActiveModel
    said: Said
    begun = 0

    def __init__(self) -> None:
        super().__init__()
        forget(self.connection)
        type(self).begun += 1
        self.logs: dict[str, list[Message]] = {system: [] for system in SYSTEMS}
        self.newest: dict[str, tuple[tuple[int, ...], int | None]] = {}
        self.position = 100  # late changes lie before
        for system in SYSTEMS:
            offsets.start(
                self.connection,
                consumer=CONSUMER,
                topic=source_topic(system),
                partition=0,
                stored=StoredOffset(0, "t"),
            )

    @initialize(count=st.integers(1, WORKERS))
    def start(self, count: int) -> None:
        *self.workers, self.steward = self.stage.actors[: count + 1]

    # what sources say

    @rule(said=st.lists(changes, min_size=1, max_size=6))
    def say(self, said: list[tuple[str, int | None]]) -> None:
        """Insert, update, take over another's identity, delete, insert again."""
        for key, place in said:
            self._append(key, place)

    @rule(change=changes, behind=st.integers(1, 20))
    def say_late(self, change: tuple[str, int | None], behind: int) -> None:
        """A change that is older than others that were already written."""
        self._append(*change, behind=behind)

    @rule(seed=st.integers(0, 2**16), count=st.integers(1, 150))
    def say_much(self, seed: int, count: int) -> None:
        """A burst: many changes at once."""
        chance = random.Random(seed)
        for _ in range(count):
            place = chance.randrange(len(SAID)) if chance.random() < 0.9 else None
            self._append(chance.choice(KEYS), place)

    @rule(system=st.sampled_from(SYSTEMS), start=st.integers(0, 50), count=sizes)
    def say_again(self, system: str, start: int, count: int) -> None:
        """A connector that writes part of its log once more."""
        log = self.logs[system]
        for old in log[start : start + count]:
            log.append(old._replace(offset=len(log)))

    # what workers do

    @rule(worker=workers, systems=st.sets(st.sampled_from(SYSTEMS), min_size=1),
          size=sizes, seams=st.integers(0, 12))  # fmt: skip
    def take(self, worker: int, systems: set[str], size: int, seams: int) -> None:
        """Take the next micro-batch; two workers may think that it is theirs."""
        actor = self._worker(worker)
        if actor.idle:
            self.stage.begin(actor, self._batch(sorted(systems), size))
        self._step(actor, seams)

    @rule(
        said=st.lists(changes, min_size=2, max_size=4), turns=turns, then=st.booleans()
    )
    def race(
        self,
        said: list[tuple[str, int | None]],
        turns: list[tuple[int, int]],
        then: bool,
    ) -> None:
        """Changes of several systems at once, a worker for each, seam by seam."""
        self.say(said)
        racing = [self._worker(number) for number in range(len(SYSTEMS))]
        for actor, system in zip(racing, SYSTEMS, strict=True):
            if actor.idle:
                self.stage.begin(actor, self._batch([system], 300))
        for turn, seams in turns:
            self._step(racing[turn], seams)
        if then:
            self.compare()

    @rule(worker=workers, seams=st.integers(1, 12))
    def go_on(self, worker: int, seams: int) -> None:
        self._step(self._worker(worker), seams)

    @rule(worker=workers)
    def die(self, worker: int) -> None:
        if (actor := self._worker(worker)).paused:
            self.stage.step(actor, die=True)

    # what a steward does

    @rule(left=keys, right=keys, same=st.booleans())
    def decide(self, left: str, right: str, same: bool) -> None:
        verdict = Verdict.SAME if same else Verdict.DIFFERENT
        pair = SourceKey.parse(left), SourceKey.parse(right)

        def job(connection: Connection) -> None:
            with suppress(Undecidable, psycopg.errors.DeadlockDetected):
                decide(connection, *pair, verdict, steward="s")

        self._ask_steward(job)

    @rule(which=st.integers(0, 5))
    def revoke(self, which: int) -> None:
        def job(connection: Connection) -> None:
            if standing := decisions.listed(connection):
                chosen = standing[which % len(standing)].decision_id
                with suppress(psycopg.errors.DeadlockDetected):
                    revoke(connection, chosen, steward="s")

        self._ask_steward(job)

    # what must hold

    @rule()
    def compare(self, *, at_the_end: bool = False) -> None:
        """Let everything be read to its end, and compare with Splink's batch."""
        self.stage.finish()
        actor = self.workers[0]
        while any(self._rest(system) for system in SYSTEMS):
            self._to_its_end(actor, self._batch(list(SYSTEMS), 300))
        self._to_its_end(actor, self._batch([], 1))
        left = self.connection.execute("SELECT count(*) FROM dirty").fetchone()
        assert left == (0,), "what waits was not finished"
        stands = streamed(self.connection)
        decided = decisions.listed(self.connection)
        batch = self.said.expected(self.final(), decided, at_the_end=at_the_end)

        assert stands.pairs == batch.pairs
        assert stands.components == batch.components
        assert stands.clusters == batch.clusters

    def teardown(self) -> None:
        try:
            if self.newest:
                self.compare(at_the_end=True)
        finally:
            self.stage.clear()

    def final(self) -> dict[str, int]:
        """Return what each source says in the end of the keys that it still holds."""
        held = {key: place for key, (_, place) in self.newest.items()}
        return {key: place for key, place in held.items() if place is not None}

    def _append(self, key: str, place: int | None, *, behind: int = 0) -> None:
        self.position += 1
        position = (self.position - behind, self.position)
        event = CustomerChange(
            op=Op.DELETE if place is None else Op.UPDATE,
            key=SourceKey.parse(key),
            position=position,
            after=None if place is None else SAID[place],
            source=SOURCE,
            ts_ms=0,
        )
        log = self.logs[event.key.system]
        log.append(message(event, len(log)))
        self.newest[key] = max(
            self.newest.get(key, ((0,), None)), (position, place), key=lambda x: x[0]
        )

    def _worker(self, number: int) -> SteppedWorker:
        return self.workers[number % len(self.workers)]

    def _step(self, actor: SteppedWorker, seams: int) -> None:
        for _ in range(seams):
            if actor.paused:
                self.stage.step(actor)

    def _to_its_end(
        self, actor: SteppedWorker, job: Callable[[Connection], None]
    ) -> None:
        self.stage.begin(actor, job)
        self.stage.finish()

    def _ask_steward(self, job: Callable[[Connection], None]) -> None:
        if self.steward.idle:
            self.stage.begin(self.steward, job)

    def _stored(self) -> dict[tuple[str, int], int]:
        stored = offsets.read(self.connection, consumer=CONSUMER)
        return {place: found.next_offset for place, found in stored.items()}

    def _rest(self, system: str) -> list[Message]:
        return self.logs[system][self._stored()[source_topic(system), 0] :]

    def _batch(self, systems: list[str], size: int) -> Callable[[Connection], None]:
        expected = self._stored()
        found = [one for system in systems for one in self._rest(system)[:size]]
        batch = decode(found[:size], expected=expected) if found else Batch([], [], [])

        def job(connection: Connection) -> None:
            with suppress(*_UNDONE):
                story.resolve(connection, batch, judge=self.judge, consumer=CONSUMER)

        return job


class Races(Histories):
    """Only races, each compared: where workers meet, and where a twin shows itself."""

    say_late = say_much = say_again = take = go_on = die = None
    decide = revoke = None
