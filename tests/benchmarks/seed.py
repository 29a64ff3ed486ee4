"""A database of any size and always the same shape, written by plain SQL through every trigger."""

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from enrollment.maintenance.migrations import migrate
from enrollment.storage.sqlite import connect
from tests.support.tokens import add_staff_tokens

SEATS = 30
WAITING = 500
# So many students, spread evenly over all, are those whose requests are measured.
CANDIDATES = 1000

# One after the other. `number` holds 1, 2, 3, ... and belongs to the connection, not to the file.
# The prime lets the courses of one student lie far from each other.
STATEMENTS = """
CREATE TEMP TABLE number (n INTEGER PRIMARY KEY);

WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :enrollments)
INSERT INTO number SELECT n FROM counted;

INSERT INTO student (number, given_name, family_name, email)
SELECT format('S%07d', n), 'Ada', format('Lovelace %d', n), format('student%d@example.org', n)
FROM number WHERE n <= :students;

-- Students enroll in the last term, so it is not over.
INSERT INTO term (code, title, start_on, end_on, max_credits)
SELECT value, 'Fall ' || value, value || '-08-31', iif(value = 2024, 2099, value) || '-12-18', 60
FROM json_each('[2020, 2021, 2022, 2023, 2024]');

INSERT INTO course (code, section, title, term, instructor, credits, capacity)
SELECT format('COURSE %d', n / 5), '01', 'Databases', 2020 + n % 5, 'Edgar Codd', 4, :capacity
FROM number WHERE n <= :courses;

INSERT INTO course (id, code, title, term, credits, capacity)
VALUES (:intro, 'INTRO', 'For all candidates', '2020', 4, :candidates),
    (:full, 'FULL', 'With a waitlist', '2024', 4, :seats),
    (:free, 'FREE', 'With a free seat', '2024', 4, :seats);

INSERT INTO course_meeting (course_id, weekday, from_time, to_time, room)
SELECT n, 1 + n % 5, format('%02d:00', 8 + n % 10), format('%02d:30', 9 + n % 10), 'Hall ' || n
FROM number WHERE n <= :courses AND n % 3 > 0
UNION ALL VALUES (:full, 6, '10:00', '12:00', NULL), (:free, 6, '14:00', '16:00', NULL);

INSERT INTO course_requirement (course_id, code, kind)
SELECT n, format('COURSE %d', n / 5 - 1), 'prerequisite'
FROM number WHERE n <= :courses AND n % 4 = 0
UNION ALL VALUES (:full, 'INTRO', 'prerequisite'), (:free, 'INTRO', 'prerequisite');

INSERT INTO student_course (student_id, course_id, status, enrolled_at, changed_at)
SELECT 1 + (n - 1) / :each, course.id, 'enrolled',
    start_on || 'T08:00:00.000Z', start_on || 'T08:00:00.000Z'
FROM number
JOIN course ON course.id = 1 + n * 7919 % :courses
JOIN term ON term.code = course.term
ORDER BY n;

INSERT INTO student_course (student_id, course_id, status, enrolled_at, changed_at)
SELECT n * :apart, course.id, 'enrolled',
    start_on || 'T08:00:00.000Z', start_on || 'T08:00:00.000Z'
FROM course
JOIN term ON term.code = course.term
JOIN number
WHERE course.id = :intro AND n <= :candidates
    OR course.id = :full AND n <= :seats
    OR course.id = :free AND n < :seats;

INSERT INTO student_course (student_id, course_id, status, waitlisted_at, changed_at)
SELECT n * :apart, :full, 'waitlisted', '2024-08-31T09:00:00.000Z', '2024-08-31T09:00:00.000Z'
FROM number WHERE n BETWEEN :seats + 1 AND :seats + :waiting
ORDER BY n;

UPDATE student_course
SET status = 'dropped', version = student_course.version + 1,
    dropped_at = start_on || 'T09:00:00.000Z', changed_at = start_on || 'T09:00:00.000Z'
FROM course JOIN term ON term.code = course.term
WHERE course.id = course_id AND course_id <= :courses AND (student_id + course_id) % 10 = 0;

UPDATE student_course
SET status = 'completed', version = student_course.version + 1,
    completed_at = end_on || 'T16:00:00.000Z', changed_at = end_on || 'T16:00:00.000Z'
FROM course JOIN term ON term.code = course.term
WHERE course.id = course_id AND term < '2024' AND student_course.status = 'enrolled';
"""


class Seeded(NamedTuple):
    """A database. Of the candidates, the first have the seats of the full course, the next wait for
    it, and the rest have only what it requires; the free course has a seat for each in turn."""

    path: Path
    rows: dict[str, int]
    courses: range
    full: int
    free: int
    candidates: range


def seed(path: Path, students: int, enrollments: int, courses: int = 0) -> Seeded:
    """Give every student as many enrollments, and every course too, besides the candidates': about
    30, unless the number of courses is given."""
    courses, apart = courses or enrollments // 30, students // CANDIDATES
    parameters = {
        "students": students,
        "courses": courses,
        "capacity": enrollments // courses * 4 // 3,
        "enrollments": enrollments,
        "each": -(-enrollments // students),
        "apart": apart,
        "intro": courses + 1,
        "full": courses + 2,
        "free": courses + 3,
        "candidates": CANDIDATES,
        "seats": SEATS,
        "waiting": WAITING,
    }
    migrate(path)
    add_staff_tokens(path)
    with closing(connect(path, busy_timeout=5.0)) as db:
        # For this connection alone: what is lost with the machine can be seeded again.
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -4000000")
        db.execute("BEGIN")
        for statement in STATEMENTS.split("\n\n"):
            db.execute(statement, parameters)
        db.execute("COMMIT")
        tables = ("student", "course", "student_course", "student_course_event")
        rows = {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables
        }
        (versions,) = db.execute("SELECT sum(version) FROM student_course").fetchone()
        assert versions == rows["student_course_event"], "each version has its event"
    candidates = range(apart, apart * CANDIDATES + 1, apart)
    return Seeded(path, rows, range(1, courses + 1), courses + 2, courses + 3, candidates)
