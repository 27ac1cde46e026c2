"""The identity of a source record: the system's name and that system's own id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from schemas.text import storable

_SYSTEM = re.compile(r"[a-z][a-z0-9_]{0,30}")
LONGEST_ID = 200


@dataclass(frozen=True, slots=True, order=True)
class SourceKey:
    """A system and its own id, written `pos:C-1042`; raises ValueError if unfit.

    Spaces around the id are no part of it, wherever the key is named.
    """

    system: str
    id: str

    def __post_init__(self) -> None:
        if not _SYSTEM.fullmatch(self.system):
            raise ValueError("a system name starts with a-z and holds a-z, 0-9, _")
        if self.id != (bare := self.id.strip()):
            object.__setattr__(self, "id", bare)  # as CHAR(n) columns pad it
        if not self.id or len(self.id) > LONGEST_ID:
            raise ValueError(f"the id of a source key has 1 to {LONGEST_ID} characters")
        storable(self.id)

    def __str__(self) -> str:
        return f"{self.system}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> SourceKey:
        """Return the key written `system:id`; raise ValueError for anything else."""
        system, colon, record_id = text.partition(":")
        if not colon:
            raise ValueError("a source key is written system:id, such as pos:C-1042")
        return cls(system, record_id)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from_text = core_schema.no_info_after_validator_function(
            cls.parse, core_schema.str_schema()
        )
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema(
                [core_schema.is_instance_schema(cls), from_text]
            ),
            serialization=core_schema.to_string_ser_schema(),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": r"^[a-z][a-z0-9_]{0,30}:[\s\S]{1,200}$",
            "examples": ["pos:C-1042"],
        }
