"""The JSON Schemas of all types (https://json-schema.org/draft/2020-12), made by msgspec."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

import msgspec

from enrollment.model import text, types
from enrollment.model.decoding import TIMESTAMP_LENGTH
from enrollment.model.results import DryRun
from enrollment.problems.registry import FIELD_CODES, PROBLEM_TYPES

REFERENCE = "#/components/schemas/"
_DATE = {"type": "string", "format": "date", "maxLength": len("2026-09-01")}
_TIMESTAMP = {"type": "string", "format": "date-time", "maxLength": TIMESTAMP_LENGTH}
_OWN: dict[type, dict[str, Any]] = {
    types.PersonName: {
        "type": "string",
        "minLength": 1,
        "maxLength": text.NAME_LENGTH,
        "pattern": text.TEXT,
        "description": "Combining marks and characters that show nothing are not counted",
    },
    types.Code: {
        "type": "string",
        "description": f"Expected {text.CODE_RULE}",
        "minLength": 1,
        "maxLength": text.CODE_LENGTH,
        "pattern": text.CODE_PATTERN,
    },
    types.Credits: {
        "type": "number",
        "minimum": 0,
        "maximum": types.MAX_CREDITS,
        "multipleOf": 10**-types.CREDIT_DECIMALS,
    },
    types.Date: _DATE,
    types.Timestamp: _TIMESTAMP,
    **{wanted: {"anyOf": [_TIMESTAMP, _DATE]} for wanted in (types.AsOf, types.Since, types.Until)},
}
# The model cannot import the registry, so the closed sets of codes are filled in here.
_CODES: dict[str, dict[str, Any]] = {
    "ProblemCode": {
        "title": "ProblemCode",
        "description": "The code of a problem: a closed set. A code never changes its meaning.",
        "enum": [*PROBLEM_TYPES],
    },
    "ViolationCode": {
        "title": "ViolationCode",
        "description": "The code of one reason for a refusal: a closed set, of what can be wrong"
        " with a field and of all problems.",
        "enum": [*FIELD_CODES, *PROBLEM_TYPES],
    },
}
# Each of these sets has one name, so that a generated client has one type for it.
_SETS = {
    tuple(sorted(get_args(literal))): name
    for name, literal in {
        "CoursePart": types.CoursePart,
        "CourseStatus": types.CourseStatus,
        "EnrollmentStatus": types.EnrollmentStatus,
        "OverridableRule": types.OverridableRule,
        "Promotion": types.Promotion,
        "RecordedStatus": types.RecordedStatus,
        "RecordSubject": types.RecordSubject,
        "Role": types.Role,
        "StudentStatus": types.StudentStatus,
    }.items()
}
_CODE_OF = {"ProblemBody": "ProblemCode", "Violation": "ViolationCode"}


@cache
def reference(kind: Any) -> dict[str, Any]:
    """A reference to the schema of a type if it has a name, otherwise the schema itself."""
    (schema,), _ = _schemas([kind])
    return schema


def named(kinds: Iterable[Any]) -> dict[str, Any]:
    """The schemas with names: of these types, of the types within them, and of all sets."""
    _, schemas = _schemas([*kinds])
    for name, code in _CODE_OF.items():
        if name in schemas:
            schemas[name]["properties"]["code"] = {"$ref": f"{REFERENCE}{code}"}
            schemas[code] = _CODES[code]
    return schemas | {name: {"title": name, "enum": [*values]} for values, name in _SETS.items()}


def written(kinds: Iterable[Any]) -> dict[str, Any]:
    """The schemas of what writes return: a record, and the fields that a dry run adds.

    An intersection with a name suits generators. They fail at a union of the two, and name the same
    intersection differently for each operation if it has no name.
    """
    return {
        _written(kind): {
            "title": _written(kind),
            "description": "What a write returns; only a dry run adds the fields of `DryRun`.",
            "allOf": [reference(kind), reference(DryRun)],
        }
        for kind in kinds
    }


def written_reference(kind: Any) -> dict[str, Any]:
    """A reference to the schema of what a write returns."""
    return {"$ref": f"{REFERENCE}{_written(kind)}"}


def _written(kind: Any) -> str:
    return f"Written{reference(kind)['$ref'].removeprefix(REFERENCE)}"


def mark_always_sent(schema: dict[str, Any]) -> None:
    """Require every field of a record that is returned: a default is for requests, and so is a
    date in place of a time."""
    for name, field in schema["properties"].items():
        field.pop("default", None)
        if {"anyOf": [_TIMESTAMP, _DATE]} in field.get("anyOf", ()):
            schema["properties"][name] = {"anyOf": [_TIMESTAMP, {"type": "null"}]}
    schema["required"] = [*schema["properties"]]


def mark_left_out(schema: dict[str, Any]) -> None:
    """Drop null and defaults from a record that is returned without the fields that have them."""
    for name, field in schema["properties"].items():
        if "default" in field:
            present = {key: value for key, value in field.items() if key != "default"}
            schema["properties"][name] = _present(present)


def fields(struct: type[msgspec.Struct]) -> dict[str, dict[str, Any]]:
    """The schema of each field of a query string, which cannot hold null."""
    properties: dict[str, dict[str, Any]] = named([struct])[struct.__name__]["properties"]
    return {name: _present(schema) for name, schema in properties.items()}


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    if {"type": "null"} in schema.get("anyOf", ()):
        (schema,) = [part for part in schema["anyOf"] if part != {"type": "null"}]
    return schema


def _schemas(kinds: list[Any]) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    schemas, components = msgspec.json.schema_components(
        kinds, schema_hook=_OWN.__getitem__, ref_template=f"{REFERENCE}{{name}}"
    )
    return _renamed(schemas), {_plain(name): _renamed(part) for name, part in components.items()}


def _plain(name: str) -> str:
    """`StudentPage` for msgspec's `Page_Student_` and `Page[Student]`."""
    return re.sub(r"\bPage[_\[](\w+?)[_\]]$", r"\1Page", name)


def _renamed(part: Any) -> Any:
    """The same with plain names, and with a reference in place of a set that has a name."""
    if isinstance(part, (list, tuple)):
        return type(part)(_renamed(inner) for inner in part)
    if not isinstance(part, dict):
        return part
    if name := _SETS.get(tuple(part.get("enum", ()))):
        to_set, rest = (
            {"$ref": f"{REFERENCE}{name}"},
            {key: part[key] for key in part if key != "enum"},
        )
        return {"allOf": [to_set]} | rest if rest else to_set
    return {
        name: _plain(inner)
        if name in ("$ref", "title") and isinstance(inner, str)
        else _renamed(inner)
        for name, inner in part.items()
    }


def finished(part: Any) -> Any:
    """The same in the form that validators and generators expect: the type of a set of strings, the
    format of integers, descriptions on one line, and patterns as in ECMAScript, where "$" is only
    the end and a lone surrogate is no character (JSON Schema, 6.3.3)."""
    if isinstance(part, list):
        return [finished(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    whole = {name: finished(inner) for name, inner in part.items()}
    if isinstance(whole.get("pattern"), str):
        whole["pattern"] = whole["pattern"].replace(text.END, "$").replace(text.SURROGATES, "")
    if whole.get("type") == "integer":
        whole["format"] = "int64"
    listed = whole.get("enum", [whole.get("const")])
    if isinstance(listed, list) and all(isinstance(value, str) for value in listed):
        whole = {"type": "string"} | whole
    if whole.get("type") == "object" and isinstance(whole.get("description"), str):
        whole["description"] = " ".join(whole["description"].split())
    return whole
