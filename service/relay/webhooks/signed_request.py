"""One signed call: Standard Webhooks' headers around a body, and what came of it."""

from __future__ import annotations

import base64
import secrets
import time
from datetime import UTC, datetime
from typing import NamedTuple

import httpx
from standardwebhooks.webhooks import Webhook

from service.relay.webhooks.addresses import AddressInside, outside

TIMEOUT_S = 10.0
_SECRET_BYTES = 32


class Call(NamedTuple):
    """What is sent, where, and what proves that it is ours."""

    url: str
    secret: str
    message_id: str
    body: bytes


class DeliveryResult(NamedTuple):
    """The receiver's status, or the kind of error if there was none."""

    status: int | None
    error: str | None
    ms: int
    retry_after_s: int = 0

    @property
    def taken(self) -> bool:
        """Whether the receiver said that it has the message."""
        return self.status is not None and 200 <= self.status < 300


def new_secret() -> str:
    """Return a fresh secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(call: Call, at: datetime) -> dict[str, str]:
    """Return the headers that prove who sends the body, and when."""
    signature = Webhook(call.secret).sign(call.message_id, at, call.body.decode())
    return {
        "Content-Type": "application/json",
        "User-Agent": "couture",
        "webhook-id": call.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


def send(client: httpx.Client, call: Call, *, inside: bool) -> DeliveryResult:
    """Make the call; a failure of any kind is an answer, never an exception.

    Unless calls to the `inside` of our network are allowed, only a public address is
    called, and no redirect is followed to another.
    """
    began = time.monotonic()
    try:
        url = httpx.URL(call.url)
        at = url if inside else url.copy_with(host=_public_address(url))
        signed = headers(call, datetime.now(UTC)) | {"Host": url.netloc.decode()}
        # The body of the answer is not read: a receiver could make it endless.
        with client.stream(
            "POST",
            at,
            content=call.body,
            headers=signed,
            timeout=TIMEOUT_S,
            follow_redirects=False,
            # the certificate is that of the name, whatever address it has
            extensions={"sni_hostname": url.host},
        ) as answer:
            after = answer.headers.get("Retry-After", "")
            wait = int(after) if after.isascii() and after.isdigit() else 0
            return DeliveryResult(answer.status_code, None, _ms(began), wait)
    except (httpx.HTTPError, httpx.InvalidURL, AddressInside, OSError) as error:
        return DeliveryResult(None, type(error).__name__, _ms(began))


def _public_address(url: httpx.URL) -> str:
    return outside(url.host, url.port or (443 if url.scheme == "https" else 80))


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)
