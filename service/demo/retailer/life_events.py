"""What happens in people's lives, as far as a retailer hears of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from service.demo.population.form_entries import enter
from service.demo.population.households import Person
from service.demo.population.names import draw_surname
from service.demo.population.places import draw_home, draw_mobile
from service.demo.retailer.rows import (
    customer_row,
    touched,
    with_home,
    with_names,
    with_phone,
)
from service.demo.retailer.state import CUSTOMERS, Books
from service.demo.retailer.writes import (
    CALL_CENTRE,
    ECOMMERCE,
    LOYALTY,
    POS,
    SYSTEMS,
    Row,
    SourceWrite,
)

PREFIX = {POS: "C", LOYALTY: "M", ECOMMERCE: "U", CALL_CENTRE: "D"}
TOLD = 0.6
"""The share of systems that a person tells about a move, a marriage, a new phone."""

Change = Callable[[str, Row], Row]


def sign_up(
    books: Books,
    rng: Random,
    *,
    person: Person,
    system: str,
    bearer: Person | None = None,
) -> list[SourceWrite]:
    """Enter a person in a system, which may know them already; `bearer` is the person
    with another card."""
    books.people[person.person_id] = person
    prefix = PREFIX[system]
    record_id = f"{prefix}-{books.next_number(prefix)}"
    entry = enter(bearer or person, system, rng)
    row = customer_row(system, record_id, entry, at=books.now, rng=rng)
    if system == LOYALTY:
        books.members_by_card.setdefault(row["card_number"], record_id)
    table = CUSTOMERS[system]
    return [
        books.insert(system, table, row, story="sign-up", person_id=person.person_id)
    ]


def sign_up_elsewhere(books: Books, rng: Random) -> list[SourceWrite]:
    """Enter a known person in one more system; the programme takes nobody twice."""
    person = _anybody(books, rng)
    system = rng.choice(SYSTEMS)
    known = {each for each, _ in books.records_of(person.person_id)}
    again = system in known and (system == LOYALTY or rng.random() > 0.15)
    if again or (system == LOYALTY and not person.card):
        return []
    return sign_up(books, rng, person=person, system=system)


def correct(books: Books, rng: Random) -> list[SourceWrite]:
    """Put a mistyped name or phone right in one record."""
    system = rng.choice(SYSTEMS)
    row = books.pick(system, CUSTOMERS[system], rng)
    if row is None:
        return []
    person = books.people[books.owner(system, row["id"])]
    if person.phones and rng.random() < 0.4:
        right = with_phone(system, row, person.phones[0])
    else:
        right = with_names(
            system, row, given=person.given_name, family=person.family_name
        )
    return [] if right == row else [_rewrite(books, system, right, "correct")]


def move(books: Books, rng: Random) -> list[SourceWrite]:
    """Move one person and tell some of the systems."""
    person = _anybody(books, rng)
    home = draw_home(rng)
    _becomes(books, replace(person, home=home, former_home=person.home))
    return _tell(
        books,
        rng,
        person=person,
        story="move",
        change=lambda system, row: with_home(system, row, home),
    )


def marry(books: Books, rng: Random) -> list[SourceWrite]:
    """Give one person a partner's name and tell some of the systems."""
    person = _anybody(books, rng)
    if person.birth_name or person.gender != "F":
        return []
    name = draw_surname(rng)
    _becomes(books, replace(person, family_name=name, birth_name=person.family_name))

    def renamed(system: str, row: Row) -> Row:
        row = with_names(system, row, given=person.given_name, family=name)
        if system == LOYALTY:
            row["birth_name"] = person.family_name
        return row

    return _tell(books, rng, person=person, story="marry", change=renamed)


def new_phone(books: Books, rng: Random) -> list[SourceWrite]:
    """Give one person a new number and tell some of the systems."""
    person = _anybody(books, rng)
    phone = draw_mobile(rng, person.home)
    former = person.phones[0] if person.phones else None
    _becomes(
        books,
        replace(person, phones=(phone, *person.phones[1:]), former_phone=former),
    )
    return _tell(
        books,
        rng,
        person=person,
        story="new phone",
        change=lambda system, row: with_phone(system, row, phone),
    )


def consent(books: Books, rng: Random) -> list[SourceWrite]:
    """Give or withdraw a consent: the programme's e-mails or the shop's newsletter."""
    system = rng.choice((LOYALTY, ECOMMERCE))
    row = books.pick(system, CUSTOMERS[system], rng)
    if row is None:
        return []
    if system == LOYALTY:
        said = {"opt_in_email": not row["opt_in_email"], "opt_in_at": books.now}
    else:
        said = {
            "newsletter": not row["newsletter"],
            "newsletter_at": books.now.isoformat(),
        }
    return [_rewrite(books, system, {**row, **said}, "consent")]


def remove(books: Books, rng: Random) -> list[SourceWrite]:
    """Take away a customer record that nothing hangs on; the desk keeps all of its."""
    system = rng.choice((POS, ECOMMERCE, LOYALTY))
    row = books.pick(system, CUSTOMERS[system], rng)
    if row is None or (system, row["id"]) in books.with_facts:
        return []
    if system == LOYALTY and books.members_by_card.get(row["card_number"]) == row["id"]:
        del books.members_by_card[row["card_number"]]
    last: Row = {}
    if system == ECOMMERCE:
        last = {**touched(system, row, books.now), "deleted": True}
    table = CUSTOMERS[system]
    return [books.delete(system, table, row["id"], story="remove", last=last)]


def _anybody(books: Books, rng: Random) -> Person:
    return books.people[rng.choice(list(books.people))]


def _becomes(books: Books, person: Person) -> None:
    books.people[person.person_id] = person


def _tell(
    books: Books, rng: Random, *, person: Person, story: str, change: Change
) -> list[SourceWrite]:
    return [
        _rewrite(books, system, change(system, row), story)
        for system, record_id in books.records_of(person.person_id)
        if rng.random() < TOLD
        for row in [books.row(system, CUSTOMERS[system], record_id)]
    ]


def _rewrite(books: Books, system: str, row: Row, story: str) -> SourceWrite:
    row = touched(system, row, books.now)
    return books.update(system, CUSTOMERS[system], row, story=story)
