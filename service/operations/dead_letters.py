"""What an operator may do with a dead letter: edit, replay, discard; with a reason."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from schemas import wire
from schemas.change_event import ChangeEvent
from service.database.connection.session import Connection
from service.database.messages import outbox
from service.database.operations import dead_letters
from service.database.operations.dead_letters import Content, State
from service.errors import ServiceError


class UnknownLetter(ServiceError):
    """No dead letter has this number."""

    remedy = "List them with `couture deadletters list`."


class LetterRefused(ServiceError):
    """A letter cannot be settled so: the remedy says how."""


def content(connection: Connection, letter_id: int) -> Content:
    """Return a letter with its message; raise UnknownLetter."""
    found = dead_letters.find(connection, letter_id)
    if found is None:
        raise _unknown(letter_id)
    return found


def edit(connection: Connection, letter_id: int, value: bytes, *, by: str) -> None:
    """Keep a corrected message for the replay; the one that came stays beside it.

    Raise UnknownLetter, or LetterRefused if it would be set aside again.
    """
    found = _not_replayed(connection, letter_id)
    _message(found._replace(edited_value=value))
    dead_letters.edit(connection, letter_id, value, by=by)


def replay(connection: Connection, letter_id: int, *, by: str, because: str) -> None:
    """Send the letter's message its way again; twice is once.

    A change goes on its source's topic, guarded by its position as ever; a row goes to
    its connector, which maps it anew. Raise UnknownLetter, or LetterRefused if the
    message would only be set aside again.
    """
    found = _locked(connection, letter_id)
    if found.letter.state is State.REPLAYED:
        return
    message = _message(found)
    if isinstance(message, outbox.Message):
        outbox.append(connection, [message])
    else:
        outbox.append_change(connection, message)
    dead_letters.settle(connection, letter_id, State.REPLAYED, by=by, because=because)


def discard(connection: Connection, letter_id: int, *, by: str, because: str) -> None:
    """Say that the letter's message shall have no effect; it stays to be read.

    Raise UnknownLetter, or LetterRefused if it was replayed.
    """
    _not_replayed(connection, letter_id)
    dead_letters.settle(connection, letter_id, State.DISCARDED, by=by, because=because)


def _locked(connection: Connection, letter_id: int) -> Content:
    found = dead_letters.find(connection, letter_id, lock=True)
    if found is None:
        raise _unknown(letter_id)
    return found


def _not_replayed(connection: Connection, letter_id: int) -> Content:
    found = _locked(connection, letter_id)
    if found.letter.state is State.REPLAYED:
        raise LetterRefused(
            f"Dead letter {letter_id} was replayed.",
            remedy="Its effect stands; correct it in its source.",
        )
    return found


def _unknown(letter_id: int) -> UnknownLetter:
    return UnknownLetter(f"There is no dead letter {letter_id}.")


def _message(found: Content) -> ChangeEvent | outbox.Message:
    """Return what a replay sends; raise LetterRefused if nothing can be sent."""
    if found.letter.topic == wire.DEADLETTERS_TOPIC:
        return _row(found)
    if found.letter.topic == wire.SNAPSHOTS_TOPIC:
        raise LetterRefused(
            "What a snapshot saw is not replayed.",
            remedy="Take another: `couture connect SYSTEM --resnapshot`.",
        )
    return _change(found)


def _change(found: Content) -> ChangeEvent:
    headers: Mapping[str, str] = found.headers
    if found.edited_value is not None:
        headers = {"schema": wire.SCHEMA}
    pairs = [(name, value.encode()) for name, value in headers.items()]
    try:
        return wire.decode(found.current, pairs, topic=found.letter.topic)
    except wire.MalformedMessage as error:
        raise LetterRefused(
            f"It would be set aside again: {error.reason}, {error.detail}.",
            remedy="Edit the message first, or discard it.",
        ) from None


def _row(found: Content) -> outbox.Message:
    """Return the row for its connector: it is mapped there, by the mapping of now."""
    headers = {
        name: found.headers.get(name, "")
        for name in ("system", "table", "op", "position")
    }
    too_large = len(found.current) > wire.LARGEST_MESSAGE - 10_000
    cut = "truncated" in found.headers and found.edited_value is None
    if too_large or cut or not _is_object(found.current):
        raise LetterRefused(
            "The row is no JSON object, or is larger than a message may be.",
            remedy="Edit it first, or discard it and correct the source.",
        )
    return outbox.Message(
        wire.REPLAYS_TOPIC,
        headers["system"].encode(),
        found.current,
        {"schema": wire.REJECT_SCHEMA, **headers},
    )


def _is_object(value: bytes) -> bool:
    try:
        return isinstance(orjson.loads(value), dict)
    except orjson.JSONDecodeError:
        return False


def readable(value: bytes | None) -> str | None:
    """Return a message as text; what is no text in it is marked."""
    return None if value is None else value.decode("utf-8", "replace")
