"""The room's languages: who reads chooses, else the browser does."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, request
from flask_babel import Babel

LANGUAGES = {"en": "English", "fr": "Français"}
COOKIE = "couture_language"
TRANSLATIONS = Path(__file__).parent / "translations"


def chosen() -> str:
    """Return the language of this request."""
    kept = request.cookies.get(COOKIE, "")
    if kept in LANGUAGES:
        return kept
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def _locale() -> str:
    # days before months: the shops are in Europe
    return "en_GB" if chosen() == "en" else chosen()


def speak(app: Flask, *, time_zone: str) -> None:
    """Let the application's pages speak the reader's language."""
    Babel(
        app,
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=_locale,
        timezone_selector=lambda: time_zone,
    )
    app.jinja_env.globals["language"] = chosen
    app.jinja_env.globals["languages"] = LANGUAGES
