"""What every command shares: the settings, and failures told in one sentence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from matching.errors import MatchingError
from service.errors import ServiceError
from service.logging import configure_logging
from service.settings import Settings


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End the program with what happened and what to do, on any known error."""
    sentence = None
    try:
        yield
    except ServiceError as error:
        sentence = error.sentence()
    except MatchingError as error:
        sentence = str(error)
    except ValidationError as error:
        sentence = _about_settings(error)
    if sentence is not None:
        # outside the handler, which would keep every object of the failed call alive
        sys.exit(sentence)


@contextmanager
def settings_for_command() -> Iterator[Settings]:
    """Give the settings, with logging set up; tell a known error in one sentence."""
    with exit_on_error():
        settings = Settings()
        configure_logging(settings)
        yield settings


def _about_settings(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = "_".join(str(part) for part in first["loc"]).upper()
    return f"COUTURE_{name} is wrong: {first['msg']}. Correct it in the environment."
