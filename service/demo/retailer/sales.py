"""Buying and collecting: the till's sales, the web's orders, the programme's points."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from service.demo.population.stores import draw_store
from service.demo.retailer.state import Books
from service.demo.retailer.writes import ECOMMERCE, LOYALTY, POS, Row, SourceWrite

ARTICLES = (
    ("CH-100", "Chemise en lin", "59.90"),
    ("RO-210", "Robe fluide", "89.00"),
    ("PA-320", "Pantalon droit", "69.50"),
    ("VE-410", "Veste en laine", "149.00"),
    ("PU-515", "Pull col rond", "49.95"),
    ("JE-601", "Jean brut", "79.90"),
    ("MA-702", "Manteau long", "199.00"),
    ("FO-810", "Foulard en soie", "39.00"),
    ("CE-905", "Ceinture en cuir", "35.50"),
    ("CO-120", "Couture sur mesure", "120.00"),
)
NEXT_STATUS = {
    "new": ("paid", "paid", "paid", "cancelled"),
    "paid": ("picking",),
    "picking": ("ready", "shipped"),
    "ready": ("picked_up",),
    "shipped": ("delivered",),
    "delivered": ("returned",),
    "picked_up": ("returned",),
    "returned": ("refunded",),
}
HAPPY_END = frozenset({"delivered", "picked_up"})
RETURNED = 0.08


def sale(books: Books, rng: Random) -> list[SourceWrite]:
    """Sell something in a shop; one buyer in eight stays unknown."""
    customer = books.pick(POS, "customer", rng) if rng.random() < 0.875 else None
    lines, total = _basket(rng)
    row: Row = {
        "id": f"S-{books.next_number('S')}",
        "customer_id": customer["id"] if customer else None,
        "store": customer["store"] if customer else draw_store(rng).code,
        "status": rng.choice(("collected", "collected", "collected", "paid")),
        "total": total,
        "sold_at": books.now,
        "lines": [
            {"sku": sku, "label": label, "quantity": quantity, "amount": float(amount)}
            for sku, label, quantity, amount in lines
        ],
    }
    if customer is None:
        return [books.insert(POS, "sale", row, story="sale", person_id=None)]
    buyer = books.owner(POS, customer["id"])
    books.with_facts.add((POS, customer["id"]))
    sold = books.insert(POS, "sale", row, story="sale", person_id=buyer)
    return [sold, *_earn(books, rng, buyer=buyer, total=total, ref=row["id"])]


def sale_step(books: Books, rng: Random) -> list[SourceWrite]:
    """Hand over a paid article, or take one back and take back its points."""
    row = books.pick(POS, "sale", rng)
    if row is None or row["status"] == "refunded":
        return []
    if row["status"] == "collected" and rng.random() > RETURNED:
        return []
    status = {"paid": "collected", "collected": "returned", "returned": "refunded"}
    row = {**row, "status": status[row["status"]]}
    story = "return" if row["status"] == "returned" else row["status"]
    stepped = books.update(POS, "sale", row, story=story)
    if row["status"] != "returned":
        return [stepped]
    return [stepped, *_reverse(books, ref=row["id"])]


def web_order(books: Books, rng: Random) -> list[SourceWrite]:
    """Place an order in the web shop, to be sent or to be collected."""
    customer = books.pick(ECOMMERCE, "customers", rng)
    if customer is None:
        return []
    lines, total = _basket(rng)
    mode = rng.choice(("home", "click_and_collect"))
    at = books.now.isoformat()
    row: Row = {
        "id": f"W-{books.next_number('W')}",
        "customer_id": customer["id"],
        "status": "new",
        "history": [{"status": "new", "at": at}],
        "delivery": {
            "mode": mode,
            "store": draw_store(rng).code if mode == "click_and_collect" else None,
            "promised": (books.now + timedelta(days=3)).date().isoformat(),
        },
        "lines": [
            {"sku": sku, "label": label, "qty": quantity, "amount": float(amount)}
            for sku, label, quantity, amount in lines
        ],
        "total": float(total),
        "currency": "EUR",
        "created_at": at,
        "updated_at": at,
        "version": 1,
        "deleted": False,
    }
    buyer = books.owner(ECOMMERCE, customer["id"])
    books.with_facts.add((ECOMMERCE, customer["id"]))
    books.open_orders.append(row["id"])
    books.remember_order(row)
    return [books.insert(ECOMMERCE, "orders", row, story="web order", person_id=buyer)]


def order_step(books: Books, rng: Random) -> list[SourceWrite]:
    """Bring an order one status further; at its happy end the points are earned."""
    if not books.open_orders:
        return []
    row = books.row(ECOMMERCE, "orders", rng.choice(books.open_orders))
    status = _next_status(row, rng)
    if status is None:
        books.open_orders.remove(row["id"])
        return []
    at = books.now.isoformat()
    row = {
        **row,
        "status": status,
        "history": [*row["history"], {"status": status, "at": at}],
        "updated_at": at,
        "version": row["version"] + 1,
    }
    acts = [books.update(ECOMMERCE, "orders", row, story=f"order {status}")]
    if status in HAPPY_END:
        buyer = books.owner(ECOMMERCE, row["customer_id"])
        total = Decimal(str(row["total"]))
        acts += _earn(books, rng, buyer=buyer, total=total, ref=row["id"])
    if status == "returned":
        acts += _reverse(books, ref=row["id"])
    return acts


def burn(books: Books, rng: Random) -> list[SourceWrite]:
    """Spend points: never more than there are."""
    return _take(books, rng, kind="burn", share=rng.uniform(0.2, 0.9))


def expire(books: Books, rng: Random) -> list[SourceWrite]:
    """Let some old points lapse."""
    return _take(books, rng, kind="expire", share=rng.uniform(0.05, 0.3))


def _next_status(row: Row, rng: Random) -> str | None:
    choices = NEXT_STATUS.get(row["status"], ())
    if row["status"] == "picking":
        collect = row["delivery"]["mode"] == "click_and_collect"
        return "ready" if collect else "shipped"
    if row["status"] in HAPPY_END and rng.random() > RETURNED:
        return None
    return rng.choice(choices) if choices else None


def _basket(rng: Random) -> tuple[list[tuple[str, str, int, Decimal]], Decimal]:
    lines = []
    for sku, label, price in rng.sample(ARTICLES, rng.choice((1, 1, 2, 3))):
        quantity = rng.choice((1, 1, 1, 2))
        lines.append((sku, label, quantity, quantity * Decimal(price)))
    return lines, sum((amount for *_, amount in lines), Decimal(0))


def _earn(
    books: Books, rng: Random, *, buyer: int, total: Decimal, ref: str
) -> list[SourceWrite]:
    card = books.people[buyer].card
    member = books.members_by_card.get(card) if card else None
    if member is None or rng.random() < 0.1:  # the card stayed at home
        return []
    return [_post(books, member=member, kind="earn", points=int(total), ref=ref)]


def _reverse(books: Books, *, ref: str) -> list[SourceWrite]:
    for movement in books.movements_of(ref):
        member = movement["member_id"]
        # spent points are forgiven: a balance never falls below zero
        if movement["kind"] == "earn" and books.points[member] >= movement["points"]:
            points = -movement["points"]
            return [_post(books, member=member, kind="reverse", points=points, ref=ref)]
    return []


def _take(books: Books, rng: Random, *, kind: str, share: float) -> list[SourceWrite]:
    member = books.pick(LOYALTY, "member", rng)
    if member is None:
        return []
    points = int(books.points[member["id"]] * share)
    if points < 1:
        return []
    return [_post(books, member=member["id"], kind=kind, points=-points, ref=None)]


def _post(
    books: Books, *, member: str, kind: str, points: int, ref: str | None
) -> SourceWrite:
    earned = kind == "earn"
    row = {
        "id": books.next_number("ledger"),
        "member_id": member,
        "kind": kind,
        "points": points,
        "sale_ref": ref,
        "at": books.now,
        "expires_on": (books.now + timedelta(days=730)).date() if earned else None,
    }
    books.points[member] += points
    books.with_facts.add((LOYALTY, member))
    books.remember_movement(row)
    owner = books.owner(LOYALTY, member)
    return books.insert(LOYALTY, "points_ledger", row, story=kind, person_id=owner)
