"""The named queries: each compiles, is used, and is served by the index that is meant for it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import enrollment.data
import enrollment.exchange
from enrollment.data.staging import Staging
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database
from enrollment.storage.queries import create_tables, queries, resource_dir

pytestmark = pytest.mark.usefixtures("database_file")  # These are the plans of SQLite.

SUBJECTS = sorted({path.stem for path in resource_dir("sql").glob("*.sql")} - {"schema"})
QUERIES = {
    f"{subject}.{name}": getattr(queries(subject), name)
    for subject in SUBJECTS
    for name in queries(subject).available_queries
    if not name.endswith("_cursor")
}

# The hot paths, and how each is to begin: which index, and which of its columns.
SORTED_LISTS = {"enrollment.update_enrollments": ["USE TEMP B-TREE FOR DISTINCT"]}
HOT = {
    "enrollment.get_enrollment": "PRIMARY KEY (student_id=? AND course_id=?",
    "enrollment.list_active_enrollments": "PRIMARY KEY (student_id=?",
    "enrollment.update_enrollments": "PRIMARY KEY (student_id=? AND course_id=?",
    "roster.list_courses_of_student": "PRIMARY KEY (student_id=? AND course_id>?",
    "roster.list_courses_of_student_as_of": "PRIMARY KEY (student_id=? AND course_id>?",
    "roster.list_students_of_course": "student_course_by_course (course_id=? AND (status,",
    "roster.list_students_of_course_as_of": (
        "student_course_by_course_and_student (course_id=? AND student_id>?"
    ),
    "waitlist.list_waitlisted": (
        "student_course_by_course (course_id=? AND status=? AND (queue_number,queue_fraction)>(?,?)"
    ),
    "waitlist.update_skipped": "PRIMARY KEY (student_id=? AND course_id=?",
    "event.list_events": "INTEGER PRIMARY KEY (rowid>?",
    "event.list_events_of_course": "student_course_event_by_course (course_id=? AND id>? AND id<?",
    "event.list_events_by_actor": "student_course_event_by_actor (actor=? AND id>? AND id<?",
    "event.list_events_of_kind": "student_course_event_by_kind (to_status=? AND id>? AND id<?",
    "record_change.list_record_changes": "INTEGER PRIMARY KEY (rowid>? AND rowid<?",
    "record_change.list_record_changes_by_actor": (
        "record_change_by_actor (actor=? AND id>? AND id<?"
    ),
    "record_change.list_record_changes_of_subject": (
        "record_change_by_subject (subject=? AND id>? AND id<?"
    ),
    "record_change.list_record_changes_of_record": (
        "record_change_by_record (subject_id=? AND id>? AND id<?"
    ),
    "hold.list_all_holds": "INTEGER PRIMARY KEY (rowid>?",
    "hold.list_open_holds": "hold_open (id>?",
    "hold.list_holds": "hold_by_student (student_id=? AND rowid>?",
    "student.list_students": "student_by_name ((family_sort,given_sort)>(?,?) AND family_sort<?",
    "student.list_students_with_words": "student_by_name ((family_sort,given_sort)>(?,?)",
    "student.list_students_by_email": "student_by_email (email>? AND email<?",
    "student.list_students_by_number": "sqlite_autoindex_student_1 (number>? AND number<?",
    "student.list_students_by_update": "student_by_update (updated_at>?",
    "page.list_catalog": "sqlite_autoindex_course_1 (term=? AND (code,label)>(?,?)",
    "page.list_seats_since": "INTEGER PRIMARY KEY (rowid>?",
    "course.list_course_ids": "INTEGER PRIMARY KEY (rowid>?",
    "token.list_tokens": "INTEGER PRIMARY KEY (rowid>?",
    "import.list_imports": "INTEGER PRIMARY KEY (rowid>?",
    "erasure.list_erasures": "INTEGER PRIMARY KEY (rowid>?",
    "merge.list_merges": "INTEGER PRIMARY KEY (rowid>?",
    "token.get_token_by_lookup": "sqlite_autoindex_token_1 (lookup=?",
    "term.list_terms": "sqlite_autoindex_term_1 (code>? AND code<?",
}
# What shows the end of a history: each search reads the last rows of its index alone.
LATEST = {
    "change_list.list_latest_events": (
        "student_course_event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "student_course_event USING INDEX student_course_event_by_enrollment (student_id=?)",
        "student_course_event USING INDEX"
        " student_course_event_by_course (course_id=? AND id>? AND id<?)",
        "student_course_event USING INDEX"
        " student_course_event_by_actor (actor=? AND id>? AND id<?)",
        "student_course_event USING INDEX student_course_event_with_override (id>? AND id<?)",
    ),
    "change_list.list_latest_record_changes": (
        "record_change USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "record_change USING INDEX record_change_by_record (subject_id=? AND id>? AND id<?)",
        "hold USING COVERING INDEX hold_by_student (student_id=?)",
        "record_change USING INDEX record_change_by_actor (actor=? AND id>? AND id<?)",
    ),
}
# What looks records up by an index, and sorts those of its result.
SEARCHES = {
    "roster.list_students_of_course_by_name": (
        "SEARCH student_course USING INDEX student_course_by_course_and_student (course_id=?)"
    ),
    "roster.list_students_of_course_as_of_by_name": (
        "SEARCH student_course USING COVERING INDEX student_course_by_course_and_student"
        " (course_id=?)"
    ),
    "student.list_students_by_word": ("SEARCH student_word USING PRIMARY KEY (word>? AND word<?)"),
}


def plan(database: Database, query: Any) -> list[str]:
    parameters = dict.fromkeys(query.parameters)
    with database.write() as db:
        return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query.sql}", parameters)]


def test_each_query_compiles_with_the_parameters_that_it_declares(
    database: Database, subtests: pytest.Subtests
):
    # Some tables are temporary. A query that makes one needs none.
    makers = [name for name in QUERIES if "CREATE TEMPORARY" in QUERIES[name].sql]

    def compile_each(db: Connection, names: Iterable[str]) -> None:
        for name in names:
            query = QUERIES[name]
            with subtests.test(name):
                assert list(db.execute(f"EXPLAIN {query.sql}", dict.fromkeys(query.parameters)))

    with database.write() as db:
        compile_each(db, makers)
        Staging(db)
        create_tables(db, "import_table")
        create_tables(db, "undo_table")
        compile_each(db, sorted(QUERIES.keys() - {*makers}))


def test_each_query_says_what_question_it_answers(subtests: pytest.Subtests):
    for name, query in QUERIES.items():
        if "list_" in name or "get_" in name:
            with subtests.test(name):
                assert query.__doc__


def test_each_query_is_used(subtests: pytest.Subtests):
    rooms = (*enrollment.data.__path__, *enrollment.exchange.__path__)
    code = "".join(path.read_text() for room in rooms for path in Path(room).glob("*.py"))
    # An export names its queries as texts.
    used = re.findall(r'(?:\b(?:SQL|COURSE|ENROLLMENT|ROW)\.|")(\w+?)(?:_cursor)?\b', code)

    for name in QUERIES:
        with subtests.test(name):
            assert name.partition(".")[2] in used


def test_each_query_names_its_columns_and_binds_every_value(subtests: pytest.Subtests):
    for name, query in QUERIES.items():
        with subtests.test(name):
            assert not re.search(r"SELECT\s+\*|\.\*", query.sql)
            assert not re.search(r"[?{]", query.sql)


def test_each_hot_path_walks_its_index_and_sorts_nothing(
    database: Database, subtests: pytest.Subtests
):
    for name, index in HOT.items():
        steps = plan(database, QUERIES[name])
        with subtests.test(name):
            assert index in steps[0]
            assert not [step for step in steps if step.startswith("SCAN student")]
            sorts = [step for step in steps if "TEMP B-TREE" in step]
            # The list that the request has sent is sorted, no row of a table.
            assert sorts == SORTED_LISTS.get(name, [])


def test_every_list_page_is_a_hot_path():
    pages = {name for name, query in QUERIES.items() if "limit" in query.parameters}

    sorted_or_searched = {"eligibility.list_decisions", "event.list_events_of_student"}
    # They list what one import did.
    sorted_or_searched |= {"import.list_import_changes", "undo.list_undone"}
    sorted_or_searched |= {"course.list_courses"}
    # They read all there is, and show the first that they find.
    sorted_or_searched |= {name for name in pages if name.startswith("integrity.")}
    # It counts.
    sorted_or_searched |= {"search.get_rarest_word"}
    assert pages - sorted_or_searched - SEARCHES.keys() - LATEST.keys() <= HOT.keys()


def test_the_courses_of_all_terms_and_of_one_are_walked_by_an_index_each(database: Database):
    steps = plan(database, QUERIES["course.list_courses"])

    # Both are in the order of the list, and one has no rows.
    assert steps[0] == "MERGE (UNION ALL)"
    for index in ("course_by_code (", "sqlite_autoindex_course_1 (term=? AND "):
        assert f"SEARCH course USING INDEX {index}(code,label)>(?,?) AND code<?)" in steps
    assert not [step for step in steps if "TEMP B-TREE" in step]


@pytest.mark.parametrize("name", LATEST)
def test_the_latest_changes_are_found_from_the_end(database: Database, name: str):
    steps = plan(database, QUERIES[name])

    assert {f"SEARCH {search}" for search in LATEST[name]} <= {*steps}
    # Only the few rows that a search has found are scanned.
    scanned = [step for step in steps if step.startswith("SCAN")]
    assert all(re.match("SCAN of_", step) for step in scanned)
    assert not [step for step in steps if "record_change_by_subject" in step]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_looks_words_up_by_an_index(database: Database, name: str):
    steps = plan(database, QUERIES[name])

    assert SEARCHES[name] in steps
    assert not [step for step in steps if step.startswith("SCAN student")]


def test_the_events_of_a_student_are_found_by_index_and_sorted(database: Database):
    """An index in this order would cost each enrollment more than the sort of a few rows costs."""
    steps = plan(database, QUERIES["event.list_events_of_student"])

    assert "student_course_event_by_enrollment (student_id=?" in steps[0]
    assert steps[1:] == ["USE TEMP B-TREE FOR ORDER BY"]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("event.get_event_range", "student_course_event_by_time"),
        ("record_change.get_record_change_range", "record_change_by_time"),
    ],
)
def test_a_period_is_found_in_the_index_of_times_alone(database: Database, name: str, index: str):
    steps = plan(database, QUERIES[name])

    times = f"COVERING INDEX {index} (recorded_at>? AND recorded_at<?)"
    assert len([step for step in steps if times in step]) == 2
    assert not [step for step in steps if "SCAN" in step]


@pytest.mark.parametrize("name", [name for name in QUERIES if name.startswith("census.")])
def test_a_census_looks_at_the_courses_of_one_term_only(database: Database, name: str):
    steps = plan(database, QUERIES[name])

    # What the query has made itself is scanned.
    assert not [step for step in steps if "SCAN" in step and step not in ("SCAN last", "SCAN past")]


def test_the_rules_look_up_what_they_need_by_index(database: Database):
    steps = plan(database, QUERIES["eligibility.list_decisions"])

    made_by_the_query = (
        r"json_each|listed|\d+ CONSTANT ROWS|rule|dropped|requested|requiring|request|candidate"
        "|schedule|unmet_requirement|violation|credit_load|rule_violation|seat_queue|seat_claim"
        "|allocation|full_waitlist|every_violation|allowed|own|early|way|unmet|[(]subquery"
    )
    assert not [step for step in steps if re.match(f"SCAN (?!({made_by_the_query}))", step)]
    # What is joined by a scan costs the square of what is asked.
    assert not [step for step in steps if re.match("SCAN .*JOIN", step)]
    seats = (
        "student_course USING COVERING INDEX student_course_by_course (course_id=? AND status=?)"
    )
    assert f"SEARCH {seats}" in steps


def test_the_seats_are_counted_without_a_look_at_past_courses(database: Database):
    steps = plan(database, QUERIES["metrics.get_seats"])

    # A term is one row, of which there are a few a year.
    assert [step for step in steps if "SCAN" in step] == ["SCAN term", "SCAN current_course"]
    seats = (
        "student_course USING COVERING INDEX student_course_by_course (course_id=? AND status=?)"
    )
    assert steps.count(f"SEARCH {seats}") == 2


def test_only_new_events_are_counted(database: Database):
    steps = plan(database, QUERIES["metrics.list_changes"])

    assert steps[0] == "SEARCH student_course_event USING INTEGER PRIMARY KEY (rowid>?)"
