"""E-mail addresses brought to the mailbox they reach."""

from __future__ import annotations

from functools import lru_cache

from matching.features.placeholders import is_own_mailbox, is_placeholder_email
from matching.features.text_folding import plain

_DOTLESS = frozenset({"gmail.com", "googlemail.com"})


@lru_cache(maxsize=200_000)
def email_key(text: str) -> str:
    """Return the mailbox an address reaches; empty if it is not an address.

    Lower case, no +tag, no dots at Gmail; `none@none.fr` and its kind are no address.
    """
    local, domain = _parts(text)
    return "" if is_placeholder_email(local, domain) else _key(local, domain)


@lru_cache(maxsize=200_000)
def contact_email_key(text: str) -> str:
    """Return the key by which an address is shown and looked up.

    That of the matcher, and besides a common word at a domain of one's own
    (`mail@delorme-anne.fr`): it reaches somebody, though it is no evidence of who.
    """
    local, domain = _parts(text)
    if is_placeholder_email(local, domain) and not is_own_mailbox(local, domain):
        return ""
    return _key(local, domain)


def _parts(text: str) -> tuple[str, str]:
    """Return mailbox and domain, both empty if this is no address."""
    address = plain(text).strip().strip("<>;,.").casefold().replace(" ", "")
    address = address.removeprefix("mailto:")
    local, at, domain = address.rpartition("@")
    if not at or not local or "." not in domain or "@" in local:
        return "", ""
    local = local.partition("+")[0].strip(".")
    domain = domain.strip(".")
    if domain in _DOTLESS:
        return local.replace(".", ""), "gmail.com"
    return local, domain


def _key(local: str, domain: str) -> str:
    return f"{local}@{domain}" if local and domain else ""


def mailbox(key: str) -> str:
    """Return the part before the @ if it is long enough to say who it is."""
    local = key.partition("@")[0]
    return local if len(local) >= 6 else ""
