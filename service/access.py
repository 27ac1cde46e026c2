"""Who is asking, and what they may do: keys per channel, scopes per route."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, g, request

from service.database.connection import schema_version
from service.database.connection.pools import Pool, read
from service.database.connection.session import Connection, connect
from service.database.requests import api_keys
from service.database.requests.api_keys import StoredKey
from service.domain.scopes import SCOPES
from service.errors import (
    KeyRefused,
    Misconfigured,
    ScopeMissing,
    UnknownKey,
    UnknownScope,
)

PUBLIC = "public"
PERSON = "person"
_DECLARED = "couture_scope"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """The channel behind a request, with the scopes of its key."""

    key_id: str
    channel: str
    scopes: frozenset[str]


def needs(scope: str) -> Callable[[View], View]:
    """Declare the scope that a view's callers must hold."""
    return _declare(scope)


def public(view: View) -> View:
    """Declare that a view shows no personal data and needs no key."""
    return _declare(PUBLIC)(view)


def signed_in(view: View) -> View:
    """Declare that a view is a page for people, whose room asks them to sign in."""
    return _declare(PERSON)(view)


def _declare(scope: str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, _DECLARED, scope)
        return view

    return mark


def declared_scope(app: Flask, endpoint: str) -> str | None:
    """Return the scope (or `public`) that the view of an endpoint declares."""
    return getattr(app.view_functions[endpoint], _DECLARED, None)


def require_declared_scopes(app: Flask) -> None:
    """Raise Misconfigured, naming the routes, if one does not declare its scope."""
    known = {*SCOPES, PUBLIC, PERSON}
    silent = sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if declared_scope(app, rule.endpoint) not in known
    )
    if silent:
        raise Misconfigured(
            f"These routes declare no known scope: {', '.join(silent)}.",
            remedy="Put @needs(scope) or @public on their views.",
        )


class Keyring:
    """Verifies keys; a valid one is remembered for seconds, so revoking takes hold."""

    def __init__(
        self,
        pool: Pool,
        *,
        remember_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._remember_s = remember_s
        self._clock = clock
        self._seen: dict[str, tuple[float, StoredKey]] = {}

    def caller(self, token: str) -> Caller:
        """Return who holds the key; raise KeyRefused for any reason alike."""
        key_id, secret = _parts(token)
        stored = self._stored(key_id)
        fits = stored is not None and hmac.compare_digest(
            stored.secret_hash, _hash(secret)
        )
        if stored is None or not fits or stored.revoked_at is not None:
            raise KeyRefused("The key is unknown, wrong or revoked.")
        return Caller(stored.key_id, stored.channel, frozenset(stored.scopes))

    def _stored(self, key_id: str) -> StoredKey | None:
        now = self._clock()
        at, stored = self._seen.get(key_id, (0.0, None))
        if stored is not None and now - at < self._remember_s:
            return stored
        stored = read(self._pool, lambda connection: api_keys.find(connection, key_id))
        if stored is not None:
            self._seen[key_id] = now, stored
        return stored


def authenticate(app: Flask, keyring: Keyring) -> None:
    """Let a request reach its view only with a key that holds the view's scope."""

    @app.before_request
    def check() -> None:
        g.caller = None
        if request.endpoint is None or request.method == "OPTIONS":
            return
        scope = declared_scope(app, request.endpoint)
        if scope in (PUBLIC, PERSON):
            return
        g.caller = keyring.caller(_bearer(request.headers.get("Authorization", "")))
        if scope not in g.caller.scopes:
            raise ScopeMissing(f"The key lacks the scope {scope}.")


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise KeyRefused("The request carries no key.")
    return token.strip()


def _parts(token: str) -> tuple[str, str]:
    prefix, _, rest = token.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != "couture" or not key_id.isalnum() or not secret.isalnum():
        raise KeyRefused("The key is unknown, wrong or revoked.")
    return key_id, secret


def _hash(secret: str) -> bytes:
    # One round of SHA-256 is enough: the secret is 256 random bits, not a password.
    return hashlib.sha256(secret.encode()).digest()


@contextmanager
def _migrated(database_url: str) -> Iterator[Connection]:
    with connect(database_url) as connection:
        schema_version.require_migrated(connection, database_url)
        yield connection


def create_key(database_url: str, *, channel: str, scopes: Sequence[str]) -> str:
    """Return a new key, which is shown only this once; raise UnknownScope."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise UnknownScope(
            f"Not a scope: {', '.join(unknown)}." if unknown else "No scope is given.",
            remedy=f"Choose among {', '.join(SCOPES)}.",
        )
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    with _migrated(database_url) as connection:
        api_keys.add(
            connection,
            key_id,
            channel=channel,
            secret_hash=_hash(secret),
            scopes=sorted(set(scopes)),
        )
    return f"couture_{key_id}_{secret}"


def list_keys(database_url: str) -> list[StoredKey]:
    """Return every key, oldest first, without its secret."""
    with _migrated(database_url) as connection:
        return api_keys.every(connection)


def revoke_key(database_url: str, key_id: str) -> None:
    """Revoke a key within seconds; raise UnknownKey if there is none."""
    with _migrated(database_url) as connection:
        if not api_keys.revoke(connection, key_id):
            raise UnknownKey(f"There is no key {key_id}.")
