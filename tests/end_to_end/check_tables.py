"""The service's tables among themselves: labels, clusters, profiles, contact keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson

from matching.clustering.cluster import Link
from matching.clustering.guarded_clusters import cluster_by
from matching.scoring.splink_predict import resolve_batch
from matching.survivorship import Member
from schemas.facts import Consent, Interaction, Order
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database.clusters import links as stored_links
from service.database.clusters import model_versions
from service.database.connection.session import Connection
from service.domain.contact_keys import keys_of
from service.domain.profile import Facts, document, profile_body

_FACTS = (
    ("orders", "customer_order", Order),
    ("interactions", "interaction", Interaction),
    ("consents", "consent", Consent),
)


def rests(connection: Connection) -> Iterator[str]:
    """Yield what is left half-way."""
    for table in ("dirty", "outbox"):
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        if row != (0,):
            yield f"{table} holds {row and row[0]} rows"


def coverage(connection: Connection) -> Iterator[str]:
    """Yield where labels and live source records are not the same set."""
    rows = connection.execute(
        "SELECT coalesce(l.record_id, s.record_id), s.record_id IS NOT NULL"
        " FROM label l FULL JOIN (SELECT record_id FROM source_record"
        "   WHERE record IS NOT NULL) s USING (record_id)"
        " WHERE l.record_id IS NULL OR s.record_id IS NULL"
    )
    for record_id, alive in rows:
        yield f"record {record_id}: {'no label' if alive else 'a label, but not live'}"


def batch(connection: Connection) -> Iterator[str]:
    """Yield where features, links or clusters are not those of one batch."""
    model = model_versions.active(connection)
    assert model is not None
    rows = connection.execute(
        "SELECT record_id, record, features, system, id FROM source_record"
        " WHERE record IS NOT NULL"
    ).fetchall()
    fresh = model.standardise([CustomerRecord.model_validate(r[1]) for r in rows])
    for (record_id, _, stored, *_), again in zip(rows, fresh, strict=True):
        if orjson.loads(orjson.dumps(again)) != stored:
            yield f"record {record_id}: features are not those of its record"
    result = resolve_batch(model, {row[0]: row[2] for row in rows})
    yield from _links(connection, {(p.a, p.b): p.weight for p in result.pairs})
    links = [Link(p.a, p.b, p.weight, p.probability) for p in result.pairs]
    found = cluster_by(
        model,
        {row[0]: row[2] for row in rows},
        links,
        stored_links.all_decisions(connection),
        keys={row[0]: SourceKey(row[3], row[4]) for row in rows},
    )
    yield from _clusters(connection, found.cluster)


def _links(
    connection: Connection, wanted: dict[tuple[int, int], float]
) -> Iterator[str]:
    rows = connection.execute("SELECT a, b, weight FROM link")
    held = {(a, b): weight for a, b, weight in rows}
    for pair in sorted(wanted.keys() | held.keys()):
        if wanted.get(pair) != held.get(pair):
            yield f"link {pair}: weight {held.get(pair)} instead of {wanted.get(pair)}"


def _clusters(connection: Connection, wanted: dict[int, int]) -> Iterator[str]:
    by_customer: dict[UUID, set[int]] = defaultdict(set)
    for record_id, customer_id in connection.execute(
        "SELECT record_id, customer_id FROM label"
    ):
        by_customer[customer_id].add(record_id)
    by_label: dict[int, set[int]] = defaultdict(set)
    for record_id, label in wanted.items():
        by_label[label].add(record_id)
    expected = {frozenset(members) for members in by_label.values()}
    for members in by_customer.values():
        if frozenset(members) not in expected:
            yield f"records {sorted(members)} are one customer, and not one cluster"


def profiles(connection: Connection) -> Iterator[str]:
    """Yield every customer whose stored profile is not what its records make."""
    members: dict[UUID, list[tuple[int, Member]]] = defaultdict(list)
    for customer_id, record_id, system, id_, record, source_at in connection.execute(
        "SELECT l.customer_id, record_id, system, id, record, source_at"
        " FROM label l JOIN source_record USING (record_id)"
    ):
        person = CustomerRecord.model_validate(record)
        member = Member(SourceKey(system, id_), person, source_at)
        members[customer_id].append((record_id, member))
    happened = _facts(connection)
    contacts: set[tuple[str, str, UUID]] = set()
    for customer_id, version, retired_into, stored in connection.execute(
        "SELECT customer_id, version, retired_into, profile FROM customer"
    ):
        mine = members.pop(customer_id, [])
        fresh = None
        if mine:
            together = Facts(*(_joined(happened, mine, name) for name in Facts._fields))
            body, _ = profile_body([member for _, member in mine], together)
            fresh = document(customer_id, version, body)
            contacts |= {
                (*key, customer_id)
                for _, member in mine
                for key in keys_of(member.stored().record)
            }
        if stored != fresh:
            yield f"customer {customer_id}: the profile is not what its records make"
        if mine and retired_into:
            yield f"customer {customer_id} is retired, and has records"
    for customer_id in members:
        yield f"customer {customer_id} has records, and no row"
    yield from _contacts(connection, contacts)


def _facts(connection: Connection) -> dict[str, dict[int, list[Any]]]:
    found: dict[str, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for name, table, model in _FACTS:
        for record_id, system, id_, record in connection.execute(
            f"SELECT customer_record_id, system, id, record FROM {table}"
            " WHERE record IS NOT NULL"
        ):
            fact = model.model_validate(record)
            found[name][record_id].append((SourceKey(system, id_), fact))
    for record_id, *balance in connection.execute(
        "SELECT customer_record_id, programme, unit, sum(amount) FROM loyalty_movement"
        " GROUP BY 1, 2, 3"
    ):
        found["balances"][record_id].append(tuple(balance))
    return found


def _joined(
    happened: dict[str, dict[int, list[Any]]],
    members: list[tuple[int, Member]],
    name: str,
) -> list[Any]:
    return [fact for record_id, _ in members for fact in happened[name][record_id]]


def _contacts(
    connection: Connection, wanted: set[tuple[str, str, UUID]]
) -> Iterator[str]:
    rows = connection.execute("SELECT kind, value, customer_id FROM contact_key")
    for kind, _, customer_id in set(rows.fetchall()) ^ wanted:
        yield f"customer {customer_id}: a contact key ({kind}) too many or too few"
