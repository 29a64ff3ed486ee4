"""The schemas of both engines: they have the same tables, columns, constraints, indexes, triggers
and views, but for what is listed here with its reason."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import ClassVar

import psycopg
import pytest

from enrollment.maintenance.migrations import migrate
from enrollment.storage.queries import resource_dir
from tests.storage.test_record_changes import NOT_RECORDED
from tests.support.postgresql import PostgreSQL
from tests.support.schema import read_schema

NO_REPLACE = "PostgreSQL has no REPLACE, and the primary key refuses a second row"
CASCADES = "the foreign key deletes them, and is always enforced"
RECORDED = "leave_a_change() compares the rows themselves, so it needs no table for the columns"
IN_WHEN = "a trigger of PostgreSQL calls is_code_list() in its WHEN"
# What only one engine has, and why.
ONLY_SQLITE = {
    "changed_column": RECORDED,
    "change_to_record": RECORDED,
    "change_to_record_is_recorded": RECORDED,
    "code_list_to_check": IN_WHEN,
    "code_list_to_check_is_checked": IN_WHEN,
    "course_delete_is_not_found": CASCADES,
    "course_delete_removes_the_codes": CASCADES,
    "student_delete_is_not_found": CASCADES,
    "course_term_follows_the_case": "a cascade of PostgreSQL takes a change of case for a change",
    "student_course_joins_what_exists": "the foreign keys are always enforced",
    "course_is_never_replaced": NO_REPLACE,
    "hold_is_never_replaced": NO_REPLACE,
    "import_is_never_replaced": NO_REPLACE,
    "school_is_never_replaced": NO_REPLACE,
    "student_is_never_replaced": NO_REPLACE,
    "term_is_never_replaced": NO_REPLACE,
    "token_is_never_replaced": NO_REPLACE,
    "student_course_event_is_never_replaced": "the trigger that gives the id refuses any other",
    "course_repeatable_is_yes_or_no": "the column is a boolean",
}
ONLY_POSTGRESQL = {
    "deleted_id": "SQLite keeps the highest id in sqlite_sequence",
    "course_by_term": "SQLite reads the index of course_code_unique, which ends in the id",
    "term_by_code": "SQLite reads the index of term_code_unique, which ends in the id",
    "student_insert_is_found": "in SQLite, student_update_is_found finds a new student too",
    "student_course_event_is_numbered": "the ids of SQLite come from AUTOINCREMENT",
    "student_course_event_is_announced": "SQLite has no NOTIFY, and one process",
}
# A value that is made, in both spellings.
MADE = {
    "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')": "now_as_text()",
    "lower(hex(randomblob(6)))": "substr(replace((gen_random_uuid()), '-', ''), 1, 12)",
}
# The flags. The queries compare is_current and is_deleted with numbers.
BOOLEAN = {"course.repeatable", "student_course.passed", "student_course_event.passed"}
# How a number is stored that has a default: in acting, SQLite takes the next rowid.
DEFAULTS = {"acting.only_row": "1", "course.repeatable": "false"}
# The tables whose ids a trigger gives. Those of events and changes have no gaps.
OWN_IDS = (
    "course",
    "hold",
    "import",
    "session",
    "sign_in_link",
    "source_record",
    "student",
    "term",
    "token",
)


class Schema:
    """What a database has. Each member is by name."""

    tables: set[str]
    # By table and column, in order: the type, whether it can be NULL, the default, and whether it
    # is generated.
    columns: dict[str, tuple[str, bool, str | None, bool]]
    # The kind, and for a reference all of it.
    constraints: dict[str, str]
    # Whether it is unique, its columns, and its condition.
    indexes: dict[str, tuple[bool, list[str], str]]
    # The table or view.
    triggers: dict[str, str]
    # The columns.
    views: dict[str, list[str]]


def plain(sql: str) -> str:
    """A piece of SQL without what only one engine writes."""
    sql = re.sub(r"::(?:text|bigint)|COLLATE \"C\"|^\(|\)$", "", sql).strip()
    return re.sub(r"\s*\(", "(", " ".join(sql.split())).lower()


class SQLiteSchema(Schema):
    TYPES: ClassVar = {
        "INTEGER": "bigint",
        "REAL": "double precision",
        "BLOB": "bytea",
        "TEXT": "text",
    }

    def __init__(self, db: sqlite3.Connection) -> None:
        objects = read_schema(db)
        kinds = dict(db.execute("SELECT name, type FROM sqlite_master"))
        of = dict(db.execute("SELECT name, tbl_name FROM sqlite_master"))

        def named(kind: str) -> Iterator[str]:
            return (name for name in objects if kinds[name] == kind)

        self.tables = {*named("table")}
        self.triggers = {name: of[name] for name in named("trigger")}
        self.columns = {}
        self.constraints = {}
        for table in self.tables:
            text = objects[table]
            self.constraints |= {
                name: plain(text) if kind == "FOREIGN KEY" else kind
                for name, text, kind in re.findall(
                    r"CONSTRAINT (\w+)\s+((CHECK|UNIQUE|PRIMARY KEY|FOREIGN KEY)"
                    r"(?: \(\w+\) REFERENCES \w+ \(\w+\)\s+ON UPDATE \w+ ON DELETE \w+)?)",
                    text,
                )
            }
            for name, type_, not_null, default, key, hidden in db.execute(
                'SELECT name, type, "notnull", dflt_value, pk, hidden'
                f" FROM pragma_table_xinfo('{table}')"
            ):
                type_ = self.TYPES.get(type_, type_)
                if re.search(rf"\n    {name} +TEXT[^,]*? COLLATE NOCASE", text):
                    type_ = "citext"
                if f"{table}.{name}" in BOOLEAN:
                    type_ = "boolean"
                default = DEFAULTS.get(f"{table}.{name}", default)
                default = default and MADE.get(default, default)
                nullable = not not_null and not key
                self.columns[f"{table}.{name}"] = (
                    type_, nullable, default and plain(default), hidden == 2,
                )  # fmt: skip
        self.indexes = {}
        for name in named("index"):
            columns, _, where = objects[name].partition(f"ON {of[name]} (")[2].partition(" WHERE ")
            if not where:
                columns, _, where = columns.partition("\nWHERE ")
            self.indexes[name] = (
                "UNIQUE" in objects[name],
                [plain(column) for column in re.split(r",\s*(?![^(]*\))", columns.strip()[:-1])],
                plain(where),
            )
        self.views = {
            view: [
                column for (column,) in db.execute(f"SELECT name FROM pragma_table_info('{view}')")
            ]
            for view in named("view")
        }


class PostgreSQLSchema(Schema):
    KINDS: ClassVar = {"c": "CHECK", "u": "UNIQUE", "p": "PRIMARY KEY"}

    def __init__(self, db: psycopg.Connection) -> None:
        self.columns = {}
        self.views = {}
        self.tables = set()
        for relation, is_view, name, type_, not_null, default, generated, collation in db.execute(
            "SELECT relname, relkind = 'v', attname, format_type(atttypid, atttypmod), attnotnull,"
            " pg_get_expr(adbin, adrelid), attgenerated <> '', collname"
            " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
            " LEFT JOIN pg_collation ON pg_collation.oid = attcollation"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0"
            " AND relname NOT LIKE '%yoyo%' ORDER BY attrelid, attnum"
        ):
            if is_view:
                self.views.setdefault(relation, []).append(name)
                continue
            assert type_ not in ("text", "citext") or collation == "C", f"{relation}.{name}"
            self.tables.add(relation)
            default = None if generated else default and plain(default)
            self.columns[f"{relation}.{name}"] = (type_, not not_null, default, generated)
        self.constraints = {
            name: self.KINDS.get(kind) or plain(text)
            for name, kind, text in db.execute(
                "SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'p', 'f')"
                " AND conrelid::regclass::text NOT LIKE '%yoyo%' AND conname NOT LIKE '%\\_pkey'"
            )
        }
        self.indexes = {
            name: (is_unique, [plain(column) for column in columns], plain(where or ""))
            for name, is_unique, columns, where in db.execute(
                "SELECT indexrelid::regclass::text, indisunique,"
                " ARRAY(SELECT pg_get_indexdef(indexrelid, place, true)"
                "       FROM generate_series(1, indnatts) AS place),"
                " pg_get_expr(indpred, indrelid) FROM pg_index"
                " WHERE indrelid::regclass::text = ANY (%s)"
                " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid"
                "                 AND contype IN ('u', 'p'))",
                [[*self.tables]],
            )
        }
        self.triggers = dict(
            db.execute(
                "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
            ).fetchall()
        )


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> SQLiteSchema:
    file = tmp_path_factory.mktemp("schema") / "enrollment.db"
    migrate(file)
    with closing(sqlite3.connect(file)) as db:
        return SQLiteSchema(db)


@pytest.fixture(scope="module")
def db(postgresql: PostgreSQL) -> Iterator[psycopg.Connection]:
    """A connection to a new database on a server."""
    with postgresql.migrated("schemas") as url, psycopg.connect(url.text, autocommit=True) as db:
        yield db


@pytest.fixture(scope="module")
def on_postgresql(db: psycopg.Connection) -> PostgreSQLSchema:
    return PostgreSQLSchema(db)


def of_both(one: object, other: object) -> tuple[dict, dict]:
    """Two dicts without what only one engine has, and what is made for each table."""
    return (
        {name: value for name, value in dict(one).items() if name not in ONLY_SQLITE},
        {name: value for name, value in dict(other).items() if name not in ONLY_POSTGRESQL},
    )


def in_each_table(name: str) -> bool:
    """Whether a trigger is one of those that are made in a loop."""
    return name == "one_writer_at_a_time" or bool(
        re.fullmatch(r"\w+_(?:is_never_truncated|is_given_an_id|id_is_kept)", name)
    )


def test_both_have_the_same_columns(on_sqlite: Schema, on_postgresql: Schema):
    one, other = (dict.fromkeys(schema.tables) for schema in (on_sqlite, on_postgresql))
    one, other = of_both(one, other)
    assert one.keys() == other.keys()

    for table in one:
        lists = [
            [(name, *column) for name, column in schema.columns.items()
             if name.startswith(f"{table}.")]
            for schema in (on_sqlite, on_postgresql)
        ]  # fmt: skip
        assert lists[0] == lists[1]


@pytest.mark.parametrize("what", ["constraints", "views"])
def test_both_have_the_same(on_sqlite: Schema, on_postgresql: Schema, what: str):
    one, other = of_both(getattr(on_sqlite, what), getattr(on_postgresql, what))

    assert one == other


def test_both_have_the_same_indexes(on_sqlite: Schema, on_postgresql: Schema):
    """In SQLite each index ends in the id by itself, so that a list can go on after any row."""
    one, other = of_both(on_sqlite.indexes, on_postgresql.indexes)

    assert one.keys() == other.keys()
    for name, (is_unique, columns, where) in one.items():
        assert other[name] in [
            (is_unique, columns, where),
            (is_unique, [*columns, "id"], where),
        ], name


def test_both_have_the_same_triggers(on_sqlite: Schema, on_postgresql: Schema):
    one, other = of_both(on_sqlite.triggers, on_postgresql.triggers)

    assert one == {name: table for name, table in other.items() if not in_each_table(name)}


def test_what_may_differ_does(on_sqlite: Schema, on_postgresql: Schema):
    def names(schema: Schema) -> set[str]:
        parts = (schema.constraints, schema.indexes, schema.triggers, schema.views)
        return schema.tables.union(*parts)

    one, other = names(on_sqlite), names(on_postgresql)
    assert one - other == ONLY_SQLITE.keys()
    assert {name for name in other - one if not in_each_table(name)} == ONLY_POSTGRESQL.keys()


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        (lambda table: "one_writer_at_a_time", lambda schema: schema.tables),
        (lambda table: f"{table}_is_never_truncated", lambda schema: schema.tables),
        (lambda table: f"{table}_is_given_an_id", lambda schema: OWN_IDS),
        (lambda table: f"{table}_id_is_kept", lambda schema: OWN_IDS),
    ],
    ids=["lock", "truncate", "id", "deleted id"],
)
def test_each_table_has_the_triggers_that_all_have(
    db: psycopg.Connection,
    on_postgresql: Schema,
    name: Callable[[str], str],
    tables: Callable[[Schema], set[str]],
):
    found = {
        (table, trigger)
        for table, trigger in db.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
    }

    assert {(table, name(table)) for table in tables(on_postgresql)} - found == set()


def test_an_id_is_given_in_each_table_where_sqlite_gives_one(on_sqlite: Schema):
    assert {name.removesuffix(".id") for name in on_sqlite.columns if name.endswith(".id")} == {
        *OWN_IDS, "record_change", "school", "student_course_event",
    }  # fmt: skip


def test_every_column_is_recorded(db: psycopg.Connection, on_postgresql: Schema):
    """A column that is added needs a place in the triggers."""
    rows = db.execute(
        "SELECT tgname, tgrelid::regclass::text, tgargs,"
        " ARRAY(SELECT attname::text FROM pg_attribute"
        "       WHERE attrelid = tgrelid AND attnum = ANY (tgattr))"
        " FROM pg_trigger WHERE tgname ~ '_leaves_(a_change|two_changes)$'"
    ).fetchall()
    assert len(rows) == 7 * 3
    for name, table, arguments, watched in rows:
        subject, part, *listed = arguments.decode().split("\0")[:-1]
        columns = {column.removeprefix(f"{table}.") for column in on_postgresql.columns
                   if column.startswith(f"{table}.")}  # fmt: skip
        recorded = {column.rpartition("=")[2] for column in listed}
        assert recorded == columns - NOT_RECORDED.keys(), name
        assert table == (f"{subject}_{part}" if part else subject), name
        assert set(watched) in ({*()}, recorded), name
        assert bool(watched) == name.endswith("_update_leaves_a_change"), name


def test_the_rollback_leaves_nothing_and_can_be_taken_back(postgresql: PostgreSQL):
    url = postgresql.create_database("rolled_back")
    folder = resource_dir("migrations") / "postgresql"
    (rollback,) = folder.glob("0027.*.rollback.sql")
    with psycopg.connect(url.text, autocommit=True) as db:
        for _ in range(2):
            db.execute((folder / rollback.name.replace(".rollback", "")).read_text())
            db.execute(rollback.read_text())
            # What belongs to citext stays.
            assert db.execute(
                "SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend AS own"
                " WHERE refclassid = 'pg_namespace'::regclass"
                " AND refobjid = 'public'::regnamespace"
                " AND deptype = 'n' AND classid <> 'pg_extension'::regclass"
                " AND NOT EXISTS (SELECT 1 FROM pg_depend AS member"
                "                 WHERE (member.classid, member.objid) = (own.classid, own.objid)"
                "                 AND member.deptype = 'e')"
            ).fetchall() == []  # fmt: skip
    postgresql.drop_database("rolled_back")
