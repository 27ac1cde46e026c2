"""Webhooks: channels that want to be called when something happens."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from flask_openapi.types import ResponseDict
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.text import FrozenModel, Time, storable
from service.access import needs
from service.api.http.context import context, read
from service.api.http.idempotency import caller, write
from service.api.http.pagination import json_answer
from service.api.http.problems import ProblemError, invalid_parameter
from service.api.http.security_headers import KEY
from service.api.models.parameters import PageQuery, Parameters
from service.api.models.responses import responses_for
from service.api.models.writes import written
from service.api.views.changes import EVENT_TYPES, EventType
from service.database.messages import webhooks as stored
from service.relay.webhooks.addresses import AddressInside, outside
from service.relay.webhooks.signed_request import new_secret

_AT_HOME = frozenset({"localhost", "127.0.0.1", "::1"})

webhooks = APIBlueprint(
    "webhooks",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="webhooks", description="Be called when something happens")],
)


def _callable(url: str) -> str:
    """Return the address; refuse one that is not encrypted, or carries a password."""
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        port_fits = False
    if not port_fits or not parts.hostname or parts.username is not None:
        raise PydanticCustomError("url", "is no address to call")
    if parts.scheme != "https" and (
        parts.scheme != "http" or parts.hostname not in _AT_HOME
    ):
        raise PydanticCustomError("url", "must begin with https://")
    return url


class NewWebhook(FrozenModel):
    """Where to call, and for what."""

    url: Annotated[
        str,
        StringConstraints(max_length=2_000, pattern=r"^[\x21-\x7e]+$"),
        AfterValidator(storable),
        AfterValidator(_callable),
    ] = Field(
        description="https; plain http only on the same machine",
        examples=["https://shop.example/hooks/couture"],
    )
    types: list[EventType] = Field(
        default=[], max_length=len(EVENT_TYPES), description="none means all"
    )


class WebhookView(BaseModel):
    """A webhook as its channel sees it."""

    webhook_id: UUID
    url: str
    types: list[str]
    created_at: Time
    waiting: int = Field(description="events not yet taken; counted up to 10,000")
    failures: int = Field(description="in a row")
    failing_since: Time | None
    next_try_at: Time | None = Field(description="missing while nothing fails")
    stopped_because: str | None = Field(
        description="missing while it is called; else see `/resume`"
    )


class WebhookMade(BaseModel):
    """The webhook, and the secret of its signatures, shown only this once."""

    webhook_id: UUID
    secret: str = Field(
        description="Standard Webhooks: verify `webhook-signature` with it",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )


class WebhooksAnswer(BaseModel):
    """The webhooks of the key's channel, oldest first."""

    webhooks: list[WebhookView]


class DeliveryView(BaseModel):
    """One attempt to deliver one event."""

    event_id: str
    attempt: int
    attempted_at: Time
    status: int | None = Field(description="missing if nobody answered")
    error: str | None = Field(description="the kind of error if nobody answered")
    ms: int


class DeliveriesAnswer(BaseModel):
    """The attempts of 30 days, newest first."""

    deliveries: list[DeliveryView]
    next: str | None = Field(description="the cursor of the next page, if there is one")


class WebhookPath(Parameters):
    """Which webhook."""

    webhook_id: UUID


class NoBody(FrozenModel):
    """Nothing needs to be said."""


def _forgotten() -> ResponseDict:
    said = responses_for(WebhooksAnswer, 404)
    del said["200"]
    return {**said, "204": {"description": "It is forgotten."}}


@webhooks.post("/v1/webhooks", responses=written(WebhookMade, 201))
@needs("webhooks:write")
def ask_to_be_called(body: NewWebhook) -> Response:
    """Ask to be called for every event from now on, in the order of `/v1/changes`.

    Calls are signed by Standard Webhooks; the body is the CloudEvent. Whatever is not
    answered with 2xx within 10 seconds is tried again after 5 s, 30 s, 2 min, 10 min,
    30 min, then hourly, and nothing later is sent before it. After three days, or a
    410, it stops. An event may come twice: its `webhook-id` is the same.
    """
    _refuse_inside(body.url)
    webhook_id, secret = uuid4(), new_secret()
    write(
        lambda c: stored.add(
            c,
            webhook_id,
            channel=caller().channel,
            url=body.url,
            secret=secret,
            types=body.types,
        )
    )
    return json_answer({"webhook_id": webhook_id, "secret": secret}, status=201)


def _refuse_inside(url: str) -> None:
    """Refuse an address of the operator's own network, unless such are allowed.

    A name may mean another address later, so each call looks again.
    """
    if context().webhooks_inside:
        return
    parts = urlsplit(url)
    try:
        outside(parts.hostname or "", parts.port or 443)
    except AddressInside:
        raise invalid_parameter(
            "url", "is inside the operator's network, which is not called from here"
        ) from None
    except OSError:
        return  # a name that means nothing yet: calling it will tell


@webhooks.get("/v1/webhooks", responses=responses_for(WebhooksAnswer))
@needs("webhooks:write")
def of_this_channel() -> Response:
    """List the webhooks of the key's channel, and how they fare."""
    return _all()


def _all() -> Response:
    channel = caller().channel
    found = read(lambda c: stored.of_channel(c, channel))
    return json_answer({"webhooks": [_view(one) for one in found]})


def _view(one: stored.Webhook) -> dict[str, Any]:
    shown = {n: v for n, v in one._asdict().items() if n != "channel"}
    if not one.failures:
        shown["next_try_at"] = None
    return shown


@webhooks.delete("/v1/webhooks/<webhook_id>", responses=_forgotten())
@needs("webhooks:write")
def no_longer_call(path: WebhookPath) -> Response:
    """Stop calling and forget the webhook with its log."""
    _require_own(path.webhook_id)
    write(lambda c: stored.remove(c, path.webhook_id))
    return Response(status=204)


@webhooks.post(
    "/v1/webhooks/<webhook_id>/resume", responses=written(WebhooksAnswer, 200, 404)
)
@needs("webhooks:write")
def call_again(path: WebhookPath, body: NoBody) -> Response:
    """Call again at once, from the first event not taken that is still kept."""
    _require_own(path.webhook_id)
    write(lambda c: stored.resume(c, path.webhook_id))
    return _all()


@webhooks.get(
    "/v1/webhooks/<webhook_id>/deliveries",
    responses=responses_for(DeliveriesAnswer, 404),
)
@needs("webhooks:write")
def deliveries(path: WebhookPath, query: PageQuery) -> Response:
    """List the attempts to deliver, newest first."""
    _require_own(path.webhook_id)
    listing = f"deliveries:{path.webhook_id}"
    place = context().cursors.open(listing, query.cursor)
    below = place[0] if place else None
    found = read(
        lambda c: stored.deliveries(
            c, path.webhook_id, below=below, limit=query.limit + 1
        )
    )
    shown, more = found[: query.limit], len(found) > query.limit
    last = [shown[-1].delivery_id] if more else []
    return json_answer(
        {
            "deliveries": [_attempt(one) for one in shown],
            "next": context().cursors.seal(listing, last) if more else None,
        }
    )


def _attempt(one: stored.Logged) -> dict[str, Any]:
    return {n: v for n, v in one._asdict().items() if n != "delivery_id"}


def _require_own(webhook_id: UUID) -> None:
    channel = caller().channel
    if not read(lambda c: stored.is_of(c, webhook_id, channel=channel)):
        raise ProblemError("not-found", "The key's channel has no such webhook.")
