"""A school in which something happens each hour, and two who follow it: they are sent all of it at
first, and then what has changed since."""

from itertools import count
from typing import Any

from enrollment.data.ending import void_enrollments
from enrollment.data.erasure import erase_student
from enrollment.data.merge import merge_student
from enrollment.data.record_change import acting
from enrollment.model.records import Change
from enrollment.model.types import Timestamp
from enrollment.storage.database import Database
from tests.exchange.imports import export, import_content, one, rows, undo
from tests.exchange.strict import validate

ROLES = "student|teacher|guardian"
# The rows of each file, by their ids.
Tables = dict[str, dict[str, dict[str, str]]]
PRESENT = (
    "SELECT number, family_name, given_name FROM student WHERE status = 'active'"
    " ORDER BY number, family_name",
    "SELECT student.number, student.family_name, course.label FROM student_course"
    " JOIN student ON student.id = student_id JOIN course ON course.id = course_id"
    " WHERE student_course.status = 'enrolled' AND course.status = 'open'"
    " ORDER BY student.number, student.family_name, course.label",
)


class FollowedSchool:
    """One follower is another database that imports each package. The other keeps the rows of the
    files, and removes what is to be deleted, and with a user its enrollments."""

    def __init__(self, database: Database, follower: Database) -> None:
        self.database, self.follower = database, follower
        self._hours = count(10)
        self._at = self._fed_at = Timestamp("2026-11-20T09:00:00.000Z")
        self._kept: Tables = {}
        # The rows of the last package.
        self.sent: Tables = {}

    # What happens

    def bring_in(self, content: bytes, source: str | None = None) -> None:
        import_content(self.database, content, at=self._change().at, removals=99, source=source)

    def undo(self, import_id: int) -> None:
        undo(self.database, import_id, at=self._change().at, keeps_conflicts=True)

    def execute(self, *statements: str) -> None:
        """Run statements of SQL, in which {at} is the time."""
        change = self._change()
        with self.database.write() as db, acting(db, change.actor, change.at):
            for sql in statements:
                db.execute(sql.format(at=change.at))

    def erase(self, student_id: int) -> None:
        query = f"SELECT student_id, course_id FROM enrollment WHERE student_id = {student_id}"
        places, change = rows(self.database, query), self._change()
        with self.database.write() as db, acting(db, change.actor, change.at):
            void_enrollments(db, [(student, course) for student, course in places], change)
            erase_student(db, student_id, "asked", change)

    def merge(self, student_id: int, into: int) -> None:
        change = self._change()
        with self.database.write() as db, acting(db, change.actor, change.at):
            merge_student(db, student_id, into, change)

    def student(self, number: str) -> int:
        query = "SELECT id FROM student WHERE number = :number"
        found: int = one(self.database, query, number=number)
        return found

    def _change(self) -> Change:
        self._at = Timestamp(f"2026-11-20T{next(self._hours)}:00:00.000Z")
        return Change(at=self._at, actor="a test")

    # What is sent

    def feed(self) -> dict[str, dict[str, str]]:
        """Send what has changed, and return the statuses of the rows by file and id."""
        content = export(self.database, since=self._fed_at if self._kept else None)
        import_content(self.follower, content, at=self._at, removals=99)
        self.sent = sent = _tables(content)
        for name, listed in sent.items():
            for id, row in listed.items():
                if row["status"] == "tobedeleted":
                    self._remove(name, id)
                else:
                    self._kept.setdefault(name, {})[id] = row
        self._fed_at = Timestamp(self._at.replace(":00:00", ":30:00"))
        return {
            name: {id: row["status"] for id, row in listed.items()} for name, listed in sent.items()
        }

    def _remove(self, name: str, id: str) -> None:
        self._kept.get(name, {}).pop(id, None)
        if name == "users":
            places = self._kept.get("enrollments", {})
            for place in [place for place, row in places.items() if row["userSourcedId"] == id]:
                del places[place]

    def check(self) -> None:
        """Fail unless both followers have what an export has."""
        self.check_rows()
        for query in PRESENT:
            there, here = rows(self.follower, query), rows(self.database, query)
            assert there == here, f"{there} in place of {here}"

    def check_rows(self, *without: str) -> None:
        """Fail unless the rows are those of an export, in all tables or without some."""
        kept, listed = _plain(self._kept), _plain(_tables(export(self.database)))
        differing = {
            place: (kept.get(place), listed.get(place))
            for place in kept.keys() | listed.keys()
            if place[0] not in without and kept.get(place) != listed.get(place)
        }
        assert not differing, differing


def _tables(content: bytes) -> Tables:
    return {
        name: {row["sourcedId"]: row for row in listed}
        for name, listed in validate(content, ROLES).items()
    }


def _plain(tables: Tables) -> dict[tuple[str, str], dict[str, Any]]:
    """The cells of the rows that are filled, without those that only a delta has."""
    return {
        (name, id): {
            column: value
            for column, value in row.items()
            if value and column not in ("status", "dateLastModified")
        }
        for name, listed in tables.items()
        for id, row in listed.items()
    }
