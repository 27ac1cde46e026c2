"""Values whose schema says more than their JSON: times, dates and decimals."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.contract import Payload

_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def plain(payload: Payload, schema: dict[str, Any]) -> Payload:
    """Return the row with ISO times and decimals as text, as its schema tells them."""
    found = dict(payload)
    fields = schema.get("fields")
    for field in fields if isinstance(fields, list) else ():
        # the mapping will say that it is no time or number
        with suppress(*_UNREADABLE):
            name = field["field"]
            read = _READ.get(str(field.get("name")))
            if read is not None and found.get(name) is not None:
                found[name] = read(found[name], field)
    return found


def _day(value: Any, _: Any) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(value))).isoformat()


def _moment(unit: int) -> Callable[[Any, Any], str]:
    def read(value: Any, _: Any) -> str:
        moment = _EPOCH + timedelta(microseconds=int(value) * 10**6 // unit)
        # of columns without a zone: the mapping says in which they are
        return moment.replace(tzinfo=None).isoformat()

    return read


def _decimal(value: Any, field: dict[str, Any]) -> str:
    scale = int(field.get("parameters", {}).get("scale", 0))
    unscaled = int.from_bytes(base64.b64decode(value), "big", signed=True)
    return f"{Decimal(unscaled).scaleb(-scale):f}"


_READ: dict[str, Callable[[Any, dict[str, Any]], str]] = {
    "io.debezium.time.Date": _day,
    "org.apache.kafka.connect.data.Date": _day,
    "io.debezium.time.Timestamp": _moment(10**3),
    "org.apache.kafka.connect.data.Timestamp": _moment(10**3),
    "io.debezium.time.MicroTimestamp": _moment(10**6),
    "io.debezium.time.NanoTimestamp": _moment(10**9),
    "org.apache.kafka.connect.data.Decimal": _decimal,
}
