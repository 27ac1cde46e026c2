"""CloudEvents 1.0 on Kafka, in binary mode: what stands in a message's headers."""

from __future__ import annotations

from datetime import datetime

SOURCE = "/couture"


def headers(*, id_: str, type_: str, subject: str, at: datetime) -> dict[str, str]:
    """Return the headers of an event; the id is the same however often it is sent.

    Source: CloudEvents 1.0, Kafka Protocol Binding, section 3.2.
    """
    return {
        "ce_specversion": "1.0",
        "ce_id": id_,
        "ce_source": SOURCE,
        "ce_type": type_,
        "ce_subject": subject,
        "ce_time": at.isoformat(),
        "content-type": "application/json",
    }
