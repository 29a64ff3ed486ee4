"""Exports over HTTP: a package for other systems, and lists that open well in a spreadsheet."""

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from webtest import TestResponse

from enrollment.exchange.faults import Faults
from enrollment.exchange.formats import read_files
from enrollment.exchange.reading import Record
from enrollment.exchange.source_files import open_path
from tests.exchange.strict import validate
from tests.support.client import Client, broken

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LISTS = ["/v1/students", "/v1/courses/1/students", "/v1/terms/1/courses"]


def rows(answer: TestResponse) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))


def cells(answer: TestResponse) -> list[list[str | None]]:
    sheet = load_workbook(io.BytesIO(answer.body)).active
    assert {cell.data_type for row in sheet for cell in row if cell.value is not None} <= {"s"}
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def name_of(answer: TestResponse) -> str:
    return re.sub(r"-\d{4}-\d\d-\d\d\.", "-DAY.", answer.headers["Content-Disposition"])


def people(path: Path) -> list[Record]:
    found: list[Record] = []
    with open_path(path, Faults()) as files:
        read_files(files, found.append, Faults())
    return found


def test_a_package_is_a_valid_archive(client: Client, small_college: None):
    answer = client.get("/v1/oneroster.zip")

    assert answer.content_type == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="oneroster.zip"'
    assert answer.content_length == len(answer.body)
    assert len(validate(answer.body)["enrollments"]) == 2


def test_a_package_has_what_is_asked_for(client: Client, small_college: None):
    client.put_status(1, 1, "dropped")

    assert len(validate(client.get("/v1/oneroster.zip").body)["enrollments"]) == 1
    every = validate(client.get("/v1/oneroster.zip?history=true").body)
    assert len(every["enrollments"]) == 2
    assert "classes" not in validate(client.get("/v1/oneroster.zip?term=2026-FALL").body)
    changed = validate(client.get("/v1/oneroster.zip?since=2000-01-01").body)
    assert [row["status"] for row in changed["enrollments"]] == ["tobedeleted", "active"]


def test_a_delta_has_no_history(client: Client):
    answer = client.get("/v1/oneroster.zip?since=2026-01-01&history=true", status=422)

    assert broken(answer) == [("history", "option_does_not_fit")]


def test_a_system_from_which_nothing_came_is_refused(client: Client):
    answer = client.get("/v1/oneroster.zip?source=nosuch&term=2099", status=422)

    assert broken(answer) == [("source", "option_does_not_fit"), ("term", "unknown_term")]


def test_an_unknown_term_and_a_wrong_time_are_refused(client: Client):
    answer = client.get("/v1/oneroster.zip?term=2099", status=409)
    assert broken(answer) == [("term", "unknown_term")]
    assert client.get("/v1/oneroster.zip?since=monday", status=422).json["code"] == "invalid_query"


@pytest.mark.parametrize("path", ["/v1/oneroster.zip", "/v1/students.csv"])
def test_an_export_that_has_not_changed_is_not_sent_again(client: Client, path: str):
    client.student()
    tag = client.get(path).headers["ETag"]

    assert client.get(path, headers={"If-None-Match": tag}, status=304).body == b""
    client.get(path, headers={"If-Match": '"other"'}, status=412)
    client.student()
    assert client.get(path, headers={"If-None-Match": tag}).headers["ETag"] != tag


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("path", LISTS)
def test_a_head_has_the_size_and_no_content(
    client: Client, path: str, kind: str, small_college: None
):
    answer = client.head(f"{path}.{kind}")

    assert answer.body == b""
    assert int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize("path", ["/v1/courses/9/students", "/v1/terms/9/courses"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_of_nothing_that_exists_is_not_found(client: Client, path: str, kind: str):
    client.get(f"{path}.{kind}", status=404)


# Lists for people


def test_students_are_listed_by_name_for_a_spreadsheet(client: Client):
    client.student(number="00413", given_name="Björn", family_name="Ekström", email="b@x.example")
    client.student(
        number="00412",
        given_name="Amara",
        family_name="Diallo",
        status="inactive",
        groups=["9b", "choir"],
    )
    client.student(given_name=None, family_name="Östlund")

    answer = client.get("/v1/students.csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert name_of(answer) == 'attachment; filename="students-DAY.csv"'
    assert answer.body.startswith(b"\xef\xbb\xbfNumber,")
    assert answer.body.count(b"\r\n") == 4
    expected = [
        ["Number", "Family name", "Given name", "Email", "Status", "Groups"],
        ["00412", "Diallo", "Amara", "", "inactive", "9b, choir"],
        ["00413", "Ekström", "Björn", "b@x.example", "active", ""],
        ["", "Östlund", "", "", "active", ""],
    ]
    assert rows(answer) == expected
    book = client.get("/v1/students.xlsx")
    assert book.content_type == XLSX
    assert cells(book) == [[cell or None for cell in row] for row in expected]
    assert len(rows(client.get("/v1/students.csv?status=active"))) == 3


def test_a_roster_is_listed_by_name_with_its_times(client: Client):
    course = client.course(capacity=1)
    first, second = client.student(family_name="Z"), client.student(family_name="A")
    client.enroll(first, course, effective_at="2026-09-01T08:00:00Z")
    client.enroll(second, course, waitlist=True)

    header, *found = rows(client.get(f"/v1/courses/{course}/students.csv"))

    assert header[4:8] == ["Status", "Groups", "Place in the waitlist", "Enrolled"]
    assert [(row[1], row[4], row[6]) for row in found] == [
        ("A", "waitlisted", "1"),
        ("Z", "enrolled", ""),
    ]
    assert found[1][7] == "2026-09-01 08:00:00"
    assert len(rows(client.get(f"/v1/courses/{course}/students.csv?status=enrolled"))) == 2
    book = cells(client.get(f"/v1/courses/{course}/students.xlsx"))
    assert [row[1] for row in book] == ["Family name", "A", "Z"]


def test_the_name_of_a_file_has_what_the_list_is_about(client: Client):
    term = client.term()
    course = client.course(code="Bio & Übung", section="1", term=term)

    assert name_of(client.get(f"/v1/courses/{course}/students.csv")) == (
        'attachment; filename="roster-Bio-Ubung-1-2026-FALL-DAY.csv"'
        "; filename*=UTF-8''roster-Bio-%C3%9Cbung-1-2026-FALL-DAY.csv"
    )
    name = name_of(client.get("/v1/terms/1/courses.xlsx"))
    assert name == 'attachment; filename="courses-2026-FALL-DAY.xlsx"'


def test_a_roster_has_outcomes_and_grades(client: Client):
    course = client.course(capacity=3)
    for family_name in "ABC":
        client.enroll(client.student(family_name=family_name), course)
    for student, fields in {1: {}, 2: {"passed": False, "grade": "F"}}.items():
        body = {"status": "completed", **fields}
        client.put_json(f"/v1/students/{student}/courses/{course}", body)

    header, *found = rows(client.get(f"/v1/courses/{course}/students.csv"))

    assert header[-2:] == ["Outcome", "Grade"]
    assert [row[-2:] for row in found] == [["passed", ""], ["not passed", "F"], ["", ""]]


def test_the_courses_of_a_term_are_listed_with_their_seats(client: Client):
    term = client.term()
    hours = {"from": "09:00", "to": "10:30"}
    meetings = [{"weekday": 1, "room": "B12", **hours}, {"weekday": 2, **hours}]
    client.course(code="CS102", term=term, credits=7.5, capacity=30, meetings=meetings)
    course = client.course(code="CS101", section="02", term=term, instructor="Ada Lovelace")
    client.course(code="CS999")
    client.enroll(client.student(), course)

    times = "Mon 09:00-10:30 B12, Tue 09:00-10:30"
    assert rows(client.get("/v1/terms/1/courses.csv"))[1:] == [
        ["CS101", "02", "Databases", "Ada Lovelace", "0", "open", "", "1", "0", ""],
        ["CS102", "", "Databases", "", "7.5", "open", "30", "0", "0", times],
    ]
    assert [row[0] for row in cells(client.get("/v1/terms/1/courses.xlsx"))] == [
        "Code",
        "CS101",
        "CS102",
    ]


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''-", "'t Hooft", "O'Neill"]
)
def test_no_name_becomes_a_formula_and_a_reading_gives_it_back(
    client: Client, name: str, tmp_path: Path
):
    client.student(number="1", family_name=name)

    for kind in ("csv", "xlsx"):
        answer = client.get(f"/v1/students.{kind}")
        path = tmp_path / f"students.{kind}"
        path.write_bytes(answer.body)
        if kind == "csv":
            assert rows(answer)[1][1][0] not in "=+-@"
            assert people(path)[0].content["family_name"] == name
        else:
            assert cells(answer)[1][1] == name


def test_a_list_that_is_read_again_is_the_same(client: Client, tmp_path: Path):
    client.student(number="00412", given_name="Zoë", family_name='O"Brien, Jr.')
    for kind in ("csv", "xlsx"):
        path = tmp_path / f"students.{kind}"
        path.write_bytes(client.get(f"/v1/students.{kind}").body)

        assert [person.content for person in people(path)] == [
            {
                "number": "00412",
                "given_name": "Zoë",
                "family_name": 'O"Brien, Jr.',
                "status": "active",
            }
        ]


def test_a_workbook_has_no_time_in_it_so_that_its_tag_is_that_of_its_cells(client: Client):
    client.student()

    answer = client.get("/v1/students.xlsx")

    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    properties = load_workbook(io.BytesIO(answer.body)).properties
    assert {properties.created.year, properties.modified.year} == {1980}
    client.get("/v1/students.xlsx", headers={"If-None-Match": answer.headers["ETag"]}, status=304)
