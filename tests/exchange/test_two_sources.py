"""Two systems beside each other that number their records alike: no record is taken for another."""

from typing import Any

from enrollment.exchange.records import PATHS
from enrollment.storage.database import Database
from tests.exchange.imports import export, import_content
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


def school(source: str, student: str, course: str, session: str = FALL) -> bytes:
    """A school with a teacher, a student and a class."""
    return package(
        source,
        orgs=f"{source} High,school",
        academicSessions=session,
        courses=f"{course},{course}1,1",
        classes=f"{course},1,{course}1-A,scheduled,1,1",
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
