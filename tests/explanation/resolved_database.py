"""A retailer's records in a database, resolved by the model that decides."""

from __future__ import annotations

from schemas.change_event import CustomerChange
from schemas.source_key import SourceKey
from service.database.clusters import model_versions
from service.database.connection.session import Connection
from service.demo.population.people import population, records
from service.model_versions.scorer_pool import ScorerPool
from service.resolver.resolve import ActiveModel
from tests.resolver.deliveries import Delivery, customer

PEOPLE = 250


def simulated(people: int = PEOPLE, *, seed: int = 11) -> list[CustomerChange]:
    """Return the records of simulated people, families and twins among them."""
    everyone = records(population(people, seed=seed), seed)
    return [
        customer(str(SourceKey(one.system, one.id)), 1, **dict(one.record))
        for one in everyone
    ]


class ResolvedDatabase:
    """A database with records in it, who judges them, and a way to deliver more."""

    def __init__(
        self, url: str, connection: Connection, judge: ActiveModel, judges: ScorerPool
    ) -> None:
        model_versions.activate(connection, judge.model)
        self.url = url
        self.connection = connection
        self.judge = judge
        self.judges = judges
        self.deliver = Delivery(connection, judge)

    def record_id(self, key: str) -> int:
        """Return the record id of a source key."""
        (found,) = self.rows(
            "SELECT record_id FROM source_record WHERE system || ':' || id = %s", key
        )[0]
        return int(str(found))

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return what a query reads."""
        return self.connection.execute(query.encode(), values).fetchall()
