"""The page at /docs works in a real browser and asks nobody but us."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Request

from tests.api.served import served
from tests.api.test_contract import OPERATIONS


def test_the_page_shows_every_operation_without_an_external_request(
    database_url: str, browser: Browser, tmp_path: Path
) -> None:
    asked: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    with served(database_url, tmp_path / "log") as server:
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
        page.close()

    assert operations == OPERATIONS
    assert complaints == []
    assert [url for url in asked if not url.startswith((server.url, "data:"))] == []
