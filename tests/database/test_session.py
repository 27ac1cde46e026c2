"""What is said when PostgreSQL cannot be entered."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from service.database.connection.session import connect
from service.errors import DatabaseUnavailable

URL = "postgresql://anne:hidden@10.0.0.7:5432/couture"


@pytest.mark.parametrize(
    ("said", "told", "remedy"),
    [
        ("FATAL:  the database system is starting up", "is not ready", "in a moment"),
        ("FATAL:  the database system is shutting down", "is not ready", "in a moment"),
        ('FATAL:  role "anne" does not exist', "refuses", "Check user"),
        ("connection refused", "does not answer", ""),
    ],
)
def test_a_server_that_starts_is_no_wrong_password(
    monkeypatch: pytest.MonkeyPatch, said: str, told: str, remedy: str
) -> None:
    def refuse(**_: Any) -> None:
        raise psycopg.OperationalError(f"connection failed: {said}")

    monkeypatch.setattr(psycopg, "connect", refuse)

    with pytest.raises(DatabaseUnavailable) as refused:
        connect(URL)

    sentence = refused.value.sentence()
    assert "10.0.0.7:5432/couture" in sentence
    assert told in sentence
    assert remedy in sentence
    assert "hidden" not in sentence
