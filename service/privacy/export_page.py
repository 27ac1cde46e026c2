"""An export as a page that a customer can read, print and keep."""

from __future__ import annotations

from html import escape
from typing import Any

_TITLES = {
    "profile": "What we believe to know of you, and where each value comes from",
    "sources": "What each of our systems holds of you",
    "orders": "Your orders",
    "movements": "Your points and prepaid money",
    "interactions": "Your contacts with us",
    "consents": "What you allowed and withdrew",
}


def export_page(export: dict[str, Any]) -> str:
    """Return the export as one HTML document, every value escaped."""
    parts = "".join(
        f"<h2>{escape(title)}</h2>{_shown(export.get(name))}"
        for name, title in _TITLES.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<title>Your data</title></head><body><h1>Your data</h1>"
        f"<p>As of {escape(str(export['exported_at']))}.</p>{parts}</body></html>"
    )


def _shown(value: Any) -> str:
    if value in (None, [], {}, ""):
        return "<p>Nothing.</p>"
    if isinstance(value, dict):
        rows = (
            f"<tr><th scope='row'>{escape(str(name))}</th><td>{_shown(one)}</td></tr>"
            for name, one in value.items()
            if one not in (None, [], {}, "")
        )
        return f"<table>{''.join(rows)}</table>"
    if isinstance(value, list):
        return f"<ul>{''.join(f'<li>{_shown(one)}</li>' for one in value)}</ul>"
    return escape(str(value))
