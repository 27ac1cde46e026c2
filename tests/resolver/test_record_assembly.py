"""What becomes of a record and its parts, by hand."""

from __future__ import annotations

from typing import Any

from schemas.source_record import (
    MOST_ADDRESSES,
    MOST_CONTACTS,
    MOST_PREFERENCES,
    CustomerRecord,
)
from service.domain.record_assembly import Part, assembled, assembled_raw

OWN = {"given_name": "Anne", "emails": ["own@x.fr"]}


def part(row: str, table: str = "address", **record: Any) -> Part:
    return Part(table, row, record, {"row": row})


def test_the_records_own_value_stands_and_the_first_part_gives_what_it_lacks() -> None:
    parts = [
        part("10", given_name="Bea", family_name="Roy"),
        part("9", family_name="Roux"),
        part("1", "phone", family_name="Rey", title="Mme"),
    ]
    wanted = {**OWN, "family_name": "Roux", "title": "Mme"}

    assert assembled(OWN, parts) == wanted
    assert assembled(OWN, reversed(parts)) == wanted


def test_lists_and_preferences_are_joined_each_value_once() -> None:
    parts = [
        part("2", emails=["b@x.fr", "own@x.fr", "b@x.fr"], preferences={"size": "L"}),
        part("1", emails=["c@x.fr"], preferences={"size": "M", "store": "7"}),
    ]
    found = assembled(OWN, parts)

    assert found["emails"] == ["own@x.fr", "c@x.fr", "b@x.fr"]
    assert found["preferences"] == {"size": "M", "store": "7"}
    assert OWN == {"given_name": "Anne", "emails": ["own@x.fr"]}


def test_a_record_is_as_new_as_the_newest_of_its_parts() -> None:
    # as text the second would come before the first
    whole, half = "2026-01-05T10:00:00Z", "2026-01-05T10:00:00.500000Z"

    assert assembled({"updated_at": whole}, [part("1", updated_at=half)]) == {
        "updated_at": half
    }
    assert assembled({"updated_at": half}, [part("1", updated_at=whole)]) == {
        "updated_at": half
    }


def test_however_much_the_parts_say_a_record_can_hold_it() -> None:
    parts = [
        part(
            str(n),
            emails=[f"{n}@x.fr"],
            addresses=[{"city": f"Lyon {n}"}],
            preferences={f"p{n}": "1"},
        )
        for n in range(150)
    ]
    held = CustomerRecord.model_validate(assembled(OWN, parts))

    assert len(held.emails) == MOST_CONTACTS
    assert len(held.addresses) == MOST_ADDRESSES
    assert len(held.preferences) == MOST_PREFERENCES


def test_the_raw_rows_of_parts_stand_under_their_table() -> None:
    assert assembled_raw({"id": 1}, [part("10"), part("9"), part("1", "phone")]) == {
        "id": 1,
        "address[]": [{"row": "9"}, {"row": "10"}],
        "phone[]": [{"row": "1"}],
    }
