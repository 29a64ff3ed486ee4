"""Two systems beside each other that number their records alike: no record is taken for another."""

from typing import Any

import pytest

from enrollment.data.export import Scope
from enrollment.data.sourced import get_left_out
from enrollment.exchange.records import PATHS
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from enrollment.storage.queries import query_text
from tests.exchange.imports import archive, export, import_content, rows
from tests.exchange.packages import zipped
from tests.exchange.strict import Rows, validate
from tests.support.client import Client

MANIFEST = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"
COLUMNS = {
    "orgs": "sourcedId,name,type",
    "academicSessions": "sourcedId,title,type,startDate,endDate,schoolYear",
    "courses": "sourcedId,title,courseCode,orgSourcedId",
    "classes": "sourcedId,title,courseSourcedId,classCode,classType,schoolSourcedId,termSourcedIds",
    "users": "sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier",
    "enrollments": "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role",
}
FALL = "Fall 2026,term,2026-09-01,2027-01-16,2027"
SPRING = "Spring 2027,term,2027-02-01,2027-06-16,2027"


def package(source: str, **tables: str) -> bytes:
    """A package of a system, whose ids are numbers from 1. A row is without its id."""
    files = {
        f"{name}_csv": "\n".join(
            [COLUMNS[name], *(f"{id},{row}" for id, row in enumerate(text.split("\n"), 1))]
        ).encode()
        for name, text in tables.items()
    }
    manifest = f"{MANIFEST}source.systemName,{source}\n"
    return zipped(manifest_csv=manifest.encode(), **files)


def school(source: str, student: str, course: str, session: str = FALL, title: str = "") -> bytes:
    """A school with a teacher, a student and a class."""
    return package(
        source,
        orgs=f"{source} High,school",
        academicSessions=session,
        courses=f"{course},{course}1,1",
        classes=f"{title or course},1,{course}1-A,scheduled,1,1",
        users=f"true,1,student,{student},{student},Berg,{student}-1\n"
        f"true,1,teacher,{source},{source},Katz,",
        enrollments="1,1,1,student\n1,1,2,teacher",
    )


def two_schools(database: Database, **south: Any) -> None:
    import_content(database, school("NORTH", "Nora", "Math"))
    import_content(database, school("SOUTH", "Sven", "Art", **south))


def by_name(records: Rows | list[dict[str, Any]], *names: str) -> dict[str, Any]:
    """The ids of records by their names."""
    return {next(row[name] for name in names if row.get(name)): row["sourcedId"] for row in records}


def test_ids_of_two_systems_are_no_others_in_an_export(database: Database):
    two_schools(database)

    tables = validate(export(database), roles="student|teacher")

    users, classes = tables["users"], {row["sourcedId"]: row for row in tables["classes"]}
    people = {row["sourcedId"]: row["givenName"] for row in users}
    students = sorted(
        (people[row["userSourcedId"]], classes[row["classSourcedId"]]["title"])
        for row in tables["enrollments"]
        if row["role"] == "student"
    )
    assert students == [("Nora", "Math"), ("Sven", "Art")]
    assert (by_name(users, "givenName")["Nora"], by_name(classes.values(), "title")["Math"]) == (
        "1",
        "1",
    )
    catalog = {row["sourcedId"]: row["courseCode"] for row in tables["courses"]}
    assert {catalog[row["courseSourcedId"]] for row in classes.values()} == {"Math1", "Art1"}
    roles = {row["userSourcedId"] for row in tables["roles"] if row["role"] == "student"}
    assert roles == {id for id, name in people.items() if name in ("Nora", "Sven")}


def test_a_teacher_whose_id_is_another_person_s_is_shown(database: Database):
    import_content(database, school("NORTH", "Nora", "Math"))
    south = school("SOUTH", "Sven", "Art")

    for times in (1, 0):
        report, _ = import_content(database, south)
        shown = [fault.detail for fault in report.faults if fault.code == "id_taken"]
        assert shown == times * [
            "The system NORTH has this id for someone else: an export leaves one of the two out."
        ]


@pytest.mark.parametrize("source", [None, "NORTH", "SOUTH"])
def test_an_export_counts_what_it_leaves_out(database: Database, source: str | None):
    """A teacher has no id of ours."""
    two_schools(database)

    shown = validate(export(database, source=source), roles="student|teacher")

    assert [row["role"] for row in shown["enrollments"]].count("teacher") == 1
    teacher = "SOUTH" if source == "SOUTH" else "NORTH"
    assert {"NORTH", "SOUTH"} & {*by_name(shown["users"], "givenName")} == {teacher}
    with database.read() as db:
        assert get_left_out(db, Scope(source=source)) == {"users": 1, "enrollments": 1}
        assert get_left_out(db, Scope(source=source, term="x")) == {"users": 1, "enrollments": 0}


def test_a_teacher_of_two_systems_is_left_out_of_other_courses_alone(database: Database):
    """The same name and id is the same person, and an enrollment in the same course is the same."""
    import_content(database, school("EAST", "Nora", "Math"))
    people = {
        "orgs": "High,school",
        "academicSessions": FALL,
        "users": "true,1,student,Sven,Sven,Berg,S-1\ntrue,1,teacher,EAST,EAST,Katz,",
    }
    courses, classes = "Math,Math1,1", "Math,1,Math1-A,scheduled,1,1"
    taught, left_out = "1,1,1,student\n1,1,2,teacher", []
    for more in (("", "", ""), ("\nArt,Art1,1", "\nArt,2,Art1-A,scheduled,1,1", "\n2,1,2,teacher")):
        courses, classes, taught = courses + more[0], classes + more[1], taught + more[2]
        west = package("WEST", **people, courses=courses, classes=classes, enrollments=taught)
        import_content(database, west)
        with database.read() as db:
            left_out.append(get_left_out(db, Scope()))
    assert left_out == [{"users": 0, "enrollments": 0}, {"users": 0, "enrollments": 1}]


def test_an_export_for_a_system_has_its_ids_before_those_of_others(database: Database):
    two_schools(database)

    exported = export(database, source="south")

    tables = validate(exported, roles="student|teacher")
    people = by_name(tables["users"], "givenName")
    assert (people["Sven"], by_name(tables["classes"], "title")["Art"]) == ("1", "1")
    assert people["Nora"].endswith("-student-0000000001")
    places = {row["userSourcedId"]: row["classSourcedId"] for row in tables["enrollments"]}
    assert places[people["Nora"]] == by_name(tables["classes"], "title")["Math"]
    assert import_content(database, exported, errors="refuse").report.changes == []


def test_an_export_without_a_source_has_the_records_of_the_view(database: Database):
    """Both say which of two records with one id is exported."""
    two_schools(database)
    listed = "SELECT id FROM exported_record ORDER BY id"
    with database.read() as db:
        of_view = [row["id"] for row in db.execute(listed, {})]
        of_export, of_south = (
            [row["id"] for row in db.execute(query_text("exported_record") + listed, parameters)]
            for parameters in ({"source": None}, {"source": "south"})
        )

    assert of_export == of_view
    assert len(of_south) == len(of_view)
    assert {*of_south}.isdisjoint(of_view)


def test_ids_of_two_systems_are_no_others_in_the_interface(client: Client):
    two_schools(client.app.database)
    root = PATHS["v1p2"]

    def listed(path: str) -> list[dict[str, Any]]:
        (found,) = client.get(f"{root}/{path}").json.values()
        return found

    (classes,) = client.get(f"{root}/classes").json.values()
    students = {
        row["title"]: [user["givenName"] for user in listed(f"classes/{row['sourcedId']}/students")]
        for row in classes
    }
    assert students == {"Math": ["Nora"], "Art": ["Sven"]}
    people = by_name(listed("students"), "givenName")
    named = {row["user"]["sourcedId"] for row in listed("enrollments") if row["role"] == "student"}
    assert named == {*people.values()}
    assert listed(f"students/{people['Sven']}")["givenName"] == "Sven"


def test_an_export_of_two_systems_is_brought_in_again_as_it_is(database: Database):
    two_schools(database)
    before = export(database)

    report, _ = import_content(database, before, errors="refuse")

    assert report.changes == []
    assert export(database) == before


# Terms and courses


def faults(report: Any) -> list[tuple[str, str]]:
    return [
        (fault.code, fault.detail)
        for fault in report.faults
        if fault.code in ("derived_code", "shared_course")
    ]


def test_a_term_of_other_days_is_another_term(database: Database):
    import_content(database, school("EAST", "Nora", "Math"))

    report, _ = import_content(database, school("WEST", "Sven", "Art", SPRING))

    assert faults(report) == [
        (
            "derived_code",
            "Another system has a term of this id that begins on another day."
            " The code of this one is 1-2027-02-01.",
        )
    ]
    courses = "SELECT course.title, term.title FROM course JOIN term ON term.code = course.term"
    assert rows(database, courses) == [("Math", "Fall 2026"), ("Art", "Spring 2027")]
    assert import_content(database, school("WEST", "Sven", "Art", SPRING)).report.changes == []
    tables = validate(export(database), roles="student|teacher")
    sessions = {row["sourcedId"]: row["title"] for row in tables["academicSessions"]}
    assert {row["title"]: sessions[row["termSourcedIds"]] for row in tables["classes"]} == {
        "Math": "Fall 2026",
        "Art": "Spring 2027",
    }


def test_a_course_and_a_term_that_two_systems_have_keep_their_titles(database: Database):
    """What the second system has of them is taken when it changes it."""
    import_content(database, school("EAST", "Nora", "Math"))
    other = school("WEST", "Sven", "Math", FALL.replace("Fall 2026", "Autumn"), "Algebra")

    report, _ = import_content(database, other)

    assert faults(report) == [
        (
            "shared_course",
            "The course Math1-A, Math, is one of EAST too: the students of both are in it.",
        )
    ]
    assert report.counts.courses.changed == report.counts.terms.changed == 0
    report, _ = import_content(database, other)
    assert (report.changes, faults(report)) == ([], [])
    report, _ = import_content(database, school("WEST", "Sven", "Math", title="Sums"))
    assert [change.after for change in report.changes] == [{"title": "Sums"}]


def test_a_course_that_another_system_still_has_is_not_canceled(database: Database):
    import_content(database, school("EAST", "Nora", "Math"))
    rest = {
        "academicSessions": FALL,
        "courses": "Art,Art1,\nMath,Math1,",
        "users": "true,,student,Sven,Sven,Berg,S-1",
    }
    art, math = "Art,1,Art1-A,scheduled,,1", "Math,2,Math1-A,scheduled,,1"
    places = "1,,1,student\n2,,1,student"
    import_content(database, package("WEST", **rest, classes=f"{art}\n{math}", enrollments=places))

    left = package("WEST", **rest, classes=art, enrollments="1,,1,student")
    report, _ = import_content(database, left)

    courses = "SELECT title, status FROM course ORDER BY id"
    assert rows(database, courses) == [("Math", "open"), ("Art", "open")]
    enrolled = "SELECT student_id FROM student_course WHERE course_id = 1 AND status = 'enrolled'"
    assert rows(database, enrolled) == [(1,)]
    assert report.removals.courses.removed == 0


# Packages that do not name their system


def test_packages_of_other_formats_are_of_other_systems(database: Database):
    import_content(database, archive("clever"))

    report, _ = import_content(database, archive("microsoft-sds-2.1"))

    assert rows(database, "SELECT source FROM import ORDER BY id") == [("clever",), ("sds",)]
    assert report.removals.students.removed == 0


def test_a_package_that_has_no_student_of_its_system_needs_a_confirmation(database: Database):
    import_content(database, school("", "Nora", "Math"))
    other = archive("clean-1.1", (b"source.", b"none."))

    with pytest.raises(Problem, match="1 of 1 students") as refused:
        import_content(database, other)

    assert refused.value.code == "too_many_removals"
    assert import_content(database, other, removals=9).report.source == "oneroster"
