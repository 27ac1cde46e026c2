"""What a person may ask of us: all that we know, and to be forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from flask_openapi.types import ResponseDict
from pydantic import Field

from schemas.golden_record import Profile
from schemas.text import FrozenModel, Time
from service.access import needs
from service.api.http.context import read
from service.api.http.idempotency import caller, write
from service.api.http.pagination import (
    json_answer,
    redirect_to_survivor,
    unknown_customer,
)
from service.api.http.security_headers import KEY
from service.api.models.parameters import CustomerPath
from service.api.models.responses import responses_for
from service.api.models.writes import written
from service.database.privacy import customer_export
from service.errors import UnknownCustomer
from service.privacy import erasure
from service.privacy.export_page import export_page
from service.privacy.grounds import Grounds

privacy = APIBlueprint(
    "privacy",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="privacy", description="Exports and erasures")],
)


class ErasureAsked(FrozenModel):
    """Whom to erase, and on what grounds."""

    customer_id: UUID
    grounds: Grounds = Field(examples=["request"])


class ErasureAnswer(FrozenModel):
    """That a person is erased, and the receipt that proves it."""

    erasure_id: UUID
    customer_id: UUID
    grounds: Grounds
    erased_by: str
    erased_at: Time
    receipt: str = Field(
        description="signed (JWS): `couture customer receipt` reads it"
    )


class ExportAnswer(FrozenModel):
    """All that is known of a customer, and which system said it."""

    exported_at: Time
    profile: Profile
    sources: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    movements: list[dict[str, Any]]
    interactions: list[dict[str, Any]]
    consents: list[dict[str, Any]]


_PAGE: ResponseDict = {
    **responses_for(ExportAnswer, 404),
    "200": {
        "description": "The same as a page to read and print.",
        "content": {"text/html": {"schema": {"type": "string"}}},
    },
    "307": responses_for(ExportAnswer, moved=True)["307"],
}


@privacy.get(
    "/v1/customers/<customer_id>/export",
    responses=responses_for(ExportAnswer, 404, moved=True),
)
@needs("privacy:export")
def export(path: CustomerPath) -> Response:
    """Return all that is known of a customer, with the origin of every value."""
    found = _export(path.customer_id)
    return found if isinstance(found, Response) else json_answer(found)


@privacy.get("/v1/customers/<customer_id>/export/page", responses=_PAGE)
@needs("privacy:export")
def export_as_page(path: CustomerPath) -> Response:
    """Return the same as a page for the customer to read."""
    found = _export(path.customer_id)
    if isinstance(found, Response):
        return found
    return Response(export_page(found), content_type="text/html; charset=utf-8")


def _export(customer_id: UUID) -> Response | dict[str, Any]:
    found = read(lambda c: customer_export.everything(c, customer_id))
    if found is None:
        raise unknown_customer()
    survivor, told = found
    if survivor is not None:
        return redirect_to_survivor(customer_id)
    if told is None:
        raise unknown_customer()
    return {"exported_at": datetime.now(UTC), **told}


@privacy.post("/v1/erasures", responses=written(ErasureAnswer, 201, 404))
@needs("privacy:erase")
def erase(body: ErasureAsked) -> Response:
    """Erase a customer for good: the person leaves every table, and stays out.

    What a source sends of the person later is refused. A repeat gets the same receipt.
    """
    try:
        done = write(
            lambda c: erasure.erase(
                c, body.customer_id, grounds=body.grounds, by=caller().channel
            )
        )
    except UnknownCustomer:
        raise unknown_customer() from None
    return json_answer(done._asdict(), status=201)
