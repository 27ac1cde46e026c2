"""Push: a channel hands in records and facts of its own system."""

from __future__ import annotations

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from schemas.change_event import CHANGE_OF, ChangeEvent, Op, RecordKind, Source
from schemas.source_key import SourceKey
from schemas.text import System
from service.access import needs
from service.api.http.idempotency import caller, write
from service.api.http.pagination import json_answer
from service.api.http.problems import ProblemError
from service.api.http.read_your_writes import Token
from service.api.http.security_headers import KEY
from service.api.models.writes import AcceptedAnswer, Pushed, PushedRecord, written
from service.api.views.movements import OWN_SYSTEM
from service.database.facts import movements
from service.database.facts.movements import Now
from service.database.messages import outbox

records = APIBlueprint(
    "records",
    __name__,
    abp_security=KEY,
    abp_tags=[Tag(name="records", description="Push a record of your own system")],
)


class SystemPath(BaseModel):
    """Which system: that of the caller's key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: System = Field(description="the system that the key belongs to")


@records.post("/v1/records/<system>", responses=written(AcceptedAnswer, 202))
@needs("records:write")
def push(path: SystemPath, body: PushedRecord) -> Response:
    """Take in one record or fact as its system holds it now.

    It goes the way of every captured change; `after` in the answer is the token with
    which a read waits for it. Repeating a push changes nothing.
    """
    if path.system != caller().channel or path.system == OWN_SYSTEM:
        raise ProblemError(
            "forbidden", "A key may push only what is of its own system."
        )
    pushed = body.root
    event = write(
        lambda c: outbox.append_change(c, _event(path.system, pushed, movements.now(c)))
    )
    token = str(Token(event.kind, event.key, event.position))
    answer = json_answer(
        {
            "kind": event.kind,
            "source_key": str(event.key),
            "position": event.position,
            "after": token,
        },
        status=202,
    )
    answer.headers["Couture-After"] = token
    return answer


def _event(system: str, pushed: Pushed, seen: Now) -> ChangeEvent:
    """Return the change event that a connector would have made of it."""
    kind = RecordKind(pushed.kind)
    at_ms = seen.position // 1000
    changed = pushed.changed_at
    return CHANGE_OF[kind].model_validate(
        {
            "kind": kind,
            "op": Op.DELETE if pushed.after is None else Op.UPDATE,
            "key": SourceKey(system, pushed.id),
            "position": pushed.position or (seen.position,),
            "after": pushed.after,
            "source": Source(
                connector="api",
                table="records",
                ts_ms=max(0, int(changed.timestamp() * 1000)) if changed else at_ms,
            ),
            "ts_ms": at_ms,
        }
    )
