"""People of a help desk who are known by an e-mail alone: whose they are, and why."""

from __future__ import annotations

from typing import Any

from matching.clustering.cluster import Verdict
from matching.clustering.contact_holders import SEVERAL_HOLDERS
from schemas.source_key import SourceKey
from service.database.connection.session import snapshot_read
from service.explanation.customer import explain_customer
from service.explanation.models import WhyVerdict
from service.explanation.why import customer_of, why
from service.resolver.reviews import every_case
from service.stewardship.decisions import decide
from service.verification.audit import audit
from tests.explanation.resolved_database import ResolvedDatabase
from tests.resolver.deliveries import customer

HOME: dict[str, Any] = {
    "family_name": "Keromnes",
    "addresses": [{"street": "3 allée du Parc", "postal_code": "35000"}],
}
ANNE = {"given_name": "Anne", "birth_date": "1971-04-23", "emails": ["k@poste.fr"]}
PAUL = {"given_name": "Paul", "birth_date": "1969-09-02", "emails": ["k@poste.fr"]}
TICKET: dict[str, Any] = {"emails": ["K@poste.fr"], "contact_identifies": True}


def groups(stage: ResolvedDatabase) -> set[str]:
    """Return the records of each customer, in one word."""
    found = stage.rows(
        "SELECT string_agg(id, ' ' ORDER BY id) FROM label JOIN source_record"
        " USING (record_id) GROUP BY customer_id"
    )
    return {str(row[0]) for row in found}


def holds(stage: ResolvedDatabase) -> bool:
    """Say whether the batch over all records finds what the stream left."""
    model = stage.judge.model
    stored = stage.rows("SELECT kind, a, b FROM review ORDER BY kind, a, b")
    with snapshot_read(stage.connection):
        cases = sorted(one[:3] for one in every_case(stage.connection, model=model))
    assert [(str(kind), a, b) for kind, a, b in cases] == stored
    return audit(stage.connection, model).differences == 0


def test_tickets_of_one_address_go_to_the_customer_who_alone_holds_it(
    empty_stage: ResolvedDatabase,
) -> None:
    stage = empty_stage

    def ask(left: str, right: str) -> Any:
        sides = SourceKey.parse(left), SourceKey.parse(right)
        with snapshot_read(stage.connection):
            return why(stage.connection, *sides, judges=stage.judges)

    stage.deliver(customer("desk:T1", 1, **TICKET), customer("desk:T2", 1, **TICKET))
    assert groups(stage) == {"T1 T2"}

    stage.deliver(customer("shop:anne", 1, **HOME, **ANNE))
    assert groups(stage) == {"T1 T2 anne"}
    told = ask("desk:T1", "shop:anne")
    assert told.verdict is WhyVerdict.ONE_CUSTOMER
    assert [step.comparison for step in told.pair.steps] == ["contact"]
    assert told.pair.steps[0].right == ["k@poste.fr"]
    with snapshot_read(stage.connection):
        customer_id = customer_of(stage.connection, SourceKey("shop", "anne"))
        how = explain_customer(stage.connection, customer_id, judges=stage.judges)
    assert how is not None
    assert [one.by for one in how.unions] == ["link", "link"]
    assert holds(stage)

    # Her husband shares the mailbox: nobody can say whose the tickets are.
    stage.deliver(customer("shop:paul", 1, **HOME, **PAUL))
    assert groups(stage) == {"T1", "T2", "anne", "paul"}
    told = ask("desk:T1", "shop:paul")
    assert told.verdict is WhyVerdict.REFUSED_BY_RULE
    assert SEVERAL_HOLDERS in told.because
    assert holds(stage)

    decide(
        stage.connection,
        SourceKey("desk", "T2"),
        SourceKey("shop", "paul"),
        Verdict.SAME,
        steward="Camille",
    )
    stage.deliver()
    assert groups(stage) == {"T1", "T2 paul", "anne"}
    assert holds(stage)

    # He takes an address of his own: only hers and the decided ticket are left.
    own = {**PAUL, "emails": ["paul@poste.fr"]}
    stage.deliver(customer("shop:paul", 2, **HOME, **own), customer("desk:T2", 2))
    assert groups(stage) == {"T1 anne", "paul"}
    assert holds(stage)

    # A ticket that names a person is a record like any other.
    named = {**TICKET, "given_name": "Paul", "family_name": "Keromnes"}
    stage.deliver(customer("desk:T1", 2, **named))
    assert "T1 anne" not in groups(stage)
    assert holds(stage)
