"""One HTTP service, asked politely; what it answers wrong is said in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx

from connectors.contract import RetryLater, StopSource

_LARGEST_ANSWER = 64 * 1024 * 1024


class Client:
    """A session with one service; raises RetryLater or StopSource, never httpx's."""

    def __init__(self, base_url: str, *, key: str | None, timeout: float) -> None:
        headers = {"Accept": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        self._base = base_url
        self._http = httpx.Client(headers=headers, timeout=timeout)

    def get(self, path: str, params: Mapping[str, str | int]) -> dict[str, Any]:
        """Return the JSON object at a path."""
        where = self._base + path
        try:
            response = self._http.get(where, params=dict(params))
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise StopSource(f"{where} is no URL.", remedy="Correct it.") from None
        except httpx.HTTPError as error:
            raise RetryLater(
                f"{where} does not answer ({type(error).__name__}).",
                remedy="Start the service, or correct `base_url`.",
            ) from None
        _check(response, where)
        return _document(response, where)

    def close(self) -> None:
        """End the session."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _check(response: httpx.Response, where: str) -> None:
    status = response.status_code
    if status in (401, 403):
        raise StopSource(
            f"{where} refused the key ({status}).", remedy="Correct `key`."
        )
    if status in (408, 425, 429) or status >= 500:
        raise RetryLater(
            f"{where} answered {status}.",
            remedy="It is asked again; if it goes on, ask its owner.",
            after=retry_after(response.headers.get("Retry-After")),
        )
    if status != 200:
        raise StopSource(
            f"{where} answered {status}.",
            remedy="Correct `base_url` or the path and parameters of the resource.",
        )


def _document(response: httpx.Response, where: str) -> dict[str, Any]:
    kind = response.headers.get("Content-Type", "nothing").split(";")[0]
    if len(response.content) > _LARGEST_ANSWER:
        raise StopSource(
            f"{where} answered {len(response.content)} bytes.",
            remedy="Set a smaller `page`.",
        )
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        # A proxy's login or maintenance page comes with status 200.
        raise RetryLater(
            f"{where} answered {kind} where a JSON object was expected.",
            remedy="It is asked again; look at what stands before the service.",
        )
    return document


def retry_after(value: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for, None if it asks nothing."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
