"""The rows of an export that came from another system: they are written as they came, but for what
has changed here since, and for ids that lead nowhere."""

from collections.abc import Iterator

from enrollment.data import sourced
from enrollment.data.export import Fields, Scope
from enrollment.exchange.overlay import has_changed_here, has_new_value, kept, overlay, updated
from enrollment.storage.connection import Connection

# Our columns, and theirs.
OF_STUDENT = {
    "number": "identifier",
    "given_name": "givenName",
    "family_name": "familyName",
    "email": "email",
}
ENABLED = {"active": "true", "inactive": "false"}


class Sourced:
    """What other systems have, and which of their ids an export has."""

    def __init__(self, db: Connection, scope: Scope, own_school: str) -> None:
        self._db, self._scope = db, scope
        has_own, self.exists = sourced.get_own_records(db, scope)
        # The school of what has none: that of another system, unless something is ours alone.
        self.school_id = own_school
        self.orgs: dict[str, Fields] = {}
        self.terms: dict[int, str] = {}
        self.classes: dict[int, str] = {}
        # Whether a class needs the session of the courses without a term.
        self.needs_session_without_term = False
        # The courses of the catalog of ours that classes need, by their numbers.
        self.needs_codes = set[int]()
        self._sessions, self._catalog = set[str](), set[str]()
        # The ids that a system has given to something else than what is exported with them.
        self._foreign = set[tuple[str, str, str]]()
        if self.exists:
            self._find()
        if self.orgs and not has_own:
            # The first school, or else the first org.
            types = {id: row["content"].get("type") for id, row in self.orgs.items()}
            self.school_id = min(types, key=lambda id: types[id] != "school")

    def _find(self) -> None:
        """Find which ids there are, for the rows that refer to them."""
        self.orgs = {row["sourced_id"]: row for row in self._list_kind("orgs")}
        self._foreign = sourced.list_foreign_ids(self._db, self._scope)
        terms = list(self._list("list_sourced_terms"))
        self.terms = {row["id"]: row["sourced_id"] for row in terms}
        for kind, ids in (("academicSessions", self._sessions), ("courses", self._catalog)):
            ids |= {row["sourced_id"] for row in self._list_kind(kind)}
        classes = []
        for row in self._list("list_sourced_courses"):
            self.classes[row["id"]] = row["sourced_id"]
            if self._is_in_scope(row["term"]):
                classes.append(row)
        if self._scope.term is not None:
            named = [row["content"].get("termSourcedIds", "").split(",") for row in classes]
            own = {row["sourced_id"] for row in terms if self._is_in_scope(row["code"])}
            self._sessions &= own.union(*named)
            self._catalog &= {row["content"].get("courseSourcedId") for row in classes}
        for row in classes:
            if not self._terms_of(row):
                self.needs_session_without_term |= row["term_id"] is None
            if has_new_value(row, "code") or not self._known(row, "courseSourcedId", "courses"):
                self.needs_codes.add(row["code_id"])

    def _is_in_scope(self, term: str | None) -> bool:
        """Whether the courses of this term are exported."""
        return self._scope.term is None or (term or "").lower() == self._scope.term.lower()

    def has(self, sourced_id: str) -> bool:
        """Whether a session or a course of the catalog with this id was brought in."""
        return sourced_id in self._sessions or sourced_id in self._catalog

    def columns(self, kind: str) -> list[str]:
        """The columns that the rows of a file came with, besides those of the standard."""
        return sourced.list_own_columns(self._db, kind, self._scope) if self.exists else []

    def _list(self, name: str, **more: str) -> Iterator[Fields]:
        return sourced.list_rows(self._db, name, self._scope, **more)

    def _list_kind(self, kind: str) -> Iterator[Fields]:
        return self._list("list_sourced", kind=kind)

    def _terms_of(self, row: Fields) -> list[str]:
        """Return the sessions of a class: those it came with, unless its term was changed here."""
        if row["taken"] and row["term"] != row["taken"].get("term"):
            return []
        return self._known(row, "termSourcedIds", "academicSessions")

    def _known(self, row: Fields, column: str, kind: str) -> list[str]:
        """Return the ids in a column that lead to what the system of the row means by them."""
        ids = {"orgs": self.orgs, "academicSessions": self._sessions, "courses": self._catalog}
        named = row["content"].get(column, "").split(",")
        return [
            id for id in named if id in ids[kind] and (kind, row["source"], id) not in self._foreign
        ]

    def _resolve(self, row: Fields, cells: Fields, column: str, kind: str) -> bool:
        """Leave an id out that leads nowhere, and return whether there is none."""
        if not self._known(row, column, kind):
            cells.pop(column, None)
        return column not in cells

    # The tables

    def rows(self, name: str) -> list[Iterator[Fields]]:
        """Return the rows of a table, in parts that are in the order of their ids."""
        parts: dict[str, list[Iterator[Fields]]] = {
            "orgs": [map(self._org, self.orgs.values())],
            "academicSessions": [self._rows_of_sessions()],
            "courses": [self._rows_of_catalog()],
            "classes": [self._rows_of_classes()],
            "users": [
                map(self.user, self._list("list_sourced_students")),
                map(self.person, self._list("list_kept_people")),
            ],
            "roles": [
                map(self.role, self._list("list_kept_roles")),
                map(self.made_role, self._list("list_people_without_role")),
            ],
            "enrollments": [
                map(self.enrollment, self._list("list_sourced_stretches")),
                map(self.kept_enrollment, self._list("list_kept_enrollments")),
                map(self.gone_enrollment, self._list("list_gone_enrollments")),
            ],
        }
        return parts[name]

    def _org(self, row: Fields) -> Fields:
        cells = kept("orgs", row["content"])
        self._resolve(row, cells, "parentSourcedId", "orgs")
        return {"name": cells["sourcedId"], "type": "school"} | cells | updated(row)

    def _rows_of_sessions(self) -> Iterator[Fields]:
        terms = {row["sourced_id"]: row for row in self._list("list_sourced_terms")}
        for row in self._list_kind("academicSessions"):
            if row["sourced_id"] not in self._sessions:
                continue
            cells = kept("academicSessions", row["content"])
            self._resolve(row, cells, "parentSourcedId", "academicSessions")
            term = terms.get(row["sourced_id"])
            if term:
                row = term
                overlay(cells, term, {"title": "title", "start_on": "startDate"})
                if term["end_on"] != term["taken"].get("end_on"):
                    cells["end_on"] = term["end_on"]
            yield {"type": "term"} | cells | updated(row)

    def _rows_of_catalog(self) -> Iterator[Fields]:
        for row in self._list_kind("courses"):
            if row["sourced_id"] not in self._catalog:
                continue
            cells = kept("courses", row["content"])
            self._resolve(row, cells, "schoolYearSourcedId", "academicSessions")
            self._resolve(row, cells, "orgSourcedId", "orgs")
            yield {"orgSourcedId": self.school_id} | cells | updated(row)

    def _rows_of_classes(self) -> Iterator[Fields]:
        """Yield classes. `code_id` or `term_id` is that of a record of ours that replaces what does
        not resolve."""
        with_cancelled = self._scope.with_history or self._scope.since
        for row in self._list("list_sourced_courses"):
            is_left_out = row["status"] == "cancelled" and not with_cancelled
            if is_left_out or not self._is_in_scope(row["term"]):
                continue
            cells = kept("classes", row["content"])
            overlay(cells, row, {"title": "title"})
            if has_new_value(row, "code"):
                cells.pop("courseSourcedId", None)
            if has_new_value(row, "code", "section"):
                cells["classCode"] = row["label"]
            if self._resolve(row, cells, "courseSourcedId", "courses"):
                cells["code_id"], row["updated_at"] = row["code_id"], row["dated_at"]
                cells.setdefault("classCode", row["label"])
            self._resolve(row, cells, "schoolSourcedId", "orgs")
            if terms := self._terms_of(row):
                cells["termSourcedIds"] = ",".join(terms)
            else:
                cells.pop("termSourcedIds", None)
                cells["term_id"] = row["term_id"] or 0
            deleted_at = row["updated_at"] if row["status"] == "cancelled" else None
            defaults = {"classType": "scheduled", "schoolSourcedId": self.school_id}
            yield defaults | cells | updated(row) | {"deleted_at": deleted_at}

    def user(self, row: Fields) -> Fields:
        """Return a student who is a user of another system."""
        cells = self.person(row)
        overlay(cells, row, OF_STUDENT)
        if row["is_deleted"] or row["status"] != (row["taken"] or {}).get("status"):
            cells["enabledUser"] = ENABLED[row["status"]]
        return cells

    def person(self, row: Fields) -> Fields:
        """Return a user of another system, who may be none of our students."""
        cells = kept("users", row["content"])
        exported = {*(row["agents"] or "").split(",")}
        named = cells.get("agentSourcedIds", "").split(",")
        cells["agentSourcedIds"] = ",".join(id for id in named if id in exported)
        self._resolve(row, cells, "primaryOrgSourcedId", "orgs")
        id = cells["sourcedId"]
        names = ("identifier", "email")
        username = next((cells[name] for name in names if cells.get(name)), id)
        defaults = {"enabledUser": "true", "username": username, "givenName": "-"}
        return defaults | cells | updated(row)

    def role(self, row: Fields) -> Fields:
        """Return a role as another system has it."""
        cells = kept("roles", row["content"])
        self._resolve(row, cells, "orgSourcedId", "orgs")
        return {"roleType": "primary", "orgSourcedId": self.school_id} | cells | updated(row)

    def made_role(self, row: Fields) -> Fields:
        """Return the role of a user without one. `user_id` is the number of our record."""
        content = row["content"]
        orgs = self._known(row, "orgSourcedIds", "orgs")
        return {
            "userSourcedId": row["sourced_id"],
            "roleType": "primary",
            "role": "student" if row["student_id"] else content.get("role", "relative"),
            "orgSourcedId": orgs[0] if orgs else self.school_id,
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
        """Return an enrollment whose id is that of none any more."""
        cells = {"role": "student", "userSourcedId": row["user_ref"]} | self.kept_enrollment(row)
        if row["student_id"]:
            cells["student"] = row
        return cells | {"deleted_at": row["updated_at"]}

    def kept_enrollment(self, row: Fields) -> Fields:
        """Return an enrollment as another system has it. `course_id` is that of our record."""
        cells = kept("enrollments", row["content"])
        self._resolve(row, cells, "schoolSourcedId", "orgs")
        course = {"course_id": row["course_id"]}
        return {"schoolSourcedId": self.school_id} | cells | course | updated(row)
