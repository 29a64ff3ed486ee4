"""The strict export of OneRoster: what is in it, and that it is valid, whatever the data."""

import io
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from enrollment.data.export import Scope, get_school, update_school
from enrollment.exchange.check import check_path
from enrollment.exchange.formats import DEFAULT
from enrollment.exchange.package_writer import write_archive, write_path
from enrollment.maintenance.demo import fill
from enrollment.model.types import Timestamp
from enrollment.problems.errors import CommandError, Problem
from enrollment.storage.database import Database
from tests.exchange.imports import import_content
from tests.exchange.small_packages import bulk
from tests.exchange.strict import Rows, validate
from tests.support.client import Client


def archive(client: Client, zone: Any = UTC, **scope: Any) -> bytes:
    target = io.BytesIO()
    with client.app.database.read() as db:
        write_archive(db, Scope(**scope), zone, target)
    return target.getvalue()


def export(client: Client, zone: Any = UTC, **scope: Any) -> dict[str, Rows]:
    return validate(archive(client, zone, **scope))


def only(rows: Rows) -> dict[str, str]:
    (row,) = rows
    return {name: value for name, value in row.items() if value}


def key(client: Client) -> str:
    with client.app.database.read() as db:
        return get_school(db).key


# What is in it


def test_the_records_of_a_school_are_rows(client: Client):
    term = client.term()
    meeting = {"weekday": 1, "from": "08:00", "to": "09:00", "room": "R 12"}
    course = client.course(
        code="CS101", section="02", title="Databases", term=term, meetings=[meeting]
    )
    student = client.student(number="00412", email="ada@example.org")
    client.enroll(student, course, effective_at="2026-09-01T08:00:00Z")
    school = key(client)

    tables = export(client)

    assert only(tables["orgs"]) == {
        "sourcedId": f"{school}-school",
        "name": "School",
        "type": "school",
    }
    assert only(tables["academicSessions"]) == {
        "sourcedId": f"{school}-term-0000000001",
        "title": "Fall 2026",
        "type": "term",
        "startDate": "2026-08-31",
        "endDate": "2999-12-19",
        "schoolYear": "2027",
    }
    assert only(tables["courses"]) == {
        "sourcedId": f"{school}-course-0000000001",
        "title": "Databases",
        "courseCode": "CS101",
        "orgSourcedId": f"{school}-school",
    }
    assert only(tables["classes"]) == {
        "sourcedId": f"{school}-class-0000000001",
        "title": "Databases",
        "courseSourcedId": f"{school}-course-0000000001",
        "classCode": "CS101-02",
        "classType": "scheduled",
        "location": "R 12",
        "schoolSourcedId": f"{school}-school",
        "termSourcedIds": f"{school}-term-0000000001",
    }
    assert only(tables["users"]) == {
        "sourcedId": f"{school}-student-0000000001",
        "enabledUser": "true",
        "username": "00412",
        "givenName": "Ada",
        "familyName": "Lovelace 2",
        "identifier": "00412",
        "email": "ada@example.org",
        "primaryOrgSourcedId": f"{school}-school",
    }
    assert only(tables["roles"]) == {
        "sourcedId": f"{school}-role-0000000001",
        "userSourcedId": f"{school}-student-0000000001",
        "roleType": "primary",
        "role": "student",
        "orgSourcedId": f"{school}-school",
    }
    assert only(tables["enrollments"]) == {
        "sourcedId": f"{school}-enrollment-0000000001",
        "classSourcedId": f"{school}-class-0000000001",
        "schoolSourcedId": f"{school}-school",
        "userSourcedId": f"{school}-student-0000000001",
        "role": "student",
        "beginDate": "2026-09-01",
    }


def test_sections_of_a_code_are_classes_of_one_course(client: Client):
    client.course(code="CS101", section="01")
    client.course(code="cs101", section="02")
    client.course(code="CS102")

    tables = export(client)

    assert [row["courseCode"] for row in tables["courses"]] == ["CS101", "CS102"]
    assert [row["courseSourcedId"][-1] for row in tables["classes"]] == ["1", "1", "3"]
    # They have no term, but the standard needs one.
    assert only(tables["academicSessions"])["title"] == "Without a term"


def test_what_the_standard_needs_and_the_school_has_not_is_made_up(client: Client):
    client.student(given_name=None, family_name="Sukarno")
    client.student(email="ada@example.org", status="inactive")

    first, second = export(client)["users"]

    assert (first["givenName"], first["familyName"]) == ("-", "Sukarno")
    assert first["username"] == first["sourcedId"]
    assert (second["username"], second["enabledUser"]) == ("ada@example.org", "false")


def test_an_empty_school_has_a_package_too(client: Client):
    assert export(client).keys() == {"orgs"}


def test_formulas_and_line_breaks_leave_the_package_valid(client: Client):
    client.student(given_name="=1+1", family_name='"Ada", @x')
    with client.app.database.write() as db:
        db.execute("INSERT INTO student (family_name) VALUES ('a\u2028b\x7fc')")

    first, second = export(client)["users"]

    assert (first["givenName"], first["familyName"]) == ("=1+1", '"Ada", @x')
    assert second["familyName"] == "a b c"


# Enrollments


def dates(client: Client, zone: Any = UTC, **scope: Any) -> list[tuple[str, str]]:
    rows = export(client, zone, **scope).get("enrollments", [])
    return [(row["beginDate"], row["endDate"]) for row in rows]


def put(client: Client, status: str, at: str, student: int = 1) -> None:
    body = {"status": status, "effective_at": at}
    client.put_json(f"/v1/students/{student}/courses/1", body)


def test_one_who_left_and_came_back_is_two_rows_of_the_history(client: Client):
    student, course = client.student(), client.course(repeatable=True)
    client.enroll(student, course, effective_at="2026-01-05T00:00:00Z")
    put(client, "dropped", "2026-02-01T09:00:00Z")
    client.enroll(student, course, effective_at="2026-03-01T00:00:00Z")

    assert dates(client) == [("2026-03-01", "")]
    # Whoever left in the course of a day was there on that day.
    assert dates(client, with_history=True) == [("2026-01-05", "2026-02-02"), ("2026-03-01", "")]


def correct(client: Client, **body: Any) -> None:
    client.put_json("/v1/students/1/courses/1", body | {"correction": True, "reason": "a mistake"})


def take_back(client: Client) -> None:
    body = {"take_back": "latest_change", "reason": "a mistake"}
    client.post_json("/v1/students/1/courses/1/corrections", body)


def test_a_correction_changes_a_row_and_keeps_its_id(client: Client):
    client.enroll(client.student(), client.course(), effective_at="2026-01-05T00:00:00Z")
    put(client, "dropped", "2026-02-01T09:00:00Z")
    (before,) = export(client, with_history=True)["enrollments"]

    correct(client, status="dropped", effective_at="2026-03-01T09:00:00Z")
    assert dates(client, with_history=True) == [("2026-01-05", "2026-03-02")]
    take_back(client)
    assert dates(client) == [("2026-01-05", "")]
    correct(client, status="enrolled", effective_at="2026-01-12T00:00:00Z")

    (after,) = export(client)["enrollments"]
    assert before.pop("metadata.outcome") == "dropped"
    assert after == before | {"beginDate": "2026-01-12", "endDate": ""}
    (changed,) = export(client, since="2000-01-01T00:00:00.000Z")["enrollments"]
    assert (changed["sourcedId"], changed["status"]) == (before["sourcedId"], "active")


@pytest.mark.parametrize("history", [True, False])
def test_a_row_that_was_corrected_stands_at_its_id(client: Client, *, history: bool):
    course = client.course()
    for _ in range(2):
        client.enroll(client.student(), course, effective_at="2026-01-05T00:00:00Z")
    put(client, "dropped", "2026-02-01T09:00:00Z")
    take_back(client)
    correct(client, status="enrolled", effective_at="2026-01-12T00:00:00Z")

    # The order of the ids is checked with the rest.
    rows = export(client, with_history=history)["enrollments"]

    assert [row["beginDate"] for row in rows] == ["2026-01-12", "2026-01-05"]


def test_a_student_who_left_and_came_back_on_one_day_is_no_fault(client: Client, tmp_path: Path):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    put(client, "dropped", Timestamp.now())
    client.enroll(student, course)
    (tmp_path / "a.zip").write_bytes(archive(client, with_history=True))

    report = check_path(tmp_path / "a.zip", DEFAULT)

    assert report.faults == []


def test_a_stretch_that_was_taken_back_is_deleted_in_a_delta(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course, effective_at="2026-01-05T00:00:00Z")
    put(client, "dropped", "2026-02-01T09:00:00Z")
    client.enroll(student, course, effective_at="2026-03-01T00:00:00Z")
    take_back(client)

    assert dates(client, with_history=True) == [("2026-01-05", "2026-02-02")]
    rows = export(client, since="2000-01-01T00:00:00.000Z")["enrollments"]
    assert [(row["sourcedId"][-1], row["status"]) for row in rows] == [
        ("1", "tobedeleted"),
        ("3", "tobedeleted"),
    ]


def test_an_end_is_marked_with_its_outcome(client: Client):
    client.term(start_on="2026-01-05", end_on="2026-06-30")
    # Enrollment goes on when the term is over, for this course.
    course = client.course(term="2026-FALL", enroll_until="2099-01-01")
    for at in ("2026-06-29T09:00:00Z", "2026-06-30T12:00:00Z", "2026-07-01T00:00:00Z"):
        student = client.student()
        client.enroll(student, course, effective_at="2026-01-05T00:00:00Z")
        put(client, "completed", at, student)

    rows = export(client)["enrollments"]

    assert [(row["endDate"], row["metadata.outcome"]) for row in rows] == [
        ("2026-06-30", "completed"),
        ("2026-07-01", "completed"),
        ("2026-07-01", "completed"),
    ]


def test_those_who_wait_are_void_or_erased_are_not_in_it(client: Client):
    course = client.course(capacity=1)
    for _ in range(3):
        client.student()
    client.enroll(1, course)
    client.enroll(2, course, waitlist=True)
    void = {"status": "void", "reason": "entered in error"}
    client.put_json(f"/v1/students/1/courses/{course}", void)
    client.put_status(2, course, "dropped")
    client.post_json("/v1/students/3/erasure", {"reason": "asked"})

    tables = export(client, with_history=True)

    assert [row["sourcedId"][-1] for row in tables["users"]] == ["1", "2"]
    assert {row["userSourcedId"][-1] for row in tables.get("enrollments", [])} <= {"2"}


def test_a_cancelled_course_is_part_of_the_history_only(client: Client):
    course = client.course()
    client.enroll(client.student(), course)
    put(client, "dropped", client.get("/v1/events").json["items"][0]["recorded_at"])
    fields = client.get(f"/v1/courses/{course}").json
    body = {"code": fields["code"], "title": fields["title"], "status": "cancelled"}
    client.put_json(f"/v1/courses/{course}", body)

    assert "classes" not in export(client)
    assert len(export(client, with_history=True)["enrollments"]) == 1


def test_a_day_is_one_where_the_school_is(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course, effective_at="2026-01-06T03:00:00Z")
    put(client, "dropped", "2026-02-01T05:00:00Z")

    assert dates(client, with_history=True) == [("2026-01-06", "2026-02-02")]
    new_york = ZoneInfo("America/New_York")
    assert dates(client, new_york, with_history=True) == [("2026-01-05", "2026-02-01")]


# Scopes


def test_a_package_of_a_term_has_all_students_and_its_courses_only(client: Client):
    client.term()
    client.term(code="2027-SPRING")
    client.enroll(client.student(), client.course(code="A", term="2026-FALL"))
    client.enroll(client.student(), client.course(code="B", term="2027-SPRING"))

    tables = export(client, term="2027-spring")

    assert [row["classCode"] for row in tables["classes"]] == ["B"]
    assert [row["courseCode"] for row in tables["courses"]] == ["B"]
    assert len(tables["academicSessions"]) == len(tables["enrollments"]) == 1
    # A receiver takes a student who is missing for one who has left.
    assert len(tables["users"]) == 2


def test_a_term_that_is_not_there_is_refused(client: Client):
    with pytest.raises(Problem, match="There is no term with the code 2099"):
        archive(client, term="2099")


def next_moment() -> Timestamp:
    """Return a time after all that was done until now, which is before the next millisecond."""
    now = Timestamp.now()
    while Timestamp.now() == now:
        pass
    return Timestamp.now()


def test_a_delta_has_what_has_changed_since(client: Client):
    client.term()
    course, other = client.course(term="2026-FALL"), client.course()
    for _ in range(6):
        client.student()
    for student in (1, 2, 3):
        client.enroll(student, course)
    client.enroll(4, other)
    since = next_moment()

    client.put_status(1, course, "dropped")
    void = {"status": "void", "reason": "entered in error"}
    client.put_json(f"/v1/students/2/courses/{course}", void)
    client.enroll(5, course)
    client.delete("/v1/students/6", status=204)
    client.put_json("/v1/students/5", {"given_name": "Ada", "family_name": "Byron"})
    client.delete(f"/v1/courses/{client.course(code='GONE')}", status=204)

    tables = export(client, since=since)

    assert _statuses(tables["users"]) == {"5": "active", "6": "tobedeleted"}
    assert _statuses(tables["roles"]) == {"5": "active", "6": "tobedeleted"}
    assert _statuses(tables["classes"]) == {"3": "tobedeleted"}
    assert _statuses(tables["enrollments"]) == {
        "1": "tobedeleted",
        "2": "tobedeleted",
        "7": "active",
    }
    assert "orgs" not in tables
    assert export(client, since="9999-01-01T00:00:00.000Z") == {}


def test_a_delta_has_the_classes_that_are_of_another_course_of_the_catalog(client: Client):
    first = client.course(code="CS1", section="1")
    client.course(code="CS1", section="2")
    client.course(code="MA1")
    since = next_moment()

    client.patch_json(f"/v1/courses/{first}", {"code": "CS9"})
    tables, again = export(client, since=since), next_moment()

    assert (
        _statuses(tables["courses"])
        == _statuses(tables["classes"])
        == dict.fromkeys("12", "active")
    )
    assert [row["courseSourcedId"][-1] for row in tables["classes"]] == ["1", "2"]
    assert {row["dateLastModified"] >= since for row in tables["classes"]} == {True}
    client.patch_json(f"/v1/courses/{first}", {"code": "cs1"})
    tables, once_more = export(client, since=again), next_moment()
    assert [row["courseSourcedId"][-1] for row in tables["classes"]] == ["1", "1"]
    client.delete(f"/v1/courses/{first}", status=204)
    tables = export(client, since=once_more)
    assert _statuses(tables["classes"]) == {"1": "tobedeleted", "2": "active"}
    assert _statuses(tables["courses"]) == {"1": "tobedeleted", "2": "active"}
    assert tables["classes"][1]["courseSourcedId"] == tables["courses"][1]["sourcedId"]


def test_a_delta_has_the_courses_of_the_catalog_that_are_gone(client: Client):
    term = client.term()
    for code, section in (("CS1", "1"), ("CS2", "1"), ("CS1", "2"), ("CS3", None)):
        client.course(code=code, section=section, term=term)
    since = next_moment()

    client.delete("/v1/courses/4", status=204)
    client.delete("/v1/courses/3", status=204)
    client.patch_json("/v1/courses/2", {"code": "CS1", "section": "3"})

    for found in (export(client, since=since), export(client, since=since, term=term)):
        # The third was a section of a course of the catalog that is there.
        gone = {"2": "tobedeleted", "4": "tobedeleted"}
        assert _statuses(found["courses"]) == gone | {"1": "active"}
        gone = {"3": "tobedeleted", "4": "tobedeleted"}
        assert _statuses(found["classes"]) == gone | {"2": "active"}
    client.term(code="SPRING")
    assert export(client, since=since, term="SPRING").keys() == {"academicSessions"}


@pytest.mark.parametrize("end", ["take_back", "void"])
@pytest.mark.parametrize("is_imported", [False, True])
def test_a_delta_has_what_is_void_after_a_correction(
    client: Client, database: Database, end: str, is_imported: bool
):
    if is_imported:
        import_content(database, bulk({"e1": "u1"}))
    else:
        client.enroll(client.student(), client.course(), effective_at="2026-09-01T00:00:00Z")
    path = "/v1/students/1/courses/1"
    corrected = {"effective_at": "2026-10-15T00:00:00Z", "correction": True, "reason": "x"}
    client.put_json(path, {"status": "enrolled", **corrected}, status=200)
    (row,) = export(client, with_history=True)["enrollments"]
    since = next_moment()

    if end == "void":
        client.put_json(path, {"status": "void", "reason": "x"}, status=200)
    else:
        body = {"take_back": "latest_change", "reason": "x"}
        client.post_json(f"{path}/corrections", body)

    (gone,) = export(client, since=since)["enrollments"]
    assert (gone["sourcedId"], gone["status"]) == (row["sourcedId"], "tobedeleted")


def test_a_delta_has_no_enrollment_in_a_course_that_it_has_not(client: Client):
    student, course = client.student(), client.course(status="cancelled")
    since = next_moment()
    override = {"rules": ["course_not_open"], "reason": "finishes it"}
    client.enroll(student, course, override=override)

    assert export(client, since=since) == {}
    since = next_moment()
    client.patch_json(f"/v1/courses/{course}", {"status": "open"})
    tables = export(client, since=since)
    assert _statuses(tables["classes"]) == _statuses(tables["enrollments"]) == {"1": "active"}


def test_a_delta_of_one_term_has_no_other_term_that_was_deleted(client: Client):
    kept = client.term(code="FALL")
    client.term(code="SPRING")
    client.delete("/v1/terms/2", status=204)
    since = "2000-01-01T00:00:00.000Z"

    assert _statuses(export(client, since=since)["academicSessions"]) == {
        "1": "active",
        "2": "tobedeleted",
    }
    assert _statuses(export(client, since=since, term=kept)["academicSessions"]) == {"1": "active"}


def _statuses(rows: Rows) -> dict[str, str]:
    return {row["sourcedId"][-1]: row["status"] for row in rows}


def test_an_erased_student_is_deleted_in_a_delta_with_the_enrollments(client: Client):
    course = client.course()
    client.enroll(client.student(), course)
    client.put_status(1, course, "dropped")
    client.post_json("/v1/students/1/erasure", {"reason": "asked"})

    tables = export(client, since="2000-01-01T00:00:00.000Z")

    assert only(tables["users"])["status"] == "tobedeleted"
    assert only(tables["users"])["familyName"] == "Erased"
    assert only(tables["enrollments"])["status"] == "tobedeleted"


# The files


def test_the_demo_is_valid_in_every_scope_and_nothing_is_wrong_with_it(
    database: Database, tmp_path: Path
):
    fill(database, 100, 7)
    for name, scope in {
        "all": Scope(),
        "history": Scope(with_history=True),
        "term": Scope(term="2026-FALL"),
        "delta": Scope(since="2026-01-01T00:00:00.000Z"),
    }.items():
        path = tmp_path / f"{name}.zip"
        with database.read() as db:
            counts = write_path(db, scope, UTC, path)
        assert {table: len(rows) for table, rows in validate(path.read_bytes()).items()} == counts
        assert check_path(path).faults == []


def test_the_same_records_make_the_same_bytes(client: Client, tmp_path: Path):
    client.enroll(client.student(), client.course())

    assert archive(client) == archive(client)
    with client.app.database.read() as db:
        write_path(db, Scope(), UTC, tmp_path / "folder")
        write_path(db, Scope(), UTC, tmp_path / "roster.zip")
    assert (tmp_path / "roster.zip").read_bytes() == archive(client)
    assert (tmp_path / "folder/users.csv").read_bytes().count(b"\r\n") == 2


def test_only_this_user_can_read_the_files(client: Client, tmp_path: Path):
    with client.app.database.read() as db:
        write_path(db, Scope(), UTC, tmp_path / "folder")
        write_path(db, Scope(), UTC, tmp_path / "roster.zip")

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.*s*v")}
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "roster.zip").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["roster.zip", "roster"])
def test_what_is_there_already_is_left_alone(name: str, client: Client, tmp_path: Path):
    (tmp_path / name).write_text("mine")

    with client.app.database.read() as db, pytest.raises(CommandError, match="exists already"):
        write_path(db, Scope(), UTC, tmp_path / name)
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("name", ["roster.zip", "roster"])
def test_an_export_that_fails_leaves_nothing(name: str, client: Client, tmp_path: Path):
    folder = tmp_path / "new"
    folder.mkdir()
    with client.app.database.read() as db, pytest.raises(Problem):
        write_path(db, Scope(term="2099"), UTC, folder / name)

    assert list(folder.iterdir()) == []


def test_the_school_has_a_key_of_its_own_and_a_name(client: Client):
    with client.app.database.write() as db:
        update_school(db, "Northside")

    assert only(export(client)["orgs"])["name"] == "Northside"
    assert len(key(client)) == 12
