"""Good messages, damaged in seeded ways: bytes, structure, headers and keys."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from schemas import wire
from schemas.change_event import ChangeEvent

ODD: Sequence[Any] = (
    None,
    True,
    -1,
    2**70,
    1e308,
    "",
    "\x00",
    "\u202e",
    "0000-00-00",
    [],
    {},
    [[[[]]]],
    "x" * 10_000,
)


class Damaged(NamedTuple):
    """A message as a broker takes it."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def damaged(event: ChangeEvent, chance: random.Random) -> Damaged:
    """Return the message of an event after one to three kinds of damage."""
    key, value, headers = wire.encode(event)
    message = Damaged(key, value, list(headers))
    for damage in chance.choices(_DAMAGES, k=chance.randint(1, 3)):
        message = damage(message, chance)
    # a producer takes no message that is nothing at all
    return message if message.value or message.key else message._replace(key=b"?")


def _bytes(message: Damaged, chance: random.Random) -> Damaged:
    value = bytearray(message.value or b"")
    for _ in range(chance.randint(1, 8)):
        if value:
            value[chance.randrange(len(value))] = chance.randrange(256)
    return message._replace(value=bytes(value))


def _cut(message: Damaged, chance: random.Random) -> Damaged:
    value = message.value or b""
    return message._replace(value=value[: chance.randrange(len(value) + 1)])


def _doubled(message: Damaged, chance: random.Random) -> Damaged:
    return message._replace(value=(message.value or b"") * 2)


def _emptied(message: Damaged, chance: random.Random) -> Damaged:
    return message._replace(value=chance.choice([None, b"", b"null", b"[]", b"{}"]))


def _restructured(message: Damaged, chance: random.Random) -> Damaged:
    try:
        document = json.loads(message.value or b"")
    except ValueError:
        return message
    place = document
    while isinstance(place, dict) and place:
        name = chance.choice(sorted(place))
        inner = place[name]
        if isinstance(inner, dict) and inner and chance.random() < 0.7:
            place = inner
            continue
        _spoil(place, name, chance)
        break
    return message._replace(value=json.dumps(document).encode())


def _spoil(place: dict[str, Any], name: str, chance: random.Random) -> None:
    match chance.randrange(3):
        case 0:
            del place[name]
        case 1:
            place[name] = chance.choice(ODD)
        case _:
            place[f"{name}\u200b"] = place.pop(name)


def _headers(message: Damaged, chance: random.Random) -> Damaged:
    wrong = chance.choice(
        [[], [("schema", b"\xff\xfe")], [("schema", b"change_event/9")]]
    )
    return message._replace(headers=wrong)


def _key(message: Damaged, chance: random.Random) -> Damaged:
    return message._replace(key=chance.choice([None, b"", b"\x00", b"customer/x:1"]))


_DAMAGES: Sequence[Callable[[Damaged, random.Random], Damaged]] = (
    _bytes,
    _bytes,
    _cut,
    _doubled,
    _emptied,
    _restructured,
    _restructured,
    _restructured,
    _headers,
    _key,
)
