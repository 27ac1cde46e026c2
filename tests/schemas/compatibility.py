"""Tell what a JSON Schema refuses that another accepts: the breaking changes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]


def _lowered(old: float | None, new: float) -> bool:
    return old is None or new < old


def _raised(old: float | None, new: float) -> bool:
    return old is None or new > old


RULES: dict[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(
        ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"),
        _lowered,
    ),
    **dict.fromkeys(("minLength", "minItems", "minimum"), _raised),
    **dict.fromkeys(("pattern", "format"), operator.ne),
}


def breaks_writers(released: Schema, current: Schema) -> list[str]:
    """Return what writers of the released schema send and the current one refuses."""
    return list(Comparison(released, current, tolerant=False).refused())


def breaks_readers(released: Schema, current: Schema) -> list[str]:
    """Return what readers of the released schema lean on and the current one breaks.

    A reader ignores fields it does not know, so a new field breaks nobody.
    """
    grown = Comparison(current, released, tolerant=True).refused()
    return [*grown, *_lost_fields(released, current)]


class Comparison:
    """What `refusing` refuses of that which `accepting` accepts."""

    def __init__(self, accepting: Schema, refusing: Schema, *, tolerant: bool) -> None:
        self._accepting = accepting
        self._refusing = refusing
        self._tolerant = tolerant

    def refused(self) -> Iterator[str]:
        """Yield one sentence for each refusal, with the path of its field."""
        yield from self._compare(self._accepting, self._refusing, "$")

    def _compare(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        olds = _variants(old, self._accepting)
        news = _variants(new, self._refusing)
        for variant in olds:
            attempts = [list(self._one(variant, other, path)) for other in news]
            if all(attempts):
                yield from min(attempts, key=len)

    def _one(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        if not _type_fits(old.get("type"), new.get("type")):
            yield f"{path}: {old.get('type')} is not {new.get('type')}"
            return
        yield from _narrowed(old, new, path)
        for field in sorted({*new.get("required", [])} - {*old.get("required", [])}):
            yield f"{path}.{field}: is required"
        yield from self._fields(old, new, path)
        for inner in ("items", "additionalProperties"):
            if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
                yield from self._compare(old[inner], new[inner], f"{path}[]")

    def _fields(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        known = new.get("properties", {})
        for field, schema in old.get("properties", {}).items():
            if field in known:
                yield from self._compare(schema, known[field], f"{path}.{field}")
            elif new.get("additionalProperties") is False and not self._tolerant:
                yield f"{path}.{field}: is unknown"


def _variants(schema: Schema, root: Schema) -> list[Schema]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _variants(root["$defs"][name], root)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return [v for one in schema[word] for v in _variants(one, root)]
    return [schema]


def _type_fits(old: str | None, new: str | None) -> bool:
    return new in (None, old) or (old, new) == ("integer", "number")


def _narrowed(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for word in [word for word in RULES if word in new]:
        if RULES[word](old.get(word), new[word]):
            yield f"{path}: {word} {new[word]}"
    if _values(new) is not None:
        gone = {*(_values(old) or ["any value"])} - {*(_values(new) or [])}
        if gone:
            yield f"{path}: refuses {sorted(gone)}"


def _values(schema: Schema) -> list[str] | None:
    if "const" in schema:
        return [str(schema["const"])]
    return [str(value) for value in schema["enum"]] if "enum" in schema else None


def _lost_fields(released: Schema, current: Schema) -> Iterator[str]:
    now = {"$": current, **current.get("$defs", {})}
    for name, schema in {"$": released, **released.get("$defs", {})}.items():
        fields = now.get(name, {}).get("properties", {})
        for field in schema.get("properties", {}):
            if field not in fields:
                yield f"{name}.{field}: is gone"
