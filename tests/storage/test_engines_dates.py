"""Dates, times, names and lists: both engines take the same texts, and make the same of them."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.maintenance.migrations import migrate
from enrollment.storage.queries import resource_dir
from tests.support.postgresql import PostgreSQL

# How the constraints of SQLite check a date, a time, and a time of the day.
DAY = "{0} IS date({0}, '+0 days')"
MOMENT = "{0} IS strftime('%Y-%m-%dT%H:%M:%fZ', {0}, '+0 days')"
CLOCK = "{0} IS strftime('%H:%M', {0}, '+0 days')"
CLOCK_PATTERN = "^([01][0-9]|2[0-3]):[0-5][0-9]$"

# SQLite takes 0300-02-29, which did not exist.
ODD_YEAR = 300

# Years about the leap years, and month ends, are the most likely.
years = st.sampled_from([0, 1, 4, 99, 100, 400, 1582, 1900, 1970, 2000, 2023, 2024, 2100, 9999])
days = st.builds(
    "{:04}-{:02}-{:02}".format,
    years | st.integers(0, 9999).filter(ODD_YEAR.__ne__),
    st.integers(0, 13),
    st.sampled_from([0, 1, 28, 29, 30, 31, 32]) | st.integers(0, 40),
)
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 25), st.integers(0, 61))
moments = st.builds(
    "{}T{}:{:02}.{:03}Z".format, days, clocks, st.integers(0, 61), st.integers(0, 999)
)
texts = days | moments | clocks


@st.composite
def almost(draw: st.DrawFn, right: st.SearchStrategy[str]) -> str:
    """A text with a character too many, too few or another."""
    text = draw(right)
    start = draw(st.integers(0, len(text)))
    end = start + draw(st.integers(0, 1))
    return text[:start] + draw(st.sampled_from(["", *"0199-+:.TZtz \n'é"])) + text[end:]


# Names with accents, apostrophes and other characters that are sorted by another.
letters = st.sampled_from("aZéÉßŒ'’-. \"\\ØŁıİ中ñ٣") | st.characters(
    exclude_categories=["Cs"], exclude_characters="\0"
)
names = st.text(letters, min_size=1, max_size=12)
codes = st.text(st.sampled_from('aAbBé1- "\\\x01\x1f\x7f,[]{}:'), max_size=3) | st.sampled_from(
    ["x" * 32, "y" * 33]
)
lists = st.builds(
    lambda codes, comma: "[" + comma.join(f'"{code}"' for code in codes) + "]",
    st.lists(codes, max_size=4),
    st.sampled_from([",", ",", ", "]),
)
times_of_codes = st.builds(
    lambda pairs: "{" + ",".join(f'"{code}":"{at}"' for code, at in pairs) + "}",
    st.lists(st.tuples(codes, moments | st.just("2026-09-01T08:00:00.000Z")), max_size=3),
)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    file = tmp_path_factory.mktemp("dates") / "enrollment.db"
    migrate(file)
    with closing(sqlite3.connect(file)) as db:
        yield db


@pytest.fixture(scope="module")
def on_postgresql(postgresql: PostgreSQL) -> Iterator[psycopg.Connection]:
    with postgresql.migrated("dates") as url, psycopg.connect(url.text) as db:
        yield db
        db.rollback()


def test_these_are_the_checks_of_the_schema():
    schema = (resource_dir("sql") / "schema.sql").read_text()
    postgresql = next((resource_dir("migrations") / "postgresql").glob("0027*on-postgresql.sql"))

    for check, name in ((DAY, "start_on"), (MOMENT, "updated_at"), (CLOCK, "from_time")):
        assert check.format(name) in schema
    assert CLOCK_PATTERN in postgresql.read_text()
    assert "is_day(start_on)" in postgresql.read_text()
    assert "is_moment(updated_at)" in postgresql.read_text()


@settings(deadline=None)
@given(st.lists(texts | almost(texts), min_size=1, max_size=30))
def test_days_and_moments_are_judged_alike(
    on_sqlite: sqlite3.Connection, on_postgresql: psycopg.Connection, texts: list[str]
):
    checks = ", ".join(check.format("?1") for check in (DAY, MOMENT, CLOCK))
    one = [on_sqlite.execute(f"SELECT ?1, {checks}", [text]).fetchone() for text in texts]

    other = on_postgresql.execute(
        "SELECT text, is_day(text), is_moment(text), text ~ %s FROM unnest(%s::text[]) AS text",
        [CLOCK_PATTERN, texts],
    ).fetchall()

    assert one == other


def test_leap_years_are_the_same(on_sqlite: sqlite3.Connection, on_postgresql: psycopg.Connection):
    leap_days = [f"{year:04}-02-29" for year in range(10_000) if year != ODD_YEAR]
    query = f"SELECT atom FROM json_each(?1) WHERE {DAY.format('atom')} ORDER BY atom"
    one = on_sqlite.execute(query, [json.dumps(leap_days)]).fetchall()

    other = on_postgresql.execute(
        "SELECT day FROM unnest(%s::text[]) AS day"
        " WHERE is_day(day) AND is_moment(day || 'T08:00:00.000Z') ORDER BY day",
        [leap_days],
    ).fetchall()

    assert len(one) == 2425
    assert one == other


@settings(deadline=None)
@given(st.lists(days, min_size=1, max_size=30))
def test_days_have_the_same_number(
    on_sqlite: sqlite3.Connection, on_postgresql: psycopg.Connection, days: list[str]
):
    number = f"iif({DAY}, CAST(julianday(?1) - 2440587.5 AS INTEGER), NULL)".format("?1")
    one = [on_sqlite.execute(f"SELECT ?1, {number}", [day]).fetchone() for day in days]

    other = on_postgresql.execute(
        "SELECT day, CASE WHEN is_day(day) THEN day_number(day) END FROM unnest(%s::text[]) AS day",
        [days],
    ).fetchall()

    assert one == other


def test_the_present_time_is_a_moment(on_postgresql: psycopg.Connection):
    is_moment, seconds = on_postgresql.execute(
        "SELECT is_moment(at), abs(extract(epoch FROM now() - at::timestamptz))"
        " FROM now_as_text() AS at"
    ).fetchone()

    assert is_moment
    assert seconds < 60


@settings(deadline=None)
@given(st.lists(names, min_size=2, max_size=8), names)
def test_names_are_sorted_and_found_alike(
    on_sqlite: sqlite3.Connection, on_postgresql: psycopg.Connection, names: list[str], title: str
):
    found = []
    on_sqlite.execute("BEGIN")
    for db, mark in ((on_sqlite, "?"), (on_postgresql, "%s")):
        student = (
            "INSERT INTO student (id, family_name, given_name, email)"
            f" VALUES ({mark}, {mark}, {mark}, 'Ä@b')"
        )
        for id, (family_name, given_name) in enumerate(zip(names[1:], names, strict=False), 1):
            db.execute(student, [id, family_name, given_name])
        db.execute(f"INSERT INTO course (id, code, title) VALUES (1, 'C', {mark})", [title])
        found.append(
            [
                db.execute(query).fetchall()
                for query in (
                    "SELECT id, family_sort, given_sort FROM student"
                    " ORDER BY family_sort, given_sort, id",
                    "SELECT id FROM student ORDER BY family_name, given_name, id",
                    "SELECT student_id, word FROM student_word ORDER BY 1, 2",
                    "SELECT student_id, word FROM student_search ORDER BY 1, 2",
                    "SELECT course_id, word FROM course_word ORDER BY 1, 2",
                    "SELECT course_id, word FROM course_search ORDER BY 1, 2",
                    "SELECT after FROM record_change ORDER BY id",
                )
            ]
        )
        db.rollback()

    assert found[0] == found[1]


def takes(db: sqlite3.Connection | psycopg.Connection, column: str, value: str) -> bool:
    """Whether a course can have this value. The database is as before."""
    mark = "?" if isinstance(db, sqlite3.Connection) else "%s"
    try:
        db.execute(f"INSERT INTO course (code, title, {column}) VALUES ('C', 'T', {mark})", [value])
    except (sqlite3.DatabaseError, psycopg.IntegrityError):
        return False
    finally:
        db.rollback()
    return True


@settings(deadline=None)
@given(lists | almost(lists))
def test_lists_of_codes_are_judged_alike(
    on_sqlite: sqlite3.Connection, on_postgresql: psycopg.Connection, codes: str
):
    assert takes(on_sqlite, "open_to", codes) == takes(on_postgresql, "open_to", codes)


@settings(deadline=None)
@given(times_of_codes | almost(times_of_codes))
def test_early_access_is_judged_alike(
    on_sqlite: sqlite3.Connection, on_postgresql: psycopg.Connection, early_access: str
):
    column = "early_access"
    assert takes(on_sqlite, column, early_access) == takes(on_postgresql, column, early_access)
