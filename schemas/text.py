"""Field types that every model shares: text PostgreSQL can store, times with a zone."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

LONGEST_TEXT = 4_096
"""Characters in one field; a longer value is no customer data but an accident."""

LONGEST_RAW_TEXT = 65_536
"""Characters in one field of a raw row."""


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: str) -> str:
    """Return the value; raise ValueError for what is no PostgreSQL text."""
    if unfit := _UNSTORABLE.search(value):
        what = "a NUL character" if unfit.group() == "\x00" else "a lone surrogate"
        raise ValueError(f"holds {what}")
    return value


def _storable_tree(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) > LONGEST_RAW_TEXT:
            raise ValueError(f"holds a text longer than {LONGEST_RAW_TEXT} characters")
        storable(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _storable_tree(key)
            _storable_tree(inner)
    elif isinstance(value, list):
        for inner in value:
            _storable_tree(inner)
    else:
        _storable_number(value)
    return value


def _storable_number(value: float | None) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds a number that is not finite")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("holds a number beyond 64 bits; send it as text")


def _in_utc(value: datetime) -> datetime:
    # A time in year 1 or 9999 may have no counterpart in UTC, where it is stored.
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the years 1 to 9999") from None


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT),
    AfterValidator(storable),
]
Identifier = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(storable),
]
System = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Raw = Annotated[dict[str, JsonValue], AfterValidator(_storable_tree)]
Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Milliseconds = Annotated[
    int,
    Field(ge=0, lt=253_402_300_800_000, description="since 1970, to year 9999"),
]


class FrozenModel(BaseModel):
    """A frozen model that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
