"""The simulated retailer's trade: an endless, seeded stream of acts, with its truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

from service.demo.population.households import Builder, Person
from service.demo.population.people import appearances
from service.demo.retailer import calls, life_events, sales
from service.demo.retailer.state import Books
from service.demo.retailer.writes import SYSTEMS, Row, SourceWrite

__all__ = ["SYSTEMS", "Retailer", "SourceWrite"]

Story = Callable[[Books, Random], list[SourceWrite]]

_TRADE: dict[Story, int] = {
    sales.sale: 20,
    sales.sale_step: 4,
    sales.web_order: 10,
    sales.order_step: 26,
    sales.burn: 4,
    sales.expire: 1,
    calls.call: 7,
    calls.ticket_step: 9,
}
_LIVES: dict[Story, int] = {
    life_events.sign_up_elsewhere: 6,
    life_events.correct: 4,
    life_events.move: 2,
    life_events.marry: 1,
    life_events.new_phone: 2,
    life_events.consent: 3,
    life_events.remove: 1,
}
_SIGN_UP = 8
"""How often somebody new comes, in the same measure as the stories above."""

_HISTORY = timedelta(days=30)
_MEAN_SECONDS = 20.0


class Retailer:
    """A retailer whose every write is known: the same acts for the same arguments.

    Apply acts in the order in which they come. `truth`, `points` and `written` speak
    of all acts handed out so far.
    """

    def __init__(self, seed: int, *, start: datetime, people: int = 1_500) -> None:
        if start.tzinfo is None:
            raise ValueError("the start of a retailer needs a time zone")
        self._rng = Random(f"retailer {seed}")
        self._builder = Builder(Random(f"population {seed}"))
        self._start = start
        self._wanted = people
        self._waiting: list[Person] = []
        self._books = Books(now=start - 2 * _HISTORY)

    def initial(self) -> Iterator[SourceWrite]:
        """Yield the acts that fill the systems before the start, then some trade."""
        for _ in range(self._wanted):
            yield from self._first_appearances(self._next_person())
            self._advance(self._start - _HISTORY, steps=self._wanted)
        for _ in range(self._wanted):
            yield from self._story(_TRADE)
            self._advance(self._start, steps=self._wanted)

    def acts(self) -> Iterator[SourceWrite]:
        """Yield acts from the start on, without end."""
        self._books.now = max(self._books.now, self._start)
        stories = {self._sign_up: _SIGN_UP, **_TRADE, **_LIVES}
        while True:
            self._books.pass_time(self._rng, mean_seconds=_MEAN_SECONDS)
            yield from self._story(stories)

    @property
    def written(self) -> list[SourceWrite]:
        """Every act handed out so far, in order."""
        return list(self._books.written)

    def truth(self) -> dict[str, int]:
        """Return the person behind each customer record that stands, by source key."""
        return self._books.truth()

    def points(self) -> dict[str, int]:
        """Return the balance of each loyalty member that stands, by member id."""
        members = self._books.rows("loyalty", "member")
        return {str(member): self._books.points[str(member)] for member in members}

    def total_points(self) -> int:
        """Return the sum of all balances."""
        return sum(self.points().values())

    def rows(self, system: str, table: str) -> dict[str | int, Row]:
        """Return the rows a table should hold now, by id."""
        return dict(self._books.rows(system, table))

    def people(self) -> dict[int, Person]:
        """Return the people as they are now, by person id."""
        return dict(self._books.people)

    def _story(self, stories: dict[Story, int]) -> list[SourceWrite]:
        story = self._rng.choices(list(stories), list(stories.values()))[0]
        return story(self._books, self._rng)

    def _sign_up(self, books: Books, rng: Random) -> list[SourceWrite]:
        return self._first_appearances(self._next_person())

    def _first_appearances(self, person: Person) -> list[SourceWrite]:
        return [
            act
            for system, bearer in appearances(person, self._rng)
            for act in life_events.sign_up(
                self._books, self._rng, person=person, bearer=bearer, system=system
            )
        ]

    def _next_person(self) -> Person:
        while not self._waiting:
            self._waiting = self._builder.household()[::-1]
        return self._waiting.pop()

    def _advance(self, until: datetime, *, steps: int) -> None:
        left = (until - self._books.now).total_seconds()
        if left > 1:
            mean = min(left / 4, _HISTORY.total_seconds() / steps)
            self._books.pass_time(self._rng, mean_seconds=mean)
            self._books.now = min(self._books.now, until)
