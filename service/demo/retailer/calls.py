"""Calling about something: the call centre's tickets."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from service.demo.retailer.state import Books
from service.demo.retailer.writes import CALL_CENTRE, ECOMMERCE, Row, SourceWrite

REASONS = {
    "where_is_my_order": "Où est ma commande ?",
    "return": "Retour d'un article",
    "complaint": "Réclamation sur une retouche",
    "points": "Question sur les points",
    "size": "Conseil de taille",
    "quote": "Devis sur mesure",
}
AGENTS = ("agent-01", "agent-02", "agent-03", "agent-04")


def call(books: Books, rng: Random) -> list[SourceWrite]:
    """Open a ticket, oftenest about an order of the caller."""
    contact = books.pick(CALL_CENTRE, "contacts", rng)
    if contact is None:
        return []
    caller = books.owner(CALL_CENTRE, contact["id"])
    order = _order_of(books, rng, person_id=caller)
    reason = "where_is_my_order" if order else rng.choice(list(REASONS)[1:])
    number = books.next_number("T")
    row = _ticket(books, rng, contact_id=contact["id"], reason=reason)
    row = {**row, "id": f"T-{number}", "case_ref": f"K-{number}", "order_ref": order}
    books.open_tickets.append(row["id"])
    story = "call about an order" if order else "call"
    return [books.insert(CALL_CENTRE, "tickets", row, story=story, person_id=caller)]


def ticket_step(books: Books, rng: Random) -> list[SourceWrite]:
    """Answer an open ticket, or take a second call in the same case."""
    if not books.open_tickets:
        return []
    row = books.row(CALL_CENTRE, "tickets", rng.choice(books.open_tickets))
    if rng.random() < 0.2:
        caller = books.owner(CALL_CENTRE, row["contact_id"])
        again = {
            **_ticket(books, rng, contact_id=row["contact_id"], reason=row["reason"]),
            "id": f"T-{books.next_number('T')}",
            "case_ref": row["case_ref"],
            "order_ref": row["order_ref"],
        }
        books.open_tickets.append(again["id"])
        return [
            books.insert(
                CALL_CENTRE, "tickets", again, story="call again", person_id=caller
            )
        ]
    state = "waiting" if row["state"] == "open" and rng.random() < 0.5 else "closed"
    if state == "closed":
        books.open_tickets.remove(row["id"])
    row = {**row, "state": state}
    return [books.update(CALL_CENTRE, "tickets", row, story=f"ticket {state}")]


def _ticket(books: Books, rng: Random, *, contact_id: str, reason: str) -> Row:
    return {
        "id": "",
        "contact_id": contact_id,
        "case_ref": "",
        "reason": reason,
        "subject": REASONS[reason],
        "state": "open",
        "promised_reply": (books.now + timedelta(days=1)).isoformat(),
        "agent": rng.choice(AGENTS),
        "cost": round(rng.uniform(2, 9), 2),
        "order_ref": None,
        "at": books.now.isoformat(),
    }


def _order_of(books: Books, rng: Random, *, person_id: int) -> str | None:
    customers = [
        record_id
        for system, record_id in books.records_of(person_id)
        if system == ECOMMERCE
    ]
    orders = books.orders_of(customers)
    return rng.choice(orders) if orders else None
