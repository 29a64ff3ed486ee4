"""Ids of other systems that are gone here: a delta says so, and those who follow it have what an
export has."""

import pytest

from enrollment.storage.database import Database
from tests.exchange.followed import FollowedSchool
from tests.exchange.imports import archive, one, rows
from tests.exchange.small_packages import bulk, class_, user

LOCAL = "INSERT INTO student (family_name, updated_at) VALUES ('Local', '{at}')"
# The student who was there before goes to a course.
ENROLL = (
    "INSERT INTO student_course"
    " (student_id, course_id, status, enrolled_at, changed_at, changed_by)"
    " SELECT 1, id, 'enrolled', '{{at}}', '{{at}}', 'A #1' FROM course WHERE section = '{}'"
)
HOLD = (
    "INSERT INTO hold (student_id, reason, placed_at, placed_by)"
    " SELECT id, 'fees', '{at}', 'A #1' FROM student WHERE number = 'u1'"
)
TEACHER = {"t9": user("t9", role="teacher")}
TEACHES = "k1,o1,t9,teacher,2026-09-01,,"
PACKAGE = bulk({"e1": "u1", "e2": "u2", "e9": TEACHES}, users=TEACHER)


@pytest.fixture
def school(two_databases: tuple[Database, Database]) -> FollowedSchool:
    """A school with a student of its own, and what a package without a file of roles brought."""
    school = FollowedSchool(*two_databases)
    school.execute(LOCAL)
    school.bring_in(PACKAGE)
    school.feed()
    school.check()
    return school


def theirs(sent: dict[str, dict[str, str]], *ends: str) -> dict[str, dict[str, str]]:
    """What was sent, without the ids of ours: theirs have no hyphen, or one of these ends."""
    found = {
        name: {id: status for id, status in listed.items() if "-" not in id or id.endswith(ends)}
        for name, listed in sent.items()
    }
    return {name: listed for name, listed in found.items() if listed}


def gone(**ids: str) -> dict[str, dict[str, str]]:
    return {name: dict.fromkeys(text.split(), "tobedeleted") for name, text in ids.items()}


# Erasure


def test_an_erased_student_is_to_be_deleted(school: FollowedSchool):
    school.erase(school.student("u1"))

    sent = school.feed()

    assert theirs(sent) == gone(users="u1")
    assert [*sent["roles"].values()] == ["tobedeleted"] * 2
    school.check()


def test_an_erased_student_who_is_back_is_not_to_be_deleted(school: FollowedSchool):
    school.erase(school.student("u1"))
    school.bring_in(PACKAGE)

    assert theirs(school.feed())["users"] == {"u1": "active"}
    school.check()


def test_an_erased_student_whose_return_is_undone_is_to_be_deleted_again(school: FollowedSchool):
    school.erase(school.student("u1"))
    school.bring_in(PACKAGE)
    school.feed()

    school.undo(2)

    assert theirs(school.feed())["users"] == {"u1": "tobedeleted"}
    school.check()


def test_nothing_says_what_an_erased_student_took(school: FollowedSchool):
    """Not even the ids of enrollments that were gone before: School Data Sync makes them of those
    of the user and the class."""
    school.undo(1)
    school.bring_in(PACKAGE)
    kept = "SELECT sourced_id FROM gone_id WHERE kind IN ('enrollments', 'roles') ORDER BY 1"
    assert rows(school.database, kept) == [("e1",), ("e2",)]

    school.erase(school.student("u1"))

    assert rows(school.database, kept) == [("e2",)]
    named = "SELECT count(*) FROM source_record WHERE user_ref = 'u1'"
    assert one(school.database, named) == 0
    content = "SELECT DISTINCT content FROM gone_id WHERE kind = 'users'"
    assert rows(school.database, content) == [
        ('{"enabledUser":"false","familyName":"-","role":"student"}',)
    ]


def test_the_role_of_an_erased_student_is_to_be_deleted(
    two_databases: tuple[Database, Database],
):
    school = FollowedSchool(*two_databases)
    school.bring_in(archive("clean-1.2"))
    school.feed()

    school.erase(school.student("00413"))

    sent = school.feed()
    assert (sent["users"]["u-s2"], sent["roles"]["r-4"]) == ("tobedeleted", "tobedeleted")
    school.check()


# Deletion


def test_what_is_deleted_is_to_be_deleted(school: FollowedSchool):
    school.execute(
        "DELETE FROM student WHERE number = 'u5'",
        "DELETE FROM course WHERE section = 'k2'",
        "DELETE FROM term WHERE title = 'Spring 2026'",
    )

    assert theirs(school.feed()) == gone(academicSessions="t0", classes="k2", users="u5")
    school.check()


def test_a_role_goes_with_its_user_and_is_back_with_it(two_databases: tuple[Database, Database]):
    school = FollowedSchool(*two_databases)
    role, person = b"r-4,,,u-s2,primary,student,,,org-s,\r\n", b"u-s2,,,true,"
    another = b"u-s9,,,true,s9,,Nina,Novak,,00499,,,,,,,,,,,,,\r\n"
    content = archive(
        "clean-1.2",
        (role, role + role.replace(b"r-4", b"r-9").replace(b"u-s2", b"u-s9")),
        (person, another + person),
    )
    school.bring_in(content)
    school.feed()
    school.check()

    school.execute("DELETE FROM student WHERE number = '00499'")

    assert theirs(school.feed(), "-s9", "-9") == gone(roles="r-9", users="u-s9")
    school.check()
    school.bring_in(content)
    sent = theirs(school.feed(), "-s9", "-9")
    assert sent == {"roles": {"r-9": "active"}, "users": {"u-s9": "active"}}
    school.check()


def test_a_teacher_leaves_a_class_that_is_deleted_and_is_back_with_it(school: FollowedSchool):
    with_teacher = bulk(
        {"e1": "u1", "e9": TEACHES, "e8": TEACHES.replace("k1", "k2")}, users=TEACHER
    )
    school.bring_in(with_teacher)
    school.feed()
    school.check()

    school.execute("DELETE FROM course WHERE section = 'k2'")

    assert theirs(school.feed()) == gone(classes="k2", enrollments="e8")
    school.check()
    school.bring_in(with_teacher)
    assert theirs(school.feed()) == {"classes": {"k2": "active"}, "enrollments": {"e8": "active"}}
    school.check()


# Undo


def test_what_came_with_an_import_that_is_undone_is_to_be_deleted(school: FollowedSchool):
    school.bring_in(bulk({"e1": "u1", "e2": "u2", "e7": "u11"}, 12, classes={"k3": class_("k3")}))
    sent = school.feed()
    # No id of ours: the new records never had one.
    assert [*sent["classes"], *sent["users"]] == ["k3", "t9", "u10", "u11", "u12", "u9"]
    school.check()

    school.undo(2)

    sent = theirs(school.feed())
    assert sent["classes"] == {"k3": "tobedeleted"}
    assert sent["enrollments"] == {"e7": "tobedeleted", "e9": "active"}
    assert sent["users"] == gone(users="u10 u11 u12 u9")["users"] | {"t9": "active"}
    school.check()


def test_an_undo_of_all_that_is_followed_by_the_import_again_is_passed_on(school: FollowedSchool):
    school.undo(1)

    assert theirs(school.feed())["users"] == gone(users="t9 u1 u2 u3 u4 u5 u6 u7 u8")["users"]
    school.check()
    school.bring_in(PACKAGE)
    assert {*theirs(school.feed())["users"].values()} == {"active"}
    school.check()


def test_what_is_back_before_the_next_delta_is_not_to_be_deleted(school: FollowedSchool):
    school.undo(1)
    school.bring_in(PACKAGE)

    sent = theirs(school.feed())

    assert {status for listed in sent.values() for status in listed.values()} == {"active"}
    school.check()


def test_a_student_whom_an_undo_keeps_has_an_id_of_ours(school: FollowedSchool):
    school.execute(HOLD)
    own = f"student-{school.student('u1'):010d}"

    school.undo(1)

    users = school.feed()["users"]
    assert users["u1"] == "tobedeleted"
    assert [users[id] for id in users if id.endswith(own)] == ["active"]
    school.check()
    school.bring_in(PACKAGE)
    users = school.feed()["users"]
    assert users["u1"] == "active"
    assert [users[id] for id in users if id.endswith(own)] == ["tobedeleted"]
    school.check()


def test_a_class_that_an_undo_keeps_has_an_id_of_ours(school: FollowedSchool):
    school.execute(ENROLL.format("k1"))
    school.undo(1)

    sent = school.feed()

    assert theirs(sent)["classes"] == gone(classes="k1 k2")["classes"]
    # Whose enrollment did not change has it in a class of another id.
    assert "active" in sent["enrollments"].values()
    school.check_rows()
    school.bring_in(PACKAGE)
    school.feed()
    school.check_rows()


# Merges


def test_a_record_of_ours_has_the_id_of_the_one_that_is_merged_into_it(school: FollowedSchool):
    school.execute(ENROLL.format("k2"))
    school.feed()

    school.merge(school.student("u1"), 1)

    users = school.feed()["users"]
    assert users.pop("u1") == "active"
    assert [*users.values()] == ["tobedeleted", "active"]
    school.check()


@pytest.mark.parametrize(
    ("merged", "into"), [("u1", "u2"), ("u2", "u1"), ("u1", "u3"), ("u3", "u1")]
)
def test_of_two_ids_that_a_merge_gives_to_one_record_the_second_is_to_be_deleted(
    school: FollowedSchool, merged: str, into: str
):
    first, second = sorted([merged, into])
    student_id = school.student(merged)

    school.merge(student_id, school.student(into))

    assert theirs(school.feed())["users"] == {first: "active", second: "tobedeleted"}
    school.check()
    school.execute(f"DELETE FROM student WHERE id = {student_id}")
    school.feed()
    school.check()


def test_of_two_enrollments_in_one_course_that_are_merged_one_is_to_be_deleted(
    school: FollowedSchool,
):
    school.merge(school.student("u2"), school.student("u1"))

    assert theirs(school.feed())["enrollments"] == {"e1": "active", "e2": "tobedeleted"}
    school.check()


def test_the_role_of_an_id_that_a_merge_has_replaced_is_to_be_deleted(
    two_databases: tuple[Database, Database],
):
    school = FollowedSchool(*two_databases)
    school.bring_in(archive("clean-1.2"))
    school.feed()

    school.merge(school.student("00413"), school.student("00412"))

    sent = school.feed()
    assert (sent["users"]["u-s2"], sent["roles"]["r-4"]) == ("tobedeleted", "tobedeleted")
    school.check_rows()


def test_the_school_of_ours_comes_with_the_first_record_of_ours(
    two_databases: tuple[Database, Database],
):
    school = FollowedSchool(*two_databases)
    school.bring_in(PACKAGE)
    assert [*school.feed()["orgs"]] == ["o1"]

    school.merge(school.student("u1"), school.student("u2"))

    assert [*school.feed()["orgs"].values()] == ["active"]
    school.check()


# Imports


def test_records_of_ours_that_another_system_names_have_its_ids(
    two_databases: tuple[Database, Database],
):
    school = FollowedSchool(*two_databases)
    school.execute(
        LOCAL,
        "INSERT INTO student (family_name, given_name, number, updated_at)"
        " VALUES ('Fu1', 'u1', 'u1', '{at}')",
        "INSERT INTO term (code, title, start_on, end_on, updated_at)"
        " VALUES ('t1', 'Fall 2026', '2026-09-01', '2027-01-30', '{at}')",
        "INSERT INTO course (code, section, title, term, updated_at)"
        " VALUES ('MATH1', 'k1', 'Math k1', 't1', '{at}'), ('ART1', NULL, 'Art', 't1', '{at}')",
        ENROLL.format("k1"),
    )
    school.feed()
    school.check()

    school.bring_in(PACKAGE)

    sent = school.feed()
    # The other class has its session under another id.
    assert {
        name: {id[-2:]: status for id, status in sent[name].items() if "-" in id}
        for name in ("academicSessions", "classes", "users")
    } == {
        "academicSessions": {"01": "tobedeleted"},
        "classes": {"01": "tobedeleted", "02": "active"},
        "users": {"02": "tobedeleted"},
    }
    school.check_rows()


def test_an_id_that_was_never_exported_is_not_in_a_delta(school: FollowedSchool):
    school.bring_in(bulk(None, 0, users={"v5": user("u5")}), source="other")

    assert "v5" not in school.feed().get("users", {})
    school.check()


# The session of the courses without a term


def test_a_first_course_without_a_term_brings_their_session(school: FollowedSchool):
    school.execute("INSERT INTO course (code, title, updated_at) VALUES ('X1', 'X', '{at}')")

    sent = school.feed()

    assert [*sent["academicSessions"].values()] == ["active"]
    assert school.feed() == {}
    school.check()


def test_a_first_class_without_a_session_brings_that_session_once(school: FollowedSchool):
    classes = {"k1": class_("k1"), "k2": class_("k2"), "k3": class_("k3", term="")}
    school.bring_in(bulk({"e1": "u1", "e2": "u2", "e9": TEACHES}, users=TEACHER, classes=classes))

    sent = school.feed()

    assert [*sent["academicSessions"].values()] == ["active"]
    assert school.feed() == {}
    school.check()


def test_a_row_to_be_deleted_tells_nothing_of_another_with_the_id(school: FollowedSchool):
    school.bring_in(bulk({}, users={"u1": user("u1", "91")}), source="other")
    school.feed()
    school.erase(school.student("u1"))

    sent = school.feed()

    assert sent["users"]["u1"] == "tobedeleted"
    assert "91" not in school.sent["users"]["u1"].values()
