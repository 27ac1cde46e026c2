"""Cases whose promised reply time passed: told once, through the outbox."""

from __future__ import annotations

from datetime import datetime

import structlog

from schemas import cloud_event, wire
from schemas.case_event import CaseEvent, CaseEventType
from service.database.connection.session import Connection
from service.database.facts import cases
from service.database.facts.cases import Overdue
from service.database.messages import outbox

log = structlog.get_logger()


def announce_overdue(connection: Connection, *, now: datetime) -> int:
    """Let an event wait for every promise that passed by now; return how many.

    That it was told is written with the event, so each is told once.
    """
    with connection.transaction():
        overdue = cases.record_overdue(connection, now=now)
        outbox.append(connection, [_message(one, now) for one in overdue])
    if overdue:
        log.info("promised replies are overdue", count=len(overdue))
    return len(overdue)


def _message(overdue: Overdue, now: datetime) -> outbox.Message:
    event = CaseEvent(**overdue._asdict())
    promised = overdue.promised_reply_at.isoformat()
    key = str(overdue.customer_id)
    headers = cloud_event.headers(
        id_=f"case:{key}:{overdue.interaction}:{promised}",
        type_=CaseEventType.OVERDUE,
        subject=key,
        at=now,
    )
    value = event.model_dump_json().encode()
    return outbox.Message(wire.EVENTS_TOPIC, key.encode(), value, headers)
