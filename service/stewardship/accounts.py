"""Who may enter the stewards' room: local accounts, roles, sessions that end."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.database.connection.session import Connection
from service.database.stewardship import accounts
from service.database.stewardship.accounts import StoredAccount
from service.errors import ServiceError

ROLES = {
    "reader": "see cases and history",
    "steward": "decide cases, and undo",
    "supervisor": "decide too, and be the second pair of eyes",
}
SHORTEST_PASSWORD = 12
IDLE_S = 30 * 60
LONGEST_S = 10 * 3600
_TRIES, _WITHIN_S = 10, 15 * 60
_NAME_LENGTH = 100
_hasher = PasswordHasher()
# Verified where there is no such person, so that both take the same time.
_NOBODY = _hasher.hash(secrets.token_hex(16))


class UnknownAccount(ServiceError):
    """There is no account of that name: list them."""

    remedy = "List the accounts with `couture people list`."


class UnfitAccount(ServiceError):
    """An account cannot be made so: change what the sentence names."""


class SignInRefused(ServiceError):
    """Name and password do not belong together: try again."""


class TooManyTries(SignInRefused):
    """Signing in failed too often for this name: wait a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """The person behind a request."""

    name: str
    roles: frozenset[str]

    @property
    def decides(self) -> bool:
        """Whether they may decide cases."""
        return bool(self.roles & {"steward", "supervisor"})


def add(
    connection: Connection, name: str, *, password: str, roles: Sequence[str]
) -> None:
    """Make an account, or give one another password and roles; raise UnfitAccount."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        said = f"Not a role: {', '.join(unknown)}." if unknown else "No role is given."
        raise UnfitAccount(said, remedy=f"Choose among {', '.join(ROLES)}.")
    if not name.strip() or len(name) > _NAME_LENGTH or not name.isprintable():
        raise UnfitAccount("The name is empty, too long or not printable.")
    if len(password) < SHORTEST_PASSWORD:
        raise UnfitAccount(
            f"The password is shorter than {SHORTEST_PASSWORD} characters.",
            remedy="Choose a longer one; a sentence is good.",
        )
    accounts.put(
        connection,
        name.strip(),
        roles=sorted(set(roles)),
        password_hash=_hasher.hash(password),
    )


def every(connection: Connection) -> list[StoredAccount]:
    """Return all accounts, by name."""
    return accounts.every(connection)


def remove(connection: Connection, name: str) -> None:
    """Close an account; its sessions end at once. Raises UnknownPerson."""
    if not accounts.remove(connection, name):
        raise UnknownAccount(f"There is no account {name}.")


def fitting(
    connection: Connection, name: str, password: str, *, browser: str = ""
) -> StoredAccount | None:
    """Return the person whom name and password belong to; raise TooManyTries.

    `browser` is the token of a browser in which that person may have signed in before:
    what strangers try elsewhere does not lock the right person out of it.
    """
    known = _known_browser(connection, name, browser)
    if accounts.failures(connection, name, browser=known, within_s=_WITHIN_S) >= _TRIES:
        raise TooManyTries("Signing in failed too often for this name.")
    found = accounts.find(connection, name)
    alive = found is not None and found.removed_at is None
    fits = _fits(found.password_hash if found and alive else _NOBODY, password)
    if not (alive and fits):
        accounts.note(connection, name, "sign_in_failed", **_about(known))
        return None
    accounts.note(connection, name, "sign_in", **_about(known))
    return found


def _known_browser(connection: Connection, name: str, token: str) -> str | None:
    """Return a short name of a browser in which this person has signed in."""
    hashed = _hash(token)
    known = token and accounts.knows_browser(connection, hashed, name)
    return hashed.hex()[:16] if known else None


def _about(browser: str | None) -> dict[str, str]:
    return {} if browser is None else {"browser": browser}


def remember_browser(connection: Connection, name: str, token: str) -> str:
    """Keep that a person has signed in in a browser; return its token, a new one if it
    has none."""
    token = token or secrets.token_urlsafe(32)
    accounts.keep_browser(connection, _hash(token), name)
    return token


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def start_session(connection: Connection, name: str) -> str:
    """Sign a person in; return the token for their browser."""
    token = secrets.token_urlsafe(32)
    accounts.start_session(connection, _hash(token), name)
    return token


def present(
    connection: Connection, token: str, *, active: bool = True
) -> SignedInUser | None:
    """Return who holds a token; None if it is unknown, idle too long, or too old.

    A page that asks by itself is not `active`: it does not keep a session alive.
    """
    found = accounts.seen(
        connection, _hash(token), idle_s=IDLE_S, longest_s=LONGEST_S, active=active
    )
    return SignedInUser(found[0], frozenset(found[1])) if found else None


def end_session(connection: Connection, token: str) -> None:
    """Sign a browser out."""
    accounts.end_session(connection, _hash(token))


def _hash(token: str) -> bytes:
    # One round is enough: the token is 256 random bits, not a password.
    return hashlib.sha256(token.encode()).digest()
