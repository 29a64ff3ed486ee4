"""How one record of the school is a row of OneRoster: its cells, by the names of the columns of the
standard. A file of an export and a response over HTTP are both made of them."""

import re
from datetime import UTC, time, tzinfo

from enrollment.data import export
from enrollment.data.export import Fields, Scope
from enrollment.data.import_student import NO_NAME
from enrollment.exchange.headers import METADATA
from enrollment.exchange.sourced import Sourced
from enrollment.exchange.sourced_ids import SourcedIds
from enrollment.model.days import day_after, local, school_year
from enrollment.storage.connection import Connection

# How an enrollment has ended: completed, failed or dropped. The day alone does not say it.
OUTCOME = f"{METADATA}outcome"
GRADE = f"{METADATA}grade"
# The session of the courses without a term: its title, its first and its last day. Every class
# needs a session.
SESSION_WITHOUT_TERM = ("Without a term", "2000-01-01", "2999-12-31")
# The number of a record of ours at the end of its id.
NUMBER = re.compile("[0-9]{10,18}")


class Projection:
    """The cells of a row. Blank cells are left out. `with_status` says whether a row has a status
    and when it was last changed: in a bulk file, no row has them."""

    def __init__(self, db: Connection, scope: Scope, zone: tzinfo, *, with_status: bool) -> None:
        self._zone, self._with_status = zone, with_status
        self.school = export.get_school(db)
        self.ids = SourcedIds(db, scope, self.id("school"))
        self.sourced = Sourced(self.ids)
        self.school_id = self.ids.school_id

    def sourced_row(self, cells: Fields) -> Fields:
        """Return a row of another system with the ids of ours that it needs."""
        if "code_id" in cells:
            cells["courseSourcedId"] = self.id("course", cells["code_id"])
        if "term_id" in cells:
            cells["termSourcedIds"] = self._term(cells["term_id"])
        if "course_id" in cells:
            cells["classSourcedId"] = self._class(cells["course_id"])
        if "student" in cells:
            cells["userSourcedId"] = self._user(cells["student"])
        if "user_id" in cells:
            cells["sourcedId"] = self.id("user-role", cells["user_id"])
        if "end_on" in cells:
            cells["endDate"] = day_after(cells["end_on"])
        if "began_again" in cells:
            # No two stretches that a student has in a course may overlap.
            row = cells["began_again"]
            if cells.get("beginDate", "") < self._day(row["left_at"]):
                cells["beginDate"] = self._day(row["began_at"])
        if "stretch" in cells:
            for name in ("endDate", OUTCOME, GRADE):
                cells.pop(name, None)
            cells |= self._days(cells["stretch"])
        if "startDate" in cells:
            cells.setdefault("schoolYear", school_year(cells["startDate"]))
        return cells | self._status(cells)

    def org(self, row: Fields) -> Fields:
        return self._status(row) | {
            "sourcedId": self.school_id,
            "name": self.school.name,
            "type": "school",
        }

    def session(self, row: Fields) -> Fields:
        title, start_on, end_on = row["title"], row["start_on"], row["end_on"]
        if title is None:
            title, start_on, end_on = SESSION_WITHOUT_TERM
        return self._status(row) | {
            "sourcedId": self.id("term", row["id"]),
            "title": title,
            "type": "term",
            "startDate": start_on,
            "endDate": day_after(end_on),
            "schoolYear": school_year(start_on),
        }

    def course(self, row: Fields) -> Fields:
        return self._status(row) | {
            "sourcedId": self.id("course", row["id"]),
            "title": row["title"],
            "courseCode": row["code"],
            "orgSourcedId": self.school_id,
        }

    def class_(self, row: Fields) -> Fields:
        return self._status(row) | {
            "sourcedId": self.id("class", row["id"]),
            "title": row["title"],
            "courseSourcedId": self.id("course", row["code_id"]),
            "classCode": row["label"],
            "classType": "scheduled",
            "location": row["room"],
            "schoolSourcedId": self.school_id,
            "termSourcedIds": self._term(row["term_id"]),
        }

    def user(self, row: Fields) -> Fields:
        sourced_id = self.id("student", row["id"])
        return self._status(row) | {
            "sourcedId": sourced_id,
            "enabledUser": "true" if row["status"] == "active" else "false",
            "username": row["number"] or row["email"] or sourced_id,
            "givenName": row["given_name"] or NO_NAME,
            "familyName": row["family_name"],
            "identifier": row["number"],
            "email": row["email"],
            "primaryOrgSourcedId": self.school_id,
        }

    def role(self, row: Fields) -> Fields:
        return self._status(row) | {
            "sourcedId": self.id("role", row["id"]),
            "userSourcedId": self.id("student", row["id"]),
            "roleType": "primary",
            "role": "student",
            "orgSourcedId": self.school_id,
        }

    def enrollment(self, row: Fields) -> Fields:
        cells = {
            "sourcedId": self.id("enrollment", row["id"]),
            "classSourcedId": self._class(row["course_id"]),
            "schoolSourcedId": self.school_id,
            "userSourcedId": self._user(row),
            "role": "student",
        }
        return self._status(row) | cells | self._days(row)

    def id(self, kind: str, number: int | None = None) -> str:
        """Return an id: that of a record has ten digits, so that texts are in the order of ids."""
        name = f"{self.school.key}-{kind}"
        return name if number is None else f"{name}-{number:010d}"

    def number(self, kind: str, sourced_id: str) -> int | None:
        """Return the number of a record of ours, or None if the id is none of ours."""
        begin, _, text = sourced_id.rpartition("-")
        is_own = begin == self.id(kind) and NUMBER.fullmatch(text)
        return int(text) if is_own else None

    def _days(self, row: Fields) -> Fields:
        """Return from when until when an enrollment lasted, and how it ended."""
        cells = {"beginDate": self._day(row["began_at"])}
        if row["status"] != "enrolled":
            has_failed = row["passed"] is not None and not row["passed"]
            cells["endDate"] = self._end_day(row["ended_at"])
            cells[OUTCOME] = "failed" if has_failed else row["status"]
            cells[GRADE] = row["grade"]
        return cells

    def _user(self, row: Fields) -> str:
        return row["user_id"] or self.id("student", row["student_id"])

    def _class(self, course_id: int) -> str:
        return self.ids.classes.get(course_id) or self.id("class", course_id)

    def _term(self, term_id: int) -> str:
        return self.ids.terms.get(term_id) or self.id("term", term_id)

    def _status(self, row: Fields) -> Fields:
        if not self._with_status:
            return {}
        status = "tobedeleted" if row.get("deleted_at") else "active"
        return {"status": status, "dateLastModified": row.get("updated_at")}

    def _day(self, at: str) -> str:
        """Return the day of a time where the school is."""
        return at[:10] if self._zone is UTC else local(at, self._zone).date().isoformat()

    def _end_day(self, at: str) -> str:
        """Return the first day on which something that ended at this time is no longer so."""
        moment = local(at, self._zone)
        day = moment.date().isoformat()
        return day if moment.time() == time() else day_after(day)
