"""What the OneRoster interface lists: records of an export, with a status, and the history."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from enrollment.data import oneroster
from enrollment.data.export import Fields, Scope
from enrollment.data.oneroster import Part
from enrollment.exchange.export import Rows
from enrollment.exchange.projection import Projection
from enrollment.exchange.records import Records
from enrollment.model.oneroster import Selection
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection

TERMS = ("term", "semester")


class Collection(NamedTuple):
    """A list of the interface: which kind of records it has, and of these, which."""

    many: str
    # The types of sessions and orgs, and the role of users.
    types: tuple[str, ...] = ()
    role: str | None = None


COLLECTIONS = {
    "academicSessions": Collection("academicSessions"),
    "terms": Collection("academicSessions", TERMS),
    "gradingPeriods": Collection("academicSessions", ("gradingPeriod",)),
    "orgs": Collection("orgs"),
    "schools": Collection("orgs", ("school",)),
    "courses": Collection("courses"),
    "classes": Collection("classes"),
    "users": Collection("users"),
    "students": Collection("users", role="student"),
    "teachers": Collection("users", role="teacher"),
    "enrollments": Collection("enrollments"),
}
# The lists within a record, and within a class of a school, each with the column of its rows that
# names the record. None: queries find users and enrollments, and so the classes of a user; a
# session is one of every school.
Lists = dict[str, str | None]
PLACES: Lists = {"enrollments": None, "students": None, "teachers": None}
WITHIN: dict[str, Lists] = {
    "classes": {"students": None, "teachers": None},
    "courses": {"classes": "courseSourcedId"},
    "students": {"classes": None},
    "teachers": {"classes": None},
    "users": {"classes": None},
    "terms": {"classes": "termSourcedIds", "gradingPeriods": "parentSourcedId"},
    "schools": {"classes": "schoolSourcedId", "courses": "orgSourcedId", **PLACES, "terms": None},
    "schools/classes": PLACES,
}
# The records that a path leads through, by their collections.
Within = dict[str, str]


class Roster:
    """The records of the school as they are in one read transaction."""

    def __init__(self, db: Connection, zone: tzinfo, records: Records) -> None:
        self._db, self._records = db, records
        self._rows = Rows(db, Scope(with_history=True), zone, with_status=True)
        self._projection: Projection = self._rows.projection
        self._sourced, self._ids = self._projection.sourced, self._rows.ids
        # The rows of the kinds of which there are few, once they are needed.
        self._made: dict[str, list[Fields]] = {}

    def page(self, name: str, within: Within, wanted: Selection) -> tuple[list[Fields], int]:
        """Return the records of a page, and how many all pages have. Raises not_found."""
        for outer, sourced_id in within.items():
            self.one(outer, sourced_id)
        if {"schools", "classes"} <= within.keys():
            self._check_school(within)
        many = COLLECTIONS[name].many
        if many == "users":
            return self._page_of_users(self._users(name, within), wanted)
        if many == "enrollments":
            return self._page_of_enrollments(self._enrollments(within), wanted)
        made = [self._records.make(many, cells) for cells in self._few(name, within)]
        part = oneroster.records(made)
        found, total = oneroster.list_page(self._db, many, [part], wanted)
        return [row["content"] for _, row in found], total

    def one(self, name: str, sourced_id: str) -> Fields:
        """Return a record. Raises not_found."""
        many = COLLECTIONS[name].many
        if many == "users":
            found, _ = self._page_of_users(self._user(name, sourced_id), Selection())
        elif many == "enrollments":
            found, _ = self._page_of_enrollments(self._enrollment(sourced_id), Selection())
        else:
            rows = (row for row in self._few(name, {}) if row["sourcedId"] == sourced_id)
            found = [self._records.make(many, row) for row in rows]
        if not found or found[0]["sourcedId"] != sourced_id:
            raise Problem("not_found", f"{name} has no record with this id.")
        return found[0]

    def _check_school(self, within: Within) -> None:
        """Raises not_found if the class is not one of the school."""
        record = self.one("classes", within["classes"])
        if record["school"]["sourcedId"] != within["schools"]:
            raise Problem("not_found", "The school has no class with this id.")

    # Orgs, sessions, courses, classes

    def _few(self, name: str, within: Within) -> list[Fields]:
        """Return the rows of a collection that are within these records."""
        kind = COLLECTIONS[name]
        if kind.many not in self._made:
            self._made[kind.many] = list(self._rows.merged(kind.many))
        rows: Iterable[Fields] = self._made[kind.many]
        if kind.types:
            rows = (row for row in rows if row.get("type") in kind.types)
        for outer, sourced_id in within.items():
            rows = filter(self._is_within(name, outer, sourced_id), rows)
        return list(rows)

    def _is_within(self, name: str, outer: str, sourced_id: str) -> Callable[[Fields], bool]:
        if COLLECTIONS[outer].many == "users":
            classes = self._classes_of(outer, sourced_id)
            return lambda row: row["sourcedId"] in classes
        column = WITHIN[outer][name]
        return lambda row: column is None or sourced_id in (row.get(column) or "").split(",")

    def _classes_of(self, outer: str, sourced_id: str) -> set[str]:
        """Return the ids of the classes that a user takes, took or teaches."""
        places = self._user(outer, sourced_id)
        parts = self._enrollments({})
        student_id = places[0].narrowed.get("ordinal") if places else None
        taken = parts[0]._replace(narrowed={"student_id": student_id, "status": "active"})
        taught = [part._replace(narrowed={"user_id": sourced_id}) for part in parts[1:]]
        return oneroster.list_classes_of(self._db, [taken, *taught])

    # Users

    def _users(self, name: str, within: Within) -> list[Part]:
        role = COLLECTIONS[name].role
        parameters = self._parameters | {"course_id": None, "role": role, "source": None}
        narrowed = {}
        if "classes" in within:
            parameters["course_id"] = self._course_id(within["classes"])
        # Without other systems, all is of the one school.
        elif "schools" in within and self._ids.exists:
            narrowed["org_id"] = within["schools"]
        return oneroster.parts_of("users", parameters, narrowed, with_others=self._ids.exists)

    def _user(self, name: str, sourced_id: str) -> list[Part]:
        """Return the parts of the one user with this id."""
        student_id, first_id = self._projection.number("student", sourced_id), None
        if record := oneroster.find_record(self._db, "users", sourced_id):
            student_id, first_id = record["student_id"], record["first_id"]
        parts = self._users(name, {})
        ordinals = (student_id, first_id)
        return [
            part._replace(narrowed={"ordinal": ordinal})
            for part, ordinal in zip(parts, ordinals, strict=False)
        ]

    def _page_of_users(self, parts: Sequence[Part], wanted: Selection) -> tuple[list[Fields], int]:
        found, total = oneroster.list_page(self._db, "users", parts, wanted)
        roles = self._roles([row["sourced_id"] for _, row in found if row["sourced_id"]])
        made = []
        for part, row in found:
            cells = self._user_cells(part, row)
            own = roles.get(cells["sourcedId"]) or [self._made_role(row)]
            made.append(self._records.user(cells, own))
        return made, total

    def _user_cells(self, part: int, row: Fields) -> Fields:
        if not row["sourced_id"]:
            return self._projection.user(row)
        of_part = (self._sourced.user, self._sourced.person)[part]
        return self._projection.sourced_row(of_part(row))

    def _roles(self, ids: Sequence[str]) -> dict[str, list[Fields]]:
        """Return the roles of these users of other systems, by the users, the primary one first."""
        roles = defaultdict(list)
        for row in oneroster.list_roles(self._db, ids) if ids else ():
            roles[row["user_id"]].append(self._sourced.role(row))
        for listed in roles.values():
            listed.sort(key=lambda role: role["roleType"] != "primary")
        return roles

    def _made_role(self, row: Fields) -> Fields:
        if not row["sourced_id"]:
            return self._projection.role(row)
        student_id = row.get("id")
        cells = row | {"student_id": student_id, "id": student_id}
        return self._sourced.made_role(cells)

    # Enrollments

    def _enrollments(self, within: Within) -> list[Part]:
        narrowed: dict[str, Any] = {}
        if "classes" in within:
            narrowed["course_id"] = self._course_id(within["classes"])
        elif "schools" in within and self._ids.exists:
            narrowed["school_id"] = within["schools"]
        return oneroster.parts_of(
            "enrollments", self._parameters, narrowed, with_others=self._ids.exists
        )

    def _enrollment(self, sourced_id: str) -> list[Part]:
        """Return the parts of the one enrollment with this id."""
        event_id, first_id = self._projection.number("enrollment", sourced_id), None
        if record := oneroster.find_record(self._db, "enrollments", sourced_id):
            event_id, first_id = record["event_id"], record["first_id"]
        place = oneroster.find_place(self._db, event_id or 0)
        student_id, course_id = place or (None, None)
        of_student = {"student_id": student_id, "course_id": course_id, "id": event_id}
        narrowed: tuple[dict[str, Any], ...] = (of_student, {"ordinal": first_id})
        return [
            part._replace(narrowed=only)
            for part, only in zip(self._enrollments({}), narrowed, strict=False)
        ]

    def _page_of_enrollments(
        self, parts: Sequence[Part], wanted: Selection
    ) -> tuple[list[Fields], int]:
        found, total = oneroster.list_page(self._db, "enrollments", parts, wanted)
        cells = [self._enrollment_cells(part, row) for part, row in found]
        return [self._records.make("enrollments", each) for each in cells], total

    def _enrollment_cells(self, part: int, row: Fields) -> Fields:
        if not row["sourced_id"]:
            deleted_at = row["updated_at"] if row["status"] == "dropped" else None
            return self._projection.enrollment(row | {"deleted_at": deleted_at})
        of_part = (self._sourced.enrollment, self._sourced.kept_enrollment)[part]
        return self._projection.sourced_row(of_part(row))

    # Ids

    @property
    def _parameters(self) -> dict[str, Any]:
        return {
            "key": self._projection.school.key,
            "school": self._projection.school_id,
            "with_history": True,
        }

    def _course_id(self, class_id: str) -> int | None:
        known = {sourced_id: id for id, sourced_id in self._ids.classes.items()}
        return known.get(class_id) or self._projection.number("class", class_id)
