"""What leaves the pages: printed sheets with the name of the school, and files for spreadsheets."""

from datetime import UTC, datetime

import pytest

from enrollment.app import App
from enrollment.data.export import update_school
from tests.support.browser import Browser
from tests.support.client import Client


@pytest.fixture
def lakeside(app: App) -> str:
    """The name of the school."""
    with app.database.write() as db:
        update_school(db, "Lakeside College")
    return "Lakeside College"


def test_every_page_bears_the_name_of_the_school(app: App, browser: Browser, lakeside: str):
    for page in (browser.get("/students"), Browser(app, token=None).get("/sign-in")):
        assert page.html.title.get_text().endswith(f" · {lakeside}")
        assert page.html.find(class_="brand").get_text() == lakeside
        assert lakeside in page.html.find(class_="letterhead").get_text()


def test_a_school_without_a_name_has_that_of_the_service(browser: Browser):
    page = browser.get("/students")

    assert page.html.title.get_text() == "Students · Enrollment"
    assert page.html.find(class_="brand").get_text() == "Enrollment"


@pytest.mark.parametrize(
    ("path", "about"),
    [
        ("/courses/1/class-list", "Class list CS101 Databases"),
        ("/students/1/schedule?term=2026-FALL", "Schedule of Lovelace, Ada"),
    ],
)
def test_each_sheet_says_what_it_is_and_as_of_when(
    browser: Browser, client: Client, ada: int, lakeside: str, path: str, about: str
):
    client.term()
    client.enroll(ada, client.course(code="CS101", term="2026-FALL"))

    row = browser.get(path).html.select_one("thead .running").get_text().strip()

    assert row.startswith(f"{lakeside} · {about} · Fall 2026 · as of ")
    assert str(datetime.now(UTC).year) in row


def test_the_lists_link_to_files_for_a_spreadsheet(browser: Browser, client: Client, ada: int):
    client.term()
    course = client.course(code="CS101", term="2026-FALL", capacity=2)
    client.enroll(ada, course)
    client.student(family_name="=1+1", given_name=None, status="inactive")

    students = browser.get("/students").click("Download CSV")
    roster = browser.get(f"/courses/{course}").click("Download CSV")
    courses = browser.get("/courses?term=2026-FALL").click("Download CSV")

    header = "Number,Family name,Given name,Email,Status,Groups"
    # A mark of UTF-8 at the start, and an apostrophe before what would be a formula.
    assert students.body.decode("utf-8-sig").splitlines() == [
        header,
        ",'=1+1,,,inactive,",
        "2024-0117,Lovelace,Ada,,active,",
    ]
    assert roster.body.decode("utf-8-sig").startswith(f"{header},Place in the waitlist")
    assert "CS101,,Databases,,0,open,2,1,0," in courses.text
    assert browser.get("/students").click("Download XLSX").body.startswith(b"PK")


def test_a_file_has_the_filter_of_the_list(browser: Browser, client: Client, ada: int):
    client.student(family_name="Bohr", status="inactive")

    file = browser.get("/students?status=inactive").click("Download CSV")

    assert "Bohr" in file.text
    assert "Lovelace" not in file.text
    assert "Download" not in browser.get("/students?q=o")


def test_a_file_of_what_is_not_there_is_a_page(browser: Browser):
    page = browser.get("/courses/1/students.csv", status=404)

    assert page.content_type == "text/html"
    assert "Content-Disposition" not in page.headers
    browser.get("/students.csv?status=odd", status=422)
