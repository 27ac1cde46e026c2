"""E-mail addresses brought to the mailbox they reach."""

from __future__ import annotations

from functools import lru_cache

from matching.features.placeholders import is_placeholder_email
from matching.features.text_folding import plain

_DOTLESS = frozenset({"gmail.com", "googlemail.com"})


@lru_cache(maxsize=200_000)
def email_key(text: str) -> str:
    """Return the mailbox an address reaches; empty if it is not an address.

    Lower case, no +tag, no dots at Gmail; `none@none.fr` and its kind are no address.
    """
    address = plain(text).strip().strip("<>;,.").casefold().replace(" ", "")
    address = address.removeprefix("mailto:")
    local, at, domain = address.rpartition("@")
    if not at or not local or "." not in domain or "@" in local:
        return ""
    local = local.partition("+")[0].strip(".")
    domain = domain.strip(".")
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    if not local or not domain or is_placeholder_email(local, domain):
        return ""
    return f"{local}@{domain}"


def mailbox(key: str) -> str:
    """Return the part before the @ if it is long enough to say who it is."""
    local = key.partition("@")[0]
    return local if len(local) >= 6 else ""
