"""One create, update, delete or snapshot read of one source record or fact.

The envelope keeps Debezium's names (op, after, source, ts_ms). There is no `before`:
the position fence makes it unnecessary, and a second copy of personal data is a
second thing to erase.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from schemas.facts import Consent, Interaction, LoyaltyMovement, Order
from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from schemas.text import FrozenModel, Identifier, Milliseconds, Raw

Position = Annotated[
    tuple[Annotated[int, Field(ge=0, lt=2**63)], ...],
    Field(min_length=1, max_length=6, description="compared part by part"),
]
"""The place of a change in its source (LSN, sequence, time in µs), comparable within
one source record: the later change has the greater position."""


class Op(StrEnum):
    """Debezium's operations: create, update, delete, read by a snapshot."""

    CREATE = "c"
    UPDATE = "u"
    DELETE = "d"
    READ = "r"


class RecordKind(StrEnum):
    """What a change event is about."""

    CUSTOMER = "customer"
    ORDER = "order"
    MOVEMENT = "movement"
    INTERACTION = "interaction"
    CONSENT = "consent"


class Source(FrozenModel):
    """Where a change comes from: connector, table or resource, time of the commit."""

    connector: Identifier
    table: Identifier
    ts_ms: Milliseconds | None = None
    snapshot: bool = False


class RecordPart(FrozenModel):
    """One row of another table of the source whose values belong to a record."""

    table: Identifier
    row: Annotated[Identifier, Field(description="the row's own id in that table")]


class _Change(FrozenModel):
    op: Op
    key: SourceKey
    position: Position
    raw: Raw | None = None
    source: Source
    ts_ms: Annotated[Milliseconds, Field(description="when the connector saw it")]

    @model_validator(mode="after")
    def _after_unless_deleted(self) -> Self:
        if (self.op is Op.DELETE) != (getattr(self, "after", None) is None):
            raise ValueError("a delete has no `after`, every other op needs one")
        return self


class CustomerChange(_Change):
    """A change of one customer record, or of one part of it.

    Each part has positions of its own. Only the record itself makes a person: parts
    that come before it wait for it, and those that outlive it say nothing.
    """

    kind: Literal[RecordKind.CUSTOMER] = RecordKind.CUSTOMER
    after: CustomerRecord | None = None
    part: Annotated[
        RecordPart | None,
        Field(description="the part that `after` states; without it, the record"),
    ] = None


class OrderChange(_Change):
    """A change of one order."""

    kind: Literal[RecordKind.ORDER] = RecordKind.ORDER
    after: Order | None = None


class MovementChange(_Change):
    """A new line of a loyalty ledger."""

    kind: Literal[RecordKind.MOVEMENT] = RecordKind.MOVEMENT
    after: LoyaltyMovement | None = None


class InteractionChange(_Change):
    """A change of one interaction."""

    kind: Literal[RecordKind.INTERACTION] = RecordKind.INTERACTION
    after: Interaction | None = None


class ConsentChange(_Change):
    """A change of one consent."""

    kind: Literal[RecordKind.CONSENT] = RecordKind.CONSENT
    after: Consent | None = None


ChangeEvent = (
    CustomerChange | OrderChange | MovementChange | InteractionChange | ConsentChange
)
FactChange = OrderChange | MovementChange | InteractionChange | ConsentChange
CHANGE_EVENT: TypeAdapter[ChangeEvent] = TypeAdapter(
    Annotated[ChangeEvent, Field(discriminator="kind")]
)
CHANGE_OF: dict[RecordKind, type[ChangeEvent]] = {
    RecordKind.CUSTOMER: CustomerChange,
    RecordKind.ORDER: OrderChange,
    RecordKind.MOVEMENT: MovementChange,
    RecordKind.INTERACTION: InteractionChange,
    RecordKind.CONSENT: ConsentChange,
}
