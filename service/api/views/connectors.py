"""Connectors: where each of them is, and what an operator tells them."""

from __future__ import annotations

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from schemas.connector import Action, ConnectorCommand
from schemas.text import FrozenModel, Raw, System
from service.access import needs
from service.api.http.context import read
from service.api.http.idempotency import caller, write
from service.api.http.pagination import json_answer
from service.api.http.problems import ProblemError
from service.api.http.security_headers import KEY
from service.api.models.responses import responses_for
from service.api.models.writes import written
from service.operations import connectors as connectors_
from service.operations.connectors import (
    CommandRefused,
    ConnectorView,
    UnknownConnector,
)

connectors = APIBlueprint(
    "connectors",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="connectors", description="State and commands of connectors")],
)


class ConnectorsAnswer(BaseModel):
    """Every connector that ever spoke."""

    connectors: list[ConnectorView]


class CommandPath(BaseModel):
    """Which connector, and what it is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: System
    action: Action


class CommandBody(FrozenModel):
    """What a command needs beside its name."""

    after: Raw | None = Field(
        default=None, description="replay: the offset to read on after"
    )


class CommandAnswer(BaseModel):
    """The command as it waits for its connector; its status names it once obeyed."""

    command: ConnectorCommand


@connectors.get("/v1/connectors", responses=responses_for(ConnectorsAnswer))
@needs("operator")
def listed() -> Response:
    """List the connectors: state, offset, lag, rows a second, last error, remedy."""
    found = [one.model_dump(mode="json") for one in read(connectors_.views)]
    return json_answer({"connectors": found})


@connectors.post(
    "/v1/connectors/<system>/<action>",
    responses=written(CommandAnswer, 202, 404),
)
@needs("operator")
def command(path: CommandPath, body: CommandBody) -> Response:
    """Pause, resume, read anew or replay; the connector obeys within seconds."""
    by = caller().channel
    try:
        made = write(
            lambda c: connectors_.command(
                c, path.system, path.action, by=by, after=body.after
            )
        )
    except UnknownConnector as error:
        raise ProblemError("not-found", error.detail) from None
    except CommandRefused as error:
        raise ProblemError("invalid-parameter", error.sentence()) from None
    return json_answer({"command": made.model_dump(mode="json")}, status=202)
