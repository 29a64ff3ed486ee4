"""Imports over HTTP: a preview that pins what is done, roles, limits, reports and undo."""

import csv
import io
import json
from typing import Any

import pytest
from msgspec.structs import fields
from webtest import TestResponse

from enrollment import log
from enrollment.app import App
from enrollment.http.body import UPLOAD_LIMIT
from enrollment.model.courses import CourseInput
from enrollment.model.records import StudentInput, TermInput
from tests.exchange.imports import files, lasting_archive
from tests.exchange.small_packages import bulk
from tests.support.client import Client, broken
from tests.support.undone import undone

LIST = "Student ID,Last name,First name\n00412,Diallo,Amara\n"
TIME = "2400-01-01T00:00:00.000Z"
# A change of each field that a registrar can give a new record, by the path of the records.
EDITS: dict[str, dict[str, Any]] = {
    "students": {
        "number": "7",
        "given_name": "Ana",
        "family_name": "Katz",
        "email": "ana@example.org",
        "status": "inactive",
        "max_credits": 9,
        "groups": ["SENIOR"],
    },
    "courses": {
        "code": "OTHER",
        "section": "X",
        "title": "Other",
        "term": None,
        "instructor": "Ben Katz",
        "credits": 3,
        "capacity": 20,
        "waitlist_capacity": 5,
        "promotion": "manual",
        "enroll_from": TIME,
        "enroll_until": TIME,
        "drop_until": TIME,
        "status": "closed",
        "repeatable": True,
        "prerequisites": [{"code": "FIRST"}],
        "corequisites": ["LAB"],
        "meetings": [{"weekday": 1, "from": "09:00", "to": "10:00"}],
        "open_to": ["SENIOR"],
        "early_access": [{"group": "SENIOR", "enroll_from": "2300-01-01T00:00:00.000Z"}],
        "counts_as": ["OLD"],
    },
    "terms": {
        "code": "OTHER",
        "title": "Other",
        "start_on": "2026-01-01",
        "end_on": "2427-12-31",
        "enroll_from": TIME,
        "enroll_until": TIME,
        "drop_until": TIME,
        "max_credits": 20,
    },
}


def send(
    client: Client,
    content: str | bytes = LIST,
    query: str = "",
    status: int = 201,
    media_type: str = "text/csv",
    **headers: str,
) -> TestResponse:
    body = content.encode() if isinstance(content, str) else content
    sent = {"Content-Type": media_type} | headers
    return client.post(f"/v1/imports?{query}", body, headers=sent, status=status)


def test_an_import_is_a_record_with_its_report(client: Client):
    answer = send(client, query="file_name=9b.csv&reason=new+year")

    assert answer.headers["Location"] == "/v1/imports/1"
    report = answer.json
    assert (report["source"], report["format"], report["file_name"]) == (
        "default",
        "list",
        "9b.csv",
    )
    assert (report["made_by"], report["reason"]) == ("admin #1", "new year")
    assert report["counts"]["students"]["created"] == 1
    assert report["changes"][0]["after"]["family_name"] == "Diallo"
    assert client.get("/v1/imports/1").json == report
    (item,) = client.get("/v1/imports").json["items"]
    assert item == {name: report[name] for name in item}
    (change,) = client.get("/v1/changes?subject=student").json["items"]
    assert change["actor"] == "admin #1"


def test_the_changes_of_records_are_those_of_the_history(client: Client):
    report = send(client, lasting_archive("clean-1.2"), media_type="application/zip").json

    shown = [change["after"] for change in report["changes"] if change["kind"] != "enrollment"]
    history = client.walk("/v1/changes")
    # As JSON, where 0 is not false.
    assert json.dumps(shown) == json.dumps(
        [change["after"] for change in history if change["subject"] != "token"]
    )


def test_a_preview_does_nothing_and_its_tag_pins_it(client: Client):
    preview = send(client, lasting_archive("clean-1.2"), "dry_run=true")
    tag = preview.headers["ETag"]

    assert preview.json["dry_run"] is True
    assert len(preview.json["events"]) == 6
    assert client.get("/v1/students").json["items"] == []
    assert client.get("/v1/imports").json["items"] == []
    # Someone else adds the same student: the import would do something else.
    other = client.student(number="00412")
    answer = send(client, lasting_archive("clean-1.2"), status=412, **{"If-Match": tag})
    assert answer.json["code"] == "precondition_failed"
    client.delete(f"/v1/students/{other}")
    # One who has nothing to do with it does not matter, though the ids differ.
    client.student()
    made = send(client, lasting_archive("clean-1.2"), **{"If-Match": tag})
    assert made.json["counts"] == preview.json["counts"]
    assert "events" not in made.json


def test_the_tag_of_a_preview_confirms_what_is_removed(client: Client):
    send(client, lasting_archive("clean-1.2"))
    shrunk = lasting_archive("shrunk-bulk-after-clean-1.2")

    preview = send(client, shrunk, "dry_run=true")
    assert preview.json["refused_by"] == "too_many_removals"
    assert preview.json["removals"]["enrollments"] == {"removed": 5, "of": 6, "limit": 3}
    answer = send(client, shrunk, status=409)
    assert broken(answer) == [("", "too_many_removals")] * 2
    made = send(client, shrunk, **{"If-Match": preview.headers["ETag"]})
    assert made.json["counts"]["enrollments"]["dropped"] == 5


def test_a_faulty_file_is_refused_with_every_fault_and_skipped_if_asked(client: Client):
    content = LIST + "00413,,Björn\n,Katz,Ben\n"

    answer = send(client, content, status=422)
    assert answer.json["code"] == "import_has_errors"
    assert answer.json["detail"] == "There are 2 errors in the rows."
    places = [
        (error["details"]["row"], error["details"]["code"]) for error in answer.json["errors"]
    ]
    assert places == [(3, "missing_value"), (4, "missing_value")]
    assert send(client, content, "dry_run=true").json["refused_by"] == "import_has_errors"
    assert client.get("/v1/students").json["items"] == []

    assert send(client, content, "errors=skip").json["counts"]["students"]["created"] == 1
    lines = client.get("/v1/imports/1/faults.csv").body.decode("utf-8-sig")
    header, *faults = csv.reader(io.StringIO(lines, newline=""))
    assert header[:3] == ["File", "Row", "Column"]
    assert [fault[1] for fault in faults] == ["3", "4"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_comes_back_with_its_faults_and_nothing_is_done(client: Client, kind: str):
    content = (LIST + "00413,,Björn\n").encode()

    answer = client.post(
        f"/v1/imports/marked.{kind}", content, headers={"Content-Type": "text/csv"}, status=200
    )

    assert answer.headers["Content-Disposition"] == f'attachment; filename="marked.{kind}"'
    if kind == "csv":
        rows = csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""))
        assert [row[3:] for row in rows] == [
            ["What is wrong"],
            [],
            ["error: Last name: The family name is blank."],
        ]
    else:
        assert answer.body[:2] == b"PK"
    assert client.get("/v1/students").json["items"] == []
    assert client.get("/v1/imports").json["items"] == []


def test_a_package_does_not_come_back(client: Client):
    answer = client.post(
        "/v1/imports/marked.csv",
        lasting_archive("clean-1.2"),
        headers={"Content-Type": "application/zip"},
        status=422,
    )

    assert answer.json["code"] == "unreadable_import"


@pytest.mark.parametrize(
    ("content", "query", "code"),
    [
        (b"\xd0\xcf\x11\xe0", "", "unreadable_import"),
        (b"PK\x03\x04", "", "unreadable_import"),
        (b"hello", "", "unreadable_import"),
        (LIST.encode(), "course_id=7", "unknown_course"),
        (LIST.encode(), "columns=x", "unreadable_import"),
        (LIST.encode(), "encoding=x", "unreadable_import"),
        # Codecs of Python that are no encodings of text.
        (f"{LIST}1,M\xfcller,,".encode("latin-1"), "encoding=hex", "unreadable_import"),
        (f"{LIST}1,M\xfcller,,".encode("latin-1"), "encoding=rot13", "unreadable_import"),
        (LIST.encode(), "rules=x", "invalid_query"),
        (LIST.encode(), "mode=absent", "invalid_query"),
        (LIST.encode(), "relink=maybe", "invalid_query"),
        (LIST.encode(), "colour=red", "invalid_query"),
    ],
)
def test_what_can_not_be_meant_is_refused(client: Client, content: bytes, query: str, code: str):
    answer = client.post(
        f"/v1/imports?{query}", content, headers={"Content-Type": "text/csv"}, status="4*"
    )

    assert answer.json["code"] == code
    assert client.get("/v1/imports").json["items"] == []


def test_a_preview_shows_what_mode_and_relink_do(client: Client):
    send(client, lasting_archive("clean-1.2"))
    moved = lasting_archive("clean-1.2", (b"u-s2", b"u-new"))

    preview = send(client, moved, "dry_run=true&mode=delta&errors=skip").json
    assert {file["mode"] for file in preview["files"]} == {"delta"}
    assert preview["counts"]["students"] == {
        "created": 0,
        "changed": 0,
        "ended": 0,
        "unchanged": 0,
    }
    preview = send(client, moved, "dry_run=true").json
    assert preview["counts"]["students"]["ended"] == 1
    (fault,) = [fault for fault in preview["faults"] if fault["code"] == "renamed_id"]
    assert (fault["file"], fault["value"]) == ("users.csv", "u-new")
    preview = send(client, moved, "dry_run=true&relink=true").json
    assert preview["counts"]["students"]["unchanged"] == 4


def test_an_export_has_the_ids_of_the_source_that_is_named(client: Client):
    send(client, lasting_archive("clean-1.2"))
    send(client, lasting_archive("clean-1.2", (b"u-s2", b"u-new")), "source=office")

    first = client.get("/v1/oneroster.zip").body
    second = client.get("/v1/oneroster.zip?source=office").body

    assert b"\nu-s2," in files(first)["users.csv"]
    assert b"\nu-new," in files(second)["users.csv"]
    assert b"\nu-s2," not in files(second)["users.csv"]


def test_a_body_must_be_a_file_within_a_limit(client: Client):
    answer = send(client, status=415, media_type="application/json")
    assert "application/zip" in answer.json["detail"]
    answer = send(client, b"x" * (UPLOAD_LIMIT + 1), status=413)
    assert answer.json["code"] == "body_too_large"
    # More than a JSON body can have.
    rows = "".join(f"{number},{'F' * 100},{'G' * 100}\n" for number in range(6_000))
    assert len(rows) > 1024 * 1024
    answer = send(client, LIST + rows, "dry_run=true&errors=skip")
    assert answer.json["counts"]["students"]["created"] == 6_001


def test_a_retry_under_a_key_does_nothing_again(client: Client):
    first = send(client, **{"Idempotency-Key": "k"})
    again = send(client, **{"Idempotency-Key": "k"})

    assert again.json == first.json
    assert len(client.get("/v1/imports").json["items"]) == 1
    other = send(client, LIST + "7,Katz,Ben\n", status=422, **{"Idempotency-Key": "k"})
    assert other.json["code"] == "idempotency_key_reused"


def test_an_undo_keeps_a_student_who_was_erased_since(client: Client):
    student, course = client.student(number="00412"), client.course()
    client.enroll(student, course)
    send(client)
    send(client, "Student ID,Status\n00412,dropped\n", f"course_id={course}")
    client.post_json(f"/v1/students/{student}/erasure", {"reason": "asked"})

    for number in (1, 2):
        path = f"/v1/imports/{number}"
        undone = client.delete(path, headers={"If-Match": "*"}, status=200).json
        assert (undone["reversed"], undone["kept"], undone["conflicts"]) == (0, 1, 0)

    assert client.get(f"/v1/students/{student}").json["family_name"] == "Erased"
    assert client.status(student, course) == "dropped"


def test_an_undo_keeps_a_student_whom_someone_needs_as_it_is(client: Client):
    sent = send(client, LIST + "00413,Katz,Ben\n").json
    into_id, held = (change["record_id"] for change in sent["changes"])
    merged = client.student()
    client.post_json(f"/v1/students/{merged}/merge", {"into": into_id})
    client.post_json(f"/v1/students/{held}/holds", {"reason": "fees"})

    shown = client.delete("/v1/imports/1?dry_run=true", status=200).json
    undone = client.delete("/v1/imports/1", headers={"If-Match": "*"}, status=200).json

    assert shown["items"] == undone["items"]
    kept = {item["record_id"]: item["detail"] for item in undone["items"]}
    assert kept == {
        into_id: "Another record was merged into this student.",
        held: "It was changed since, or others need it.",
    }
    assert [client.get(f"/v1/students/{id}").json["status"] for id in kept] == ["active"] * 2
    assert client.get("/v1/merges").json["items"][0]["into"] == into_id


@pytest.mark.parametrize("kind", EDITS)
def test_an_undo_keeps_a_new_record_of_which_a_field_was_changed_since(
    app: App, client: Client, kind: str, subtests: pytest.Subtests
):
    inputs = {"students": StudentInput, "courses": CourseInput, "terms": TermInput}
    assert {*EDITS[kind]} == {field.encode_name for field in fields(inputs[kind])}
    # Of two terms, the first has no course.
    report = send(client, bulk(None, 1), "errors=skip", media_type="application/zip").json
    (id, *_) = (item["record_id"] for item in report["changes"] if f"{item['kind']}s" == kind)

    for field, value in EDITS[kind].items():
        with subtests.test(field), undone(app.database):
            before = client.get(f"/v1/{kind}/{id}").json
            # A group is earlier than a time from which everyone can enroll.
            others = {"enroll_from": TIME} if field == "early_access" else {}
            client.patch_json(f"/v1/{kind}/{id}", others | {field: value}, status=200)
            edited = client.get(f"/v1/{kind}/{id}").json

            client.delete("/v1/imports/1", headers={"If-Match": "*"}, status=200)

            assert client.get(f"/v1/{kind}/{id}").json == edited
            assert before[field] != edited[field]


def test_an_undo_is_shown_before_and_the_record_stays(client: Client):
    send(client, lasting_archive("clean-1.2"))

    shown = client.delete("/v1/imports/1?dry_run=true", status=200).json
    assert (shown["reversed"], shown["conflicts"], shown["dry_run"]) == (17, 0, True)
    assert len(client.get("/v1/students").json["items"]) == 4
    undone = client.delete("/v1/imports/1", headers={"If-Match": '"1"'}, status=200).json
    assert undone["reversed"] == 17
    assert client.get("/v1/students").json["items"] == []
    assert client.get("/v1/imports/1").json["undone_by"] == "admin #1"
    assert client.delete("/v1/imports/1", status=409).json["code"] == "import_undone"
    # What was believed meanwhile is still known.
    events = client.get("/v1/events").json["items"]
    assert {event["to_status"] for event in events} == {"enrolled", "void"}


def test_an_unknown_import_is_not_found(client: Client):
    for method, path in [("GET", ""), ("DELETE", ""), ("GET", "/faults.csv")]:
        answer = client.request(f"/v1/imports/7{path}", method=method, status=404)
        assert answer.json["code"] == "import_not_found"


def test_no_name_is_in_the_log(client: Client, monkeypatch: pytest.MonkeyPatch, capfd: Any):
    lines: list[str] = []
    monkeypatch.setattr(log.requests, "form", lambda fields: lines.append(str(fields)) or "")

    send(client)
    send(client, LIST + "00413,,Björn\n", status=422)

    assert lines
    shown = "".join(lines) + "".join(capfd.readouterr())
    assert not {"Diallo", "Amara", "Björn"} & {*shown.replace('"', " ").split()}


def test_an_erasure_reaches_what_was_imported(client: Client):
    send(client, lasting_archive("shared-email"), "errors=skip")
    students = client.get("/v1/students").json["items"]
    assert client.get("/v1/imports/1").json["faults"]

    for student in students:
        client.patch_json(f"/v1/students/{student['id']}", {"status": "inactive"})
        body = {"reason": "asked in writing"}
        client.post_json(f"/v1/students/{student['id']}/erasure", body, status="2*")

    report = client.get("/v1/imports/1")
    exported = client.get("/v1/oneroster.zip").body
    for student in students:
        name = student["family_name"].encode()
        assert name not in report.body
        assert name not in exported
    assert report.json["faults"] == []


def test_a_package_is_not_the_roster_of_one_course(client: Client):
    course = client.course()

    for query in (f"course_id={course}", "course_id=99", f"course_id={course}&dry_run=true"):
        refused = send(client, lasting_archive("clean-1.2"), query, 422)

        assert broken(refused) == [("course_id", "option_does_not_fit")]
        assert refused.json["detail"] == "Expected only for a list, not for a package of rosters"
    assert client.get("/v1/imports").json["items"] == []
    assert client.get("/v1/students").json["items"] == []


def test_students_are_dropped_from_a_course_that_is_given(client: Client):
    for query in ("replace=true", "replace=true&dry_run=true"):
        refused = send(client, query=query, status=422)

        assert broken(refused) == [("replace", "option_does_not_fit")]
        assert refused.json["detail"] == (
            "Expected only for the roster of one course, and no course is given"
        )
    assert client.get("/v1/students").json["items"] == []
    course = client.course()
    student = client.student(number="7")
    client.enroll(student, course)
    client.student(number="00412")
    send(client, query=f"replace=true&course_id={course}&removals=1")
    assert client.status(student, course) == "dropped"


def test_an_option_that_would_change_nothing_is_refused(client: Client, subtests: pytest.Subtests):
    package = lasting_archive("clean-1.2")
    for content, query in (
        (LIST, "mode=delta"),
        (LIST, "mode=bulk&relink=true&missing=keep&replace=true"),
        (package, "columns=Nr%3Dnumber"),
        (package, "columns=Nr%3Dnumber&replace=true"),
    ):
        with subtests.test(query):
            refused = send(client, content, query, 422)

            names = {option.partition("=")[0] for option in query.split("&")}
            assert {*broken(refused)} == {(name, "option_does_not_fit") for name in names}
    assert client.get("/v1/students").json["items"] == []


def test_an_option_that_every_file_grants_is_for_all(client: Client):
    granted = "create=true&encoding=cp1252&date_order=dmy&removals=0&missing=drop"

    send(client, LIST, f"dry_run=true&{granted}")
    send(client, lasting_archive("clean-1.2"), f"dry_run=true&{granted}")


def test_a_report_of_before_it_named_a_course_is_of_none(client: Client):
    course = client.course()
    client.student(number="00412")
    made = send(client, query=f"course_id={course}").json
    assert made["course_id"] == course
    with client.app.database.write() as db:
        (stored,) = db.execute("SELECT report FROM import", {}).fetchone()
        report = json.loads(stored)
        del report["course_id"]
        sql = "UPDATE import SET report = :report"
        db.execute(sql, {"report": json.dumps(report, separators=(",", ":"))})

    assert client.get("/v1/imports/1").json == made | {"course_id": None}
