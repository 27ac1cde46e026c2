"""How resources are read page by page: after (updated_at, id), or after a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from pydantic import JsonValue

from connectors.contract import Payload, RetryLater
from connectors.rest.client import Client

_REMEMBERED = 50_000
_FAST_CLOCK = timedelta(days=1)
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Up to here a time stands for none: the zero of a clock, or of a language."""

Item = Payload | JsonValue
"""What stands in a page's list: a row, or what is none."""


@dataclass(frozen=True, slots=True)
class Page:
    """Items not seen before, and the mark from which to go on."""

    items: list[Item]
    mark: JsonValue


class Cursor(Protocol):
    """A way to read one resource."""

    def first(self, client: Client) -> Page:
        """Return the first row, to see that the resource answers."""

    def pages(self, client: Client, mark: JsonValue) -> Iterator[Page | RetryLater]:
        """Yield the pages after a mark, from the start if it is None; for one that
        cannot be read now, why: the next step asks for it again."""


@dataclass(slots=True)
class Sequenced:
    """A resource whose rows carry a number that grows with every change."""

    path: str
    items: str
    since_param: str
    limit_param: str
    last: str
    limit: int

    def first(self, client: Client) -> Page:
        """Return the first row."""
        return self._page(client, 0, 1)

    def pages(self, client: Client, mark: JsonValue) -> Iterator[Page | RetryLater]:
        """Yield pages until one is not full."""
        since = int(mark) if isinstance(mark, int) else 0
        while True:
            try:
                page = self._page(client, since, self.limit)
            except RetryLater as error:
                yield error
                continue
            yield page
            if not page.items or page.mark == since:
                return
            since = int(str(page.mark))

    def _page(self, client: Client, since: int, limit: int) -> Page:
        document = client.get(
            self.path, {self.since_param: since, self.limit_param: limit}
        )
        last = document.get(self.last)
        if isinstance(last, bool) or not isinstance(last, int):
            raise _unexpected(self.path, self.last)
        return Page(_items(document, self.items, self.path), max(since, last))


@dataclass(slots=True)
class Keyset:
    """A resource ordered by (updated_at, id), read from a little before the mark.

    A row may be committed after a later one was read: so each poll reads the overlap
    again, and forgets what it has already passed on.
    """

    path: str
    items: str
    since_param: str
    after_param: str
    limit_param: str
    next: str
    updated_at: str
    id: str
    limit: int
    overlap: float
    _seen: dict[tuple[str, str], int] = field(default_factory=dict)

    def first(self, client: Client) -> Page:
        """Return the first row."""
        return Page(_items(self._get(client, None, "", 1), self.items, self.path), None)

    def pages(self, client: Client, mark: JsonValue) -> Iterator[Page | RetryLater]:
        """Yield pages until the service names no next one."""
        latest = mark if isinstance(mark, str) else None
        asked: tuple[str | None, str] | None = self._earlier(latest), ""
        while asked:
            try:
                document = self._get(client, *asked, self.limit)
                items = _items(document, self.items, self.path)
                follow = self._follow(document.get(self.next), asked)
            except RetryLater as error:
                yield error
                continue
            latest, asked = self._latest(items, latest), follow
            yield Page([item for item in items if self._is_new(item)], latest)
        self._forget()

    def _get(
        self, client: Client, since: str | None, after: str, limit: int
    ) -> dict[str, Any]:
        params: dict[str, str | int] = {self.limit_param: limit}
        if since is not None:
            params |= {self.since_param: since, self.after_param: after}
        return client.get(self.path, params)

    def _follow(
        self, follow: Any, asked: tuple[str | None, str]
    ) -> tuple[str, str] | None:
        if not follow:
            return None
        try:
            found = str(follow[self.since_param]), str(follow[self.after_param])
        except (TypeError, KeyError):
            raise _unexpected(self.path, self.next) from None
        if found == asked:
            raise _unexpected(self.path, self.next)
        return found

    def _earlier(self, mark: str | None) -> str | None:
        if mark is None:
            return None
        moment = _moment(mark) - timedelta(seconds=self.overlap)
        return moment.astimezone(UTC).isoformat(timespec="microseconds")

    def _latest(self, items: list[Item], latest: str | None) -> str | None:
        """Return the latest time that can be; one far ahead would hide all changes
        before it."""
        soon = datetime.now(UTC) + _FAST_CLOCK
        for row in items:
            at = str(row.get(self.updated_at) or "") if isinstance(row, dict) else ""
            try:
                moment = _moment(at)
            except ValueError:
                continue  # the mapping will set this row aside
            if _NO_TIME < moment <= soon and (
                latest is None or moment > _moment(latest)
            ):
                latest = at
        return latest

    def _is_new(self, item: Item) -> bool:
        # The whole row counts: two changes may carry one time.
        row = item if isinstance(item, dict) else {"": item}
        key = (str(row.get(self.id)), str(row.get(self.updated_at)))
        state = hash(repr(sorted(row.items(), key=lambda item: item[0])))
        known = self._seen.pop(key, None) == state
        self._seen[key] = state
        return not known

    def _forget(self) -> None:
        while len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _items(document: dict[str, Any], name: str, path: str) -> list[Item]:
    found = document.get(name)
    if not isinstance(found, list):
        raise _unexpected(path, name)
    if found and not any(isinstance(item, dict) for item in found):
        raise _unexpected(path, name)  # another list than that of the rows
    return found


def _unexpected(path: str, name: str) -> RetryLater:
    return RetryLater(
        f"{path} answered without a usable `{name}`.",
        remedy="Correct the resource in the settings, or ask the service's owner.",
    )
