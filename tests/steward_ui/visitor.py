"""The room as tests use it: cases of their own, and a visitor in a browser."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

from playwright.sync_api import Page

from service.steward_ui.base import COOKIE
from service.stewardship import accounts
from tests.explanation.resolved_database import ResolvedDatabase
from tests.resolver.deliveries import customer

PASSWORD = "un fil de lin, bien cousu"
_numbers = itertools.count(1)
_FAMILIES = ("Kervella", "Ozanam", "Tiberghien", "Vuillemin", "Quemener", "Zadkine")


class Made(NamedTuple):
    """A case that a test made, and its two records."""

    review_id: int
    left: str
    right: str


class Room(NamedTuple):
    """A served room and the database behind it."""

    stage: ResolvedDatabase
    url: str

    def make_case(
        self,
        left: dict[str, Any] | None = None,
        right: dict[str, Any] | None = None,
    ) -> Made:
        """Deliver two records of nobody else, and open a case of them."""
        number = next(_numbers)
        keys = f"room:{number}-a", f"room:{number}-b"
        family = _FAMILIES[number % len(_FAMILIES)] + chr(96 + number % 26)
        given = {"family_name": family, "given_name": f"Maëlle{number}"}
        self.stage.deliver(
            customer(keys[0], 1, **(left or given)),
            customer(keys[1], 1, **(right or {**given, "family_name": f"{family}s"})),
        )
        return self.open_case(*keys)

    def open_case(self, left: str, right: str) -> Made:
        """Open a case of two records that are there."""
        a, b = sorted(map(self.stage.record_id, (left, right)))
        (found,) = self.stage.rows(
            "INSERT INTO review (kind, a, b, why, weight, probability) VALUES"
            " ('undecided', %s, %s, 'the model is not sure', 3.2, 0.5)"
            " ON CONFLICT (a, b, kind) DO UPDATE SET why = excluded.why"
            " RETURNING review_id",
            a,
            b,
        )[0]
        return Made(int(str(found)), left, right)

    def decisions(self, made: Made) -> list[tuple[object, ...]]:
        """Return what was decided of a case: verdict, steward, whether in force."""
        return self.stage.rows(
            "SELECT verdict, steward, revoked_at IS NULL FROM decision"
            " WHERE system_a || ':' || id_a IN (%s, %s)"
            "   AND system_b || ':' || id_b IN (%s, %s) ORDER BY decision_id",
            made.left,
            made.right,
            made.left,
            made.right,
        )


class Visitor:
    """A person at a browser."""

    def __init__(self, room: Room, page: Page) -> None:
        self.room = room
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda m: self._hear(m.type, m.text))
        page.on("dialog", lambda d: self.complaints.append(f"dialog {d.message}"))

    def _hear(self, kind: str, text: str) -> None:
        # the browser itself tells of every answer from 400 up
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def enter(self, name: str) -> None:
        """Be signed in already."""
        token = accounts.start_session(self.room.stage.connection, name)
        cookie = {"name": COOKIE, "value": token, "path": "/steward"}
        cookie["domain"] = "127.0.0.1"  # the path as the server sets it, for one cookie
        self.page.context.add_cookies([cookie])  # type: ignore[list-item]

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Sign in by the form."""
        self.go("/steward/sign-in")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", password)
        self.page.click("button.main")

    def go(self, path: str) -> None:
        """Open a page of the room."""
        self.page.goto(f"{self.room.url}{path}")

    def open(self, made: Made) -> None:
        """Open a case."""
        self.go(f"/steward/cases/{made.review_id}")

    def press(self, key: str) -> None:
        """Press a key that leads to another page, and wait for it."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
