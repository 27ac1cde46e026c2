"""A twin of the resolver that writes the outbox after the change it tells of.

What a service does that commits and then publishes: killed in between, it tells nobody.
Run it as the resolver is run: `python -m tests.faults.late_outbox_twin`.
"""

from __future__ import annotations

from typing import Any

from matching.model.model_version import Model
from service.commands.command_context import settings_for_command
from service.database.connection.session import Connection
from service.database.messages import outbox
from service.resolver import resolve as story
from service.resolver import worker
from tests.faults.autocommit_twin import die_if_told

_relabel, _resolve = story.relabel, story.resolve
_late: list[outbox.Message] = []


def _relabel_untold(connection: Connection, *, model: Model) -> int:
    """Relabel, and take what the outbox gained back out before the commit."""
    last = connection.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()
    changed = _relabel(connection, model=model)
    rows = connection.execute(
        "DELETE FROM outbox WHERE seq > %s"
        " RETURNING topic, message_key, message_value, message_headers",
        last,
    )
    _late[:] = [outbox.Message(*row) for row in rows]
    return changed


def _resolve_and_tell(*args: Any, **kwargs: Any) -> int:
    changed = _resolve(*args, **kwargs)
    if _late:
        die_if_told(args[0])
        outbox.append(args[0], _late)
        _late.clear()
    return changed


def main() -> None:
    """Resolve as the resolver does, but for the outbox."""
    setattr(story, "relabel", _relabel_untold)  # noqa: B010
    setattr(worker, "resolve", _resolve_and_tell)  # noqa: B010
    with settings_for_command() as settings:
        worker.run(settings)


if __name__ == "__main__":
    main()
