"""The strict export: the records of the school as the tables of OneRoster 1.2."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from heapq import merge
from itertools import compress
from operator import itemgetter
from typing import NamedTuple

from enrollment.data import export
from enrollment.data.export import Fields, School, Scope
from enrollment.data.sourced import get_school_updated_at
from enrollment.exchange.columns import NOT_KEPT, TABLES
from enrollment.exchange.projection import GRADE, OUTCOME, Projection
from enrollment.exchange.text import CONTROL
from enrollment.storage.connection import Connection

# The session of the courses without a term.
NO_TERM: Fields = dict.fromkeys(("title", "start_on", "end_on", "updated_at"), None) | {"id": 0}


class Sheet(NamedTuple):
    """One file of an export: its name, its header, and its rows as they are read."""

    name: str
    header: Sequence[str]
    rows: Iterator[Sequence[str]]


def sheets(db: Connection, scope: Scope, zone: tzinfo) -> Iterator[Sheet]:
    """Yield the files of an export, in the order of their names. The rows of each must be read
    before the next. A day is one where the school is. Raises unknown_term."""
    export.check_scope(db, scope)
    rows = Rows(db, scope, zone, with_status=scope.since is not None)
    for name in sorted(TABLES):
        own = {*rows.ids.columns(name)}
        if name == "enrollments":
            own |= {*compress((OUTCOME, GRADE), export.get_outcomes(db, scope))}
        header = [*TABLES[name].columns, *sorted(own)]
        yield Sheet(name, header, (_line(header, cells) for cells in rows.merged(name)))


def manifest(school: School, scope: Scope, present: set[str]) -> Sheet:
    """Return the manifest of a package that has these files."""
    mode = "bulk" if scope.since is None else "delta"
    files = sorted({*TABLES, *NOT_KEPT}, key=str.lower)
    rows = [
        ["manifest.version", "1.0"],
        ["oneroster.version", "1.2"],
        *([f"file.{name}", mode if name in present else "absent"] for name in files),
        ["source.systemName", _plain(school.name)],
        ["source.systemCode", school.key],
    ]
    return Sheet("manifest", ["propertyName", "value"], iter(rows))


def _line(header: Sequence[str], cells: Fields) -> list[str]:
    return [_plain(str(cells.get(name) or "")) for name in header]


def _plain(text: str) -> str:
    return CONTROL.sub(" ", text).strip() if not text.isprintable() else text


class Rows:
    """The rows of each table."""

    def __init__(self, db: Connection, scope: Scope, zone: tzinfo, *, with_status: bool) -> None:
        self._db, self._scope = db, scope
        self.projection = Projection(db, scope, zone, with_status=with_status)
        self.ids = self.projection.ids

    def merged(self, name: str) -> Iterator[Fields]:
        """The rows of a table in the order of their ids: our own, and those of other systems."""
        own: Iterator[Fields] = getattr(self, name)()
        if not self.ids.exists:
            return own
        sourced_row, since = self.projection.sourced_row, self._scope.since or ""
        others = [
            (sourced_row(cells) for cells in rows if (cells["updated_at"] or "") >= since)
            for rows in self.projection.sourced.rows(name)
        ]
        return merge(own, *others, key=itemgetter("sourcedId"))

    def orgs(self) -> Iterator[Fields]:
        own = self.projection.school_id
        if own != self.projection.id("school") or own in self.ids.orgs:
            return
        if self._scope.since is None:
            yield self.projection.org({})
        # The school is the same as in the last bulk export, unless all was another system's.
        elif self.ids.exists and (at := get_school_updated_at(self._db, self._scope)):
            yield self.projection.org({"updated_at": at})

    def academicSessions(self) -> Iterator[Fields]:  # noqa: N802
        terms = [*self._list("list_exported_terms")]
        at, since = self.ids.session_without_term_at, self._scope.since
        if at and at >= (since or "") and not any(row["id"] == 0 for row in terms):
            terms.insert(0, NO_TERM | {"updated_at": since and at})
        rows = map(self.projection.session, terms)
        return (cells for cells in rows if not self.ids.has(cells["sourcedId"]))

    def courses(self) -> Iterator[Fields]:
        for row in self._list("list_exported_codes"):
            cells = self.projection.course(row)
            is_needed = row["is_own"] or row["id"] in self.ids.needs_codes
            if not is_needed and row["renamed_at"]:
                # The classes have those of another system since.
                yield cells | {"status": "tobedeleted"}
            elif is_needed and not self.ids.has(cells["sourcedId"]):
                yield cells

    def classes(self) -> Iterator[Fields]:
        return map(self.projection.class_, self._list("list_exported_courses"))

    def users(self) -> Iterator[Fields]:
        return map(self.projection.user, self._list("list_exported_students"))

    def roles(self) -> Iterator[Fields]:
        return map(self.projection.role, self._list("list_exported_students"))

    def enrollments(self) -> Iterator[Fields]:
        listed = "list_stretches" if self._scope.since is None else "list_changed_stretches"
        return map(self.projection.enrollment, self._list(listed))

    def _list(self, name: str) -> Iterator[Fields]:
        return export.list_rows(self._db, name, self._scope)
