"""One room with a simulated retailer's cases, one Chromium, people who sign in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from matching.model.model_version import Model
from matching.scoring.scorer import Scorer
from service.database.connection.session import connect
from service.local.servers import EmbeddedPostgres
from service.model_versions.scorer_pool import ScorerPool
from service.resolver.resolve import ActiveModel
from service.stewardship import accounts
from tests.api.served import served
from tests.explanation.resolved_database import ResolvedDatabase, simulated
from tests.shared import Shared
from tests.steward_ui.visitor import PASSWORD, Room, Visitor

PEOPLE = {
    "Camille": ["steward"],
    "Sacha": ["steward"],
    "Robin": ["supervisor"],
    "Lou": ["reader"],
}


_shared = Shared[Room]("room", within="tests/steward_ui/")


@contextmanager
def _opened(postgres: EmbeddedPostgres, log: Path) -> Iterator[Room]:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE stewards_room TEMPLATE template")
    url, model = postgres.url("stewards_room"), Model.load()
    judges = ScorerPool(scorers=1)
    with connect(url, autocommit=True) as connection:
        stage = ResolvedDatabase(
            url, connection, ActiveModel(model, Scorer(model)), judges
        )
        stage.deliver(*simulated(120))
        for name, roles in PEOPLE.items():
            accounts.add(connection, name, password=PASSWORD, roles=roles)
        with served(url, log, COUTURE_FOUR_EYES_POINTS="5000") as server:
            yield Room(stage, server.url)
    judges.close()
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE stewards_room WITH (FORCE)")


@pytest.fixture
def room(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A served room on a simulated retailer; tests add cases of their own."""
    log = tmp_path_factory.mktemp("room") / "log"
    return _shared.get(lambda: _opened(postgres, log))


@pytest.fixture
def visit(room: Room, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Open a browser of one's own, signed in; its complaints fail the test."""
    opened: list[Visitor] = []

    def enter(name: str | None = "Camille", **options: object) -> Visitor:
        settings = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}}
        context = browser.new_context(**{**settings, **options})  # type: ignore[arg-type]
        context.set_default_timeout(60_000)
        page: Page = context.new_page()
        visitor = Visitor(room, page)
        opened.append(visitor)
        if name is not None:
            visitor.enter(name)
        return visitor

    yield enter
    for visitor in opened:
        with suppress(Exception):
            visitor.page.context.close()
    assert [said for visitor in opened for said in visitor.complaints] == []
