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


# As many courses with a rule of each kind, which the candidates of the seed meet: they have
# completed INTRO. Each course meets on a day of its own, so that no two conflict.
RULED = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :courses)
INSERT INTO course (
    code, title, term, credits, capacity, waitlist_capacity, enroll_from, enroll_until, open_to
)
SELECT format('RULED %d', n), 'With rules', '2024', 0.001, :students, 10,
    '2024-01-01T00:00:00.000Z', '2098-01-01T00:00:00.000Z', '["SENIOR"]'
FROM number;

INSERT INTO course_requirement (course_id, code, kind)
SELECT id, 'INTRO', 'prerequisite' FROM course WHERE code LIKE 'RULED %';

INSERT INTO course_meeting (course_id, weekday, from_time, to_time, start_on, end_on)
SELECT id, 1 + id % 7, '06:00', '07:00', date('2025-01-06', format('+%d days', id)),
    date('2025-01-06', format('+%d days', id))
FROM course WHERE code LIKE 'RULED %';

UPDATE student SET groups = '["SENIOR"]' WHERE id % :apart = 0;
"""


class School(NamedTuple):
    """Students have the ids from 1; `courses` are seeded with rosters, `full` has a waitlist too,
    and `open` are still empty, as are `ruled`, which only the candidates may take."""

    database: Path
    students: int
    courses: int
    full: int
    open: range
    ruled: range
    candidates: range
    rows: dict[str, int]


def make_school(database: Path, students: int) -> School:
    """One course for 20 students, and five enrollments each."""
    courses = students // 20
    seeded = seed(database, students, students * 5, courses)
    with closing(connect(database, busy_timeout=5.0)) as db:
        (last,) = db.execute("SELECT max(id) FROM course").fetchone()
        parameters = {"courses": courses, "students": min(students, 1_000_000)}
        db.execute(OPEN, parameters)
        for statement in RULED.split("\n\n"):
            db.execute(statement, parameters | {"apart": seeded.candidates.step})
        # Nothing is left beside the file, so that a copy of it is whole.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    fresh = range(last + 1, last + 1 + courses)
    ruled = range(fresh.stop, fresh.stop + courses)
    candidates = seeded.candidates
    return School(database, students, courses, seeded.full, fresh, ruled, candidates, seeded.rows)


def count_events(database: Path) -> int:
    """How many changes of enrollments the database has seen."""
    with closing(connect(database, busy_timeout=60.0)) as db:
        count: int
        (count,) = db.execute("SELECT coalesce(max(id), 0) FROM student_course_event").fetchone()
        return count
