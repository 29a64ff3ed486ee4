"""A row of another system: what came with it, and what has changed here since."""

from typing import Any

from enrollment.data.export import Fields
from enrollment.exchange.columns import TABLES
from enrollment.exchange.headers import METADATA

# What says how a row stands in a package, and not what it is.
OF_PACKAGE = ("status", "dateLastModified")


def kept(table: str, content: dict[str, str]) -> dict[str, Any]:
    """Return the cells that a row came with and that a file of OneRoster 1.2 has."""
    columns = TABLES[table].columns
    return {
        name: value
        for name, value in content.items()
        if (name in columns or name.startswith(METADATA)) and name not in OF_PACKAGE
    }


def overlay(cells: dict[str, Any], row: Fields, columns: dict[str, str]) -> None:
    """Replace the cells of what has changed here since it was brought in."""
    taken = row["taken"] or {}
    for name, column in columns.items():
        if row[name] != taken.get(name):
            cells[column] = row[name]


def has_new_value(row: Fields, *names: str) -> bool:
    """Whether the label of a course, or a part of it, has changed here since it was brought in. Of
    a label that is not followed, no part is known."""
    taken = row["taken"] or {}
    return taken.get("code") is not None and any(
        (row[name] or "").lower() != (taken.get(name) or "").lower() for name in names
    )


def updated(row: Fields) -> Fields:
    """Return when a row was last changed, if that is known: also because what it is or refers to
    got another id."""
    times = (row.get("updated_at"), row.get("renamed_at"))
    return {"updated_at": max(filter(None, times), default=None)}


def has_changed_here(row: Fields) -> bool:
    """Whether an enrollment is not what its row says. A row that is gone does not say how it ended.
    An outcome that was not noted of old counts as it is here."""
    taken = row["taken"] or {}
    return bool(
        row["is_deleted"]
        or any(row[name] != taken.get(name) for name in ("began_at", "status", "ended_at"))
        or any(row[name] != taken.get(name, row[name]) for name in ("passed", "grade"))
    )
