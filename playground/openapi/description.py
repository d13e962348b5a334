"""Discord's description, and where a JSON document differs from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
PARAMETER = re.compile(r"\{[^}]*\}")
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


@dataclass(slots=True, frozen=True)
class Description:
    """An OpenAPI 3.1 document; only the parts of JSON Schema that Discord's uses are understood."""

    document: Json

    @property
    def paths(self) -> Json:
        paths: Json = self.document["paths"]
        return paths

    def answer(self, method: str, path: str, status: int) -> Json | None:
        """What an operation answers with a status: a schema, empty for an answer without a body, None if unknown.

        Names of parameters in a path do not matter.
        """
        wanted = PARAMETER.sub("{}", path)
        paths: Json = {
            PARAMETER.sub("{}", path): operations for path, operations in self.document["paths"].items()
        }
        answers: Json = paths.get(wanted, {}).get(method.lower(), {}).get("responses", {})
        found = answers.get(str(status), answers.get(f"{status // 100}XX"))
        if found is None:
            return None
        content: Json = self.resolved(found).get("content", {})
        schema: Json = content.get("application/json", {}).get("schema", {})
        return schema

    def resolved(self, schema: Json) -> Json:
        """A schema itself where it is a reference to one."""
        while "$ref" in schema:
            found: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema

    def differences(self, value: object, schema: Json, where: str = "") -> Iterator[str]:
        """Where a value is not as described: a type, a missing field, a field that nobody knows."""
        schema, what = self.merged(schema), where or "the answer"
        if choices := schema.get("oneOf") or schema.get("anyOf"):
            yield from self.differences(value, min(choices, key=lambda each: self._distance(value, each)), where)
            return
        allowed = [schema["const"]] if "const" in schema else schema.get("enum")
        if not fits(value, schema.get("type")):
            yield f"{what} is {type(value).__name__}, not {schema['type']}"
        elif allowed and value not in allowed:
            yield f"{what} is {value!r}, not one of {allowed}"
        elif isinstance(value, dict):
            yield from self._fields(value, schema, where)
        elif isinstance(value, list):
            for item in value:
                yield from self.differences(item, schema.get("items", {}), f"{where}[]")

    def merged(self, schema: Json) -> Json:
        """A schema with all that its `allOf` adds."""
        schema = self.resolved(schema)
        parts = [self.merged(part) for part in schema.get("allOf", [])]
        if not parts:
            return schema
        properties = {name: each for part in [*parts, schema] for name, each in part.get("properties", {}).items()}
        required = [name for part in [*parts, schema] for name in part.get("required", [])]
        return {**parts[0], **schema, "properties": properties, "required": required, "allOf": []}

    def _distance(self, value: object, schema: Json) -> tuple[bool, bool, int]:
        """How far a value is from one of several descriptions: first by type, then by what names its kind."""
        schema = self.merged(schema)
        kind = schema.get("properties", {}).get("type")
        named = isinstance(value, dict) and kind and list(self.differences(value.get("type"), kind))
        return not fits(value, schema.get("type")), bool(named), len(list(self.differences(value, schema)))

    def _fields(self, value: Json, schema: Json, where: str) -> Iterator[str]:
        known, more = schema.get("properties", {}), schema.get("additionalProperties")
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}.{name} is missing"
        for name, item in value.items():
            if name in known:
                yield from self.differences(item, known[name], f"{where}.{name}")
            elif isinstance(more, dict):
                yield from self.differences(item, more, f"{where}.*")
            elif known:
                yield f"{where}.{name} is not described"


def fits(value: object, types: str | list[str] | None) -> bool:
    """Whether a value has one of the types; a boolean is no number."""
    names = [types] if isinstance(types, str) else types or list(TYPES)
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, TYPES[name]) for name in names if name != "boolean")
