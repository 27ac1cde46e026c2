"""A steward decides by one key, and takes it back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from matching.clustering.cluster import Verdict
from matching.clustering.contact_holders import SEVERAL_HOLDERS
from schemas.source_key import SourceKey
from service.stewardship.decisions import decide
from tests.resolver.deliveries import customer, movement
from tests.steward_ui.visitor import Made, Room, Visitor

Visit = Callable[..., Visitor]


@pytest.mark.parametrize(("key", "verdict"), [("m", "same"), ("n", "different")])
def test_one_key_decides_and_z_takes_it_back(
    room: Room, visit: Visit, key: str, verdict: str
) -> None:
    made, camille = room.make_case(), visit()
    camille.open(made)

    camille.press(key)

    assert room.decisions(made) == [(verdict, "Camille", True)]
    expect(camille.page.get_by_role("status")).to_contain_text("Decided.")
    camille.press("z")
    assert room.decisions(made) == [(verdict, "Camille", False)]
    expect(camille.page.locator("tr.revoked").first).to_contain_text(made.left)
    room.stage.deliver()


def test_a_decision_to_join_makes_one_customer(room: Room, visit: Visit) -> None:
    made, camille = room.make_case(), visit()
    camille.open(made)

    camille.page.fill("[name=reason]", "same person, moved")
    camille.page.keyboard.press("Escape")
    camille.press("m")
    room.stage.deliver()

    ids = room.stage.rows(
        "SELECT count(DISTINCT customer_id) FROM label JOIN source_record"
        " USING (record_id) WHERE system || ':' || id IN (%s, %s)",
        made.left,
        made.right,
    )
    assert ids == [(1,)]
    camille.go("/steward/history")
    expect(camille.page.locator("tbody tr").first).to_contain_text("moved")


def test_whose_a_shared_mailbox_wrote_is_a_case_that_a_decision_ends(
    room: Room, visit: Visit
) -> None:
    mailbox = {"emails": ["les.kervella@poste.fr"]}
    anne, paul = {"given_name": "Anne"}, {"given_name": "Paul"}
    room.stage.deliver(
        customer("room:anne", 1, family_name="Kervella", **anne, **mailbox),
        customer("room:paul", 1, family_name="Kervella", **paul, **mailbox),
        customer("room:ticket", 1, contact_identifies=True, **mailbox),
    )
    (row,) = room.stage.rows(
        "SELECT review_id FROM review JOIN source_record ON record_id = a"
        " WHERE a = %s AND b = %s AND why = %s",
        *sorted(map(room.stage.record_id, ("room:paul", "room:ticket"))),
        SEVERAL_HOLDERS,
    )
    made, camille = Made(int(str(row[0])), "room:paul", "room:ticket"), visit()
    camille.open(made)
    expect(camille.page.locator("main")).to_contain_text(SEVERAL_HOLDERS)
    expect(camille.page.locator("main")).to_contain_text("Nothing but a contact")

    camille.press("m")
    room.stage.deliver()

    ids = room.stage.rows(
        "SELECT string_agg(id, ' ' ORDER BY id) FROM label JOIN source_record"
        " USING (record_id) WHERE id IN ('anne', 'paul', 'ticket')"
        " GROUP BY customer_id ORDER BY 1"
    )
    assert ids == [("anne",), ("paul ticket",)]
    left = room.stage.rows("SELECT 1 FROM review WHERE why = %s", SEVERAL_HOLDERS)
    assert left == []


def test_an_unsure_case_goes_out_of_the_queue_for_a_day(
    room: Room, visit: Visit
) -> None:
    made, camille = room.make_case(), visit()
    camille.open(made)

    camille.press("u")

    assert room.decisions(made) == []
    link = f"a[href^='/steward/cases/{made.review_id}']"
    camille.go("/steward/queue?system=room")
    expect(camille.page.locator(link)).to_have_count(0)
    camille.go("/steward/queue?system=room&all=1")
    expect(camille.page.locator(link)).to_have_count(1)


def test_of_two_stewards_one_decides_and_the_other_is_told_who_looks(
    room: Room, visit: Visit
) -> None:
    made, camille, sacha = room.make_case(), visit(), visit("Sacha")
    camille.open(made)

    sacha.open(made)

    expect(sacha.page.get_by_role("status")).to_contain_text("Camille looks at this")
    expect(sacha.page.locator("button.same")).to_be_disabled()
    sacha.go("/steward/queue?system=room")
    link = f"a[href^='/steward/cases/{made.review_id}']"
    expect(sacha.page.locator(link)).to_have_count(0)
    camille.press("n")
    sacha.open(made)
    expect(sacha.page.locator("h1")).to_have_text("The case is closed")


def test_a_case_that_vanishes_while_open_is_told_and_nothing_is_written(
    room: Room, visit: Visit
) -> None:
    made, camille = room.make_case(), visit()
    camille.open(made)
    room.stage.rows(
        "DELETE FROM review WHERE review_id = %s RETURNING 1", made.review_id
    )

    camille.press("m")

    expect(camille.page.locator("h1")).to_have_text("The case is closed")
    assert room.decisions(made) == []


def test_a_record_that_changes_while_open_is_shown_anew(
    room: Room, visit: Visit
) -> None:
    made, camille = room.make_case(), visit()
    camille.open(made)
    room.stage.deliver(customer(made.left, 2, given_name="Ondine", family_name="Vey"))
    again = room.open_case(made.left, made.right)

    camille.page.evaluate(
        "to => { document.querySelector('.decide').action = to }",
        f"/steward/cases/{again.review_id}/answer",
    )
    camille.press("m")

    expect(camille.page.get_by_role("alert")).to_contain_text("A record changed")
    expect(camille.page.locator(".sides")).to_contain_text("Ondine")
    assert room.decisions(made) == []


def test_a_contradiction_is_refused_with_its_chain(room: Room, visit: Visit) -> None:
    made, camille = room.make_case(), visit()
    third = room.make_case()
    left, right, far = (
        SourceKey.parse(key) for key in (made.left, made.right, third.left)
    )
    for pair, verdict in (
        ((left, far), Verdict.SAME),
        ((far, right), Verdict.DIFFERENT),
    ):
        decide(room.stage.connection, *pair, verdict, steward="Robin")
    room.stage.deliver()
    again = room.open_case(made.left, made.right)
    camille.open(again)

    camille.press("m")

    alert = camille.page.get_by_role("alert")
    expect(alert).to_contain_text("contradicts")
    expect(alert.locator("li")).to_have_count(2)
    assert room.decisions(made) == []


def test_where_much_is_at_stake_a_supervisor_must_say_the_same(
    room: Room, visit: Visit
) -> None:
    made = room.make_case()
    room.stage.deliver(movement(f"{made.left}-m", made.left, 9_000))
    made = room.open_case(made.left, made.right)
    camille, sacha, robin = visit(), visit("Sacha"), visit("Robin")

    camille.open(made)
    expect(camille.page.locator(".decide")).to_contain_text("a supervisor must")
    camille.press("m")
    assert room.decisions(made) == []
    camille.go("/steward/queue?system=room")
    link = f"a[href^='/steward/cases/{made.review_id}']"
    expect(camille.page.locator(link)).to_have_count(0)
    sacha.open(made)
    sacha.press("m")
    expect(sacha.page.get_by_role("alert")).to_contain_text("needs a supervisor")
    assert room.decisions(made) == []
    robin.open(made)
    expect(robin.page.locator("main")).to_contain_text("Camille proposes: same person")
    robin.press("m")

    assert room.decisions(made) == [("same", "Robin", True)]

    def undo(visitor: Visitor) -> None:
        visitor.go("/steward/history")
        row = visitor.page.locator("tr", has_text=made.left)
        with visitor.page.expect_navigation():
            row.get_by_role("button", name="Undo").click()

    # what two decided, no one takes back alone
    undo(camille)
    expect(camille.page.get_by_role("status")).to_contain_text("Proposed to take back")
    undo(camille)
    undo(sacha)
    expect(sacha.page.get_by_role("status")).to_contain_text("Only a supervisor")
    assert room.decisions(made) == [("same", "Robin", True)]
    undo(robin)
    assert room.decisions(made) == [("same", "Robin", False)]


def test_a_case_that_was_undone_is_found_by_its_old_link(
    room: Room, visit: Visit
) -> None:
    made, camille = room.make_case(), visit()
    camille.open(made)
    camille.press("n")
    room.stage.deliver()
    camille.go("/steward/history")
    with camille.page.expect_navigation():
        camille.page.get_by_role("button", name="Undo").first.click()
    room.stage.deliver()
    again = room.open_case(made.left, made.right)
    assert again.review_id != made.review_id

    camille.open(made)

    assert camille.page.url.endswith(f"/steward/cases/{again.review_id}")


def test_the_simulated_cases_can_be_decided_by_keyboard_alone(
    room: Room, visit: Visit
) -> None:
    camille = visit()
    before = len(room.stage.rows("SELECT 1 FROM decision"))
    camille.go("/steward/queue")
    camille.press("j")
    for key in "nnn":
        expect(camille.page.locator(".decide")).to_be_visible()
        camille.press(key)

    assert len(room.stage.rows("SELECT 1 FROM decision")) == before + 3
    room.stage.deliver()
