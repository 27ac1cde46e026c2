"""A Chromium for the tests of a file.

Not for a whole run: while Playwright is open its loop runs in this thread, and neither
a second one nor `asyncio.run` can begin.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.needs import needs_program


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; open a context or a page of one's own and close it."""
    expect.set_options(timeout=60_000)
    chromium = needs_program("chromium", package="chromium")
    with sync_playwright() as play:
        opened = play.chromium.launch(
            executable_path=shutil.which(chromium), args=["--no-sandbox"]
        )
        yield opened
        opened.close()
