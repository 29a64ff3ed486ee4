"""Checks: whether the data agrees with its history, its words, the clock and the schema."""

from datetime import UTC, datetime, timedelta

from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, resource_dir

SQL = queries("integrity")
# The ids of the migrations, for SQLite and for PostgreSQL.
MIGRATIONS = [
    {path.stem for path in folder.glob("*.sql") if ".rollback" not in path.suffixes}
    for folder in (resource_dir("migrations"), resource_dir("migrations") / "postgresql")
]
# At most so many findings of the same kind are returned.
MAX_FINDINGS = 10
CLOCK_TOLERANCE = timedelta(minutes=1)


def list_history_mismatches(db: Connection) -> list[str]:
    """Return a sentence for each enrollment that differs from its events, and for each event that
    does not continue the one before."""
    return [
        f"student {row['student_id']} in course {row['course_id']}: state and history differ"
        for row in SQL.list_history_mismatches(db, limit=MAX_FINDINGS)
    ] + [
        f"event {row['id']} does not go on from the one before"
        for row in SQL.list_broken_histories(db, limit=MAX_FINDINGS)
    ]


def describe_clock(db: Connection) -> str | None:
    """Return a sentence if the clock is earlier than the latest event or change, or None. Services
    on several machines differ a little."""
    last = SQL.get_last_time(db)["recorded_at"]
    now = datetime.now(UTC)
    if last is None or datetime.fromisoformat(last) <= now + CLOCK_TOLERANCE:
        return None
    return (
        f"the clock is at {now:%Y-%m-%dT%H:%M:%SZ}, but the latest change was recorded at {last}:"
        " `updated_since` and `known_at` miss what is changed until then"
    )


def list_unexplained_removals(db: Connection) -> list[str]:
    """Return a sentence for each record that was removed without a change that says so."""
    return [
        f"{row['subject']} {row['id']} is gone, and no change on record says so: it may have been"
        " removed by INSERT OR REPLACE, for which SQLite runs no trigger"
        for row in SQL.list_unexplained_removals(db, limit=MAX_FINDINGS)
    ]


def list_search_mismatches(db: Connection) -> list[str]:
    """Return a sentence for each student and course that a search does not find by its words, or
    finds by others."""
    return [
        f"the words by which a search finds {row['subject']} {row['id']} are not its own: change"
        " its number or its code, and change it back"
        for row in SQL.list_search_mismatches(db, limit=MAX_FINDINGS)
    ]


def is_current(db: Connection) -> bool:
    """Whether the schema is the one that this release was written for."""
    return {row["migration_id"] for row in SQL.list_applied(db)} in MIGRATIONS


def get_counts(db: Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    return dict(SQL.get_counts(db))


def probe_write(db: Connection) -> None:
    """Run a write that changes nothing; it fails if the file is read-only. BEGIN does not."""
    SQL.probe_write(db)
