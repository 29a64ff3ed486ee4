"""Several connections to PostgreSQL: raw SQL writes one after the other, whatever it does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import psycopg
import pytest

from enrollment.storage.postgresql import WRITE_LOCK
from tests.support.postgresql import PostgreSQL

MOMENT = "2026-09-01T08:00:00.000Z"
ENROLL = (
    "INSERT INTO student_course"
    " (student_id, course_id, status, enrolled_at, changed_at, overridden)"
    f" VALUES (%s, %s, 'enrolled', '{MOMENT}', '{MOMENT}', %s)"
)
TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    " AND relname NOT LIKE '%yoyo%' ORDER BY relname"
)
SEATS = "SELECT count(*) FROM student_course WHERE course_id = %s AND status = 'enrolled'"


@pytest.fixture
def url(postgresql: PostgreSQL) -> Iterator[str]:
    """A database with two students, and courses of one seat."""
    with postgresql.migrated("locks") as url:
        with psycopg.connect(url.text) as db:
            db.execute("INSERT INTO student (family_name) VALUES ('A'), ('B')")
            db.execute(
                "INSERT INTO course (code, title, capacity)"
                " SELECT 'C' || n, 'T', 1 FROM generate_series(1, 20) AS n"
            )
        yield url.text


@pytest.fixture
def db(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url) as db:
        yield db


@pytest.fixture
def other(url: str) -> Iterator[psycopg.Connection]:
    """A second connection, which waits for no lock."""
    with psycopg.connect(url, options="-c lock_timeout=1") as other:
        yield other


def test_a_second_writer_waits_for_the_first(db: psycopg.Connection, other: psycopg.Connection):
    db.execute(ENROLL, (1, 1, None))

    with pytest.raises(psycopg.errors.LockNotAvailable):
        other.execute(ENROLL, (2, 1, None))
    other.rollback()
    db.commit()
    with pytest.raises(psycopg.errors.CheckViolation, match="course_full"):
        other.execute(ENROLL, (2, 1, None))


def test_of_two_at_once_one_gets_the_last_seat(url: str, db: psycopg.Connection):
    courses = range(1, 21)
    barrier = Barrier(2)

    def enroll_in_all(student: int) -> int:
        won = 0
        with psycopg.connect(url, autocommit=True) as own:
            for course in courses:
                barrier.wait(10)
                with suppress(psycopg.errors.CheckViolation):
                    own.execute(ENROLL, (student, course, None))
                    won += 1
        return won

    with ThreadPoolExecutor() as pool:
        assert sum(pool.map(enroll_in_all, (1, 2))) == len(courses)
    for course in courses:
        assert db.execute(SEATS, [course]).fetchone() == (1,)
    ids = [id for (id,) in db.execute("SELECT id FROM student_course_event ORDER BY id")]
    assert ids == [*courses]


def test_every_table_waits_for_the_lock(db: psycopg.Connection, other: psycopg.Connection):
    db.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK])
    tables = [table for (table,) in db.execute(TABLES)]
    assert len(tables) > 20

    for table in tables:
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(f"DELETE FROM {table} WHERE false")
        other.rollback()


def test_no_table_is_truncated(db: psycopg.Connection):
    for (table,) in db.execute(TABLES).fetchall():
        with (
            pytest.raises(psycopg.errors.CheckViolation, match="deleted, never truncated"),
            db.transaction(),
        ):
            db.execute(f"TRUNCATE {table} CASCADE")


def test_a_transaction_that_may_not_see_the_write_before_it_does_not_write(
    db: psycopg.Connection,
):
    db.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with pytest.raises(psycopg.errors.InvalidTransactionState, match="READ COMMITTED"):
        db.execute(ENROLL, (1, 1, None))
    db.rollback()

    for level in (psycopg.IsolationLevel.READ_COMMITTED, psycopg.IsolationLevel.SERIALIZABLE):
        db.isolation_level = level
        db.execute(ENROLL, (1, 1, None))
        db.rollback()


def test_a_serializable_transaction_that_has_not_seen_the_write_before_it_is_undone(
    db: psycopg.Connection, other: psycopg.Connection
):
    other.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    assert other.execute(SEATS, [1]).fetchone() == (0,)
    db.execute(ENROLL, (1, 1, None))
    db.commit()

    with pytest.raises((psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation)):
        other.execute(ENROLL, (2, 1, None))
        other.commit()
    other.rollback()
    assert db.execute(SEATS, [1]).fetchone() == (1,)


def test_the_write_of_a_trigger_of_another_program_waits_too(
    db: psycopg.Connection, other: psycopg.Connection
):
    db.execute("CREATE TABLE theirs (id bigint)")
    db.execute(
        "CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO student (family_name) VALUES (''T''); RETURN NULL; END'"
    )
    db.execute("CREATE TRIGGER theirs AFTER INSERT ON theirs EXECUTE FUNCTION theirs()")
    db.commit()
    db.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK])

    with pytest.raises(psycopg.errors.LockNotAvailable):
        other.execute("INSERT INTO theirs VALUES (1)")


@pytest.mark.parametrize(
    ("overridden", "is_refused"),
    [((None, '["course_full"]'), False), (('["course_full"]', None), True), ((None, None), True)],
    ids=["the second has an override", "the first has an override", "none has"],
)
def test_an_override_takes_no_seat_of_who_came_before(
    db: psycopg.Connection, overridden: tuple[str | None, str | None], is_refused: bool
):
    """In one statement, as one row after the other in SQLite."""
    insert = ENROLL.replace("VALUES (%s, %s, ", "SELECT id, 1, ").replace("%s)", "overridden") + (
        " FROM unnest(ARRAY[1, 2], %s::text[]) AS listed (id, overridden)"
    )
    if is_refused:
        with pytest.raises(psycopg.errors.CheckViolation, match="course_full"):
            db.execute(insert, [[*overridden]])
    else:
        db.execute(insert, [[*overridden]])


def test_what_is_undone_leaves_no_gap_and_what_is_deleted_is_not_given_again(
    db: psycopg.Connection,
):
    insert = "INSERT INTO student (family_name) VALUES ('C') RETURNING id"
    with db.transaction(force_rollback=True):
        assert db.execute(insert).fetchone() == (3,)
    assert db.execute(insert).fetchone() == (3,)
    db.execute("DELETE FROM student WHERE id = 3")
    assert db.execute(insert).fetchone() == (4,)
    with db.transaction(force_rollback=True):
        db.execute("DELETE FROM student WHERE id = 4")
        assert db.execute(insert).fetchone() == (5,)
    db.execute("DELETE FROM student WHERE id = 1")
    assert db.execute(insert).fetchone() == (5,)


def test_an_event_is_announced_when_it_is_committed(url: str, db: psycopg.Connection):
    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute("LISTEN student_course_event")
        db.execute(ENROLL, (1, 1, None))
        db.rollback()
        db.execute(ENROLL, (1, 1, None))
        db.execute(ENROLL, (1, 2, None))
        assert [*listener.notifies(timeout=0)] == []
        db.commit()

        assert len([*listener.notifies(timeout=10, stop_after=1)]) == 1
        assert [*listener.notifies(timeout=0)] == []
