"""Before a capture goes on: what people told the connector takes effect."""

from __future__ import annotations

import threading
from typing import Protocol

from connectors.contract import Offset
from connectors.kafka.command_topic import Commands
from connectors.kafka.offsets import Offsets
from connectors.kafka.publisher import Publisher
from connectors.kafka.status_topic import StatusTopic
from connectors.mapping.rows_to_events import Mapping
from connectors.state_log import Say, State
from schemas.connector import Action, ConnectorCommand

_LOOK_EVERY_S = 0.5


class Obeying(Protocol):
    """The part of a run that commands concern."""

    @property
    def mapping(self) -> Mapping: ...
    @property
    def bootstrap(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def say(self) -> Say: ...
    @property
    def stop(self) -> threading.Event: ...
    @property
    def status(self) -> StatusTopic | None: ...


def apply_commands(
    run: Obeying, commands: Commands, offsets: Offsets, publisher: Publisher
) -> bool:
    """Wait while paused, then set the offset as told; False if it is to stop.

    The offset is changed before the command counts as obeyed: a crash between them
    obeys it again, which only reads the same once more.
    """
    done = f"{run.name}#commands"
    with Offsets(run.bootstrap, name=done) as obeyed:
        last = obeyed.read()
        commands.catch_up(done=str(last["command_id"]) if last else None)
        if not _wait_while_paused(run, commands):
            return False
        command = commands.reading
        if command is None:
            return True
        _set_offset(run, command, offsets, publisher)
        obeyed.store({"command_id": command.command_id}, publisher)
    commands.obeyed(command)
    if run.status is not None:
        run.status.obeyed(command.command_id)
    return True


def _wait_while_paused(run: Obeying, commands: Commands) -> bool:
    if commands.paused:
        run.say(State.PAUSED, command=commands.standing_id)
    while commands.paused and not run.stop.is_set():
        run.stop.wait(_LOOK_EVERY_S)
        commands.look()
        if run.status is not None:
            run.status.still_there()
    return not run.stop.is_set()


def _set_offset(
    run: Obeying, command: ConnectorCommand, offsets: Offsets, publisher: Publisher
) -> None:
    details = {"command": command.command_id, "action": command.action.value}
    if command.action is Action.RESNAPSHOT:
        offsets.forget(publisher)
        run.say(State.COMMANDED, **details)
        return
    current, after = offsets.read(), command.after
    if after is None or not _alike(current, after):
        run.say(
            State.COMMANDED,
            **details,
            problem=f"The offset to replay from is none of {run.name}: its parts are "
            f"{', '.join(sorted(current or {})) or 'not known yet'}.",
            remedy="Take one that `couture connectors --json` has shown.",
        )
        return
    offsets.store(after, publisher)
    run.say(State.COMMANDED, **details)


def _alike(current: Offset | None, after: Offset) -> bool:
    """Whether an offset has the parts, of the same kinds, that this connector's has."""
    if current is None or current.keys() != after.keys():
        return False
    return all(type(current[name]) is type(after[name]) for name in current)
