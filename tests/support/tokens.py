"""Tokens with known secrets: one of each role, in every database that a fixture has made."""

import hashlib
from contextlib import closing

from enrollment.model.location import Location
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database
from enrollment.storage.engine import open_database

ROLES = ("admin", "registrar", "reader")
TOKENS = {role: f"enr_{number:012x}_{number:048x}" for number, role in enumerate(ROLES, start=1)}
STUDENT_TOKEN = f"enr_{9:012x}_{9:048x}"
MONITOR_TOKEN = f"enr_{8:012x}_{8:048x}"
# The actor that the history records for the admin token.
ACTOR = "admin #1"
MOMENT = "2020-01-01T00:00:00.000Z"


def add_staff_tokens(location: Location) -> None:
    """Write the token of every role except student: such a token needs a student."""
    with closing(open_database(location, 1)) as database, database.write() as db:
        for role, text in TOKENS.items():
            insert(db, text, role)


def add_student_token(database: Database, student_id: int) -> None:
    """Write a token of a student."""
    with database.write() as db:
        insert(db, STUDENT_TOKEN, "student", student_id, name="Ada")


def add_monitor_token(database: Database) -> None:
    """Write a token that may only read the metrics."""
    with database.write() as db:
        insert(db, MONITOR_TOKEN, "monitor")


def insert(
    db: Connection, text: str, role: str, student_id: int | None = None, name: str = ""
) -> None:
    """Write a token with this text."""
    db.execute(
        "INSERT INTO token (name, role, student_id, lookup, digest, created_at, created_by)"
        " VALUES (:name, :role, :student_id, :lookup, :digest, :moment, 'a test')",
        {
            "name": name or role,
            "role": role,
            "student_id": student_id,
            "lookup": text[4:16],
            "digest": hashlib.sha256(text.encode()).hexdigest(),
            "moment": MOMENT,
        },
    )
