"""What every simulated system holds at a moment, and the truth about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from service.demo.population.households import Person
from service.demo.retailer.writes import (
    CALL_CENTRE,
    ECOMMERCE,
    LOYALTY,
    POS,
    Row,
    SourceWrite,
)

CUSTOMERS = {
    POS: "customer",
    LOYALTY: "member",
    ECOMMERCE: "customers",
    CALL_CENTRE: "contacts",
}
"""The table of each system that holds its customers."""


@dataclass
class Books:
    """The state of the simulated retailer; every write goes through here."""

    now: datetime
    people: dict[int, Person] = field(default_factory=dict)
    points: Counter[str] = field(default_factory=Counter)
    written: list[SourceWrite] = field(default_factory=list, repr=False)
    open_orders: list[str] = field(default_factory=list)
    open_tickets: list[str] = field(default_factory=list)
    with_facts: set[tuple[str, str]] = field(default_factory=set)
    members_by_card: dict[str, str] = field(default_factory=dict)
    _rows: dict[tuple[str, str], dict[str | int, Row]] = field(
        default_factory=lambda: defaultdict(dict), repr=False
    )
    _order: dict[tuple[str, str], list[str]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )
    _owner: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)
    _records: dict[int, list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )
    _movements: dict[str, list[Row]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )
    _orders: dict[str, list[str]] = field(
        default_factory=lambda: defaultdict(list), repr=False
    )
    _numbers: Counter[str] = field(default_factory=Counter, repr=False)

    def pass_time(self, rng: Random, *, mean_seconds: float) -> None:
        """Let some simulated time go by."""
        seconds = max(rng.expovariate(1 / mean_seconds), 0.001)
        self.now += timedelta(seconds=seconds)

    def next_number(self, prefix: str) -> int:
        """Return the next number of a system's own sequence."""
        self._numbers[prefix] += 1
        return 1000 + self._numbers[prefix]

    def insert(
        self, system: str, table: str, row: Row, *, story: str, person_id: int | None
    ) -> SourceWrite:
        """Write a new row."""
        self._rows[system, table][row["id"]] = row
        if isinstance(row["id"], str):
            self._order[system, table].append(row["id"])
            if person_id is not None and CUSTOMERS[system] == table:
                self._owner[system, row["id"]] = person_id
                self._records[person_id].append((system, row["id"]))
        act = SourceWrite(
            system, table, "insert", row["id"], row, story, self.now, person_id
        )
        self.written.append(act)
        return act

    def update(self, system: str, table: str, row: Row, *, story: str) -> SourceWrite:
        """Write a row again, as it now stands."""
        self._rows[system, table][row["id"]] = row
        owner = self._owner_of_row(system, table, row)
        act = SourceWrite(
            system, table, "update", row["id"], row, story, self.now, owner
        )
        self.written.append(act)
        return act

    def delete(
        self, system: str, table: str, row_id: str, *, story: str, last: Row
    ) -> SourceWrite:
        """Take a customer's row away; `last` is what stays to be seen of it."""
        del self._rows[system, table][row_id]
        self._order[system, table].remove(row_id)
        owner = self._owner.pop((system, row_id))
        self._records[owner].remove((system, row_id))
        act = SourceWrite(system, table, "delete", row_id, last, story, self.now, owner)
        self.written.append(act)
        return act

    def row(self, system: str, table: str, row_id: str | int) -> Row:
        """Return a row as it stands."""
        return self._rows[system, table][row_id]

    def rows(self, system: str, table: str) -> dict[str | int, Row]:
        """Return all rows of a table as they stand."""
        return self._rows[system, table]

    def pick(self, system: str, table: str, rng: Random) -> Row | None:
        """Return any row of a table, or none if it is empty."""
        ids = self._order[system, table]
        return self._rows[system, table][rng.choice(ids)] if ids else None

    def owner(self, system: str, record_id: str) -> int:
        """Return whose a customer record is."""
        return self._owner[system, record_id]

    def records_of(self, person_id: int) -> list[tuple[str, str]]:
        """Return system and id of every customer record of a person."""
        return list(self._records[person_id])

    def remember_movement(self, movement: Row) -> None:
        """Keep a ledger line findable by the sale or order it came from."""
        if movement["sale_ref"]:
            self._movements[movement["sale_ref"]].append(movement)

    def movements_of(self, ref: str) -> list[Row]:
        """Return the ledger lines of a sale or order."""
        return self._movements[ref]

    def remember_order(self, order: Row) -> None:
        """Keep an order findable by its customer."""
        self._orders[order["customer_id"]].append(order["id"])

    def orders_of(self, customer_ids: list[str]) -> list[str]:
        """Return the orders of some customers of the web shop."""
        return [order for each in customer_ids for order in self._orders[each]]

    def truth(self) -> dict[str, int]:
        """Return person by source key of every customer record that stands."""
        return {f"{system}:{key}": who for (system, key), who in self._owner.items()}

    def _owner_of_row(self, system: str, table: str, row: Row) -> int | None:
        if CUSTOMERS[system] == table:
            return self._owner.get((system, row["id"]))
        record_id = row.get("customer_id") or row.get("contact_id")
        return self._owner.get((system, record_id)) if record_id else None
