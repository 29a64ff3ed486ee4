"""The strict export: the records of the school as the tables of OneRoster 1.2."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, tzinfo
from functools import partial
from heapq import merge
from operator import itemgetter
from typing import NamedTuple

from enrollment.data import export
from enrollment.data.export import Fields, School, Scope
from enrollment.exchange.columns import NOT_KEPT, TABLES
from enrollment.exchange.headers import METADATA
from enrollment.exchange.sourced import Sourced
from enrollment.model.days import begin_of, day_after, school_year
from enrollment.storage.sqlite import Connection

# Completed before the end of the term: otherwise the end would say that the student has left.
OUTCOME = f"{METADATA}outcome"
# A session for the courses without a term. Every class needs one.
ALWAYS = ("Without a term", "2000-01-01", "2999-12-31")
NO_TERM: Fields = dict.fromkeys(("title", "start_on", "end_on", "updated_at"), None) | {"id": 0}
# A person with one name: the standard needs a given name.
NO_NAME = "-"
# No cell has line breaks or other control characters.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Sheet(NamedTuple):
    """One file of an export: its name, its header, and its rows as they are read."""

    name: str
    header: Sequence[str]
    rows: Iterator[Sequence[str]]


def sheets(db: Connection, scope: Scope, zone: tzinfo) -> Iterator[Sheet]:
    """Yield the files of an export, in the order of their names. The rows of each must be read
    before the next. A day is one where the school is. Raises unknown_term."""
    export.check_scope(db, scope)
    rows = _Rows(db, scope, zone)
    for name in sorted(TABLES):
        own = {*rows.sourced.columns(name)}
        if name == "enrollments" and export.has_early_completions(db, partial(begin_of, zone)):
            own.add(OUTCOME)
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


class _Rows:
    """The rows of each table. Blank cells are left out."""

    def __init__(self, db: Connection, scope: Scope, zone: tzinfo) -> None:
        self._db, self._scope, self._zone = db, scope, zone
        self._school = export.get_school(db)
        self.sourced = Sourced(db, scope)
        self._school_id = self.sourced.school(self._id("school"))

    def merged(self, name: str) -> Iterator[Fields]:
        """The rows of a table in the order of their ids: our own, and those of other systems."""
        own: Iterator[Fields] = getattr(self, name)()
        if not self.sourced.exists:
            return own
        has_changed = self.sourced.has_changed
        others = [map(self._sourced, filter(has_changed, rows)) for rows in self._others(name)]
        return merge(own, *others, key=itemgetter("sourcedId"))

    def _others(self, name: str) -> list[Iterator[Fields]]:
        known, school = self.sourced, self._school_id
        tables: dict[str, list[Iterator[Fields]]] = {
            "orgs": [known.rows_of_orgs()],
            "academicSessions": [known.rows_of_sessions()],
            "courses": [known.rows_of_catalog(school)],
            "classes": [known.rows_of_classes(school)],
            "users": [known.rows_of_users(), known.rows_of_people()],
            "roles": [known.rows_of_roles(school), known.rows_of_made_roles(school)],
            "enrollments": [
                known.rows_of_enrollments(school),
                known.rows_of_kept_enrollments(school),
            ],
        }
        return tables[name]

    def _sourced(self, cells: Fields) -> Fields:
        """Return a row of another system with the ids of ours that it needs."""
        if "code_id" in cells:
            cells["courseSourcedId"] = self._id("course", cells["code_id"])
        if "term_id" in cells and "classType" in cells:
            cells["termSourcedIds"] = self._term(cells["term_id"])
        if "user_id" in cells:
            cells["sourcedId"] = self._id("user-role", cells["user_id"])
        if "end_on" in cells:
            cells["endDate"] = day_after(cells["end_on"])
        if "stretch" in cells:
            cells.pop("endDate", None)
            cells.pop(OUTCOME, None)
            cells |= self._days(cells["stretch"])
        if "startDate" in cells:
            cells.setdefault("schoolYear", school_year(cells["startDate"]))
        return cells | self._status(cells)

    def orgs(self) -> Iterator[Fields]:
        # A delta has nothing of the school: it is the same as in the last bulk export.
        is_own = self._school_id == self._id("school")
        if self._scope.since is None and is_own and self._school_id not in self.sourced.orgs:
            yield {"sourcedId": self._school_id, "name": self._school.name, "type": "school"}

    def academicSessions(self) -> Iterator[Fields]:  # noqa: N802
        terms = [*export.list_terms(self._db, self._scope)]
        if self.sourced.needs_always and not any(row["id"] == 0 for row in terms):
            terms.insert(0, NO_TERM)
        terms = [row for row in terms if not self.sourced.has(self._id("term", row["id"]))]
        for row in terms:
            title, start_on, end_on = row["title"], row["start_on"], row["end_on"]
            if title is None:
                title, start_on, end_on = ALWAYS
            yield self._status(row) | {
                "sourcedId": self._id("term", row["id"]),
                "title": title,
                "type": "term",
                "startDate": start_on,
                "endDate": day_after(end_on),
                "schoolYear": school_year(start_on),
            }

    def courses(self) -> Iterator[Fields]:
        for row in export.list_codes(self._db, self._scope):
            sourced_id = self._id("course", row["id"])
            is_needed = row["is_own"] or row["id"] in self.sourced.needs_codes
            if is_needed and not self.sourced.has(sourced_id):
                yield self._status(row) | {
                    "sourcedId": sourced_id,
                    "title": row["title"],
                    "courseCode": row["code"],
                    "orgSourcedId": self._school_id,
                }

    def classes(self) -> Iterator[Fields]:
        for row in export.list_courses(self._db, self._scope):
            yield self._status(row) | {
                "sourcedId": self._id("class", row["id"]),
                "title": row["title"],
                "courseSourcedId": self._id("course", row["code_id"]),
                "classCode": row["label"],
                "classType": "scheduled",
                "location": row["room"],
                "schoolSourcedId": self._school_id,
                "termSourcedIds": self._term(row["term_id"]),
            }

    def users(self) -> Iterator[Fields]:
        for row in export.list_students(self._db, self._scope):
            sourced_id = self._id("student", row["id"])
            yield self._status(row) | {
                "sourcedId": sourced_id,
                "enabledUser": "true" if row["status"] == "active" else "false",
                "username": row["number"] or row["email"] or sourced_id,
                "givenName": row["given_name"] or NO_NAME,
                "familyName": row["family_name"],
                "identifier": row["number"],
                "email": row["email"],
                "primaryOrgSourcedId": self._school_id,
            }

    def roles(self) -> Iterator[Fields]:
        for row in export.list_students(self._db, self._scope):
            yield self._status(row) | {
                "sourcedId": self._id("role", row["id"]),
                "userSourcedId": self._id("student", row["id"]),
                "roleType": "primary",
                "role": "student",
                "orgSourcedId": self._school_id,
            }

    def enrollments(self) -> Iterator[Fields]:
        for row in export.list_stretches(self._db, self._scope):
            class_id = self.sourced.classes.get(row["course_id"])
            yield (
                self._status(row)
                | {
                    "sourcedId": self._id("enrollment", row["id"]),
                    "classSourcedId": class_id or self._id("class", row["course_id"]),
                    "schoolSourcedId": self._school_id,
                    "userSourcedId": row["user_id"] or self._id("student", row["student_id"]),
                    "role": "student",
                }
                | self._days(row)
            )

    def _days(self, row: Fields) -> Fields:
        """Return from when until when an enrollment lasted."""
        cells = {"beginDate": self._day(row["began_at"])}
        if row["status"] != "enrolled":
            cells["endDate"] = end = self._end_day(row["ended_at"])
            if row["status"] == "completed" and end <= (row["end_on"] or ALWAYS[2]):
                cells[OUTCOME] = "completed"
        return cells

    def _term(self, term_id: int) -> str:
        return self.sourced.terms.get(term_id) or self._id("term", term_id)

    def _id(self, kind: str, number: int | None = None) -> str:
        """Return an id: that of a record has ten digits, so that texts are in the order of ids."""
        name = f"{self._school.key}-{kind}"
        return name if number is None else f"{name}-{number:010d}"

    def _status(self, row: Fields) -> Fields:
        """Return the status of a row. In a bulk file, no row has one."""
        if self._scope.since is None:
            return {}
        status = "tobedeleted" if row.get("deleted_at") else "active"
        return {"status": status, "dateLastModified": row["updated_at"]}

    def _day(self, at: str) -> str:
        """Return the day of a time where the school is."""
        return at[:10] if self._zone is UTC else self._local(at).date().isoformat()

    def _end_day(self, at: str) -> str:
        """Return the first day on which something that ended at this time is no longer so."""
        moment = self._local(at)
        day = moment.date().isoformat()
        return day if moment.time() == time() else day_after(day)

    def _local(self, at: str) -> datetime:
        return datetime.fromisoformat(at).astimezone(self._zone)
