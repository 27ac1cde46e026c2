"""Each transform reads what sources write, and refuses the rest without quoting it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.mapping.transforms import BadTransform, CannotTransform, make

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "argument", "value", "expected"),
    [
        ("date", None, "1984-03-09", date(1984, 3, 9)),
        ("date", None, "1984-03-09Z", date(1984, 3, 9)),
        ("date", None, 5181, date(1984, 3, 9)),
        ("date", "%d/%m/%Y", "09/03/1984", date(1984, 3, 9)),
        ("date", ["iso", "%Y%m%d"], "19840309", date(1984, 3, 9)),
        ("timestamp", None, "2026-03-01T12:00:00Z", NOON),
        ("timestamp", None, "2026-03-01T13:00:00+01:00", NOON),
        ("timestamp", "epoch_s", NOON.timestamp(), NOON),
        ("timestamp", "epoch_ms", int(NOON.timestamp()) * 1_000, NOON),
        ("timestamp", "epoch_us", int(NOON.timestamp()) * 1_000_000, NOON),
        ("timestamp", {"zone": "Europe/Paris"}, "2026-03-01 13:00", NOON),
        (
            "timestamp",
            {"format": "%d/%m/%Y %H:%M", "zone": "Europe/Paris"},
            "01/03/2026 13:00",
            NOON,
        ),
        ("epoch_us", None, "2026-03-01T12:00:00.000001Z", 1772366400000001),
        ("integer", None, " 12 ", 12),
        ("decimal", None, "12.50", Decimal("12.50")),
        ("decimal", ",", "1 234,5", Decimal("1234.5")),
        ("split", ";", "a; b;;", ["a", "b"]),
        ("vocabulary", {"Ouvert": "open"}, "OUVERT", "open"),
        ("vocabulary", {"true": "given"}, True, "given"),
        ("name_part", {"part": "family", "order": "capitals"}, "Jean DUPONT", "DUPONT"),
        ("name_part", {"part": "given", "order": "capitals"}, "DUPONT Jean", "Jean"),
        (
            "name_part",
            {"part": "family", "order": "family_given"},
            "de La Tour Anne",
            "de La Tour",
        ),
        ("name_part", {"part": "given", "order": "given_family"}, "Anne Roy", "Anne"),
        ("json", None, '[{"a": 1}]', [{"a": 1}]),
        ("json", None, [1], [1]),
    ],
)
def test_a_transform_reads(name: str, argument: Any, value: Any, expected: Any) -> None:
    assert make(name, argument, system="shop")(value) == expected


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("date", None, "Dupont"),
        ("date", "%d/%m/%Y", "31/02/1984"),
        ("date", None, "0000-01-01"),
        ("timestamp", None, "Dupont"),
        ("timestamp", "epoch_s", 10**30),
        ("integer", None, "Dupont"),
        ("decimal", None, "Dupont"),
        ("vocabulary", {"a": "b"}, "Dupont"),
        ("json", None, "{Dupont"),
        ("source_key", None, "Dupont" * 100),
    ],
)
def test_what_cannot_be_read_is_refused_without_quoting_it(
    name: str, argument: Any, value: Any
) -> None:
    with pytest.raises(CannotTransform) as raised:
        make(name, argument, system="shop")(value)
    assert "Dupont" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("shout", None),
        ("date", 5),
        ("integer", "x"),
        ("split", None),
        ("vocabulary", None),
        ("decimal", "'"),
        ("name_part", {"part": "middle", "order": "capitals"}),
        ("timestamp", {"zone": "Mars/One"}),
        ("timestamp", {"tz": "UTC"}),
        ("source_key", "No System"),
    ],
)
def test_a_transform_that_cannot_be_made_is_refused(name: str, argument: Any) -> None:
    with pytest.raises(BadTransform):
        make(name, argument, system="shop")
