"""The four systems of the simulated retailer: written to, and read for the check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Protocol

import httpx

from service.demo.retailer.writes import (
    CALL_CENTRE,
    ECOMMERCE,
    LOYALTY,
    POS,
    Row,
    SourceWrite,
)
from service.demo.systems.loyalty import open_loyalty
from service.demo.systems.pos import open_pos

TABLES: dict[tuple[str, str], str] = {
    (POS, "customer"): "source_record",
    (POS, "sale"): "customer_order",
    (LOYALTY, "member"): "source_record",
    (LOYALTY, "points_ledger"): "loyalty_movement",
    (ECOMMERCE, "customers"): "source_record",
    (ECOMMERCE, "orders"): "customer_order",
    (CALL_CENTRE, "contacts"): "source_record",
    (CALL_CENTRE, "tickets"): "interaction",
}
"""Where the rows of each system's tables must arrive in the service."""

_PAGE = 500
_BATCH = 200


class System(Protocol):
    """What the simulator needs of a system."""

    def apply(self, acts: Sequence[SourceWrite]) -> None:
        """Write these acts, in order."""

    def rows(self, table: str) -> Iterator[Row]:
        """Yield every row that a table shows now."""

    def close(self) -> None:
        """Leave the system."""


class _HttpSystem:
    def __init__(self, base_url: str, *, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=30)

    def close(self) -> None:
        self._client.close()

    def apply(self, acts: Sequence[SourceWrite]) -> None:
        for table, some in groupby(acts, key=lambda act: act.table):
            bodies = [{**a.row, "id": a.id, "deleted": _deleted(a)} for a in some]
            self._client.post(self.url(table), json=bodies).raise_for_status()

    def url(self, table: str) -> str:
        raise NotImplementedError

    def _page(self, table: str, **query: Any) -> Any:
        answer = self._client.get(self.url(table), params={**query, "limit": _PAGE})
        return answer.raise_for_status().json()


class Shop(_HttpSystem):
    """The web shop as its own pages and an outsider see it."""

    def url(self, table: str) -> str:
        """Return the path of a resource."""
        return f"/api/{table}"

    def rows(self, table: str) -> Iterator[Row]:
        """Yield every row, also those marked as deleted."""
        place: dict[str, str] | None = {}
        while place is not None:
            page = self._page(table, **place)
            yield from page["items"]
            place = page["next"]


class Desk(_HttpSystem):
    """The call centre's desk as its own screens and an outsider see it."""

    def url(self, table: str) -> str:
        """Return the path of an export."""
        return f"/export/{table}"

    def rows(self, table: str) -> Iterator[Row]:
        """Yield every row, also those marked as deleted."""
        since = 0
        while rows := (page := self._page(table, since_seq=since))["rows"]:
            yield from rows
            since = page["last_seq"]


class Systems:
    """All four; an act goes to the system it names."""

    def __init__(
        self, *, pos_url: str, loyalty_url: str, shop_url: str, desk_url: str, key: str
    ) -> None:
        self._systems: dict[str, System] = {
            POS: open_pos(pos_url),
            LOYALTY: open_loyalty(loyalty_url),
            ECOMMERCE: Shop(shop_url, key=key),
            CALL_CENTRE: Desk(desk_url, key=key),
        }

    def close(self) -> None:
        """Leave the systems."""
        for system in self._systems.values():
            system.close()

    def apply(self, act: SourceWrite) -> None:
        """Write one act."""
        self._systems[act.system].apply([act])

    def fill(self, acts: Iterator[SourceWrite]) -> int:
        """Write many acts, in order within each system; return how many."""
        of: dict[str, list[SourceWrite]] = defaultdict(list)
        for act in acts:
            of[act.system].append(act)
        for name, some in of.items():
            for start in range(0, len(some), _BATCH):
                self._systems[name].apply(some[start : start + _BATCH])
        return sum(len(some) for some in of.values())

    def rows(self, system: str, table: str) -> Iterator[Row]:
        """Yield every row that a table of a system shows now."""
        return self._systems[system].rows(table)


def _deleted(act: SourceWrite) -> bool:
    return act.op == "delete"
