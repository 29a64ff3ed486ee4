"""The database that every contender starts from: the seeded one, and courses open to all."""

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from enrollment.storage.sqlite import connect
from tests.benchmarks.seed import seed

# A course that has a seat for everyone, and nothing against it but the seat check: every enrollment
# of a load succeeds, and is a new row.
OPEN = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :courses)
INSERT INTO course (code, title, capacity) SELECT format('OPEN %d', n), 'Open to all', :students
FROM number
"""


class School(NamedTuple):
    """Students have the ids from 1; `courses` are seeded with rosters, `full` has a waitlist too,
    and `open` are still empty."""

    database: Path
    students: int
    courses: int
    full: int
    open: range
    rows: dict[str, int]


def make_school(database: Path, students: int) -> School:
    """One course for 20 students, and five enrollments each."""
    courses = students // 20
    seeded = seed(database, students, students * 5, courses)
    with closing(connect(database, busy_timeout=5.0)) as db:
        (last,) = db.execute("SELECT max(id) FROM course").fetchone()
        db.execute(OPEN, {"courses": courses, "students": min(students, 1_000_000)})
        # Nothing is left beside the file, so that a copy of it is whole.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    fresh = range(last + 1, last + 1 + courses)
    return School(database, students, courses, seeded.full, fresh, seeded.rows)


def count_events(database: Path) -> int:
    """How many changes of enrollments the database has seen."""
    with closing(connect(database, busy_timeout=60.0)) as db:
        count: int
        (count,) = db.execute("SELECT coalesce(max(id), 0) FROM student_course_event").fetchone()
        return count
