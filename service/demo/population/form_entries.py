"""What a system ends up holding about one person: asked, answered and typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from schemas.source_record import CustomerRecord
from service.demo.population import error_model
from service.demo.population.households import Person
from service.demo.population.places import Home


@dataclass(frozen=True, slots=True)
class Entry:
    """One person as one system holds them, before it becomes a row of that system."""

    given_name: str | None = None
    family_name: str | None = None
    birth_name: str | None = None
    full_name: str | None = None
    title: str | None = None
    birth_date: date | None = None
    email: str | None = None
    phone: str | None = None
    home: Home | None = None
    postal_code: str | None = None
    card: str | None = None

    def canonical(self) -> CustomerRecord:
        """Return the entry in our words, as a connector's mapping would."""
        address = self.home.address() if self.home else None
        if self.postal_code and not address:
            address = Home("", "", self.postal_code, "").address()
        return CustomerRecord(
            given_name=self.given_name,
            family_name=self.family_name,
            birth_name=self.birth_name,
            full_name=self.full_name,
            title=self.title,
            gender={"M.": "M", "Mme": "F"}.get(self.title or ""),
            birth_date=self.birth_date,
            emails=[self.email] if self.email else [],
            phones=[self.phone] if self.phone else [],
            addresses=[address] if address else [],
            cards=[self.card] if self.card else [],
        )


@dataclass(frozen=True, slots=True)
class Form:
    """How often a channel gets an answer to each of its questions, and how clumsily
    it types (1 = the base rates)."""

    title: float
    birth_date: float
    email: float
    phone: float
    address: float
    card: float
    clumsiness: float
    one_name: bool = False


FORMS = {
    "pos": Form(0.8, 0.45, 0.62, 0.78, 0.5, 0.75, 1.3),
    "ecommerce": Form(0.9, 0.5, 0.99, 0.85, 0.93, 0.35, 0.7),
    "call_centre": Form(0.0, 0.5, 0.65, 0.96, 0.85, 0.0, 1.2, one_name=True),
    "loyalty": Form(0.95, 0.95, 0.82, 0.86, 0.88, 1.0, 0.7),
}
_ENOUGH = 0.9  # of the clerks ask on until two answers identify the customer


def enter(person: Person, system: str, rng: Random) -> Entry:
    """Return a person as a system comes to hold them, with its gaps and mistakes."""
    form = FORMS[system]
    answers = _answers(person, form, rng)
    names = error_model.names(person, system, rng, clumsiness=form.clumsiness)
    home = error_model.home(person, rng, clumsiness=form.clumsiness)
    return Entry(
        given_name=None if form.one_name else names.given,
        family_name=None if form.one_name else names.family,
        birth_name=person.birth_name if _tells_birth_name(system, rng) else None,
        full_name=names.full(person.title, rng) if form.one_name else None,
        title=person.title if rng.random() < form.title else None,
        birth_date=(
            error_model.birth_date(person.birth_date, rng, clumsiness=form.clumsiness)
            if "birth_date" in answers
            else None
        ),
        email=_email(person, system, rng) if "email" in answers else None,
        phone=_phone(person, system, rng) if "phone" in answers else None,
        home=home if "address" in answers and not form.one_name else None,
        postal_code=home.postal_code if "address" in answers else None,
        card=person.card if "card" in answers else None,
    )


def _tells_birth_name(system: str, rng: Random) -> bool:
    return system == "loyalty" and rng.random() < 0.6


def _email(person: Person, system: str, rng: Random) -> str | None:
    return error_model.email(
        person, rng, clumsiness=FORMS[system].clumsiness, typed_by_shop=system == "pos"
    )


def _phone(person: Person, system: str, rng: Random) -> str | None:
    return error_model.phone(
        person, rng, clumsiness=FORMS[system].clumsiness, typed_by_shop=system == "pos"
    )


def _answers(person: Person, form: Form, rng: Random) -> set[str]:
    """Return the questions a person answers; most give at least two."""
    asked = {
        "birth_date": form.birth_date,
        "email": form.email,
        "phone": form.phone,
        "address": form.address,
        "card": form.card if person.card else 0.0,
    }
    answers = {question for question, share in asked.items() if rng.random() < share}
    for question in ("phone", "email", "birth_date", "address"):
        if len(answers) < 2 and rng.random() < _ENOUGH:
            answers.add(question)
    return answers
