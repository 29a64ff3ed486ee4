"""The rows that an import brings in, in tables that last as long as its transaction: so queries can
hold them against the records."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta, tzinfo
from typing import Literal, NamedTuple

from enrollment.data.staging import RowFault, Staging
from enrollment.model.days import begin_of
from enrollment.storage.connection import Connection
from enrollment.storage.dialect import analyze_on_server
from enrollment.storage.queries import create_tables, drop_tables, queries, to_json

SQL = queries("import_row")
TABLES = "import_table"
# What to do with a row that breaks a rule: enroll the student all the same, and record the rule; or
# leave the row out.
Rules = Literal["record", "refuse"]
# Is called with how many enrollments were decided on, and how many there are.
Progress = Callable[[int, int], None]


def no_progress(*counts: int) -> None:
    """Report no progress."""


class Wanted(NamedTuple):
    """What an import brings in, and how."""

    source: str
    # What the ids of our own records begin with in exports.
    key: str
    is_list: bool
    rules: Rules
    # The kinds of which all records are in the files, so that one without a row ends; and those of
    # which only the changes are.
    whole_kinds: frozenset[str]
    delta_kinds: frozenset[str]
    # For a list: the course of which it is the roster, or the column in which each row names one.
    course_id: int | None = None
    course_column: str | None = None
    creates: bool = False
    replaces: bool = False
    # Whether a user can be a student whom the source had under another id.
    relinks: bool = False
    progress: Progress = no_progress

    @property
    def is_roster(self) -> bool:
        """Whether a list enrolls students."""
        return self.course_id is not None or self.course_column is not None


@contextmanager
def incoming(db: Connection, staging: Staging, source: str, zone: tzinfo) -> Iterator[None]:
    """Have the rows of a source that were staged, and the sessions that classes name, in tables
    during the `with`. An exception must undo the transaction, and so takes the tables with it."""
    create_tables(db, TABLES)
    for staged in staging.list_rows():
        SQL.insert_incoming(db, staged=staged, source=source)
    SQL.insert_incoming_sessions(db, sessions=staging.get_sessions())
    days = [_day(row["day"], zone) for row in SQL.list_incoming_days(db)]
    SQL.insert_incoming_days(db, days=to_json(days))
    analyze_on_server(db, "incoming", "incoming_session", "incoming_day")
    yield
    drop_tables(db, TABLES)


def _day(day: str, zone: tzinfo) -> tuple[str, str, str]:
    """Return a day, the day before, and when it begins."""
    found = date.fromisoformat(day)
    before = found - timedelta(1) if found > date.min else found
    return day, before.isoformat(), begin_of(zone, day)


def leave_out_unknown_deletions(db: Connection, wanted: Wanted) -> None:
    """Leave out what a delta deletes and was never here, and note it."""
    kinds = to_json(sorted(wanted.delta_kinds))
    SQL.insert_deletion_faults(db, source=wanted.source, kinds=kinds)
    SQL.update_unresolved_unwanted(db)


def leave_out(db: Connection, faults: Sequence[RowFault]) -> None:
    """Leave out the rows that have these faults, and note them."""
    SQL.insert_import_faults(db, faults=to_json(faults))
    SQL.update_faulty_unwanted(db)


def insert_source_records(db: Connection, import_id: int, source: str, *kinds: str) -> None:
    """Keep the rows of these kinds as the records of the source."""
    for kind in kinds:
        SQL.insert_source_records(db, import_id=import_id, source=source, kind=kind)
    SQL.update_records_superseded(db, import_id=import_id)
    analyze_on_server(db, "source_record")


def list_import_faults(db: Connection) -> list[RowFault]:
    """List what is wrong with the rows in view of the records."""
    return [RowFault(*row) for row in SQL.list_import_faults(db)]


def list_faults_of_refused_students(db: Connection) -> list[RowFault]:
    """List the faults of the rows of new students who were enrolled in nothing, as each of their
    rows breaks a rule."""
    return [RowFault(*row) for row in SQL.list_faults_of_refused_students(db)]
