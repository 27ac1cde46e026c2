"""The pages' manners: nothing runs that a source sent, axe, languages, screenshots."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from playwright.sync_api import expect

from service.steward_ui.languages import TRANSLATIONS
from tests.steward_ui.visitor import Room, Visitor

Visit = Callable[..., Visitor]
ROOM = TRANSLATIONS.parent
FRENCH = TRANSLATIONS / "fr" / "LC_MESSAGES"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "lazy_gettext": None, "ngettext": (1, 2)}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "javascript:alert(1)",
    "{{ 7 * 7 }}${7*7}",
    "</title><svg onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202eeman\u202c \u05e9\u05dc\u05d5\u05dd",
    "👩🏽‍🚀" * 20,
    "n" * 4_096,
    "Zoë\u0301\u0323" + "\u0300" * 60,
]
SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"


def messages() -> set[str]:
    """Return every text of the pages that is to be translated."""
    found = extract_from_dir(str(ROOM), METHODS, keywords=KEYWORDS)
    return {one[2] if isinstance(one[2], str) else one[2][0] for one in found}


def test_every_text_of_the_pages_is_translated() -> None:
    with (FRENCH / "messages.po").open("rb") as written:
        catalog = read_po(written, locale="fr")
    french = {
        (one.id if isinstance(one.id, str) else one.id[0])
        for one in catalog
        if one.id and all([one.string] if isinstance(one.string, str) else one.string)
    }

    assert len(french) > 100
    assert messages() == french
    assert not any(one.fuzzy for one in catalog if one.id)


def _first(message_id: str | Sequence[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def test_the_compiled_translations_are_those_written() -> None:
    with (
        (FRENCH / "messages.po").open("rb") as written,
        (FRENCH / "messages.mo").open("rb") as compiled,
    ):
        po, mo = read_po(written, locale="fr"), read_mo(compiled)

    texts = [
        {_first(one.id): tuple(one.string) for one in catalog if one.id}
        for catalog in (po, mo)
    ]
    assert len(texts[0]) > 100
    assert texts[0] == texts[1]


def test_no_page_holds_a_word_outside_the_translations() -> None:
    """A text between tags must come from a translation; only few words are names."""
    own = {"Couture", "–", "·", "%", "/", "|", "(", ")", "):", ",", ":", ",:"}
    for template in ROOM.glob("templates/steward/*.html"):
        text = re.sub(
            r"<(code|kbd)[^>]*>.*?</\1>", "", template.read_text(), flags=re.S
        )
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.S)
        words = re.sub(r"<[^>]+>", " ", text, flags=re.S).split()
        assert set(words) - own == set(), template.name


def test_nothing_that_a_source_sends_runs_or_breaks_the_page(
    room: Room, visit: Visit
) -> None:
    camille = visit()
    for first in range(0, len(HOSTILE), 3):
        names = (HOSTILE * 2)[first : first + 3]
        record: dict[str, Any] = {
            "given_name": names[0],
            "family_name": names[1],
            "full_name": names[2],
            "emails": names,
            "owner": names[0][:50],
        }
        made = room.make_case(record, {**record, "given_name": f"{names[0][:500]}x"})
        camille.open(made)
        expect(camille.page.locator(".sides")).to_be_visible()
        wide = camille.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 1280
        assert camille.page.locator("main script, main img[src=x]").count() == 0
    camille.go("/steward/queue?system=room")
    assert camille.complaints == []


def test_empty_records_are_shown_as_such(room: Room, visit: Visit) -> None:
    camille = visit()
    camille.open(room.make_case({"language": "fr"}, {"language": "fr"}))

    expect(camille.page.locator(".sides tbody tr")).to_have_count(2)


def axe(visitor: Visitor) -> list[str]:
    """Return what axe finds wrong with the page."""
    found = Axe().run(visitor.page, options={"resultTypes": ["violations"]})
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in found.response["violations"]
    ]


@pytest.mark.parametrize(("locale", "scheme"), [("en-GB", "light"), ("fr-FR", "dark")])
def test_axe_finds_nothing(room: Room, visit: Visit, locale: str, scheme: str) -> None:
    made = room.make_case()
    guest = visit(None, locale=locale, color_scheme=scheme)
    states = ["/steward/sign-in?expired=1", "/steward/nowhere"]
    known = [
        "/steward/queue?all=1",
        "/steward/queue?system=none",
        f"/steward/cases/{made.review_id}",
        "/steward/cases/999999",
        "/steward/history",
    ]
    found = {}
    for path in states:
        guest.go(path)
        found[path] = axe(guest)
    guest.enter("Robin")
    for path in known:
        guest.go(path)
        found[path] = axe(guest)
        language = guest.page.locator("html").get_attribute("lang")
        assert language == locale[:2]
    guest.page.keyboard.press("?")
    expect(guest.page.locator("#keys")).to_be_visible()
    found["help"] = axe(guest)

    assert {path: said for path, said in found.items() if said} == {}


def test_a_narrow_screen_shows_everything_without_scrolling_sideways(
    room: Room, visit: Visit
) -> None:
    made = room.make_case()
    camille = visit(viewport={"width": 360, "height": 740})
    for path in ("queue", f"cases/{made.review_id}", "history"):
        camille.go(f"/steward/{path}")
        assert camille.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_review_page_is_light(room: Room, visit: Visit) -> None:
    made, camille = room.make_case(), visit()
    camille.open(made)

    sizes = camille.page.evaluate(
        "performance.getEntries().reduce((all, e) => all + (e.encodedBodySize || 0), 0)"
    )

    assert 0 < sizes < 120_000


def test_screenshots_are_made(room: Room, visit: Visit, tmp_path: Path) -> None:
    """COUTURE_SCREENSHOTS=1 renews those in docs/; else they are only made."""
    folder = SCREENSHOTS if os.environ.get("COUTURE_SCREENSHOTS") else tmp_path
    folder.mkdir(exist_ok=True)
    (doubt,) = room.stage.rows(
        "SELECT review_id FROM review JOIN source_record ON record_id = a"
        " WHERE system <> 'room' ORDER BY abs(probability - 0.6) LIMIT 1"
    )[0]
    for locale, scheme in (("en-GB", "light"), ("fr-FR", "dark")):
        size = {"width": 1280, "height": 1400}
        robin = visit("Robin", locale=locale, color_scheme=scheme, viewport=size)
        for name, path in (
            ("queue", "queue"),
            ("case", f"cases/{doubt}"),
            ("history", "history"),
        ):
            robin.go(f"/steward/{path}")
            shot = folder / f"{name}-{locale[:2]}-{scheme}.png"
            robin.page.screenshot(path=shot)
            assert shot.stat().st_size > 10_000
