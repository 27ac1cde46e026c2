"""E-mail addresses, phone numbers and cards that nobody else has."""

from __future__ import annotations

from itertools import accumulate
from random import Random

from anyascii import anyascii

from service.demo.population.places import Home, draw_mobile

_DOMAINS = {
    "gmail.com": 42,
    "orange.fr": 12,
    "hotmail.fr": 9,
    "free.fr": 7,
    "yahoo.fr": 6,
    "outlook.fr": 5,
    "wanadoo.fr": 5,
    "laposte.net": 5,
    "sfr.fr": 4,
    "icloud.com": 3,
    "hotmail.com": 2,
}
_DOMAIN_NAMES = list(_DOMAINS)
_DOMAIN_SUMS = list(accumulate(_DOMAINS.values()))


class Directory:
    """Hands out contacts and remembers which are taken."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._emails: set[str] = set()
        self._phones: set[str] = set()

    def emails(self, given: str, family: str) -> tuple[str, ...]:
        """Return the addresses of one person: mostly one, sometimes none or two."""
        count = self._rng.choices((0, 1, 2), (4, 84, 12))[0]
        return tuple(
            self._email(_letters(given), _letters(family)) for _ in range(count)
        )

    def family_email(self, family: str) -> str:
        """Return an address that a whole household reads."""
        return self._email("famille", _letters(family))

    def mobiles(self, home: Home) -> tuple[str, ...]:
        """Return the mobile numbers of one person: one, at times none or two."""
        count = self._rng.choices((0, 1, 2), (3, 91, 6))[0]
        return tuple(self._mobile(home) for _ in range(count))

    def former_mobile(self, home: Home) -> str | None:
        """Return the number a person had before, if they changed it."""
        return self._mobile(home) if self._rng.random() < 0.1 else None

    def card(self, person_id: int) -> str | None:
        """Return the loyalty card of one person, if they joined the programme."""
        if self._rng.random() > 0.62:
            return None
        # a multiplier prime to the modulus: unique numbers, no two neighbours alike
        return f"297{(person_id * 387_420_489 + 12_345) % 10**10:010}"

    def _mobile(self, home: Home) -> str:
        while (phone := draw_mobile(self._rng, home)) in self._phones:
            pass
        self._phones.add(phone)
        return phone

    def _email(self, given: str, family: str) -> str:
        rng = self._rng
        domain = rng.choices(_DOMAIN_NAMES, cum_weights=_DOMAIN_SUMS)[0]
        locals_ = (
            f"{given}.{family}",
            f"{given}.{family}",
            f"{given}{family}",
            f"{given[:1]}{family}",
            f"{given[:1]}.{family}",
            f"{given}_{family}",
            f"{family}.{given}",
            f"{given}{rng.randrange(1, 99)}",
            f"{given}.{family}{rng.randrange(50, 99)}",
        )
        local = rng.choice(locals_)
        email = f"{local}@{domain}"
        while email in self._emails:
            email = f"{local}{rng.randrange(1, 9999)}@{domain}"
        self._emails.add(email)
        return email


def second_card(card: str) -> str:
    """Return the card of a person who joined the programme twice."""
    return f"298{card[3:]}"


def _letters(name: str) -> str:
    text = anyascii(name).lower().replace(" ", "").replace("'", "")
    return text.strip("-") or "client"
