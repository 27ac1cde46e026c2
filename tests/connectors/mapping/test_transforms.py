"""Each transform reads what sources write, and refuses the rest without quoting it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.mapping.errors import BadTransform, Unreadable
from connectors.mapping.plain_values import identifier, is_true, key_text
from connectors.mapping.transforms import make
from schemas.source_key import SourceKey

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "argument", "value", "expected"),
    [
        ("date", None, "1984-03-09", date(1984, 3, 9)),
        ("date", None, "1984-03-09Z", date(1984, 3, 9)),
        ("date", None, 5181, date(1984, 3, 9)),
        ("date", "%d/%m/%Y", "09/03/1984", date(1984, 3, 9)),
        ("date", ["iso", "%Y%m%d"], "19840309", date(1984, 3, 9)),
        ("date", "%Y%m%d", 19840309, date(1984, 3, 9)),
        ("date", None, 19840309, date(1984, 3, 9)),
        ("date", "%Y%m%d", 19840309.0, date(1984, 3, 9)),
        ("date", "%d/%m/%Y", 5181, date(1984, 3, 9)),
        ("date", None, "1984-03-09 00:00:00", date(1984, 3, 9)),
        ("date", None, "1984-03-08T23:00:00.000Z", date(1984, 3, 9)),  # in Paris
        ("date", None, "1984-07-08T22:00:00Z", date(1984, 7, 9)),  # summer time
        ("date", None, "1984-03-09T00:00:00Z", date(1984, 3, 9)),
        ("date", {"zone": "America/Martinique"}, "1984-03-09T04:00Z", date(1984, 3, 9)),
        ("date", {"zone": "America/Martinique"}, "1984-03-09T03:59Z", date(1984, 3, 8)),
        # what cannot be told for certain, and what stands for nothing
        ("date", ["%d/%m/%Y", "%m/%d/%Y"], "03/04/1984", None),
        ("date", ["%d/%m/%Y", "%m/%d/%Y"], "13/04/1984", date(1984, 4, 13)),
        *[
            ("date", None, nothing, None)
            for nothing in ("0000-00-00", "infinity", "0044-03-15 BC", "12345-01-01")
        ],
        ("date", None, "0000-01-01", None),
        ("date", None, float("nan"), None),
        ("timestamp", None, "-infinity", None),
        ("timestamp", None, "0000-00-00 00:00:00", None),
        ("decimal", None, "NaN", None),
        ("decimal", None, float("inf"), None),
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
        ("decimal", ",", "1\u00a0234,5", Decimal("1234.5")),
        ("decimal", ",", "1\u202f234,5", Decimal("1234.5")),
        ("decimal", ",", "12,50\u00a0€", Decimal("12.50")),
        ("decimal", ",", "\u221212,50", Decimal("-12.50")),
        ("decimal", ",", "12,50-", Decimal("-12.50")),
        ("decimal", ",", "(12,50 EUR)", Decimal("-12.50")),
        ("decimal", ",", 12.5, Decimal("12.5")),  # a number has no decimal comma
        ("decimal", None, "CHF 1'234.50", Decimal("1234.50")),
        ("decimal", None, "0.00005", Decimal("0.0000")),  # half even
        ("decimal", None, 0.1 + 0.2, Decimal("0.3000")),
        ("source_key", None, "C-91      ", SourceKey("shop", "C-91")),
        ("source_key", None, 2042.0, SourceKey("shop", "2042")),
        ("source_key", None, ["S1", 7], SourceKey("shop", "S1/7")),
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
        ("timestamp", None, "Dupont"),
        ("timestamp", "epoch_s", 10**30),
        ("integer", None, "Dupont"),
        ("decimal", None, "Dupont"),
        ("vocabulary", {"a": "b"}, "Dupont"),
        ("json", None, "{Dupont"),
        ("source_key", None, "Dupont" * 100),
        ("source_key", None, "2.99001E+12"),
        ("date", "%Y%m%d", 10**30),
        ("decimal", None, True),
    ],
)
def test_what_cannot_be_read_is_refused_without_quoting_it(
    name: str, argument: Any, value: Any
) -> None:
    with pytest.raises(Unreadable) as raised:
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


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12/03/45", date(1945, 3, 12)),
        ("03/11/68", date(1968, 11, 3)),
        ("17/02/84", date(1984, 2, 17)),
        ("17/02/24", date(2024, 2, 17)),
        ("29/02/68", date(1968, 2, 29)),
    ],
)
def test_nobody_is_born_in_the_future(written: str, meant: date) -> None:
    read = make("date", "%d/%m/%y", system="shop", field="birth_date")
    assert read(written) == meant
    later = make("date", "%d/%m/%y", system="shop", field="expires_on")
    assert later("31/12/45") == date(2045, 12, 31)
    whole = make("date", None, system="shop", field="birth_date")
    assert whole("2961-03-12") is whole("0044-03-15") is None


TRUE = [True, 1, 1.0, "1", "true", "T", "Oui", "o", "YES", "x", "1.0", ["a"], {"a": 1}]
TIMES = [
    "2026-03-01",
    "2026-03-01T10:00:00Z",
    "01/03/2026 10:00",
    1790000000000,
    "20514",
]
FALSE = [None, False, 0, 0.0, "0", "false", "F", "n", "Non", " no ", "", "0.0", "NULL"]
NEVER = ["0000-00-00 00:00:00", "00/00/0000", float("nan"), [], {}]


@pytest.mark.parametrize("value", [*TRUE, *TIMES])
def test_a_flag_or_a_time_says_yes(value: Any) -> None:
    assert is_true(value) is True


@pytest.mark.parametrize("value", [*FALSE, *NEVER])
def test_a_flag_says_no(value: Any) -> None:
    assert is_true(value) is False


@pytest.mark.parametrize("value", ["peut-être", "Dupont", 2, -1, "7", float("inf")])
def test_a_flag_that_says_neither_is_refused(value: Any) -> None:
    with pytest.raises(Unreadable) as raised:
        is_true(value)
    assert "Dupont" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (2042.0, "2042"),
        ("75011.0", "75011"),
        (2990012345674.0, "2990012345674"),
        (75011, "75011"),
        ("06.12.39.84.50", "06.12.39.84.50"),
        ("2E10", "2E10"),
        ("2.99001E+12", None),
        ("2,99001e+12", None),
        ("1E+12", None),
        (float(2**53), None),
        (float("nan"), None),
        (["0612398457.0", 12.0], ["0612398457", "12"]),
        (["2.99001E+12", "2042.0", float("nan")], ["2042"]),
    ],
)
def test_an_identifier_is_what_its_source_meant_or_nothing(
    value: Any, meant: Any
) -> None:
    assert identifier(value) == meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("C-91   ", "C-91"),
        ("\u00a0C-91\t", "C-91"),
        (
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        ),
        ("0xAB12", "0xab12"),
        ("AB12", "AB12"),
        (["S/1", 7.0], "S%2F1/7"),
        (["S1", None], None),
        ("", None),
        (None, None),
    ],
)
def test_a_key_is_written_in_one_way(value: Any, meant: str | None) -> None:
    assert key_text(value) == meant
