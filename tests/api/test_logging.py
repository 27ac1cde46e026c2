"""Logs hold keys and events, whatever is thrown at them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from service.logging import configure_logging
from service.settings import Settings


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave structlog as it was found."""
    yield
    structlog.reset_defaults()


def test_allowed_fields_pass_and_all_others_are_redacted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(Settings(log_format="json"))
    structlog.get_logger().info(
        "record linked", source_key="pos:1", email="z@maison.fr"
    )
    logging.getLogger("ours").warning(
        "record linked", extra={"source_key": "pos:1", "email": "z@maison.fr"}
    )

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    for line in lines:
        assert line["event"] == "record linked"
        assert line["source_key"] == "pos:1"
        assert line["email"] == "[redacted]"
    assert len(lines) == 2


def test_an_exception_is_told_by_class_and_place_not_by_its_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(Settings(log_format="json"))
    try:
        raise ValueError("Key (email)=(z@maison.fr) already exists")
    except ValueError:
        structlog.get_logger().exception("write failed")
        logging.getLogger("driver").exception("write of %s failed", "z@maison.fr")

    out = capsys.readouterr().err

    assert "maison" not in out
    for line in map(json.loads, out.splitlines()):
        assert line["error"] == "ValueError"
        assert "test_logging.py" in line["frames"][0]
