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
from service.database.tables.blocks import SuspendedKey
from service.database.tables.customers import (
    ContactKey,
    Customer,
    Label,
    ProfileHistory,
)
from service.database.tables.facts import (
    Consent,
    Interaction,
    LoyaltyMovement,
    LoyaltyProgramme,
    Order,
)
from service.database.tables.feed import FeedEvent, Webhook, WebhookDelivery
from service.database.tables.handoffs import Handoff
from service.database.tables.messages import (
    DeadLetter,
    Outbox,
    StreamOffset,
    SystemFreshness,
)
from service.database.tables.model_versions import ApiKey, ModelPromotion, ModelVersion
from service.database.tables.operations import ConnectorState
from service.database.tables.privacy import Erasure, PrivacySecret, Suppression
from service.database.tables.promises import AnsweredRequest, CaseAlert, OrderStep
from service.database.tables.records import (
    BlockingKey,
    Decision,
    Dirty,
    Link,
    SourceRecord,
)
from service.database.tables.reviews import Review
from service.database.tables.stewardship import (
    DecidedCase,
    Person,
    PersonAct,
    PersonBrowser,
    PersonSession,
    ProposedDecision,
    ReviewClaim,
)
from service.database.tables.sweeps import SnapshotPart, Sweep, VanishedKey

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
    "StreamOffset",
    "Suppression",
    "SuspendedKey",
    "Sweep",
    "SystemFreshness",
    "VanishedKey",
    "Webhook",
    "WebhookDelivery",
]
