"""Packages of which a later one says something else: what the first one did is here already."""

from pathlib import Path

import pytest

from enrollment.storage.database import Database
from tests.exchange.imports import export, files, import_content, import_path, one, rows, undo
from tests.exchange.packages import case, package

NOW = "SELECT status FROM student_course WHERE student_id = 1 AND course_id = 4"


def rewrite(path: Path, file: str, old: str, new: str) -> None:
    """Change a text of a file."""
    text = (path / f"{file}.csv").read_text()
    assert old in text
    (path / f"{file}.csv").write_text(text.replace(old, new))


def test_a_student_who_becomes_a_teacher_of_the_class_is_no_student_of_it_any_more(
    database: Database, path: Path
):
    before = export(database, history=True)
    rewrite(
        path,
        "enrollments",
        "e-06,,,cls-art-1,org-s,u-s1,student",
        "e-06,,,cls-art-1,org-s,u-s1,teacher",
    )

    report, _ = import_path(database, path)

    assert one(database, NOW) == "dropped"
    assert (report.removals.enrollments.removed, report.counts.enrollments.dropped) == (1, 1)
    assert b"e-06,,,cls-art-1,org-s,u-s1,teacher" in files(export(database))["enrollments.csv"]
    assert import_path(database, path).report.changes == []
    undo(database, report.id + 1)
    undo(database, report.id)
    assert export(database, history=True) == before


def test_a_teacher_who_becomes_a_student_of_the_class_is_enrolled(database: Database, path: Path):
    rewrite(
        path,
        "enrollments",
        "e-02,,,cls-alg-2,org-s,u-t2,teacher,true",
        "e-02,,,cls-alg-2,org-s,u-t2,student,",
    )

    report, _ = import_path(database, path)

    assert (report.counts.students.created, report.counts.enrollments.enrolled) == (1, 1)


def test_a_student_who_is_gone_from_the_school_leaves_the_courses_and_their_waitlists(
    database: Database, path: Path
):
    with database.write() as db:
        db.execute("UPDATE course SET capacity = 2, version = version + 1 WHERE id = 4")
        for student, course in [(4, 4), (1, 2)]:
            db.execute(
                "INSERT INTO student_course (student_id, course_id, status, waitlisted_at,"
                f" changed_at) VALUES ({student}, {course}, 'waitlisted', :at, :at)",
                {"at": "2026-11-02T09:00:00.000Z"},
            )
    delta = case("delta-after-clean-1.2", path.parent)
    header, _, _, row, *_ = (path / "users.csv").read_text().splitlines()
    gone = row.replace("u-s1,,", "u-s1,tobedeleted,2026-09-15T06:00:00.000Z")
    (delta / "users.csv").write_text(f"{header}\n{gone}\n")
    (delta / "enrollments.csv").write_text((path / "enrollments.csv").read_text().split("\n")[0])

    report, _ = import_path(database, delta)

    states = "SELECT course_id, status FROM student_course WHERE student_id = 1 ORDER BY course_id"
    assert rows(database, states) == [(1, "dropped"), (2, "dropped"), (4, "dropped")]
    counts = report.counts.enrollments
    assert (counts.dropped, counts.promoted, report.removals.enrollments.removed) == (3, 1, 0)
    assert import_path(database, delta).report.changes == []
    undo(database, report.id + 1)
    assert undo(database, report.id).kept == 0
    assert rows(database, states) == [(1, "enrolled"), (2, "waitlisted"), (4, "enrolled")]


def test_a_list_drops_the_courses_of_a_student_who_is_gone_but_for_terms_that_are_over(
    database: Database, path: Path
):
    with database.write() as db:
        db.execute("UPDATE course SET term = NULL, version = version + 1 WHERE id = 1")
        db.execute(
            "UPDATE term SET end_on = '2026-11-24', version = version + 1 WHERE code = 't-fall'"
        )

    report, _ = import_content(database, b"Number,Status\n00412,graduated\n", errors="refuse")

    assert (report.counts.students.ended, report.counts.enrollments.dropped) == (1, 1)
    states = "SELECT course_id, status FROM student_course WHERE student_id = 1 ORDER BY course_id"
    assert rows(database, states) == [(1, "dropped"), (4, "enrolled")]


HISTORY = (
    "SELECT to_status, substr(effective_at, 1, 10) FROM student_course_event"
    " WHERE student_id = 1 AND course_id = 4 ORDER BY id"
)
BEGAN = ("enrolled", "2026-08-24")


@pytest.mark.parametrize(
    "row",
    ["2026-08-24,2026-10-01,\ne-30,,,cls-art-1,org-s,u-s1,student,,2026-10-15,", "2026-10-15,"],
    ids=["in a second row", "in the same row"],
)
def test_a_student_who_left_and_came_back_has_both_on_record(
    row: str, database: Database, path: Path
):
    if "e-30" not in row:
        rewrite(
            path,
            "enrollments",
            "u-s1,student,,2026-08-24,\n",
            "u-s1,student,,2026-08-24,2026-10-01\n",
        )
        import_path(database, path)
        rewrite(path, "enrollments", "2026-08-24,2026-10-01\n", f"{row}\n")
    else:
        rewrite(path, "enrollments", "u-s1,student,,2026-08-24,\n", f"u-s1,student,,{row}\n")

    report, _ = import_path(database, path)

    assert rows(database, HISTORY) == [BEGAN, ("dropped", "2026-10-01"), ("enrolled", "2026-10-15")]
    assert report.faults == []
    assert import_path(database, path).report.changes == []


def test_a_day_that_is_corrected_in_the_source_has_a_line(database: Database, path: Path):
    rewrite(path, "enrollments", "2026-08-24,\ne-07", "2026-08-20,\ne-07")
    rewrite(path, "enrollments", "u-s3,student,,2026-08-24,", "u-s3,student,,2026-08-24,2026-10-01")
    first, _ = import_path(database, path)
    rewrite(path, "enrollments", "2026-08-24,2026-10-01", "2026-08-24,2026-10-02")

    second, _ = import_path(database, path)

    for report, place in [
        (first, (7, "beginDate", "2026-08-20")),
        (second, (8, "endDate", "2026-10-02")),
    ]:
        (fault,) = report.faults
        assert (fault.row, fault.column, fault.value) == place
        assert fault.code == "date_not_recorded"
        assert "The day has changed." in fault.detail
    assert rows(database, HISTORY) == [BEGAN]
    assert import_path(database, path).report.faults == []


def test_an_outcome_that_is_gone_from_the_source_stays_and_has_a_line(
    database: Database, path: Path
):
    header, *lines = (path / "enrollments.csv").read_text().splitlines()
    rest = "".join(f"{line},\n" for line in lines if not line.startswith("e-06"))
    ended = "e-06,,,cls-art-1,org-s,u-s1,student,,2026-08-24,2026-10-01,"
    found = []
    for outcome in ("failed", "", ""):
        content = f"{header},metadata.outcome\n{ended}{outcome}\n{rest}"
        (path / "enrollments.csv").write_text(content)
        report, _ = import_path(database, path)
        found.append([(fault.row, fault.column, fault.code) for fault in report.faults])

    assert found == [[], [(2, "metadata.outcome", "not_kept")], []]
    assert report.changes == []


def test_an_enrollment_that_ended_and_has_no_first_day_began_with_its_term(
    database: Database, tmp_path: Path
):
    path = package(tmp_path)
    rewrite(path, "enrollments", "u-s1,student,,2026-08-24,\n", "u-s1,student,,,2026-10-01\n")

    report, _ = import_path(database, path)

    assert rows(database, HISTORY) == [BEGAN, ("dropped", "2026-10-01")]
    assert report.faults == []


def test_an_id_that_is_given_to_someone_else_is_shown_with_both_names(
    database: Database, path: Path
):
    rewrite(path, "users", "amara.d,{LDAP:amara},Amara,Diallo", "ben.k,,Ben,Katz")
    # A married name, and one in another case, are not altogether others.
    rewrite(path, "users", "Björn,Ekström", "BJORN,Lind")

    report, _ = import_path(database, path)

    (fault,) = [fault for fault in report.faults if fault.code == "other_name"]
    assert (fault.row, fault.column, fault.value) == (4, "sourcedId", "u-s1")
    assert fault.detail == (
        "This is Amara Diallo here, and Ben Katz in the file: check that they are one person."
    )
    assert import_path(database, path).report.faults == []


@pytest.mark.parametrize("options", [{}, {"course_id": 4}], ids=["students", "roster"])
def test_a_number_in_a_list_with_another_name_is_shown_with_both_names(
    options: dict[str, int], database: Database, path: Path
):
    content = b"Number,Last name,First name\n00412,Katz,Ben\n00413,EKSTROM,Bjorn\n"

    report, _ = import_content(database, content, **options)

    assert [(fault.row, fault.column, fault.code) for fault in report.faults] == [
        (2, "Number", "other_name")
    ]


def test_a_user_who_is_not_enabled_and_is_enrolled_has_a_line(database: Database, path: Path):
    rewrite(path, "users", "u-s1,,,true", "u-s1,,,false")
    # The enrollment of this one ends with the term.
    rewrite(path, "users", "u-s4,,,true", "u-s4,,,false")

    report, _ = import_path(database, path)

    assert [(fault.row, fault.column, fault.code) for fault in report.faults] == [
        (row, "enabledUser", "not_kept") for row in (4, 7)
    ]
    assert report.changes == []


def test_nothing_is_missing_from_a_session_whose_id_is_only_like_one(
    database: Database, path: Path
):
    rewrite(path, "academicSessions", "t-spring", "t_spring")
    for file in ("classes", "enrollments"):
        lines = (path / f"{file}.csv").read_text().splitlines(keepends=True)
        (path / f"{file}.csv").write_text("".join(line for line in lines if "bio" not in line))

    report, _ = import_path(database, path)

    assert (report.removals.courses.removed, report.removals.enrollments.removed) == (0, 0)
