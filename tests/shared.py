"""What takes long to start, for the tests that follow one another and want it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, ClassVar, Generic, TypeVar

import pytest

T = TypeVar("T")


class Shared(Generic[T]):
    """One of a kind: begun by the first test that asks, ended after the last.

    A fixture of the session would run on to the end of the whole run; a journey at rest
    takes half of a core, as it polls its sources and topics.
    """

    session: ClassVar[pytest.Session]
    """The run of this process, as the root's conftest sets it."""
    _every: ClassVar[list[Shared[Any]]] = []

    def __init__(self, fixture: str, *, within: str | None = None) -> None:
        """Share what the fixture of this name returns; it lasts while tests use it, and
        within a folder also while they do not."""
        self._fixture = fixture
        self._within = within
        self._opened = ExitStack()
        self._held: T | None = None
        self._every.append(self)

    def get(self, begin: Callable[[], AbstractContextManager[T]]) -> T:
        """Return what was begun, or begin it."""
        if self._held is None:
            self._held = self._opened.enter_context(begin())
            # After a last test the session's fixtures end, the newest first: so this
            # one before those that it was begun with.
            self.session.addfinalizer(self._end)
        return self._held

    def _end(self) -> None:
        self._held = None
        self._opened.close()

    @classmethod
    def end_unwanted(cls, next_test: pytest.Item | None) -> None:
        """End what the next test does not use; one that asks later begins it anew."""
        for shared in cls._every:
            if not shared._wanted_by(next_test):
                shared._end()

    def _wanted_by(self, test: pytest.Item | None) -> bool:
        if test is None:
            return False
        inside = self._within is not None and test.nodeid.startswith(self._within)
        return inside or self._fixture in getattr(test, "fixturenames", ())
