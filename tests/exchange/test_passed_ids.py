"""Ids that pass from one record to another: those who follow the deltas have what an export has,
and take no one for someone else."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.storage.database import Database
from enrollment.storage.engine import open_database
from tests.exchange.followed import FollowedSchool
from tests.exchange.imports import rows
from tests.exchange.small_packages import bulk, package, place, user

# The second system has the ids of the first for other people, another class and other enrollments.
OTHER = {
    "orgs": {"o1": "School,school"},
    "academicSessions": {"t1": "Fall 2026,term,2026-09-01,2027-01-31,2027"},
    "courses": {"c9": "Bio,BIO1,o1"},
    "classes": {"k1": "Bio k1,c9,BIO1-k1,scheduled,o1,t1"},
}
NAMES = ("u1", "u2", "u3")


@pytest.fixture
def school(two_databases: tuple[Database, Database]) -> FollowedSchool:
    return FollowedSchool(*two_databases)


def bring_in_first(school: FollowedSchool, *names: str) -> None:
    users = {name: user(name) for name in names}
    school.bring_in(bulk(places(names), 0, users=users), source="first")


def bring_in_second(school: FollowedSchool, *names: str) -> None:
    tables = {
        "users": {name: user(f"b{name}") for name in names},
        "enrollments": {id: place(name) for id, name in places(names).items()},
    }
    school.bring_in(package("bulk", OTHER | tables, frozenset()), source="second")


def places(names: tuple[str, ...]) -> dict[str, str]:
    return {f"e{name[1:]}": name for name in names}


def hold(school: FollowedSchool, student_id: int) -> None:
    """Keep a student from being deleted by an undo."""
    school.execute(
        "INSERT INTO hold (student_id, reason, placed_at, placed_by)"
        f" VALUES ({student_id}, 'fees', '{{at}}', 'A #1')"
    )


def feed_and_compare(school: FollowedSchool) -> dict[str, dict[str, str]]:
    """A role stays beside the new one of a user whose id has passed: both say the same. So does
    the org of this school."""
    sent = school.feed()
    school.check_rows("roles", "orgs")
    return sent


def test_an_enrollment_of_ours_that_another_system_names_is_not_followed_twice(
    school: FollowedSchool,
):
    school.bring_in(bulk({"e1": "u1"}))
    school.execute(
        "INSERT INTO student_course"
        " (student_id, course_id, status, enrolled_at, changed_at, changed_by)"
        " SELECT 1, id, 'enrolled', '{at}', '{at}', 'A #1' FROM course WHERE section = 'k2'"
    )
    (own,) = set(school.feed()["enrollments"]) - {"e1"}

    school.bring_in(bulk({"e1": "u1", "e7": place("u1", "k2")}))

    assert school.feed()["enrollments"] == {own: "tobedeleted", "e7": "active"}
    school.check()
    school.bring_in(bulk({"e1": "u1", "e7": place("u1", "k2", end="2026-11-19", how="completed")}))
    assert school.feed()["enrollments"] == {"e7": "active"}
    school.check()


def test_an_id_goes_to_the_second_system_with_the_record_of_the_first(school: FollowedSchool):
    school.bring_in(bulk(None, 0, users={"u1": user("u1")}), source="first")
    bring_in_second(school, "u1", "u2")
    feed_and_compare(school)

    school.execute("DELETE FROM student WHERE id = 1")

    assert feed_and_compare(school)["users"]["u1"] == "active"
    assert school.sent["users"]["u1"]["familyName"] == "Fbu1"


def test_an_undo_that_keeps_a_student_passes_the_id_to_the_second_system(school: FollowedSchool):
    bring_in_first(school, "u1", "u2")
    bring_in_second(school, "u1")
    hold(school, 1)
    feed_and_compare(school)

    school.undo(1)

    feed_and_compare(school)
    assert school.sent["users"]["u1"]["familyName"] == "Fbu1"


def test_an_id_goes_back_to_the_system_that_had_it_first(school: FollowedSchool):
    bring_in_first(school, "u1")
    school.undo(1)
    bring_in_second(school, "u1")
    feed_and_compare(school)
    assert school.sent["users"]["u1"]["familyName"] == "Fbu1"

    bring_in_first(school, "u1")

    feed_and_compare(school)
    assert school.sent["users"]["u1"]["familyName"] == "Fu1"


@pytest.mark.parametrize("ending", [{}, {"end": "2026-10-15", "how": "dropped"}])
def test_an_enrollment_whose_id_was_that_of_another_gets_its_own(
    school: FollowedSchool, ending: dict[str, str]
):
    bring_in_first(school, "u1")
    bring_in_second(school, "u1")
    (own,) = (id for id in feed_and_compare(school)["enrollments"] if "-" in id)
    tables = {"users": {"u1": user("bu1")}, "enrollments": {"e6": place("u1", **ending)}}

    school.bring_in(package("bulk", OTHER | tables, frozenset()), source="second")

    sent = feed_and_compare(school)["enrollments"]
    assert sent[own] == "tobedeleted"
    assert sent["e6"] == ("tobedeleted" if ending else "active")


# What happens, and to whom: the nth of those who are there.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["first", "second"]),
        st.sets(st.sampled_from(NAMES), min_size=1).map(sorted),
    )
    | st.tuples(st.sampled_from(["undo", "hold", "feed"]), st.integers(0, 5).map(lambda n: [n])),
    min_size=4,
    max_size=9,
)


@pytest.mark.slow
@given(STEPS)
@settings(max_examples=15, deadline=None)
def test_whatever_two_systems_with_the_same_ids_do(
    template: Path, steps: list[tuple[str, list[Any]]]
):
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        paths = [shutil.copy(template, f"{folder}/{name}.db") for name in ("here", "there")]
        databases = [stack.enter_context(closing(open_database(Path(path), 1))) for path in paths]
        school = FollowedSchool(*databases)
        for step, chosen in [("first", NAMES), *steps, ("feed", [0])]:
            STEP[step](school, *chosen)


def undo_one(school: FollowedSchool, n: int) -> None:
    standing = rows(school.database, "SELECT id FROM import WHERE undone_at IS NULL ORDER BY id")
    if standing:
        school.undo(standing[n % len(standing)][0])


def hold_one(school: FollowedSchool, n: int) -> None:
    students = rows(school.database, "SELECT id FROM student ORDER BY id")
    if students:
        hold(school, students[n % len(students)][0])


STEP: dict[str, Callable[..., object]] = {
    "first": bring_in_first,
    "second": bring_in_second,
    "undo": undo_one,
    "hold": hold_one,
    "feed": lambda school, _: feed_and_compare(school),
}
