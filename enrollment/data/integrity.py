"""Checks: whether the database is sound, and state and history agree."""

from itertools import islice

from enrollment.storage.queries import queries, resource_dir
from enrollment.storage.sqlite import Connection

SQL = queries("integrity")
MIGRATIONS = {
    path.stem
    for path in resource_dir("migrations").glob("*.sql")
    if ".rollback" not in path.suffixes
}
# Of the same kind, so many are told.
PROBLEM_BY_RESULT_CODE = 10


def list_corruptions(db: Connection) -> list[str]:
    """A sentence for each thing that is wrong with the file (https://www.sqlite.org/pragma.html)."""
    damages = [
        row[0]
        for row in db.execute(f"PRAGMA integrity_check({PROBLEM_BY_RESULT_CODE})")
        if row[0] != "ok"
    ]
    for table, _, parent, _ in db.execute("PRAGMA foreign_key_check").fetchmany(
        PROBLEM_BY_RESULT_CODE
    ):
        damages.append(f"a row of {table} refers to a row of {parent} that is missing")
    return damages


def list_history_mismatches(db: Connection) -> list[str]:
    """A sentence for each enrolment that is not what its events say, and for each event that does
    not go on from the one before."""
    return [
        f"student {row['student_id']} in course {row['course_id']}: state and history differ"
        for row in islice(SQL.list_history_mismatches(db), PROBLEM_BY_RESULT_CODE)
    ] + [
        f"event {row['id']} does not go on from the one before"
        for row in islice(SQL.list_broken_histories(db), PROBLEM_BY_RESULT_CODE)
    ]


def is_current(db: Connection) -> bool:
    """Whether the schema is the one that this release was written for."""
    return {row["migration_id"] for row in SQL.list_applied(db)} == MIGRATIONS


def get_counts(db: Connection) -> dict[str, int]:
    """How many rows of what."""
    return dict(SQL.get_counts(db))


def probe_write(db: Connection) -> None:
    """Change nothing, as only who may write can: a write that has begun shows not even that."""
    SQL.probe_write(db)
