"""The named queries on PostgreSQL: each is one text for both engines, and returns the same."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import psycopg
import pytest

from enrollment.data.eligibility import DEFAULTS
from enrollment.data.staging import Staging
from enrollment.maintenance.demo import fill
from enrollment.maintenance.migrations import migrate
from enrollment.storage.connection import Connection
from enrollment.storage.dialect import TYPES, to_postgresql
from enrollment.storage.postgresql import ServerConnection, connect
from enrollment.storage.queries import create_tables, to_json
from enrollment.storage.sqlite_database import SQLiteDatabase
from tests.exchange.imports import import_path
from tests.exchange.packages import case
from tests.storage.test_queries import HOT, QUERIES
from tests.support.postgresql import PostgreSQL

# Those that have a plan: they make no table.
PLANNED = [name for name in QUERIES if not re.search(r"\.create_", name)]
# Those that only read. Which migrations are applied differs.
READING = [
    name
    for name in PLANNED
    if re.search(r"\.(list|get)_", name) and name != "integrity.list_applied"
]
# Values of parameters for the school of `filled`: of all calls, and of one after the other.
START, NOON, LAST = "2020-01-01T00:00:00.000Z", "2026-09-15T12:00:00.000Z", "\U0010ffff"
PAIRS = [[student, course] for student in (1, 7, 12, 30) for course in range(1, 60, 7)]
COMMON: dict[str, Any] = (
    {"at": NOON, "now": NOON, "today": NOON[:10], "as_of": NOON, "known_at": LAST, "start": START}
    | {"since": "", "until": LAST, "last": LAST, "seen_since": "", "show": "all", "words": "[]"}
    | {"overridden": "[]", "dropped": "[]", "rules": DEFAULTS["rules"], "position": 1}
    | {"key": "abc", "school": "abc-school", "source": "one", "limit": 1000, "round": 1}
    | dict.fromkeys(("email", "number", "family_sort", "given_sort", "title", "instructor"), "")
    | dict.fromkeys(("ids", "course_ids", "student_ids", "members_of"), to_json([*range(1, 20)]))
    | dict.fromkeys(("last_id", "before_id"), 10**6)
)
CALLS: list[dict[str, Any]] = [
    {"id": 3, "term_id": 1, "student_id": 7, "into_id": 9, "event_id": 40, "subject_id": 7},
    {"id": 1, "term_id": 2, "course_id": 5, "text": "Adm", "code": "M1", "kind": "completed"},
    {
        "requests": to_json([[*pair, True, False, None] for pair in PAIRS]),
        "pairs": to_json(PAIRS),
        "changes": to_json([[*pair, "dropped", None, None, False] for pair in PAIRS]),
        "kind": "users",
        "term": "2026-fall",
        "words": '["m"]',
        "names": '["1", "S-1", "99999999999999999999", "no one"]',
        "records": '[{"sourcedId": "a", "parent": {"sourcedId": "b"}}]',
    },
    {
        "requests": to_json([[7, course, True, False, None] for course in range(1, 150)]),
        **dict.fromkeys(("open_to", "groups", "counts_as"), '["a", "A"]'),
        "prerequisites": '[{"code": "a", "any_of": ["b"]}]',
        "meetings": '[{"weekday": 1, "from": "09:00", "to": "08:00", "every": 1}]',
        "start_on": "2026-02-01",
        "end_on": "2026-01-01",
        "effective_at": START,
        "term": "none",
    },
]


@pytest.mark.parametrize(
    ("sql", "translated"),
    [
        ("SELECT :code, :id", "SELECT %(code)s::citext, %(id)s::bigint"),
        ("SELECT :student_id_12, :value3", "SELECT %(student_id_12)s::bigint, %(value3)s::text"),
        ("SELECT 'it''s :id', '50 %'", "SELECT 'it''s :id', '50 %%'"),
        ("SELECT a -- the :id's\n% 7, b::text", "SELECT a \n%% 7, b::text"),
        ("json_object(json_array(a))", "json_build_object(json_build_array(a))"),
        ("'json_object('", "'json_object('"),
        ("a.content ->> 'b', value ->> 0", "a.content::json ->> 'b', value ->> 0"),
    ],
)
def test_a_query_is_translated(sql: str, translated: str):
    assert to_postgresql(sql) == translated


def test_each_type_is_that_of_a_parameter():
    used = {name for query in QUERIES.values() for name in query.parameters or ()}
    # These stand in queries that are put together of several.
    assert TYPES.keys() - used == {"offset", "ordinal"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A demo college in SQLite, with what was imported from two other systems."""
    folder = tmp_path_factory.mktemp("filled")
    file = folder / "enrollment.db"
    migrate(file)
    with closing(SQLiteDatabase(file, 5)) as database:
        fill(database, 50, seed=1)
        for name in ("clean-1.2", "two-terms"):
            import_path(database, case(name, folder), source=name)
    with closing(sqlite3.connect(file)) as db:
        db.row_factory = sqlite3.Row
        create_temporary_tables(db)
        yield db


@pytest.fixture(scope="module")
def server(postgresql: PostgreSQL, filled: sqlite3.Connection) -> Iterator[ServerConnection]:
    """A session of the service in a transaction, on a database with the same rows."""
    with postgresql.migrated("queries") as url, connect(url, 5) as db:
        db.execute("BEGIN; SET LOCAL enable_bitmapscan = off")
        copy_rows(filled, db)
        create_temporary_tables(db)
        yield db
        db.execute("ROLLBACK")


def create_temporary_tables(db: Connection) -> None:
    create_tables(db, "import_table")
    create_tables(db, "undo_table")
    Staging(db)


def copy_rows(source: sqlite3.Connection, target: ServerConnection) -> None:
    """Copy the rows of all tables, past the triggers."""
    columns_of: dict[str, list[str]] = {}
    for table, column in target.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND is_generated = 'NEVER'"
    ).fetchall():
        columns_of.setdefault(table, []).append(column)
    target.execute("SET LOCAL session_replication_role = replica")
    for (table,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        if table not in columns_of or "yoyo" in table:
            continue
        names = ", ".join(columns_of[table])
        places = ", ".join(["%s"] * len(columns_of[table]))
        target.execute(f"DELETE FROM {table}")
        with psycopg.Cursor(target) as cursor:
            rows = map(tuple, source.execute(f"SELECT {names} FROM {table}"))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)
    target.execute("SET LOCAL session_replication_role = origin")


def plan(db: ServerConnection, name: str) -> str:
    """How a query runs, whatever the values are."""
    names = sorted(QUERIES[name].parameters or ())
    numbers = {name: f"${number}" for number, name in enumerate(names, 1)}
    db.execute(f"PREPARE this AS {to_postgresql(QUERIES[name].sql) % numbers}")
    values = f"({', '.join(['NULL'] * len(names))})" if names else ""
    rows = db.execute(f"EXPLAIN (VERBOSE, COSTS OFF) EXECUTE this {values}").fetchall()
    db.execute("DEALLOCATE this")
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("name", PLANNED)
def test_a_query_has_a_plan_that_heeds_no_case(server: ServerConnection, name: str):
    columns = server.execute(
        "SELECT string_agg(DISTINCT column_name, '|') FROM information_schema.columns"
        " WHERE table_schema = 'public' AND udt_name = 'citext'"
    ).fetchone()
    # What the rows of an import say is compared as it is written.
    as_text = rf"\((?!said|weighed)\w+\.(?:{columns[0]})\)::text (?:[=<>]|IS (?:NOT )?DISTINCT)"

    assert not re.search(as_text, plan(server, name))


@pytest.mark.parametrize("name", HOT)
def test_a_hot_path_sorts_no_rows(server: ServerConnection, name: str):
    """A list that the request has sent may be sorted."""
    sorted_list = r"Sort\n +Output: .*\n +Sort Key: .*\n +->  Function Scan on .*json"
    steps = re.sub(sorted_list, "", plan(server, name))

    assert not re.search("Sort|Seq Scan", steps)


@pytest.mark.parametrize("name", READING)
def test_a_query_returns_the_same(filled: sqlite3.Connection, server: ServerConnection, name: str):
    sql = QUERIES[name].sql
    for number, call in enumerate(CALLS):
        parameters = {
            parameter: (COMMON | call).get(parameter, default(parameter, number))
            for parameter in QUERIES[name].parameters or ()
        }
        here = [comparable(row) for row in filled.execute(sql, parameters)]
        there = [comparable(row) for row in server.execute(sql, parameters).fetchall()]
        # A query that is a part of another states no order.
        if not re.search(r"ORDER BY(?!.*\))", sql.replace("\n", " ")):
            here, there = (sorted(rows, key=lambda row: row[0]) for rows in (here, there))
        assert there == here


def default(parameter: str, number: int) -> Any:
    """The value of a parameter in this call."""
    type_ = TYPES.get(parameter)
    if type_ == "boolean":
        return number % 2 == 1
    if parameter.startswith("after_"):
        return 0 if type_ == "bigint" else ""
    return LAST if parameter.endswith("_end") else None


def comparable(row: Any) -> list[tuple[str, Any]]:
    """The names and values of a row: those of JSON without its white space."""
    return [
        (name, msgspec.json.decode(value) if str(value)[:1] in ("[", "{") else value)
        for name, value in zip(row.keys(), row, strict=True)
    ]
