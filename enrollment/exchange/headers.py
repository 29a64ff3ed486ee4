"""Headers: which column of a file is which of the standard's, whatever it is called there."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from enrollment.exchange.columns import Column, Table
from enrollment.exchange.faults import Faults
from enrollment.exchange.list_words import IGNORED, INTERNAL_ID, LIST_KINDS, LIST_WORDS, SIS_ID
from enrollment.exchange.spelling import by_spelling, spell
from enrollment.exchange.text import MOST_LINES_ABOVE_HEADER, Row
from enrollment.model.imports import Severity

METADATA = "metadata."
# How alike a name must be to that of a column which is missing.
LIKENESS = 0.85
LIST_COLUMNS = by_spelling(LIST_WORDS)
# What stands above the faults of a list that was sent back.
MARK = "What is wrong"
# Two known words make the header of a list.
FEWEST_WORDS = 2


class Taken(NamedTuple):
    """A column of a file: where its cells stand, what they are called, and what they were taken
    for."""

    place: int
    header: str
    column: Column


def match_header(
    table: Table, header: Sequence[str], file: str, number: int, faults: Faults
) -> list[Taken]:
    """Return the columns of a file of the standard. Columns of its own are kept as metadata."""
    names = [name.strip() for name in header]
    missing = [name for name in table.columns if name not in names]
    taken: dict[str, Taken] = {}
    for place, name in enumerate(names):
        if not name:
            continue
        found = name if name in table.columns else _renamed(name, table, missing)
        kept = name if name.startswith(METADATA) else f"{METADATA}{name}"
        if (found or kept) in taken:
            text = f"There are two columns {name}, and the second is left out."
            faults.add("unknown_column", text, file, number, name)
        elif found:
            if found != name:
                missing.remove(found)
                text = f"The column {name} was read as {found}."
                faults.add("renamed_column", text, file, number, name)
            taken[found] = Taken(place, name, table.columns[found])
        else:
            taken[kept] = Taken(place, name, Column(kept, "text"))
            if kept != name:
                text = f"OneRoster has no column {name}. It is kept as {kept}."
                faults.add("unknown_column", text, file, number, name)
    for name in missing:
        if table.columns[name].needed:
            text = f"{file} has no column {name}, and nothing like it."
            severity: Severity = "refusal" if table.columns[name].needed == "here" else "warning"
            faults.add("missing_column", text, file, None, name, severity=severity)
    return [*taken.values()]


def _renamed(name: str, table: Table, missing: Sequence[str]) -> str | None:
    """Return the column that is missing and that this one must be, or None."""
    for candidate in missing:
        if joined(candidate) == joined(name):
            return candidate
    if table.renamed.get(name) in missing:
        return table.renamed[name]
    alike = get_close_matches(name, missing, n=2, cutoff=LIKENESS)
    return alike[0] if len(alike) == 1 else None


def joined(name: str) -> str:
    """Return a header without case, blanks and underscores."""
    return name.replace(" ", "").replace("_", "").lower()


def find_list_columns(cells: Sequence[str], known: Mapping[str, str]) -> list[Taken] | None:
    """Return the columns of a plain list, if this row is its header; else None. `known` says what
    some headers mean. A name beside a given name is the family name. A grade without an outcome may
    be a year at school."""
    words, places = [*map(spell, cells)], dict[str, int]()
    meanings = {**LIST_COLUMNS, **({INTERNAL_ID: IGNORED} if SIS_ID in words else {}), **known}
    for place, word in enumerate(words):
        field = meanings.get(word)
        if field and field != IGNORED:
            places.setdefault(field, place)
    if "given_name" in places and "name" in places and "family_name" not in places:
        places["family_name"] = places.pop("name")
    if "outcome" not in places and "grade" not in known.values():
        places.pop("grade", None)
    if len(places) < FEWEST_WORDS:
        return None
    return [
        Taken(place, cells[place], Column(field, LIST_KINDS.get(field, "text")))
        for field, place in sorted(places.items(), key=itemgetter(1))
    ]


def find_list_header(
    rows: Iterable[Row], known: Mapping[str, str]
) -> tuple[Row, list[Taken]] | None:
    """Return the header of a plain list and its columns, or None: of the first rows, it is the one
    with the most known words. Above it can stand what the list is about, such as `Course,CS101`."""
    found = [
        (row, taken)
        for row in islice(rows, MOST_LINES_ABOVE_HEADER)
        if (taken := find_list_columns(row.cells, known))
    ]
    return max(found, key=lambda each: len(each[1]), default=None)


def is_mark(header: str) -> bool:
    """Whether a column of a list has the faults of a reading before."""
    return header.startswith(MARK)
