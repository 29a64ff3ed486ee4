"""The schema of PostgreSQL against raw SQL: it keeps the promises that the one of SQLite keeps.

The tests of these modules run here on PostgreSQL, with the same statements and the same texts of
refusals; where they stand, they run on SQLite.
"""

import re
import sqlite3
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import psycopg
import pytest

from enrollment.storage.postgresql_values import adapt
from tests.storage import (
    test_corrections,
    test_record_changes,
    test_triggers,
    test_void,
    test_waitlist_place,
)
from tests.storage.test_void import erased  # noqa: F401 (a fixture of its tests)
from tests.support.postgresql import PostgreSQL

# Tests that are about SQLite, and why.
ONLY_SQLITE = {
    "test_the_shell_of_sqlite_can_write_what_is_searched": "it is about a shell",
    "test_replacing_a_row_keeps_the_chain_of_the_history": "PostgreSQL has no REPLACE",
    "test_a_record_is_not_replaced_without_a_trace": "PostgreSQL has no REPLACE",
    "test_no_change_has_a_gap_before_it": "PostgreSQL has no changed_column",
    "test_the_parts_of_a_course_go_before_it": "PostgreSQL has no changed_column",
    "test_every_column_is_recorded": "it reads triggers: test_engines_schema has its counterpart",
    "test_an_enrolment_of_what_does_not_exist_is_refused": "a foreign key refuses it",
    "test_a_number_that_is_no_number_is_refused": "each engine has its own words",
    "test_a_student_number_is_unique_whatever_its_case": "the message names the constraint",
    "test_a_void_enrollment_has_no_time": "PostgreSQL takes no column twice in one SET",
    "test_only_a_void_enrollment_can_be_deleted_and_it_is_no_loss": "it reads rows in no order",
    "test_reasons_and_own_tokens_of_an_erased_student_are_erased_without_an_event": (
        "it reads rows in no order"
    ),
}
# Parameters of tests that store a number other than 0 and 1 as a boolean.
NO_BOOLEANS = (
    ("passed = 2", "outcome_makes_sense"),
    ("course", "repeatable", "2", "course_repeatable_is_yes_or_no"),
)


class AsSQLite:
    """A connection that takes the statements of these tests, and fails as one of sqlite3 does.

    Each statement is a savepoint, and the whole test one transaction, which is undone.
    """

    # PostgreSQL wants the columns of a conflict, and knows no pragma and no REPLACE.
    WORDS = (
        ("ON CONFLICT DO UPDATE", "ON CONFLICT (student_id, course_id) DO UPDATE"),
        (" OR REPLACE", ""),
        (" OR IGNORE", ""),
        ("passed = 0", "passed = false"),
        ("iif(before IS NULL, NULL, '{}')", "CASE WHEN before IS NOT NULL THEN '{}' END"),
    )

    def __init__(self, db: psycopg.Connection) -> None:
        adapt(db.adapters)
        db.execute("SELECT 1")
        self.db = db

    def execute(self, sql: str, parameters: Any = None) -> psycopg.Cursor:
        for word, other in self.WORDS:
            sql = sql.replace(word, other)
        if sql.startswith("PRAGMA"):
            # Foreign keys are always enforced.
            sql = "SELECT 1"
        if parameters is not None:
            sql = sql.replace("%", "%%").replace("?", "%s")
            sql = re.sub(r"(?<![:\w]):([a-z]\w*)", r"%(\1)s", sql)
        try:
            with self.db.transaction():
                return self.db.execute(sql, parameters)
        # SQLite begins its messages with the kind of the constraint.
        except psycopg.errors.UniqueViolation as error:
            raise sqlite3.IntegrityError(f"UNIQUE: {error}") from error
        except psycopg.errors.CheckViolation as error:
            raise sqlite3.IntegrityError(f"CHECK: {error}") from error
        except psycopg.IntegrityError as error:
            raise sqlite3.IntegrityError(str(error)) from error
        except psycopg.ProgrammingError as error:
            raise sqlite3.OperationalError(str(error)) from error


def with_booleans(test: FunctionType) -> FunctionType:
    """A test without the parameters that store a number as a boolean."""
    copy = FunctionType(test.__code__, test.__globals__, test.__name__)
    for mark in getattr(test, "pytestmark", []):
        names, values = mark.args
        kept = [value for value in values if value not in NO_BOOLEANS]
        copy = pytest.mark.parametrize(names, kept, **mark.kwargs)(copy)
    return copy


def taken_from(module: Any) -> dict[str, FunctionType]:
    tests = {name: test for name, test in vars(module).items() if name.startswith("test_")}
    return {name: with_booleans(test) for name, test in tests.items() if name not in ONLY_SQLITE}


MODULES = (
    test_corrections,
    test_record_changes,
    test_triggers,
    test_void,
    test_waitlist_place,
)
for module in MODULES:
    globals().update(taken_from(module))


@pytest.fixture(scope="module")
def connection(postgresql: PostgreSQL) -> Iterator[psycopg.Connection]:
    """To a migrated database, in which each test leaves nothing."""
    with postgresql.migrated("raw_sql") as url, psycopg.connect(url.text) as connection:
        yield connection


@pytest.fixture
def db(connection: psycopg.Connection, request: pytest.FixtureRequest) -> Iterator[AsSQLite]:
    db = AsSQLite(connection)
    for statement in sys.modules[request.function.__module__].ROWS:
        db.execute(statement)
    yield db
    connection.rollback()


def test_each_test_is_run_or_listed():
    names = [name for module in MODULES for name in taken_from(module)]
    assert len(names) == len(set(names)) > 80
    assert ONLY_SQLITE.keys() <= {name for module in MODULES for name in vars(module)}
