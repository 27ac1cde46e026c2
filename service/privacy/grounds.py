"""Why the law lets a person be erased."""

from __future__ import annotations

from enum import StrEnum


class Grounds(StrEnum):
    """Why a person is erased; a word, since a sentence would name them again."""

    REQUEST = "request"
    OBJECTION = "objection"
    WITHDRAWN_CONSENT = "withdrawn_consent"
    RETENTION = "retention"
    COURT = "court"
