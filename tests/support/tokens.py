"""Tokens with known secrets: one of each role, in every database that a fixture has made."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

ROLES = ("admin", "registrar", "reader")
TOKENS = {role: f"enr_{number:012x}_{number:048x}" for number, role in enumerate(ROLES, start=1)}
STUDENT_TOKEN = f"enr_{9:012x}_{9:048x}"
MONITOR_TOKEN = f"enr_{8:012x}_{8:048x}"
# The actor that the history records for the admin token.
ACTOR = "admin #1"
MOMENT = "2020-01-01T00:00:00.000Z"


def add_staff_tokens(file: Path) -> None:
    """Write the token of every role except student: such a token needs a student."""
    with closing(sqlite3.connect(file)) as db, db:
        for role, text in TOKENS.items():
            insert(db, text, role)


def add_student_token(file: Path, student_id: int) -> None:
    """Write a token of a student."""
    with closing(sqlite3.connect(file)) as db, db:
        insert(db, STUDENT_TOKEN, "student", student_id, name="Ada")


def add_monitor_token(file: Path) -> None:
    """Write a token that may only read the metrics."""
    with closing(sqlite3.connect(file)) as db, db:
        insert(db, MONITOR_TOKEN, "monitor")


def insert(
    db: sqlite3.Connection, text: str, role: str, student_id: int | None = None, name: str = ""
) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    db.execute(
        "INSERT INTO token (name, role, student_id, lookup, digest, created_at, created_by)"
        " VALUES (?, ?, ?, ?, ?, ?, 'a test')",
        (name or role, role, student_id, text[4:16], digest, MOMENT),
    )
