"""The retailer's own shops, whose contacts clerks type when a customer gives none."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Store:
    """One shop of the retailer."""

    code: str
    city: str
    phone: str

    @property
    def email(self) -> str:
        """The shop's own e-mail address."""
        return f"magasin.{self.code}@enseigne.example"


STORES = (
    Store("lyon", "Lyon", "0478420010"),
    Store("paris", "Paris", "0142600010"),
    Store("marseille", "Marseille", "0491330010"),
    Store("lille", "Lille", "0320550010"),
    Store("bordeaux", "Bordeaux", "0556440010"),
    Store("nantes", "Nantes", "0240480010"),
    Store("strasbourg", "Strasbourg", "0388320010"),
    Store("saint-denis", "Saint-Denis", "0262410010"),
)
_TRADE = (30, 25, 12, 10, 8, 7, 5, 3)


def draw_store(rng: Random) -> Store:
    """Return a shop, the large ones oftener."""
    return rng.choices(STORES, _TRADE)[0]
