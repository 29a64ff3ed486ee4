"""The bodies that change some fields of a record: merge patches (RFC 7396)."""

from typing import Any, TypeVar, cast

import msgspec
from msgspec import NODEFAULT, UNSET, UnsetType
from msgspec.structs import FieldInfo, fields

from enrollment.model.courses import CourseInput
from enrollment.model.records import Input, StudentInput, TermInput

T = TypeVar("T", bound=Input)


def _patch_of(kind: type[Input], doc: str) -> type[Input]:
    """Return the struct of a merge patch: every field can be left out, and null stands for the
    default. A field without a default cannot be null."""
    optional = [
        (
            field.name,
            field.type | UnsetType if field.required else field.type | None | UnsetType,
            UNSET,
        )
        for field in fields(kind)
    ]
    name = kind.__name__.replace("Input", "Patch")
    patch = msgspec.defstruct(
        name, optional, bases=(Input,), frozen=True, kw_only=True, forbid_unknown_fields=True
    )
    patch.__doc__ = doc
    return cast(type[Input], patch)


StudentPatch = _patch_of(
    StudentInput, "The fields of a student to change. Others stay as they are."
)
TermPatch = _patch_of(TermInput, "The fields of a term to change. Others stay as they are.")
CoursePatch = _patch_of(CourseInput, "The fields of a course to change. Others stay as they are.")


def merge(kind: type[T], present: T, patch: Input) -> T:
    """Return the fields of a record with those of a patch in their places."""
    values = {}
    for field in fields(kind):
        sent = getattr(patch, field.name)
        if sent is UNSET:
            values[field.name] = getattr(present, field.name)
        else:
            # A field that is required and can be null has no default: null is its value.
            is_default = sent is None and not field.required
            values[field.name] = default_of(field) if is_default else sent
    return kind(**values)


def default_of(field: FieldInfo) -> Any:
    """Return the default of a field."""
    return field.default if field.default_factory is NODEFAULT else field.default_factory()
