"""The rows of an export that came from another system: they go out as they came, but for what has
changed here since. What would not resolve or is not legal is mended."""

from collections.abc import Iterator
from typing import Any

from enrollment.data import sourced
from enrollment.data.export import Fields, Scope
from enrollment.exchange.columns import TABLES
from enrollment.exchange.headers import METADATA
from enrollment.storage.sqlite import Connection

# What says how a row stands in a package, and not what it is.
OF_PACKAGE = ("status", "dateLastModified")
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

    def __init__(self, db: Connection, scope: Scope) -> None:
        self._db, self._scope = db, scope
        self.has_own, self.exists = sourced.get_own_records(db)
        self.orgs: dict[str, Fields] = {}
        self.terms: dict[int, str] = {}
        self.classes: dict[int, str] = {}
        # Terms and courses of the catalog that only exist since a class needs them.
        self.needs_always, self.needs_codes = False, set[int]()
        self._sessions, self._catalog, self._exported = set[str](), set[str](), set[str]()
        if self.exists:
            self._find()

    def _find(self) -> None:
        """Find which ids there are, for the rows that refer to them."""
        self.orgs = {row["sourced_id"]: row for row in sourced.list_sourced(self._db, "orgs")}
        terms = list(sourced.list_terms(self._db, self._scope))
        self.terms = {row["id"]: row["sourced_id"] for row in terms}
        for kind, ids in (("academicSessions", self._sessions), ("courses", self._catalog)):
            ids |= {row["sourced_id"] for row in sourced.list_sourced(self._db, kind)}
        classes = []
        for row in sourced.list_courses(self._db, self._scope):
            self.classes[row["id"]] = row["sourced_id"]
            if self._is_in_scope(row["term"]):
                classes.append(row)
        if self._scope.term is not None:
            named = [row["content"].get("termSourcedIds", "").split(",") for row in classes]
            own = {row["sourced_id"] for row in terms if self._is_in_scope(row["code"])}
            self._sessions &= own.union(*named)
            self._catalog &= {row["content"].get("courseSourcedId") for row in classes}
        self._exported = {row["sourced_id"] for row in classes}
        for row in classes:
            if not self._terms_of(row):
                self.needs_always |= row["term_id"] is None
            if row["content"].get("courseSourcedId") not in self._catalog:
                self.needs_codes.add(row["code_id"])

    def _is_in_scope(self, term: str | None) -> bool:
        """Whether the courses of this term are exported."""
        return self._scope.term is None or (term or "").lower() == self._scope.term.lower()

    def has(self, sourced_id: str) -> bool:
        """Whether a session or a course of the catalog with this id was brought in."""
        return sourced_id in self._sessions or sourced_id in self._catalog

    def school(self, own: str) -> str:
        """Return the id of the school of what has none."""
        if self.has_own or not self.orgs:
            return own
        schools = [id for id, row in self.orgs.items() if row["content"].get("type") == "school"]
        return (schools or [*self.orgs])[0]

    def columns(self, kind: str) -> list[str]:
        """The columns that the rows of a file came with, besides those of the standard."""
        return sourced.list_own_columns(self._db, kind) if self.exists else []

    def _terms_of(self, row: Fields) -> list[str]:
        """Return the sessions of a class: those it came with, unless its term was changed here."""
        if row["taken"] and row["term"] != row["taken"].get("term"):
            return []
        named = row["content"].get("termSourcedIds", "").split(",")
        return [id for id in named if id in self._sessions]

    def has_changed(self, cells: Fields) -> bool:
        """Whether a row is in a delta."""
        since = self._scope.since
        return since is None or cells.get("updated_at", "") >= since

    # The tables

    def rows_of_orgs(self) -> Iterator[Fields]:
        for row in self.orgs.values():
            cells = _kept("orgs", row["content"])
            _resolve(cells, "parentSourcedId", self.orgs)
            yield {"name": cells["sourcedId"], "type": "school"} | cells | _updated(row)

    def rows_of_sessions(self) -> Iterator[Fields]:
        terms = {row["sourced_id"]: row for row in sourced.list_terms(self._db, self._scope)}
        for row in sourced.list_sourced(self._db, "academicSessions"):
            if row["sourced_id"] not in self._sessions:
                continue
            cells = _kept("academicSessions", row["content"])
            term = terms.get(row["sourced_id"])
            if term:
                row = term
                _overlay(cells, term, {"title": "title", "start_on": "startDate"})
                if term["end_on"] != term["taken"].get("end_on"):
                    cells["end_on"] = term["end_on"]
            _resolve(cells, "parentSourcedId", self._sessions)
            yield {"type": "term"} | cells | _updated(row) | {"term_id": term and term["id"]}

    def rows_of_catalog(self, school: str) -> Iterator[Fields]:
        for row in sourced.list_sourced(self._db, "courses"):
            if row["sourced_id"] not in self._catalog:
                continue
            cells = _kept("courses", row["content"])
            _resolve(cells, "schoolYearSourcedId", self._sessions)
            _resolve(cells, "orgSourcedId", self.orgs)
            yield {"orgSourcedId": school} | cells | _updated(row)

    def rows_of_classes(self, school: str) -> Iterator[Fields]:
        """Yield classes. `code_id` or `term_id` is that of a record of ours that replaces what does
        not resolve."""
        for row in sourced.list_courses(self._db, self._scope):
            with_cancelled = self._scope.with_history or self._scope.since
            if row["status"] == "cancelled" and not with_cancelled:
                continue
            if row["sourced_id"] not in self._exported:
                continue
            cells = _kept("classes", row["content"])
            _overlay(cells, row, {"title": "title"})
            if _resolve(cells, "courseSourcedId", self._catalog):
                cells["code_id"] = row["code_id"]
                cells.setdefault("classCode", row["label"])
            _resolve(cells, "schoolSourcedId", self.orgs)
            if terms := self._terms_of(row):
                cells["termSourcedIds"] = ",".join(terms)
            else:
                cells.pop("termSourcedIds", None)
                cells["term_id"] = row["term_id"] or 0
            deleted_at = row["updated_at"] if row["status"] == "cancelled" else None
            defaults = {"classType": "scheduled", "schoolSourcedId": school}
            yield defaults | cells | _updated(row) | {"term": row["term"], "deleted_at": deleted_at}

    def rows_of_users(self) -> Iterator[Fields]:
        for row in sourced.list_students(self._db, self._scope):
            cells = self._user(row)
            _overlay(cells, row, OF_STUDENT)
            if row["is_deleted"] or row["status"] != (row["taken"] or {}).get("status"):
                cells["enabledUser"] = ENABLED[row["status"]]
            yield cells | _updated(row)

    def rows_of_people(self) -> Iterator[Fields]:
        for row in sourced.list_people(self._db):
            yield self._user(row) | _updated(row)

    def _user(self, row: Fields) -> Fields:
        content = row["content"]
        cells = _kept("users", content)
        agents = [id for id in content.get("agentSourcedIds", "").split(",") if id]
        present = [id for id in agents if sourced.is_user(self._db, id, self._scope)]
        cells["agentSourcedIds"] = ",".join(present)
        _resolve(cells, "primaryOrgSourcedId", self.orgs)
        id = cells["sourcedId"]
        names = ("identifier", "email")
        username = next((cells[name] for name in names if cells.get(name)), id)
        defaults = {"enabledUser": "true", "username": username, "givenName": "-"}
        return defaults | cells

    def rows_of_roles(self, school: str) -> Iterator[Fields]:
        for row in sourced.list_roles(self._db, self._scope):
            cells = _kept("roles", row["content"])
            _resolve(cells, "orgSourcedId", self.orgs)
            yield {"roleType": "primary", "orgSourcedId": school} | cells | _updated(row)

    def rows_of_made_roles(self, school: str) -> Iterator[Fields]:
        """Yield a role for each user without one. `user_id` is the number of our record."""
        for row in sourced.list_people_without_role(self._db, self._scope):
            content = row["content"]
            role = "student" if row["student_id"] else content.get("role", "relative")
            orgs = [id for id in content.get("orgSourcedIds", "").split(",") if id in self.orgs]
            yield {
                "userSourcedId": row["sourced_id"],
                "roleType": "primary",
                "role": role,
                "orgSourcedId": orgs[0] if orgs else school,
                "user_id": row["id"],
            }

    def rows_of_enrollments(self, school: str) -> Iterator[Fields]:
        """Yield enrollments of students. `stretch` is what stands here, if it is not as the other
        system has it."""
        for row in sourced.list_stretches(self._db, self._scope):
            cells = _kept("enrollments", row["content"])
            cells["userSourcedId"] = row["user_id"] or row["user_ref"]
            cells["classSourcedId"] = self.classes.get(row["course_id"], row["class_ref"])
            _resolve(cells, "schoolSourcedId", self.orgs)
            taken = row["taken"] or {}
            names = ("began_at", "status", "ended_at")
            if any(row[name] != taken.get(name) for name in names):
                cells["stretch"] = row
            deleted_at = row["updated_at"] if row["status"] == "dropped" else None
            yield {"schoolSourcedId": school} | cells | _updated(row) | {"deleted_at": deleted_at}

    def rows_of_kept_enrollments(self, school: str) -> Iterator[Fields]:
        for row in sourced.list_kept_enrollments(self._db, self._scope):
            if row["content"]["classSourcedId"] not in self._exported:
                continue
            cells = _kept("enrollments", row["content"])
            _resolve(cells, "schoolSourcedId", self.orgs)
            yield {"schoolSourcedId": school} | cells | _updated(row)


def _kept(table: str, content: dict[str, str]) -> dict[str, Any]:
    """Return the cells that a row came with and that a file of OneRoster 1.2 has."""
    columns = TABLES[table].columns
    return {
        name: value
        for name, value in content.items()
        if (name in columns or name.startswith(METADATA)) and name not in OF_PACKAGE
    }


def _overlay(cells: dict[str, Any], row: Fields, columns: dict[str, str]) -> None:
    """Replace the cells of what has changed here since it was brought in."""
    taken = row["taken"] or {}
    for name, column in columns.items():
        if row[name] != taken.get(name):
            cells[column] = row[name]


def _resolve(cells: dict[str, Any], column: str, known: Any) -> bool:
    """Leave an id out that leads nowhere, and return whether there is none."""
    if cells.get(column) not in known:
        cells.pop(column, None)
    return column not in cells


def _updated(row: Fields) -> Fields:
    return {"updated_at": row["updated_at"]}
