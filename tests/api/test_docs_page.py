"""The page at /docs works in a real browser and asks nobody but us."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Request, sync_playwright

from tests.api.served import served
from tests.api.test_contract import OPERATIONS
from tests.needs import needs_program


def test_the_page_shows_every_operation_without_an_external_request(
    database_url: str, tmp_path: Path
) -> None:
    chromium = needs_program("chromium", package="chromium")
    asked: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    with served(database_url, tmp_path / "log") as server, sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which(chromium), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("request", note)
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{server.url}/docs")
        page.wait_for_selector(".opblock-summary-path")
        operations = page.locator(".opblock-summary-path").count()
        page.locator(".opblock-summary").first.click()
        page.wait_for_selector(".opblock-body")
        browser.close()

    assert operations == OPERATIONS
    assert complaints == []
    assert [url for url in asked if not url.startswith((server.url, "data:"))] == []
