"""YAML that remembers its lines, so that a mistake can be shown where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from connectors.contract import StopSource


class MappingError(StopSource):
    """A mapping file that cannot be used: which file, which line, what is wrong."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}.", remedy="Correct that line.")
        self.path = path
        self.line = line


class Marked(dict[str, Any]):
    """A YAML mapping with the line of each of its keys and its own."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__()
        self.path = path
        self.line = line
        self.lines: dict[str, int] = {}

    def error(self, problem: str, *, key: str | None = None) -> MappingError:
        """Return the error that points at this mapping, or at one of its keys."""
        line = self.line if key is None else self.lines.get(key, self.line)
        return MappingError(self.path, line, problem)

    def only(self, *allowed: str, what: str) -> None:
        """Raise MappingError at the first key that is not allowed here."""
        for key in self:
            if key not in allowed:
                known = ", ".join(allowed)
                raise self.error(f"unknown {what} {key!r}; known: {known}", key=key)


def load(path: Path) -> Marked:
    """Return the mapping a YAML file holds; raise MappingError if it holds none."""
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise StopSource(
            f"There is no mapping file {path}.",
            remedy="Write it, or name another by --mapping, or by `mapping` in the "
            "settings of the system.",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or type(error).__name__
        line = mark.line + 1 if mark else 1
        raise MappingError(path, line, f"is no readable YAML: {problem}") from error
    value = _value(node, path) if node else None
    if not isinstance(value, Marked):
        raise MappingError(path, 1, "expected names with values (key: value)")
    return value


def _value(node: yaml.Node, path: Path) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, path) for item in node.value]
    return yaml.SafeLoader("").construct_object(node)


def _mapping(node: yaml.MappingNode, path: Path) -> Marked:
    marked = Marked(path, node.start_mark.line + 1)
    for key_node, value_node in node.value:
        # A word table may hold true, 1 or null as their words: keys are read as text.
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in marked:
            raise MappingError(path, line, f"{key!r} is written twice")
        marked.lines[key] = line
        marked[key] = _value(value_node, path)
    return marked
