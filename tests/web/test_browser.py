"""A real browser: Chromium without script, on a real server. Every page that a story opens is
checked by axe-core, and must fit a phone.

The browser is not among the dependencies of the tests; .ci/run installs it:

    apt-get install chromium && pip install playwright && npm ci --prefix .ci
"""

import importlib.util
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from enrollment.storage.database import Database
from tests.support.server import Server, serving
from tests.support.tokens import STUDENT_TOKEN, TOKENS, add_student_token

AXE = Path(__file__).parents[2] / ".ci" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium")
WIDTHS = (1280, 390)
Open = Callable[[], Any]

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and AXE.exists() and importlib.util.find_spec("playwright")),
    reason="the pages need chromium, playwright and axe-core, which are not installed",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root, Chromium has no sandbox.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def new_browser(chromium: Any, server: Server) -> Iterator[Open]:
    """Opens a browser of its own, with its own cookies. Nothing may break the policy of a page."""
    complaints: list[str] = []
    contexts = []

    def open_one() -> Any:
        context = chromium.new_context(
            base_url=f"http://127.0.0.1:{server.port}", java_script_enabled=False
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        return page

    yield open_one
    for context in contexts:
        context.close()
    # Chromium notes each refusal of the service, too.
    assert [said for said in complaints if "Content Security Policy" in said] == []


def check(page: Any) -> None:
    """Check a page by axe-core, and that it is not wider than the screen, light and dark.

    axe-core is a script, so a copy of the page is checked in a browser that runs it.
    """
    page.wait_for_load_state()
    html = page.content()
    context = page.context.browser.new_context()
    copy = context.new_page()
    copy.route(page.url, lambda route: route.fulfill(content_type="text/html", body=html))
    copy.goto(page.url)
    copy.evaluate(AXE.read_text())
    for width, scheme in zip(WIDTHS, ("light", "dark"), strict=True):
        copy.set_viewport_size({"width": width, "height": 800})
        copy.emulate_media(color_scheme=scheme)
        found = copy.evaluate("axe.run()")["violations"]
        assert [(each["id"], each["nodes"][0]["target"]) for each in found] == [], page.url
        assert copy.evaluate("document.documentElement.scrollWidth") <= width, page.url
    context.close()


def sign_in(page: Any, token: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/(start|students/)"))


@pytest.fixture
def school(server: Server) -> Server:
    """A student; a course with one seat; and one that needs a course before."""
    server.post("/v1/students", {"given_name": "Ada", "family_name": "Lovelace"})
    server.post("/v1/students", {"given_name": "Sam", "family_name": "Ito"})
    server.post("/v1/courses", {"code": "CS101", "title": "Databases", "capacity": 1})
    needed = [{"code": "CS100"}]
    server.post("/v1/courses", {"code": "CS201", "title": "Networks", "prerequisites": needed})
    return server


def test_a_registrar_begins_with_the_printed_link(chromium: Any, tmp_path: Path):
    """Sign in by the link, find a student by half a name, set a rule aside, print a class list."""
    with serving(tmp_path / "new.db") as server:
        server.post("/v1/students", {"given_name": "Ada", "family_name": "Lovelace"})
        server.post("/v1/students", {"given_name": "Ada", "family_name": "Byron"})
        needed = [{"code": "CS100"}]
        server.post("/v1/courses", {"code": "CS201", "title": "Nets", "prerequisites": needed})
        (link,) = re.findall(r"http://\S+/sign-in/link_[0-9a-f]+", server.log.read_text())
        context = chromium.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(link)
        check(page)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/start")
        check(page)
        page.keyboard.type("lovel")
        page.keyboard.press("Enter")
        page.wait_for_url("**/students/1")
        check(page)
        page.get_by_role("link", name="Add courses").click()
        page.wait_for_url("**/students/1/add*")
        check(page)
        page.get_by_label("CS201").check()
        page.get_by_role("button", name="Enroll in the ticked courses").click()
        page.get_by_text("CS201 needs CS100 completed before.").wait_for()
        check(page)
        page.get_by_label("A prerequisite is missing").check()
        page.get_by_label("Why").fill("studied it elsewhere")
        page.get_by_role("button", name="Enroll in 1 course").click()
        page.get_by_text("Enrolled in 1 course.").wait_for()
        check(page)
        page.get_by_role("row", name="CS201").get_by_role("link", name="CS201", exact=True).click()
        page.wait_for_url("**/courses/1")
        check(page)
        page.get_by_role("link", name="Class list to print").click()
        page.get_by_role("row", name="Lovelace, Ada").wait_for()
        check(page)
        assert page.pdf().startswith(b"%PDF")
        page.goto(link)
        page.get_by_text("each works once").wait_for()
        check(page)
        context.close()


def test_two_browsers_take_the_last_seat_at_once(school: Server, new_browser: Open):
    pages = [new_browser(), new_browser()]
    for number, page in enumerate(pages, start=1):
        sign_in(page, TOKENS["registrar"])
        page.goto(f"/students/{number}/add")
        page.get_by_label("CS101").check()
    for page in pages:
        page.get_by_role("button", name="Enroll in the ticked courses").click()

    quick, slow = pages
    quick.get_by_text("Enrolled in 1 course.").wait_for()
    slow.get_by_text("No seat of CS101 is free: 1 of 1 taken.").wait_for()
    check(slow)
    slow.get_by_label("Join the waitlist instead").check()
    slow.get_by_role("button", name="Enroll in 1 course").click()
    slow.get_by_text("waits, 1st of 1").wait_for()
    check(slow)


def test_a_student_registers_swaps_and_drops(school: Server, new_browser: Open, database: Database):
    school.post("/v1/courses", {"code": "MA101", "title": "Algebra"})
    add_student_token(database, 1)
    page = new_browser()
    sign_in(page, STUDENT_TOKEN)
    check(page)
    page.get_by_role("link", name="Add courses").click()
    page.get_by_text("CS201 needs CS100 completed before.").wait_for()
    check(page)
    page.get_by_label("CS101").check()
    page.get_by_role("button", name="Enroll in the ticked courses").click()
    page.get_by_role("link", name="Add courses").click()
    page.get_by_label("MA101", exact=True).check()
    page.get_by_label("CS101 Databases").check()
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("This works. Nothing has been changed yet.").wait_for()
    check(page)
    page.get_by_role("button", name="Enroll in 1 course and drop 1 course").click()
    page.get_by_role("link", name="Swap MA101").click()
    page.get_by_label("CS101", exact=True).wait_for()
    check(page)
    page.get_by_label("CS101", exact=True).check()
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("MA101 would be dropped").wait_for()
    check(page)
    page.get_by_role("link", name="My courses").first.click()
    page.get_by_label("MA101", exact=True).check()
    page.get_by_role("button", name="Drop the ticked courses").click()
    page.get_by_text("Another student may get it").wait_for()
    check(page)
    page.get_by_role("button", name="Drop 1 course").click()
    page.get_by_text("Dropped 1 course.").wait_for()
    check(page)

    events = [(event["course_id"], event["to_status"]) for event in feed(school)]
    assert events == [(1, "enrolled"), (1, "dropped"), (3, "enrolled"), (3, "dropped")]


def feed(server: Server) -> list[dict[str, Any]]:
    return server.get("/v1/events").json["items"]


def test_a_form_of_another_origin_is_refused(school: Server, new_browser: Open):
    page = new_browser()
    sign_in(page, TOKENS["registrar"])
    # The name localhost is another origin than the number, and the browser sends no cookie there.
    action = f"http://127.0.0.1:{school.port}/students/1/holds"
    page.route(
        "**/evil",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method="post" action="{action}"><input name="hold_reason" value="x">'
            "<button>Win</button></form>",
        ),
    )
    page.goto(f"http://localhost:{school.port}/evil")
    page.get_by_role("button", name="Win").click()

    page.get_by_text("The form comes from another site").wait_for()
    check(page)
    assert school.get("/v1/holds").json["items"] == []


def test_a_token_that_is_revoked_ends_the_session(
    school: Server, new_browser: Open, database: Database
):
    page = new_browser()
    sign_in(page, TOKENS["registrar"])
    page.goto("/students/1")
    page.get_by_text("Place a hold").click()
    page.get_by_label("Reason").fill("library fees")
    with database.write() as db:
        db.execute("UPDATE token SET revoked_at = created_at, revoked_by = 'x' WHERE id = 2")
    page.get_by_role("button", name="Place the hold").click()

    page.get_by_text("What you typed is kept on this page.").wait_for()
    check(page)


@pytest.fixture
def terms(school: Server) -> Server:
    """Two terms; three students of the first one, in a course with two seats."""
    for code, title, start, end in (
        ("2026-FALL", "Fall 2026", "2026-08-31", "2999-12-18"),
        ("2027-SPRING", "Spring 2027", "2027-02-01", "2027-06-11"),
    ):
        fields = {"code": code, "title": title, "start_on": start, "end_on": end}
        school.post("/v1/terms", fields)
    school.post("/v1/students", {"given_name": "Bo", "family_name": "Abel"})
    for code, title in (("MA101", "Algebra"), ("PH101", "Physics")):
        fields = {"code": code, "title": title, "term": "2026-FALL", "credits": 5, "capacity": 2}
        school.post("/v1/courses", fields | {"promotion": "manual"})
    for student in (1, 2):
        body = {"course_id": 3, "effective_at": "2026-09-01T09:00:00Z"}
        school.post(f"/v1/students/{student}/courses", body)
    school.post("/v1/students/3/courses", {"course_id": 3, "waitlist": True})
    return school


@pytest.fixture
def registrar(terms: Server, new_browser: Open) -> Any:
    """A browser of a registrar of that school."""
    page = new_browser()
    sign_in(page, TOKENS["registrar"])
    return page


def test_a_registrar_finds_out_who_dropped_her(registrar: Any, terms: Server):
    page = registrar
    page.goto("/students/1?term=2026-FALL")
    page.get_by_label("MA101", exact=True).check()
    page.get_by_label("Reason").first.fill("a form of hers")
    page.get_by_role("button", name="Drop").click()
    page.get_by_role("link", name="All changes").click()

    row = page.get_by_role("row", name="enrolled → dropped")
    row.get_by_text("a form of hers").wait_for()
    row.get_by_role("link", name="registrar").click()
    page.wait_for_url("**/changes?*actor=*")
    assert page.get_by_label("By").input_value() == "registrar #2"
    assert page.locator("tbody tr").count() == 1
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert re.fullmatch(r"changes-[\d-]+\.csv", download.value.suggested_filename)
    assert "a form of hers" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.goto("/changes?from=2020-01-01&actor=nobody")
    page.get_by_text("No change matches.").wait_for()
    check(page)
    page.goto("/changes?from=soon")
    check(page)


def test_a_census_is_kept_and_printed(registrar: Any, terms: Server):
    page = registrar
    page.goto("/terms")
    page.get_by_role("link", name="Fall 2026", exact=True).click()
    page.wait_for_url("**/terms/1")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("Students could no longer enroll in 2 courses.").wait_for()
    check(page)
    page.get_by_role("link", name="Census").click()
    page.wait_for_url("**/census")
    check(page)
    page.get_by_label("As it was on").fill("2026-09-05")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/census?as_of=2026-09-05*")
    page.get_by_role("link", name="Keep these numbers").click()
    page.wait_for_url("**/census?*known_at=2*")
    check(page)
    kept, row = page.url, page.get_by_role("row", name="MA101 Algebra")
    assert "2" in row.inner_text().split()

    body = {"status": "dropped", "effective_at": "2026-09-02T09:00:00Z"}
    assert terms.request("PUT", "/v1/students/1/courses/3", body).status == 200

    page.goto(kept)
    page.get_by_text("The address of this page can be kept").wait_for()
    assert row.inner_text().split()[2:4] == ["2", "\N{MINUS SIGN}1"]
    page.emulate_media(media="print")
    assert page.locator(".running").is_visible()
    assert not page.get_by_role("button", name="Show").is_visible()
    assert page.pdf().startswith(b"%PDF")


def test_the_courses_of_a_term_are_copied(registrar: Any, terms: Server):
    page = registrar
    page.goto("/courses?term=2027-SPRING")
    page.get_by_role("link", name="Copy the courses of another term").click()
    page.wait_for_url("**/copy")
    check(page)
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("This works. Nothing has been copied yet.").wait_for()
    check(page)
    # Someone else adds one of the courses meanwhile.
    terms.post("/v1/courses", {"code": "PH101", "title": "Physics", "term": "2027-SPRING"})
    page.get_by_role("button", name="Copy 2 courses").click()
    page.get_by_text("Nothing was copied.").wait_for()
    check(page)
    page.get_by_label("PH101").uncheck()
    page.get_by_role("button", name="Copy the ticked courses").click()
    page.get_by_text("Copied 1 course.").wait_for()
    check(page)


def test_a_mistake_is_corrected_taken_back_and_made_void(registrar: Any, terms: Server):
    page = registrar
    page.goto("/students/1?term=2026-FALL")
    page.get_by_role("link", name="Correct MA101").click()
    page.wait_for_url("**/students/1/courses/3")
    check(page)
    correct = page.locator("form[action$=correct]")
    correct.get_by_label("Status").select_option("enrolled")
    correct.get_by_label("Since").fill("2026-09-03")
    correct.get_by_label("Reason").fill("as in the form")
    correct.get_by_role("button", name="Correct the latest change").click()
    page.get_by_text("The latest change is corrected.").wait_for()
    terms.request("PUT", "/v1/students/1/courses/3", {"status": "dropped"})
    # The seat goes to someone else.
    terms.post("/v1/courses/3/promotions", {"student_id": 3})
    page.goto("/students/1/courses/3")
    back = page.locator("form[action$=take-back]")
    back.get_by_label("Reason").fill("she did not leave")
    back.get_by_role("button", name="Take the latest change back").click()
    page.get_by_text("No seat of MA101 is free").first.wait_for()
    check(page)
    back.get_by_label("Every seat in the course is taken").check()
    back.get_by_role("button", name="Take the latest change back").click()
    page.get_by_text("The latest change is taken back.").wait_for()
    check(page)
    void = page.locator("form[action$=void]")
    void.get_by_label("Reason").fill("the wrong Ada")
    void.get_by_role("button", name="Make it void").click()
    page.get_by_text("The enrollment is void.").wait_for()
    check(page)


def test_a_seat_is_given_to_a_named_student_against_a_rule(registrar: Any, terms: Server):
    page = registrar
    page.goto("/courses/3")
    check(page)
    page.get_by_label("To", exact=True).select_option(label="Abel, Bo")
    page.get_by_role("button", name="Give the seats").click()
    page.get_by_text("No seat of MA101 is free: 2 of 2 taken.").wait_for()
    check(page)
    page.get_by_label("Every seat in the course is taken").check()
    page.get_by_label("Why").fill("the dean agrees")
    page.get_by_role("button", name="Give the seats").click()
    page.get_by_text("1 student got a seat.").wait_for()
    page.get_by_text("The course is 1 over its capacity.").wait_for()
    check(page)
    for student in (4, 5):
        terms.post("/v1/students", {"given_name": "Cy", "family_name": f"Cole {student}"})
        terms.post(f"/v1/students/{student}/courses", {"course_id": 3, "waitlist": True})
    page.reload()
    page.get_by_text("Move on the waitlist").click()
    page.get_by_label("Student", exact=True).select_option(label="Cole 5, Cy, now 2nd")
    page.get_by_label("New place").fill("3")
    page.get_by_label("Reason (needed").fill("the list of the office")
    page.get_by_role("button", name="Move the student").click()
    page.get_by_text("has no position 3: it ends at 2.").wait_for()
    check(page)
    page.get_by_label("New place").fill("1")
    page.get_by_role("button", name="Move the student").click()
    page.get_by_text("The student is moved on the waitlist.").wait_for()
    check(page)


def test_a_class_is_graded_and_a_record_merged(registrar: Any, terms: Server):
    page = registrar
    terms.request("PATCH", "/v1/terms/1", {"drop_until": "2026-09-30"})
    page.goto("/students/1?term=2026-FALL")
    check(page)
    page.goto("/courses/3")
    page.get_by_label("Abel, Bo", exact=True).check()
    page.get_by_role("button", name="Complete and grade").click()
    page.get_by_text("Not enrolled, so not listed here: Abel, Bo.").wait_for()
    check(page)
    page.goto("/courses/3/complete")
    page.get_by_label("Grade of").first.fill("A")
    page.get_by_label("not passed").last.check()
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("2 students would complete the course: 1 passed, 1 not passed.").wait_for()
    check(page)
    page.get_by_role("button", name="Complete the course").click()
    page.get_by_text("Completed the course for 2 students.").wait_for()
    page.get_by_text("Completed 2").click()
    page.get_by_text("passed, grade A").first.wait_for()
    page.goto("/students/3/remove")
    page.get_by_label("The other record").fill("#1")
    page.get_by_role("button", name="Preview the merge").click()
    page.get_by_text("This works. Nothing has been changed yet.").wait_for()
    check(page)


@pytest.mark.parametrize(
    ("given", "family"),
    [
        ("Zoë", "O'Neill-D’Angelo"),
        ("<script>alert(1)</script>", "<b>Bold</b>"),
        ("ליאור", "כהן"),
        ("Ada" * 33, "L" * 100),
    ],
    ids=["accents", "markup", "right-to-left", "long"],
)
def test_names_fit_on_the_pages(registrar: Any, terms: Server, given: str, family: str):
    page = registrar
    terms.post("/v1/students", {"given_name": given, "family_name": family})
    terms.post("/v1/students/4/courses", {"course_id": 4})

    for path in (
        "/students/4",
        "/changes?student=4",
        "/students/4/courses/4",
        "/changes",
        "/courses/4",
    ):
        page.goto(path)
        assert f"{family}, {given}" in page.locator("main").inner_text()
        check(page)


def test_a_list_is_imported_and_undone(registrar: Any, school: Server, tmp_path: Path):
    page, file = registrar, tmp_path / "9b.csv"
    page.goto("/students")
    page.get_by_role("link", name="Import").click()
    page.get_by_role("heading", name="Import students and rosters").wait_for()
    page.get_by_text("More options").click()
    check(page)
    file.write_text("Student ID;Last name;First name\n00412;Diallo;Amara\n00413;;Björn\n")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("row", name="9b.csv, row 3").get_by_text("family name is blank").wait_for()
    check(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the faults").click()
    assert download.value.suggested_filename == "faults.csv"
    page.get_by_label("Leave out the rows with errors").check()
    page.get_by_role("button", name="Preview again").click()
    page.get_by_text("This works. Nothing has been changed yet.").wait_for()
    check(page)
    # Someone else adds the same student meanwhile.
    fields = {"number": "00412", "given_name": "Amara", "family_name": "Dialo"}
    assert school.post("/v1/students", fields).status == 201
    page.get_by_role("button", name="Import 1 student").click()
    page.get_by_text("has changed since your preview").wait_for()
    check(page)
    page.get_by_role("button", name="Import 1 student").dblclick()
    page.get_by_text("The file is imported.").wait_for()
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all as CSV").click()
    assert "The family name is blank." in Path(download.value.path()).read_text("utf-8-sig")

    page.get_by_role("button", name="Undo this import").click()
    page.get_by_text("1 record undone").wait_for()
    check(page)
    page.get_by_label("Reason").fill("the list of last year")
    page.get_by_role("button", name="Undo the import").click()
    page.get_by_text("The import is undone.").wait_for()
    check(page)
    page.get_by_role("link", name="Imports").click()
    page.wait_for_url("**/imports")
    assert page.get_by_role("row", name="9b.csv").count() == 1
    check(page)


def test_a_file_that_is_too_large_is_refused(registrar: Any, tmp_path: Path):
    page, file = registrar, tmp_path / "large.csv"
    file.write_bytes(b"x" * 33 * 1024 * 1024)
    page.goto("/import")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("The file is larger than 32 MB.").wait_for()
    check(page)


def ticked_after_back(page: Any) -> list[str]:
    """The labels of what is ticked or chosen on the page before this one."""
    page.go_back()
    page.wait_for_load_state()
    return [box.get_attribute("aria-label") for box in page.locator("main input:checked").all()]


def test_back_ticks_no_other_student(registrar: Any, terms: Server):
    page = registrar
    page.goto("/courses/3")
    page.get_by_label("Ito, Sam").check()
    page.get_by_label("Reason").first.fill("a form")
    page.get_by_role("button", name="Drop").click()
    page.get_by_text("Dropped 1 student.").wait_for()

    assert ticked_after_back(page) == []
    assert page.get_by_label("Reason").first.input_value() == "a form"

    for student in (1, 2):
        terms.post(f"/v1/students/{student}/holds", {"reason": "fees"})
    page.goto("/holds")
    page.get_by_label("Lovelace, Ada").check()
    page.get_by_role("button", name="Release").click()
    page.get_by_text("Released 1 hold.").wait_for()

    assert ticked_after_back(page) == []


def test_back_keeps_each_outcome_beside_its_student(registrar: Any, terms: Server):
    page = registrar
    page.goto("/courses/3/complete")
    page.get_by_label("Grade of Lovelace, Ada").fill("F")
    page.get_by_label("not passed: Lovelace, Ada").check()
    page.get_by_label("Ito, Sam completes").uncheck()
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("This works.").wait_for()
    # Someone else drops the student who was listed first.
    terms.request("DELETE", "/v1/students/2/courses/3")

    page.go_back()
    page.wait_for_load_state()

    assert page.locator("tbody tr").count() == 1
    assert page.get_by_label("Lovelace, Ada completes").is_checked()
    assert page.get_by_label("not passed: Lovelace, Ada").is_checked()
    assert page.get_by_label("Grade of Lovelace, Ada").input_value() == "F"


def test_back_chooses_no_other_course(registrar: Any, terms: Server):
    page = registrar
    page.goto("/students/1/courses/3/swap?q=")
    page.get_by_label("PH101", exact=True).check()
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("MA101 would be dropped").wait_for()
    # Someone else adds a course that is listed first.
    terms.post("/v1/courses", {"code": "AR101", "title": "Arts", "term": "2026-FALL"})

    assert ticked_after_back(page) == []
    assert page.get_by_label("AR101", exact=True).count() == 1
