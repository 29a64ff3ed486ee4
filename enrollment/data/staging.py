"""The staging of files that came from elsewhere: their rows in tables that last as long as the
connection, so that queries can hold them against each other."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from enrollment.model.days import day_after
from enrollment.model.imports import Severity
from enrollment.storage.connection import Connection
from enrollment.storage.queries import create_tables, queries, to_json

SQL = queries("staging")
# How many rows are passed on at a time.
BATCH = 2000
# The columns that name rows of other tables.
REFERENCES = {
    "orgs": {"parentSourcedId": "orgs"},
    "academicSessions": {"parentSourcedId": "academicSessions"},
    "courses": {"schoolYearSourcedId": "academicSessions", "orgSourcedId": "orgs"},
    "classes": {
        "courseSourcedId": "courses",
        "schoolSourcedId": "orgs",
        "termSourcedIds": "academicSessions",
    },
    "users": {"agentSourcedIds": "users", "orgSourcedIds": "orgs", "primaryOrgSourcedId": "orgs"},
    "roles": {"userSourcedId": "users", "orgSourcedId": "orgs"},
    "enrollments": {
        "classSourcedId": "classes",
        "schoolSourcedId": "orgs",
        "userSourcedId": "users",
    },
}


class RowFault(NamedTuple):
    """What is wrong with a row in view of the others, or of the records."""

    file: str
    row: int | None
    column: str | None
    value: str | None
    code: str
    severity: Severity | None
    detail: str


class Staging:
    """The rows that were staged on a connection, which must be in a transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._count = 0
        create_tables(db, "staging_table")

    def add(
        self,
        file: str,
        line: int,
        kind: str,
        content: dict[str, str],
        sound: bool,
        number: str | None = None,
        person: str | None = None,
    ) -> None:
        """Keep a row: the number of its line, what it is a row of, and its cells; the number of a
        student, if it can be one, and by what a row of a list names a person."""
        self._count += 1
        begin_on = content.get("beginDate") if kind == "enrollments" else None
        SQL.insert_staged(
            self._db,
            id=self._count,
            file=file,
            line=line,
            kind=kind,
            sourced_id=content.get("sourcedId"),
            is_deleted=content.get("status") == "tobedeleted",
            is_sound=sound,
            cells=to_json(content),
            user_ref=content.get("userSourcedId", person),
            class_ref=content.get("classSourcedId"),
            number=number,
            second_on=day_after(begin_on) if begin_on else None,
        )

    def list_faults(self, whole_kinds: Iterable[str]) -> Iterator[tuple[int, RowFault]]:
        """List what is wrong between the rows when all of them are staged, each with the id of the
        row, one by one: there may be as many as rows. A severity that is not that of the code is
        given.

        `whole_kinds` are the tables of which all rows are staged. What is not among them is
        missing.
        """
        places = [(kind, *place) for kind, named in REFERENCES.items() for place in named.items()]
        SQL.insert_staged_references(self._db, places=to_json(places))
        parameters = {"whole_kinds": to_json([*whole_kinds])}
        with SQL.list_staged_faults_cursor(self._db, **parameters) as rows:
            for id, *fault in rows:
                yield id, RowFault(*fault)

    def leave_out(self, ids: Sequence[int]) -> None:
        """Mark rows as ones that can't be meant."""
        SQL.update_staged_unsound(self._db, ids=to_json(ids))

    def list_rows(self) -> Iterator[str]:
        """List the rows that were staged, in their order: JSON arrays, so that they are passed on
        without a step in Python for each."""
        for after in range(0, self._count, BATCH):
            yield SQL.get_staged(self._db, after_id=after, last_id=after + BATCH)["staged"]

    def get_sessions(self) -> str:
        """Return the sessions that each class names: a JSON array of the id of the row, the place
        among its sessions, and the id of the session."""
        sessions: str = SQL.get_staged_sessions(self._db)["sessions"]
        return sessions
