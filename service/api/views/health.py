"""Health: alive (the process answers) and ready (the database is there, migrated)."""

from __future__ import annotations

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag

from service.access import public
from service.api.http.context import read
from service.api.http.pagination import json_answer
from service.api.http.problems import ProblemError
from service.api.models.responses import HealthAnswer, problem_document
from service.database.connection import schema_version

health = APIBlueprint(
    "health",
    __name__,
    abp_tags=[Tag(name="health", description="Alive, and ready to answer")],
)


@health.get("/health/live", responses={"200": HealthAnswer})
@public
def live() -> Response:
    """Say that the process answers."""
    return json_answer({"status": "ok"})


@health.get(
    "/health/ready", responses={"200": HealthAnswer, "503": problem_document(503)}
)
@public
def ready() -> Response:
    """Say whether requests can be served: the database answers and is migrated."""
    if not read(schema_version.is_migrated):
        raise ProblemError("unavailable", "The database is not migrated.")
    return json_answer({"status": "ok"})
