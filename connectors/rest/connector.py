"""HTTP resources that can be asked for what changed since."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.contract import (
    Batch,
    CaptureRequest,
    Config,
    Kind,
    Offset,
    Row,
    StopSource,
    Table,
)
from connectors.rest.client import Client
from connectors.rest.pagination import Cursor, Item, Keyset, Page, Sequenced
from schemas.change_event import Op

_SIGN_OF_LIFE_S = 1.0
_FIRST_PAUSE_S = 0.25


class Resource(BaseModel):
    """One resource: where it is and how it is paged.

    `keyset` asks for rows after (updated_at, id); `sequence` for rows after a number
    that grows with every change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    style: Literal["keyset", "sequence"]
    items: str | None = None
    since_param: str | None = None
    after_param: str = "after_id"
    limit_param: str = "limit"
    next: str = "next"
    last: str = "last_seq"
    updated_at: str = "updated_at"
    id: str = "id"
    changed_at: str | None = Field(
        default=None,
        description="field that tells when the source made the change;"
        " `keyset` takes updated_at",
    )


class RestConfig(Config):
    """Where the service is, and how often and how much it is asked."""

    kind: Literal["rest"]
    base_url: str = Field(pattern=r"^https?://")
    key: SecretStr | None = Field(default=None, description="sent as a bearer token")
    resources: dict[str, Resource] = Field(min_length=1)
    interval: float = Field(default=0.5, gt=0, description="seconds between polls")
    overlap: float = Field(
        default=5, ge=0, description="seconds read again for late commits"
    )
    page: int = Field(default=500, ge=1, le=10_000)
    timeout: float = Field(default=10, gt=0)

    @field_validator("base_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        return value.rstrip("/")


class RestConnector:
    """Polling of the resources that the mapping file names."""

    name = "rest"

    def __init__(self, config: RestConfig, tables: Sequence[str]) -> None:
        self._config = config
        for table in tables:
            if table not in config.resources:
                raise StopSource(
                    f"The mapping names {table}, and the settings no such resource.",
                    remedy=f"Add [resources.{table}] to the file of --config.",
                )
        self._tables = tables
        self._answered = False

    def check(self) -> None:
        """Ask for one row of each resource."""
        self.discover()

    def start_from(self, offset: Offset | None) -> Offset | None:
        """Go on from the offset of a complete snapshot."""
        return offset if offset and offset.get("complete") else None

    def remove(self) -> list[str]:
        """Let go of nothing: the source keeps nothing for us."""
        return []

    def discover(self) -> list[Table]:
        """Return the resources, with the fields of the first row of each."""
        with self._client() as client:
            pages = {name: one.first(client) for name, one in self._cursors().items()}
        return [
            Table(name, tuple(next((i for i in page.items if isinstance(i, dict)), ())))
            for name, page in pages.items()
        ]

    def snapshot(self) -> Iterator[Batch]:
        """Read every resource to its end, and what is committed late for a while: a
        row not met by then is gone."""
        marks: dict[str, Any] = {}
        cursors = self._cursors()
        with self._client() as client:
            for table, page in self._read(client, cursors, marks):
                if isinstance(page, Batch):
                    yield page
                    continue
                rows = self._rows(table, page.items, Op.READ)
                yield Batch(rows, snapshot=True)
            end = time.monotonic() + self._config.overlap
            while time.monotonic() < end:
                yield from self._pause(self._config.interval)
                for table, page in self._read(client, cursors, marks):
                    if isinstance(page, Batch):
                        yield page
                    elif page.items:
                        yield Batch(self._rows(table, page.items, Op.UPDATE))
        yield Batch(offset={"complete": True, "marks": marks}, whole=True)

    def changes(self, after: Offset) -> Iterator[Batch]:
        """Poll every resource for what changed, again and again."""
        stored: Any = after["marks"]
        marks = dict(stored)
        cursors = self._cursors()
        with self._client() as client:
            while True:
                for table, page in self._read(client, cursors, marks):
                    if isinstance(page, Batch):
                        yield page
                    elif page.items:
                        rows = self._rows(table, page.items, Op.UPDATE)
                        yield Batch(rows, {"complete": True, "marks": dict(marks)})
                yield from self._pause(self._config.interval)

    def _read(
        self, client: Client, cursors: Mapping[str, Cursor], marks: dict[str, Any]
    ) -> Iterator[tuple[str, Page | Batch]]:
        """Yield what each resource has after its mark, and move the marks on.

        A page that cannot be read is asked for again where reading stands: to begin
        anew would pass on all before it again. What an attempt asks first, and in
        vain, is raised: the address may be wrong.
        """
        for table, cursor in cursors.items():
            pause = _FIRST_PAUSE_S
            for page in cursor.pages(client, marks.get(table)):
                if isinstance(page, Page):
                    self._answered, pause = True, _FIRST_PAUSE_S
                    marks[table] = page.mark
                    yield table, page
                    continue
                if not self._answered:
                    raise page
                yield table, Batch(connected=False, retrying=page)
                seconds = min(max(pause, page.after or 0), self._config.retry_ceiling)
                for sign in self._pause(seconds, connected=False):
                    yield table, sign
                pause *= 2

    def _rows(self, table: str, items: Sequence[Item], op: Op) -> list[Row]:
        resource = self._config.resources[table]
        by_style = resource.updated_at if resource.style == "keyset" else ""
        changed_at = resource.changed_at or by_style
        return [_row(table, item, op, changed_at) for item in items]

    def _pause(self, seconds: float, *, connected: bool = True) -> Iterator[Batch]:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            yield Batch(connected=connected)
            time.sleep(min(left, _SIGN_OF_LIFE_S))

    def _cursors(self) -> dict[str, Cursor]:
        # New ones for each attempt: what they passed on last time may not have arrived.
        self._answered = False
        return {table: self._cursor(table) for table in self._tables}

    def _client(self) -> Client:
        config = self._config
        key = config.key.get_secret_value() if config.key else None
        return Client(config.base_url, key=key, timeout=config.timeout)

    def _cursor(self, table: str) -> Cursor:
        resource = self._config.resources[table]
        if resource.style == "sequence":
            return Sequenced(
                path=resource.path,
                items=resource.items or "rows",
                since_param=resource.since_param or "since_seq",
                limit_param=resource.limit_param,
                last=resource.last,
                limit=self._config.page,
            )
        return Keyset(
            path=resource.path,
            items=resource.items or "items",
            since_param=resource.since_param or "updated_since",
            after_param=resource.after_param,
            limit_param=resource.limit_param,
            next=resource.next,
            updated_at=resource.updated_at,
            id=resource.id,
            limit=self._config.page,
            overlap=self._config.overlap,
        )


def _row(table: str, item: Item, op: Op, changed_at: str) -> Row:
    if isinstance(item, dict):
        when = _ms(item.get(changed_at))
        return Row(table, op, item, ts_ms=when, snapshot=op is Op.READ)
    problem = "is no JSON object"
    return Row(table, op, {"item": item}, snapshot=op is Op.READ, problem=problem)


def _ms(written: Any) -> int | None:
    """Return when a change was made; a form we do not know is no reason to stop."""
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return int(moment.timestamp() * 1_000) if moment.tzinfo else None


def _connector(config: RestConfig, request: CaptureRequest) -> RestConnector:
    return RestConnector(config, list(request.needs))


KIND = Kind(RestConnector.name, RestConfig, _connector)
