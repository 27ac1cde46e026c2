"""Which table holds which kind of record; the one place that says so."""

from schemas.change_event import RecordKind

TABLE_OF = {
    RecordKind.CUSTOMER: "source_record",
    RecordKind.ORDER: "customer_order",
    RecordKind.MOVEMENT: "loyalty_movement",
    RecordKind.INTERACTION: "interaction",
    RecordKind.CONSENT: "consent",
}
FACT_KINDS = [kind for kind in TABLE_OF if kind is not RecordKind.CUSTOMER]
"""What happened to customers, under the source keys it came with."""

REPLACED_KINDS = [kind for kind in TABLE_OF if kind is not RecordKind.MOVEMENT]
"""Of these the latest state is held; a ledger only grows."""
