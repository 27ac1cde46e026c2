"""A help desk that knows people by an e-mail alone says so in its mapping file."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.contract import Row
from connectors.mapping.marked_yaml import MappingError
from connectors.mapping.rows_to_events import Mapping
from schemas.change_event import CustomerChange, Op

DESK = """
tables:
  ticket:
    kind: {kind}
    contact_identifies: {switch}
    id: {id}
    fields: {fields}
"""
EMAIL = "{ emails: [submitter_email] }"


def mapping(tmp_path: Path, **said: str) -> Mapping:
    words = {"kind": "customer", "id": "submitter_email", "fields": EMAIL} | said
    path = tmp_path / "mapping.yaml"
    path.write_text(DESK.format(**words))
    return Mapping.load(path, system="desk", connector="test")


@pytest.mark.parametrize("switch", ["true", "false"])
def test_every_record_of_the_table_carries_the_switch(
    tmp_path: Path, switch: str
) -> None:
    row = Row("ticket", Op.CREATE, {"submitter_email": "a@poste.fr"}, (1,))
    (event,) = mapping(tmp_path, switch=switch).events(row)

    assert isinstance(event, CustomerChange)
    assert event.after is not None
    assert event.after.emails == ["a@poste.fr"]
    assert event.after.contact_identifies is (switch == "true")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"switch": "sometimes"}, "`contact_identifies` is true or false"),
        (
            {
                "switch": "true",
                "kind": "consent",
                "fields": "{ customer: { fields: { system: s, id: i } } }",
            },
            "only a customer has `contact_identifies`",
        ),
    ],
)
def test_a_switch_that_says_nothing_is_refused_with_its_line(
    tmp_path: Path, said: dict[str, str], why: str
) -> None:
    with pytest.raises(MappingError, match=why) as refused:
        mapping(tmp_path, **said)
    assert ":5:" in str(refused.value) or "line 5" in str(refused.value)
