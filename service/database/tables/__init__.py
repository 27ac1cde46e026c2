"""Every table of Couture; the noun files beside this folder hold the queries.

No `from __future__ import annotations` in these files: SQLModel reads the annotations
at run time. No relationships either: a query says what it reads.
"""

from service.database.tables.batches import (
    Audit,
    BulkLoad,
    BulkLoadPart,
    CoherenceCheck,
)
from service.database.tables.clusters import Label, Link, ModelPromotion, ModelVersion
from service.database.tables.customers import (
    ContactKey,
    Customer,
    Handoff,
    ProfileHistory,
)
from service.database.tables.facts import (
    CaseAlert,
    Consent,
    Interaction,
    LoyaltyMovement,
    LoyaltyProgramme,
    Order,
    OrderStep,
)
from service.database.tables.messages import (
    FeedEvent,
    Outbox,
    StreamOffset,
    Webhook,
    WebhookDelivery,
)
from service.database.tables.operations import ConnectorState, DeadLetter
from service.database.tables.privacy import Erasure, PrivacySecret, Suppression
from service.database.tables.requests import AnsweredRequest, ApiKey
from service.database.tables.sources import (
    BlockingKey,
    Dirty,
    SnapshotPart,
    SourceRecord,
    SourceRecordPart,
    SuspendedKey,
    Sweep,
    SystemFreshness,
    VanishedKey,
)
from service.database.tables.stewardship import (
    DecidedCase,
    Decision,
    Person,
    PersonAct,
    PersonBrowser,
    PersonSession,
    ProposedDecision,
    Review,
    ReviewClaim,
)

__all__ = [
    "AnsweredRequest",
    "ApiKey",
    "Audit",
    "BlockingKey",
    "BulkLoad",
    "BulkLoadPart",
    "CaseAlert",
    "CoherenceCheck",
    "ConnectorState",
    "Consent",
    "ContactKey",
    "Customer",
    "DeadLetter",
    "DecidedCase",
    "Decision",
    "Dirty",
    "Erasure",
    "FeedEvent",
    "Handoff",
    "Interaction",
    "Label",
    "Link",
    "LoyaltyMovement",
    "LoyaltyProgramme",
    "ModelPromotion",
    "ModelVersion",
    "Order",
    "OrderStep",
    "Outbox",
    "Person",
    "PersonAct",
    "PersonBrowser",
    "PersonSession",
    "PrivacySecret",
    "ProfileHistory",
    "ProposedDecision",
    "Review",
    "ReviewClaim",
    "SnapshotPart",
    "SourceRecord",
    "SourceRecordPart",
    "StreamOffset",
    "Suppression",
    "SuspendedKey",
    "Sweep",
    "SystemFreshness",
    "VanishedKey",
    "Webhook",
    "WebhookDelivery",
]
