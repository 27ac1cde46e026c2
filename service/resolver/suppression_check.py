"""What sources send of erased persons: refused, and set aside without its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from matching.features.normalise import normalise
from schemas.change_event import ChangeEvent, CustomerChange
from schemas.source_key import SourceKey
from schemas.wire import Malformed
from service.database.connection.session import Connection
from service.database.facts import facts
from service.database.operations.dead_letters import DeadLetter
from service.database.privacy import erasures, suppressions
from service.domain.suppression import (
    fact_mark,
    marks_in,
    message_mark,
    person_marks,
    record_mark,
)
from service.resolver.micro_batch import ReceivedEvent, to_dead_letter

SUPPRESSED = "suppressed"
"""Reason of a message that was refused because its person was erased."""

_DETAIL = "the person was erased; couture customer readmit would let them in again"


def reject_suppressed(
    connection: Connection, placed: Sequence[ReceivedEvent]
) -> tuple[list[ReceivedEvent], list[DeadLetter]]:
    """Return the events that may take effect, and the letters of those that may not.

    A new source key of an erased person is refused from now on too, with the facts
    that came before it.
    """
    if not placed or not suppressions.any_stands(connection):
        return list(placed), []
    persons = _persons(placed)
    keys = {key: _key_marks(one) for key, one in enumerate(placed)}
    wanted = set().union(*keys.values(), *persons.values())
    standing = suppressions.standing(connection, wanted)
    found: dict[SourceKey, UUID] = {}
    for index, marks in persons.items():
        if told := marks & standing.keys():
            found[placed[index].event.key] = standing[min(told)]
    _follow(connection, found)
    refused = {
        index
        for index, one in enumerate(placed)
        if keys[index] & standing.keys() or found.keys() & persons_of(one.event)
    }
    kept = [one for index, one in enumerate(placed) if index not in refused]
    return kept, [suppressed_letter(placed[index]) for index in sorted(refused)]


def erased_among(
    connection: Connection, persons: Mapping[SourceKey, dict[str, Any] | None]
) -> set[SourceKey]:
    """Return the keys of those who were erased, given what is standardised of each.

    They are refused from now on, with the facts that came before them.
    """
    if not persons or not suppressions.any_stands(connection):
        return set()
    marks = {
        key: {record_mark(key)} | person_marks(features)
        for key, features in persons.items()
    }
    standing = suppressions.standing(connection, set().union(*marks.values()))
    found = {
        key: standing[min(told)]
        for key, own in marks.items()
        if (told := own & standing.keys())
    }
    _follow(connection, found)
    return set(found)


def without_erased(
    connection: Connection, letters: Sequence[DeadLetter]
) -> list[DeadLetter]:
    """Return the letters, without the message where it is of somebody erased.

    The tombstones that an erasure itself sent are no letters.
    """
    if not letters or not suppressions.any_stands(connection):
        return list(letters)
    marks = [_letter_marks(one) for one in letters]
    standing = suppressions.standing(connection, set().union(*marks)).keys()
    kept = []
    for letter, own in zip(letters, marks, strict=True):
        if not own & standing:
            kept.append(letter)
        elif letter.reason != Malformed.EMPTY:
            kept.append(letter._replace(key=None, value=None, headers=[]))
    return kept


def _letter_marks(letter: DeadLetter) -> set[str]:
    mark = message_mark(letter.key)
    return marks_in(letter.value) | ({mark} if mark else set())


def _persons(placed: Sequence[ReceivedEvent]) -> dict[int, set[str]]:
    # Standardised anew and not by a model: a mark must outlive every model version.
    return {
        index: person_marks(normalise(one.event.after))
        for index, one in enumerate(placed)
        if isinstance(one.event, CustomerChange)
        and one.event.after is not None
        and one.event.part is None  # it is judged with the record that it belongs to
    }


def persons_of(event: ChangeEvent) -> set[SourceKey]:
    """Return the source keys of persons whom an event is about."""
    if isinstance(event, CustomerChange):
        return {event.key}
    key = facts.customer_key(event)
    return {key} if key else set()


def _key_marks(one: ReceivedEvent) -> set[str]:
    marks = {record_mark(key) for key in persons_of(one.event)}
    if not isinstance(one.event, CustomerChange):
        marks.add(fact_mark(one.event.kind, one.event.key))
    return marks


def _follow(connection: Connection, found: Mapping[SourceKey, UUID]) -> None:
    """Refuse these source keys too, and what stands under them already."""
    for key, erasure_id in sorted(found.items()):
        suppressions.add(connection, [record_mark(key)], erasure_id)
    if found:
        erasures.remove_stubs(connection, sorted(found))


def suppressed_letter(one: ReceivedEvent) -> DeadLetter:
    """Return the letter of an event of somebody erased, without its values."""
    letter = to_dead_letter(one.message, SUPPRESSED, _DETAIL)
    return letter._replace(key=None, value=None, headers=[])
