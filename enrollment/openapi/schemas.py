"""The JSON Schemas of all types (https://json-schema.org/draft/2020-12), as msgspec tells them."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from enrollment.model.types import END, SURROGATES, TIMESTAMP_LENGTH, AsOf, Date, Timestamp

_DATE = {"type": "string", "format": "date", "maxLength": len("2026-09-01")}
_TIMESTAMP = {"type": "string", "format": "date-time", "maxLength": TIMESTAMP_LENGTH}
_OWN: dict[type, dict[str, Any]] = {
    Date: _DATE,
    Timestamp: _TIMESTAMP,
    AsOf: {"anyOf": [_TIMESTAMP, _DATE]},
}


@cache
def reference(kind: Any) -> dict[str, Any]:
    """Where the schema of a type stands, if it has a name; else the schema itself."""
    (schema,), _ = _schemas([kind])
    return schema


def named(kinds: Iterable[Any]) -> dict[str, Any]:
    """The schemas that have names, of these types and of all that they hold."""
    _, schemas = _schemas([*kinds])
    for schema in schemas.values():
        schema["title"] = re.sub(r"Page\[(\w+)\]", r"page of \1", schema["title"])
    return schemas


def fields(struct: type[msgspec.Struct]) -> dict[str, dict[str, Any]]:
    """The schema of each field, where a field is left out and not null."""
    properties: dict[str, dict[str, Any]] = named([struct])[struct.__name__]["properties"]
    return {name: _present(schema) for name, schema in properties.items()}


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    if {"type": "null"} in schema.get("anyOf", ()):
        (schema,) = [part for part in schema["anyOf"] if part != {"type": "null"}]
    return schema


def _schemas(kinds: list[Any]) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    return msgspec.json.schema_components(
        kinds, schema_hook=_OWN.__getitem__, ref_template="#/components/schemas/{name}"
    )


def finished(part: Any) -> Any:
    """The same with patterns of ECMAScript, where "$" is the very end and a lone surrogate is no
    character (JSON Schema, 6.3.3), and with the format of integers."""
    if isinstance(part, list):
        return [finished(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    whole = {name: finished(inner) for name, inner in part.items()}
    if isinstance(whole.get("pattern"), str):
        whole["pattern"] = whole["pattern"].replace(END, "$").replace(SURROGATES, "")
    if whole.get("type") == "integer":
        whole["format"] = "int64"
    return whole
