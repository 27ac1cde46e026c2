"""E-mail addresses brought to the mailbox they reach."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from matching.features.placeholders import is_own_mailbox, is_placeholder_email
from matching.features.text_folding import plain, single_spaced

_BETWEEN = re.compile(r"mailto:|[<>,;|/()\":\n\r\t]+", re.IGNORECASE)
_AROUND_AT = re.compile(r"[^\S\n]?@[^\S\n]?")
_DOTLESS = frozenset({"gmail.com", "googlemail.com"})


def email_key(text: str) -> str:
    """Return the mailbox that the first address reaches; empty if there is none.

    Lower case, no +tag, no dots at Gmail; `none@none.fr` and its kind are no address.
    """
    return next(iter(email_keys(text)), "")


@lru_cache(maxsize=200_000)
def email_keys(text: str) -> tuple[str, ...]:
    """Return the mailbox of every address in a field, the first first."""
    return _keys(text, is_placeholder_email)


@lru_cache(maxsize=200_000)
def contact_email_key(text: str) -> str:
    """Return the key by which an address is shown and looked up.

    That of the matcher, and besides a common word at a domain of one's own
    (`mail@delorme-anne.fr`): it reaches somebody, though it is no evidence of who.
    """
    return next(iter(_keys(text, _reaches_nobody)), "")


def _reaches_nobody(local: str, domain: str) -> bool:
    return is_placeholder_email(local, domain) and not is_own_mailbox(local, domain)


def _keys(text: str, is_none: Callable[[str, str], bool]) -> tuple[str, ...]:
    parts = (_parts(written) for written in email_parts(text))
    told = (
        f"{local}@{domain}"
        for local, domain in parts
        if local and domain and not is_none(local, domain)
    )
    return tuple(dict.fromkeys(told))


def email_parts(text: str) -> tuple[str, ...]:
    """Return the addresses written in a field, without names and remarks.

    `Anne Roux <anne@roux.fr>` is one; `anne@roux.fr, a.roux@sfr.fr` are two.
    """
    pieces = _BETWEEN.split(_AROUND_AT.sub("@", single_spaced(text)))
    found = []
    for piece in (p for p in pieces if "@" in p):
        several = piece.count("@") > 1
        found += [p for p in piece.split() if "@" in p] if several else [piece.strip()]
    return tuple(found)


def _parts(written: str) -> tuple[str, str]:
    """Return mailbox and domain of an address, both empty if it is none."""
    written = written.replace(" ", "").strip(";,.").casefold()
    local, _, domain = written.rpartition("@")
    if "@" in local:
        return "", ""
    local = plain(local).casefold().partition("+")[0].strip(".").replace(" ", "")
    domain = _ascii_domain(domain.strip("."))
    if "." not in domain or not local:
        return "", ""
    if domain in _DOTLESS:
        return local.replace(".", ""), "gmail.com"
    return local, domain


def _ascii_domain(domain: str) -> str:
    """Return a domain as it is registered: élan.fr is xn--lan-9la.fr."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii").casefold()
    except UnicodeError:  # no domain can be called so
        return plain(domain).casefold().replace(" ", "").strip(".")


def mailbox(key: str) -> str:
    """Return the part before the @ if it is long enough to say who it is."""
    local = key.partition("@")[0]
    return local if len(local) >= 6 else ""
