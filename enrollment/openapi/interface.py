"""What /docs shows of the OpenAPI document: schemas in words, and curl commands."""

import re
from collections.abc import Iterator
from shlex import quote
from typing import Any, NamedTuple

import msgspec

RANGES = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
)

# A longer set of values is linked, not spelled out.
SHORT_SET = 5


class Field(NamedTuple):
    """A field of a schema."""

    name: str
    schema: dict[str, Any]
    required: bool


class Interface:
    """A document, with its references followed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        """The part that a reference leads to, or the part itself."""
        if "$ref" not in part:
            return part
        target = self.document
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return self.resolved(target)

    def operations(self, tag: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """The method, path and description of each operation with this tag."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if tag in operation["tags"]:
                    yield method.upper(), path, operation

    def parameters(self, operation: dict[str, Any], *places: str) -> list[dict[str, Any]]:
        """The parameters in these places: path, query or header."""
        every = [self.resolved(parameter) for parameter in operation.get("parameters", ())]
        return [parameter for parameter in every if parameter["in"] in places]

    def responses(self, operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The responses of an operation, by status."""
        return {status: self.resolved(part) for status, part in operation["responses"].items()}

    def fields(self, schema: dict[str, Any]) -> Iterator[Field]:
        """The fields of a schema, and of all the schemas that it combines."""
        whole = self.resolved(schema)
        for part in whole.get("allOf", ()):
            yield from self.fields(part)
        for name, field in whole.get("properties", {}).items():
            yield Field(name, field, name in whole.get("required", ()))

    def words(self, schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The words for a type, each with the name of the schema to link it to, or none. A short
        set of values is spelled out."""
        target = self.resolved(schema)
        if "$ref" in schema and len(target.get("enum", range(SHORT_SET + 1))) > SHORT_SET:
            name = schema["$ref"].rpartition("/")[2]
            yield target.get("title", name), name
        elif "$ref" in schema:
            yield from self.words(target)
        elif choices := schema.get("anyOf") or schema.get("allOf"):
            for number, part in enumerate(choices):
                if number:
                    yield " and " if "allOf" in schema else " or ", ""
                yield from self.words(part)
        elif "enum" in schema or "const" in schema:
            values = schema["enum"] if "enum" in schema else [schema["const"]]
            yield ", ".join(to_json(value) for value in values), ""
        elif "items" in schema:
            yield "list of ", ""
            yield from self.words(schema["items"])
        else:
            yield kind(schema), ""

    def curl(self, method: str, path: str, operation: dict[str, Any]) -> str:
        """A command to paste into a shell in which $TOKEN is set."""
        line = ["curl"]
        if operation.get("security") != []:
            line += ["-H", '"Authorization: Bearer $TOKEN"']
        body = operation.get("requestBody")
        if method != ("POST" if body else "GET"):
            line += ["-X", method]
        if body:
            content = self.resolved(body)["content"]
            if "application/json" in content:
                # curl has --json since 7.82 only.
                line += ["-H", quote("Content-Type: application/json")]
                line += ["-d", quote(to_json(content["application/json"]["example"]))]
            else:
                line += ["-H", quote("Content-Type: text/csv"), "--data-binary"]
                line += [quote(content["text/csv"]["example"])]
        for parameter in self.parameters(operation, "path"):
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
        return " ".join([*line, quote(f"localhost:8000{path}")])


def shared_headers(responses: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The headers that all responses of an operation have."""
    first, *others = (response.get("headers", {}) for response in responses.values())
    return {name: first[name] for name in first if all(name in other for other in others)}


def to_json(value: Any, indent: int = 0) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=indent).decode()


def kind(schema: dict[str, Any]) -> str:
    """The type; for a string its format, if it has one, because that is more precise."""
    name: str = schema.get("type", "anything")
    return schema.get("format", name) if name == "string" else name


def parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema, and the schemas within it of the same value or of its items."""
    yield schema
    for inner in (*schema.get("anyOf", ()), *schema.get("allOf", ()), schema.get("items", {})):
        if inner:
            yield from parts(inner)


def limits(schema: dict[str, Any]) -> Iterator[str]:
    """The range, length and step of a value, in words."""
    for part in parts(schema):
        for lowest, highest, unit in RANGES:
            low, high = part.get(lowest), part.get(highest)
            if low is not None and high is not None:
                yield f"{low:,} to {high:,}{unit}"
            elif high is not None:
                yield f"at most {high:,}{unit}"
            elif low is not None:
                yield f"at least {low:,}{unit}"
        if "multipleOf" in part:
            yield f"in steps of {part['multipleOf']}"


def patterns(schema: dict[str, Any]) -> Iterator[str]:
    """The patterns, with characters that cannot be printed escaped as in ECMAScript."""
    for part in parts(schema):
        if "pattern" in part:
            yield re.sub(r"[^\x20-\x7e]", lambda odd: f"\\u{{{ord(odd[0]):x}}}", part["pattern"])


def description(schema: dict[str, Any]) -> str:
    """The description of a value, or else the first of its parts."""
    return next((part["description"] for part in parts(schema) if "description" in part), "")
