"""Import: a file, its preview, the import, its report and its undo."""

import io

import pytest
from openpyxl import load_workbook
from webtest import TestResponse, Upload

from enrollment.app import App
from enrollment.web import held, import_form
from tests.exchange.imports import lasting_archive
from tests.support.browser import Browser, form_to, text, tick
from tests.support.client import Client
from tests.support.tokens import TOKENS

LIST = b"Student ID,Last name,First name\n00412,Diallo,Amara\n00413,Ekstr\xc3\xb6m,Bj\xc3\xb6rn\n"


def preview(browser: Browser, content: bytes = LIST, status: int = 200, **fields: str):
    form = form_to(browser.get("/import"), "/import")
    form["file"] = Upload("class.csv", content)
    for name, value in fields.items():
        form[name] = value
    return form.submit("do", value="preview", status=status)


def run_import(page: TestResponse, status: int = 303) -> TestResponse:
    return form_to(page, "/import").submit("do", value="import", status=status)


def names(client: Client) -> list[str]:
    return [student["family_name"] for student in client.get("/v1/students").json["items"]]


def test_a_list_is_previewed_and_imported(browser: Browser, client: Client):
    page = preview(browser)

    said = text(page)
    assert "This works. Nothing has been changed yet." in said
    assert "Preview of class.csv" in said
    assert "Columns: Student ID is the number, Last name is the family name," in said
    assert "Ekström, Björn new: number 00413, no email, active" in said
    assert "Import 2 students" in said
    assert names(client) == []
    page = run_import(page).follow()
    said = text(page)
    assert page.request.path == "/imports/1"
    assert "The file is imported." in said
    assert "Students 2 0 0 0 " in said
    assert names(client) == ["Diallo", "Ekström"]
    page = browser.get("/imports")
    assert "class.csv #1" in text(page)
    assert "2 students new, 0 changed 0 enrollments new, 0 dropped" in text(page)


def test_a_long_list_has_a_short_page(browser: Browser, client: Client):
    rows = b"".join(b"%05d,Diallo,Amara\n9%05d,,Bo\n" % (row, row) for row in range(5000))

    page = preview(browser, b"Student ID,Last name,First name\n" + rows)

    assert "At least 1000 faults in the file" in text(page)
    assert len(page.body) < 60_000


def test_a_double_click_imports_once(browser: Browser, client: Client):
    page = preview(browser)
    first = run_import(page)

    second = run_import(page)

    assert second.location == first.location
    assert len(client.get("/v1/imports").json["items"]) == 1


def test_no_file(browser: Browser, client: Client):
    form = form_to(browser.get("/import"), "/import")
    form["source"] = "office"

    page = form.submit("do", value="preview", status=422)

    assert page.html.find(id="file-wrong").text == "Choose a file."
    assert form_to(page, "/import")["source"].value == "office"


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 \x00\x00", b"", b"a,b\n1,2\n", b"PK\x03\x04 broken"]
)
def test_a_wrong_file_is_refused_with_the_reasons(browser: Browser, client: Client, content: bytes):
    page = preview(browser, content, status=422)

    assert "Nothing was imported. The file cannot be brought in as it is." in text(page)
    assert "class.csv" in page.html.find("table").text
    # Another file is all that helps: the field for it is in sight.
    assert page.html.find(id="file").find_parent("details").has_attr("open")
    faults = form_to(page, "/import").submit("do", value="faults", status=200)
    assert ",refusal," in faults.text
    assert client.get("/v1/imports").json["items"] == []


FAULTY = b"Student ID,Last name,First name\n00412,Diallo,Amara\n00413,,Nameless\n"


def test_rows_at_fault_are_shown_and_can_be_left_out(browser: Browser, client: Client):
    page = preview(browser, FAULTY)

    said = text(page)
    assert "Rows of the file have errors. Nothing has been changed yet." in said
    assert "class.csv, row 3 Last name error The family name is blank." in said
    form = form_to(page, "/import")
    assert not page.html.find("button", value="import")
    faults = form.submit("do", value="faults", status=200)
    assert "class.csv,3,Last name,,error,missing_value,The family name is blank." in faults.text
    assert faults.headers["Cache-Control"] == "no-store"
    form["errors"] = True
    # The file is held: it is not chosen again.
    page = form.submit("do", value="preview", status=200)
    assert "Import 1 student" in text(page)
    page = run_import(page).follow()
    assert names(client) == ["Diallo"]
    faults = page.click("Download all as CSV")
    assert "The family name is blank." in faults.text
    assert faults.headers["Cache-Control"] == "no-store"


def test_what_changed_since_the_preview_is_said(browser: Browser, client: Client):
    page = preview(browser)
    client.student(number="00412", family_name="Other")

    page = run_import(page, status=412)

    said = text(page)
    assert "what the import would do has changed since your preview" in said
    assert "family name Other → Diallo" in said
    assert names(client) == ["Other"]
    run_import(page)
    assert len(names(client)) == 2


def test_removals_are_confirmed(browser: Browser, client: Client):
    run_import(preview(browser, lasting_archive("clean-1.2")))
    page = preview(browser, lasting_archive("shrunk-bulk-after-clean-1.2"))
    said = text(page)
    assert "Much of what is here is no longer in the file. Nothing has been changed yet." in said
    assert "5 of 6 enrollments: dropped, since the file no longer has them. More than 3" in said

    page = run_import(page, status=422)
    assert "Confirm how many records would end" in page.html.find(id="confirm-wrong").text
    form = form_to(page, "/import")
    form["confirm"] = True
    form.submit("do", value="import", status=303)

    assert len(client.get("/v1/imports").json["items"]) == 2


def test_how_many_must_be_confirmed_is_not_said_where_it_is_asked_for_another_reason(
    browser: Browser, client: Client
):
    course = client.course(code="CS101")
    client.enroll(client.student(number="1"), course)
    form = form_to(browser.get(f"/courses/{course}").click("Import a list"), "/import")
    form["file"] = Upload("9b.csv", LIST.splitlines()[0])
    form["replace"] = True

    said = text(form.submit("do", value="preview", status=200))

    assert "Much of what is here is no longer in the file." in said
    assert "1 of 1 enrollments: dropped, since the file no longer has them." in said
    assert "More than" not in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "2 records above would end. The file has no rows on purpose."),
        (b"#N/A,A,B\n", "2 records above would end. None is in a row that is left out."),
        (b"9,A,B\n", "5 records above would end. The file is complete."),
    ],
    ids=["no rows", "rows at fault", "many"],
)
def test_a_box_says_what_it_confirms(browser: Browser, client: Client, content: bytes, said: str):
    course = client.course(code="CS101", capacity=9)
    for number in range(1, 6 if content.startswith(b"9") else 3):
        client.enroll(client.student(number=str(number)), course)
    form = form_to(browser.get(f"/courses/{course}").click("Import a list"), "/import")
    form["file"] = Upload("9b.csv", LIST.splitlines()[0] + b"\n" + content)
    form["replace"] = form["create"] = True

    page = form.submit("do", value="preview", status=200)
    if b"#" in content:
        form = form_to(page, "/import")
        form["errors"] = True
        page = form.submit("do", value="preview", status=200)

    assert page.html.find("input", attrs={"name": "confirm"}).parent.text.strip() == said
    assert said in text(run_import(page, status=422))


def test_too_large(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("enrollment.http.body.UPLOAD_LIMIT", 1000)

    page = preview(browser, LIST * 50, status=413)

    assert "The file is larger than 32 MB." in text(page)


def test_who_may_not_import_is_not_offered_it(app: App):
    assert "Import a file" not in text(Browser(app, TOKENS["reader"]).get("/imports"))


def test_a_form_that_is_no_multipart(browser: Browser):
    browser.post("/import", {"do": "preview"}, status=415)
    field = b'--x\r\nContent-Disposition: form-data; name="do"\r\n\r\npreview\r\n--x--\r\n'
    for parameters, body in (
        ("", b"--x\r\nbroken"),
        ("; boundary=x", b"--x\r\nbroken"),
        ("; boundary=x; charset=none", field),
    ):
        # WebTest would give a multipart form a boundary of its own.
        headers = {"Content-Type": f"multipart/form-data{parameters}"}
        headers["Content-Length"] = str(len(body))
        browser.request("/import", method="POST", body=body, headers=headers, status=400)


def test_the_roster_of_a_course(browser: Browser, client: Client):
    client.term()
    course = client.course(code="CS101", section="1", term="2026-FALL")
    gone = client.student(number="1")
    client.enroll(gone, course)
    page = browser.get(f"/courses/{course}").click("Import a list")
    form = form_to(page, "/import")
    assert (form["course"].value, form["term"].value) == ("CS101-1", "2026-FALL")
    form["file"] = Upload("9b.csv", LIST)
    form["create"] = form["replace"] = True

    page = form.submit("do", value="preview", status=200)

    said = text(page)
    assert "Enrollments: 2 new, 0 completed, 1 dropped" in said
    assert "course: CS101-1 in 2026-FALL" in said
    button = page.html.find("button", value="import").text
    assert button == "Import 2 students and 2 enrollments, drop 1"
    assert "Ekström, Björn in CS101-1 enrolled" in said
    page = run_import(page).follow()
    assert "course: CS101-1 in 2026-FALL" in text(page)
    assert client.status(gone, course) == "dropped"
    page = form_to(page, "/undo").submit("do", value="preview", status=200)
    assert "Ekström, Björn in CS101-1 undone New with the import: becomes void." in text(page)
    assert "Ekström, Björn undone New with the import: deleted." in text(page)


def test_the_report_of_a_roster_that_changed_nothing_names_the_course(
    browser: Browser, client: Client
):
    course = client.course(code="CS101")
    client.enroll(client.student(number="00412"), course)
    form = form_to(browser.get(f"/courses/{course}").click("Import a list"), "/import")
    form["file"] = Upload("9b.csv", b"Student ID,Last name\n00412,Lovelace\n")

    page = run_import(form.submit("do", value="preview", status=200)).follow()

    assert "course: CS101 without a term" in text(page)
    report = client.get("/v1/imports/1").json
    assert (report["course_id"], report["changes"]) == (course, [])


def test_the_report_of_a_list_that_names_its_courses_is_of_none(browser: Browser, client: Client):
    client.enroll(client.student(number="1"), client.course(code="CS101"))
    content = b"Student ID,Last name,Course\n1,Lovelace,CS101\n"

    page = run_import(preview(browser, content)).follow()

    assert "course: " not in text(page)
    assert client.get("/v1/imports/1").json["course_id"] is None


def test_a_course_that_is_not_there(browser: Browser, client: Client):
    for section in ("1", "2"):
        client.course(code="CS101", section=section)
    for course, said in (
        ("", "Which course is it?"),
        ("XX", "No course has this code"),
        ("CS101", "More than one course has this code."),
    ):
        page = preview(browser, status=422, kind="roster", course=course)
        assert said in page.html.find(id="course-wrong").text
        assert form_to(page, "/import")["course"].value == course


def test_a_list_of_all_students_takes_no_course(browser: Browser, client: Client):
    client.course(code="MUS")
    for beside, fields in (
        ("course", {"course": "MUS"}),
        ("course", {"course": "MUS", "replace": True}),
        ("replace", {"replace": True}),
    ):
        page = preview(browser, status=422, **fields)

        assert "only for “The students of one course”" in page.html.find(id=f"{beside}-wrong").text
        form = form_to(page, "/import")
        form["kind"] = "roster"
        form["course"] = "MUS"
        again = text(form.submit("do", value="preview", status=200))
        assert "course: MUS without a term" in again


def test_a_package_is_not_the_roster_of_a_course(browser: Browser, client: Client):
    client.course(code="MUS")

    page = preview(browser, lasting_archive("clean-1.2"), 422, kind="roster", course="MUS")

    assert "Expected only for a list" in page.html.find(id="course-wrong").text
    form = form_to(page, "/import")
    form["kind"], form["course"] = "all", ""
    assert "This works." in text(form.submit("do", value="preview", status=200))
    assert names(client) == []


def test_a_list_keeps_the_rules_unless_they_are_set_aside(browser: Browser, client: Client):
    course = client.course(
        code="CS101", prerequisites=[{"code": "CS999"}], enroll_until="2026-09-01T09:30:00Z"
    )
    content = b"Student ID,Last name,First name,Course\n7,Diallo,Amara,CS101\n"
    reasons = "Enrollment in CS101 closed at 1 Sep 2026, 09:30. CS101 needs CS999 completed before."

    page = preview(browser, content)
    assert "Correct the row, or choose to create students who are not here yet." in text(page)
    form = form_to(page, "/import")
    form["create"] = True
    page = form.submit("do", value="preview", status=200)
    for reason in reasons.split(". "):
        assert reason in text(page)
    form = form_to(page, "/import")
    form["rules"] = "record"
    page = form.submit("do", value="preview", status=200)

    assert "A prerequisite is missing: 1" in text(page)
    assert f"Amara Diallo is enrolled in CS101 against a rule: {reasons}" in text(page)
    run_import(page)
    (student,) = client.get("/v1/students").json["items"]
    assert client.status(student["id"], course) == "enrolled"


def test_options_of_reading_are_checked(browser: Browser):
    page = preview(browser, status=422, encoding="nonsense", columns="x=y")

    assert "Expected the name of an encoding" in page.html.find(id="encoding-wrong").text
    assert "Expected HEADER=FIELD" in page.html.find(id="columns-wrong").text
    # The file is still held, and the page says so.
    assert "class.csv is held for 20 minutes" in text(page)
    form = form_to(page, "/import")
    assert "required" not in form["file"].attrs
    form["encoding"] = form["columns"] = ""
    assert "Import 2 students" in text(form.submit("do", value="preview", status=200))


def test_options_of_packages_are_not_for_lists(browser: Browser):
    form = form_to(preview(browser, status=422, mode="bulk", missing="keep"), "/import")
    form["relink"] = True
    page = form.submit("do", value="preview", status=422)

    for field in ("mode", "missing", "relink"):
        assert "Expected only for a package of rosters" in page.html.find(id=f"{field}-wrong").text
    form = form_to(page, "/import")
    form["mode"] = form["missing"] = ""
    form["relink"] = False
    assert "Import 2 students" in text(form.submit("do", value="preview", status=200))


def test_a_reason_that_is_too_long_is_beside_its_field(browser: Browser, client: Client):
    form = form_to(preview(browser), "/import")
    form["reason"] = "x" * 501

    page = form.submit("do", value="import", status=422)

    assert page.html.find(id="reason-wrong")
    assert form_to(page, "/import")["reason"].value == "x" * 501
    assert names(client) == []


def test_a_file_is_held_for_its_caller_for_some_time(app: App, browser: Browser, client: Client):
    page = preview(browser)
    other = Browser(app, TOKENS["admin"])
    fields = {name: field[0].value for name, field in form_to(page, "/import").fields.items()}
    sent = {"held": fields["held"], "seen": fields["seen"], "key": "1", "do": "import"}

    refused = other.post("/import", sent, upload_files=[("x", "", b"")], status=422)
    assert import_form.GONE in text(refused)
    app._site.held.close()
    refused = run_import(page, status=422)

    assert import_form.GONE in text(refused)
    assert names(client) == []


def test_held_files_are_bounded():
    files = held.HeldFiles(seconds=0.01)
    last = files.keep(1, "a.csv", b"a")
    while files.find(1, last):
        pass
    files = held.HeldFiles()
    first = files.keep(1, "a.csv", b"a")
    again = files.keep(1, "b.csv", b"b")
    assert files.find(1, first) is None
    assert files.find(2, again) is None
    assert files.find(1, again) == ("b.csv", b"b")
    kept = [files.keep(caller, "c.csv", b"c") for caller in range(2, held.MOST_HELD + 2)]
    assert files.find(1, again) is None
    assert all(files.find(caller, secret) for caller, secret in enumerate(kept, 2))
    files.close()
    assert not any(files.find(caller, secret) for caller, secret in enumerate(kept, 2))


def test_an_import_is_undone_after_a_preview(browser: Browser, client: Client):
    page = run_import(preview(browser)).follow()
    (changed, _) = client.get("/v1/students").json["items"]
    client.patch_json(f"/v1/students/{changed['id']}", {"given_name": "Awa"})

    page = form_to(page, "/undo").submit("do", value="preview", status=200)

    said = text(page)
    assert "Nothing has been undone yet. This is what would happen." in said
    assert "1 record undone, 1 kept as changed since, 0 in conflict." in said
    assert len(names(client)) == 2
    form = form_to(page, "/undo")
    form["reason"] = "wrong year"
    page = form.submit("do", value="undo", status=303).follow()
    assert "The import is undone." in text(page)
    assert names(client) == ["Diallo"]
    # A double click.
    assert form.submit("do", value="undo", status=303).location.endswith("/imports/1?done=undone")
    page = browser.post("/imports/1/undo", {"do": "preview"}, status=409)
    assert "Nothing was undone. Import 1 was undone at" in text(page)


def test_an_import_that_is_not_there(browser: Browser):
    browser.get("/imports/9", status=404)
    browser.post("/imports/9/undo", {"do": "undo"}, status=404)
    browser.get("/imports/9/faults.csv", status=404)


def test_the_start_of_a_new_database_leads_to_the_import(browser: Browser):
    page = browser.get("/start").click("many at once from a file")

    assert page.request.path == "/import"
    tick(form_to(page, "/import"), "create")


def test_the_terms_of_a_package_have_their_titles(browser: Browser, client: Client):
    page = run_import(preview(browser, lasting_archive("clean-1.2"))).follow()
    (title, *_) = [term["title"] for term in client.get("/v1/terms").json["items"]]

    undo = form_to(page, "/undo").submit("do", value="preview", status=200)

    assert f"{title} new" in text(page)
    assert f"{title} undone New with the import: deleted." in text(undo)


def test_a_package_can_be_called_a_delta_and_have_new_ids(browser: Browser, client: Client):
    run_import(preview(browser, lasting_archive("clean-1.2")))
    moved = lasting_archive("clean-1.2", (b"u-s2", b"u-new"))

    assert "A row of a delta needs a status." in text(preview(browser, moved, mode="delta"))
    form = form_to(browser.get("/import"), "/import")
    form["file"] = Upload("class.zip", moved)
    form["relink"] = True
    page = form.submit("do", value="preview")
    assert "This is Björn Ekström, who had the id u-s2 there." in text(page)
    assert form_to(page, "/import")["relink"].checked


def test_the_list_itself_is_downloaded_with_its_faults(browser: Browser):
    page = preview(browser, FAULTY)

    answer = form_to(page, "/import").submit("do", value="marked", status=200)

    assert answer.headers["Content-Disposition"] == 'attachment; filename="marked.xlsx"'
    rows = [*load_workbook(io.BytesIO(answer.body)).active.iter_rows(values_only=True)]
    assert rows[2] == ("00413", None, "Nameless", "error: Last name: The family name is blank.")
    # A package has no such button.
    page = preview(browser, lasting_archive("clean-1.2", (b"student", b"pupil")))
    assert "Download the faults" in page.text
    assert "behind each row" not in page.text
