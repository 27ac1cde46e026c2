"""The stewards' room: pages on which people decide what the model should not."""

from __future__ import annotations

import shlex

from flask import Flask

from service.database.connection.pools import Pool
from service.model_versions.scorer_pool import ScorerPool
from service.settings import Settings
from service.steward_ui import case, display_names, history, queue, sign_in
from service.steward_ui.base import PageContext, install, pages
from service.steward_ui.comparison import cut
from service.steward_ui.languages import speak

__all__ = ["case", "furnished", "history", "queue", "sign_in"]


def furnished(
    app: Flask, settings: Settings, *, pool: Pool, judges: ScorerPool
) -> None:
    """Give the application the stewards' room."""
    room = PageContext(pool, judges, points_limit=settings.four_eyes_points)
    install(app, room, secret=settings.cursor_secret)
    speak(app, time_zone=settings.time_zone)
    app.jinja_env.globals["words"] = display_names
    app.jinja_env.filters["cut"] = cut
    # a key is a source's word: quoted, whoever pastes the line runs no other command
    app.jinja_env.filters["in_shell"] = lambda word: shlex.quote(str(word))
    app.register_blueprint(pages)
