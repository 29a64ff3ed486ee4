"""The rows of an export that came from another system: they are written as they came, but for what
has changed here since, and for ids that lead nowhere."""

from collections.abc import Callable, Iterator
from operator import itemgetter

from enrollment.data.export import Fields
from enrollment.data.import_student import NO_NAME
from enrollment.exchange.overlay import has_changed_here, has_new_value, kept, overlay, updated
from enrollment.exchange.sourced_ids import SourcedIds

# Our columns, and theirs.
OF_STUDENT = {
    "number": "identifier",
    "given_name": "givenName",
    "family_name": "familyName",
    "email": "email",
}
ENABLED = {"active": "true", "inactive": "false"}


class Sourced:
    """The rows that other systems have."""

    def __init__(self, ids: SourcedIds) -> None:
        self._ids = ids

    def rows(self, name: str) -> list[Iterator[Fields]]:
        """Return the rows of a table, in parts that are in the order of their ids."""
        parts: dict[str, list[Iterator[Fields]]] = {
            "orgs": [map(self._org, self._ids.orgs.values()), self._gone("orgs", self._org)],
            "academicSessions": [
                self._rows_of_sessions(),
                self._gone("academicSessions", self._session),
            ],
            "courses": [self._rows_of_catalog(), self._gone("courses", self._catalog_course)],
            "classes": [self._rows_of_classes(), self._gone("classes", self._gone_class)],
            "users": [
                map(self.user, self._ids.list_rows("list_sourced_students")),
                map(self.person, self._ids.list_rows("list_kept_people")),
                self._gone("users", self.person),
            ],
            "roles": [
                map(self.role, self._ids.list_rows("list_kept_roles")),
                map(self.made_role, self._ids.list_rows("list_people_without_role")),
                self._gone("roles", self._gone_role),
                self._gone_made_roles(),
            ],
            "enrollments": [
                map(self.enrollment, self._ids.list_rows("list_sourced_stretches")),
                map(self.kept_enrollment, self._ids.list_rows("list_kept_enrollments")),
                map(self.gone_enrollment, self._ids.list_rows("list_gone_enrollments")),
            ],
        }
        return parts[name]

    def _gone(self, kind: str, make: Callable[[Fields], Fields]) -> Iterator[Fields]:
        """Yield the rows, made by `make`, whose ids are no longer in use since."""
        for row in self._ids.list_rows("list_gone_records", kind=kind):
            row["content"]["sourcedId"] = row["sourced_id"]
            yield make(row) | {"deleted_at": row["updated_at"]}

    def _gone_made_roles(self) -> Iterator[Fields]:
        """Yield the roles of users who are gone and had none in a file of roles."""
        people = self._ids.list_rows("list_gone_records", kind="users")
        for row in sorted(people, key=itemgetter("id")):
            if not row["has_role"]:
                yield self.made_role(row) | {"deleted_at": row["updated_at"]}

    def _org(self, row: Fields) -> Fields:
        cells = kept("orgs", row["content"])
        self._ids.resolve(row, cells, "parentSourcedId", "orgs")
        return {"name": cells["sourcedId"], "type": "school"} | cells | updated(row)

    def _rows_of_sessions(self) -> Iterator[Fields]:
        terms = {row["sourced_id"]: row for row in self._ids.list_rows("list_sourced_terms")}
        for row in self._ids.list_kind("academicSessions"):
            if row["sourced_id"] not in self._ids.sessions:
                continue
            cells = self._session(row)
            if term := terms.get(row["sourced_id"]):
                overlay(cells, term, {"title": "title", "start_on": "startDate"})
                if term["end_on"] != term["taken"].get("end_on"):
                    cells["end_on"] = term["end_on"]
                cells |= updated(term)
            yield cells

    def _session(self, row: Fields) -> Fields:
        cells = kept("academicSessions", row["content"])
        self._ids.resolve(row, cells, "parentSourcedId", "academicSessions")
        return {"type": "term"} | cells | updated(row)

    def _rows_of_catalog(self) -> Iterator[Fields]:
        for row in self._ids.list_kind("courses"):
            if row["sourced_id"] not in self._ids.catalog:
                continue
            yield self._catalog_course(row)

    def _catalog_course(self, row: Fields) -> Fields:
        cells = kept("courses", row["content"])
        self._ids.resolve(row, cells, "schoolYearSourcedId", "academicSessions")
        self._ids.resolve(row, cells, "orgSourcedId", "orgs")
        return {"orgSourcedId": self._ids.school_id} | cells | updated(row)

    def _rows_of_classes(self) -> Iterator[Fields]:
        """Yield classes. `code_id` or `term_id` is that of a record of ours that replaces what does
        not resolve."""
        with_cancelled = self._ids.scope.with_history or self._ids.scope.since
        for row in self._ids.list_rows("list_sourced_courses"):
            is_left_out = row["status"] == "cancelled" and not with_cancelled
            if is_left_out or not self._ids.is_in_scope(row["term"]):
                continue
            cells = kept("classes", row["content"])
            overlay(cells, row, {"title": "title"})
            if has_new_value(row, "code"):
                cells.pop("courseSourcedId", None)
            if has_new_value(row, "code", "section"):
                cells["classCode"] = row["label"]
            if self._ids.resolve(row, cells, "courseSourcedId", "courses"):
                cells["code_id"], row["updated_at"] = row["code_id"], row["dated_at"]
                cells.setdefault("classCode", row["label"])
            self._ids.resolve(row, cells, "schoolSourcedId", "orgs")
            if terms := self._ids.terms_of(row):
                cells["termSourcedIds"] = ",".join(terms)
            else:
                cells.pop("termSourcedIds", None)
                cells["term_id"] = row["term_id"] or 0
            deleted_at = row["updated_at"] if row["status"] == "cancelled" else None
            defaults = {"classType": "scheduled", "schoolSourcedId": self._ids.school_id}
            yield defaults | cells | updated(row) | {"deleted_at": deleted_at}

    def _gone_class(self, row: Fields) -> Fields:
        """Return a class whose id is no longer in use. What it refers to may be gone too."""
        defaults = {"classType": "scheduled", "schoolSourcedId": self._ids.school_id}
        return defaults | kept("classes", row["content"]) | updated(row)

    def user(self, row: Fields) -> Fields:
        """Return a student who is a user of another system."""
        cells = self.person(row)
        overlay(cells, row, OF_STUDENT)
        cells["givenName"] = cells["givenName"] or NO_NAME
        if row["is_deleted"] or row["status"] != (row["taken"] or {}).get("status"):
            cells["enabledUser"] = ENABLED[row["status"]]
        return cells

    def person(self, row: Fields) -> Fields:
        """Return a user of another system, who may be none of our students."""
        cells = kept("users", row["content"])
        exported = {*(row["agents"] or "").split(",")}
        named = cells.get("agentSourcedIds", "").split(",")
        cells["agentSourcedIds"] = ",".join(id for id in named if id in exported)
        self._ids.resolve(row, cells, "primaryOrgSourcedId", "orgs")
        id = cells["sourcedId"]
        names = ("identifier", "email")
        username = next((cells[name] for name in names if cells.get(name)), id)
        defaults = {"enabledUser": "true", "username": username, "givenName": NO_NAME}
        return defaults | cells | updated(row)

    def _gone_role(self, row: Fields) -> Fields:
        """Return a role whose id is no longer in use."""
        return {"userSourcedId": row["user_ref"]} | self.role(row)

    def role(self, row: Fields) -> Fields:
        """Return a role as another system has it."""
        cells = kept("roles", row["content"])
        self._ids.resolve(row, cells, "orgSourcedId", "orgs")
        return {"roleType": "primary", "orgSourcedId": self._ids.school_id} | cells | updated(row)

    def made_role(self, row: Fields) -> Fields:
        """Return the role of a user without one. `user_id` is the number of our record."""
        content = row["content"]
        orgs = self._ids.known(row, "orgSourcedIds", "orgs")
        return {
            "userSourcedId": row["sourced_id"],
            "roleType": "primary",
            "role": "student" if row["student_id"] else content.get("role", "relative"),
            "orgSourcedId": orgs[0] if orgs else self._ids.school_id,
            "user_id": row["id"],
        } | updated(row)

    def enrollment(self, row: Fields) -> Fields:
        """Return an enrollment of a student. `student` is whose it is, `stretch` is what stands
        here, if it differs, and `began_again` that, if the student had left before."""
        cells = {"role": "student"} | self.kept_enrollment(row) | {"student": row}
        if row["left_at"]:
            cells["began_again"] = row
        if has_changed_here(row):
            cells["stretch"] = row
        return cells | {"deleted_at": row["updated_at"] if row["status"] == "dropped" else None}

    def gone_enrollment(self, row: Fields) -> Fields:
        """Return an enrollment whose id is no longer in use."""
        row["content"]["sourcedId"] = row["sourced_id"]
        cells = {
            "role": "student",
            "userSourcedId": row["user_ref"],
            "classSourcedId": row["class_ref"],
        } | self.kept_enrollment(row)
        if row["student_id"]:
            cells["student"] = row
        if not row["course_id"]:
            del cells["course_id"]
        return cells | {"deleted_at": row["updated_at"]}

    def kept_enrollment(self, row: Fields) -> Fields:
        """Return an enrollment as another system has it. `course_id` is that of our record."""
        cells = kept("enrollments", row["content"])
        self._ids.resolve(row, cells, "schoolSourcedId", "orgs")
        course = {"course_id": row["course_id"]}
        return {"schoolSourcedId": self._ids.school_id} | cells | course | updated(row)
