"""A record that is not wanted: merged, deleted or erased."""

import re

import pytest

from enrollment.app import App
from tests.support.browser import Browser, form_to, text
from tests.support.client import Client
from tests.support.tokens import TOKENS

ANOTHER_SECTION = {"rules": ["another_section"], "reason": "a mistake"}


@pytest.fixture
def double(client: Client, ada: int) -> int:
    """Another record of the same person. She is in a course by both of them, and in one by this."""
    double = client.student(given_name="Ada", family_name="Lovelase", email="ada@example.org")
    shared, own = client.course(code="CS101"), client.course(code="MA101")
    for student, course in ((ada, shared), (double, shared), (double, own)):
        client.enroll(student, course)
    return double


def remove(browser: Browser, student: int, end: str, **fields: str):
    form = form_to(browser.get(f"/students/{student}").click("Merge or remove"), end)
    for name, value in fields.items():
        form[name] = value
    return form


@pytest.mark.parametrize("named", ["2024-0117", "#1"])
def test_a_record_is_merged_after_a_preview(
    browser: Browser, client: Client, ada: int, double: int, named: str
):
    form = remove(browser, double, "/merge", into=named)

    page = form.submit("do", value="merge", status=200)

    said = text(page)
    assert f"Lovelase, Ada would be merged into Lovelace, Ada 2024-0117, student #{ada}." in said
    kept = "CS101: enrolled, as on the other record. What this record has in it becomes void."
    assert f"That record would have: {kept} MA101: enrolled." in said
    assert client.status(double, 1) == "enrolled"
    form = form_to(page, "/merge")
    page = form.submit("do", value="merge", status=303).follow()
    assert page.request.path == f"/students/{ada}"
    assert "The other record is merged into this one." in text(page)
    assert [client.status(ada, course) for course in (1, 2)] == ["enrolled", "enrolled"]
    assert client.get(f"/v1/students/{double}").json["status"] == "inactive"


def test_a_preview_of_a_merge_names_the_courses_that_clash(
    browser: Browser, client: Client, ada: int, double: int
):
    client.enroll(double, client.course(code="CS101", section="2"), override=ANOTHER_SECTION)

    page = remove(browser, double, "/merge", into="#1").submit("do", value="preview")

    why = "CS101-2 is the same course as CS101, which the student takes."
    assert f"CS101-2: enrolled. {why}" in text(page)


def test_the_page_of_a_merged_record_leads_to_the_other(
    browser: Browser, client: Client, ada: int, double: int
):
    client.post_json(f"/v1/students/{double}/merge", {"into": ada})

    page = browser.get(f"/students/{double}")

    assert "This record was merged on" in text(page)
    assert page.click("Lovelace, Ada").request.path == f"/students/{ada}"
    client.patch_json(f"/v1/students/{double}", {"status": "active"})
    assert "This record was merged" not in text(browser.get(f"/students/{double}"))


def test_the_page_of_a_merged_record_says_that_the_other_was_deleted(
    browser: Browser, client: Client
):
    double, other = client.student(), client.student()
    client.post_json(f"/v1/students/{double}/merge", {"into": other})
    client.delete(f"/v1/students/{other}", status=204)

    assert "into one that was deleted since." in text(browser.get(f"/students/{double}"))


def test_a_merge_into_another_record_than_the_previewed_one_is_previewed_first(
    browser: Browser, client: Client, ada: int, double: int
):
    other = client.student(family_name="Byron", number="7")
    form = remove(browser, double, "/merge", into="2024-0117")
    form = form_to(form.submit("do", value="preview"), "/merge")
    form["into"] = "7"

    page = form.submit("do", value="merge", status=200)

    assert f"merged into Byron, Ada 7, student #{other}." in text(page)
    assert client.status(double, 1) == "enrolled"


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("", "Expected a number, an email or an id"),
        ("1", "no student has this number or email"),
        ("#9", "no student has this id"),
        ("#2", "Student 2 cannot be merged into itself."),
    ],
)
def test_a_merge_names_one_other_student(
    browser: Browser, client: Client, double: int, named: str, why: str
):
    page = remove(browser, double, "/merge", into=named).submit("do", value="preview", status=422)

    assert page.html.find(id="into-wrong").get_text() == why
    assert form_to(page, "/merge")["into"].value == named
    assert client.status(double, 1) == "enrolled"


def test_a_record_without_enrollments_is_deleted(browser: Browser, client: Client, ada: int):
    form = remove(browser, ada, "/delete")
    assert "Tick the box first" in text(form.submit(status=422))
    form["sure"] = True

    page = form.submit(status=303).follow()

    assert "The record of the student is deleted." in text(page)
    client.get(f"/v1/students/{ada}", status=404)


def test_a_record_with_enrollments_is_not_offered_for_deletion(browser: Browser, double: int):
    page = browser.get(f"/students/{double}/remove")

    assert "cannot be deleted, because enrollments are history" in text(page)
    assert not page.html.select("form[action$=delete]")


def test_a_record_that_has_changed_is_not_deleted(browser: Browser, client: Client, ada: int):
    form = remove(browser, ada, "/delete")
    form["sure"] = True
    client.patch_json(f"/v1/students/{ada}", {"number": "7"})

    page = form.submit(status=412)

    assert "Someone changed this record while you had the page open." in text(page)
    client.get(f"/v1/students/{ada}", status=200)


def test_an_admin_erases_the_data_of_a_person(
    app: App, browser: Browser, client: Client, ada: int, double: int
):
    assert not browser.get(f"/students/{ada}/remove").html.select("form[action$=erase]")
    admin = Browser(app, TOKENS["admin"])
    page = admin.get(f"/students/{ada}/remove")
    assert "Courses in which the student is enrolled or waitlisted: 1." in text(page)
    assert not page.html.select("form[action$=erase]")
    client.put_status(ada, 1, "dropped")
    form = remove(admin, ada, "/erase")
    form["sure"] = True
    assert form.submit(status=422).html.find(id="reason-wrong")
    form["reason"] = "asked in writing"

    page = form.submit(status=303).follow()

    assert "The data of the student is erased." in text(page)
    assert "Lovelace" not in text(page)
    assert [item["reason"] for item in client.get("/v1/erasures").json["items"]] == [
        "asked in writing"
    ]
    assert re.search(r"data of the student was erased on \d+ \w+ \d{4}, so the record", text(page))
    actions = [form["action"] for form in page.html.find("main").find_all("form", method="post")]
    assert [action for action in actions if action.endswith(("/holds", "/link"))] == []
    page = admin.get(f"/students/{ada}/remove")
    assert not page.html.find("main").find_all("a", href=f"/students/{ada}/edit")
    said = text(page)
    assert "so the record cannot be merged" in said
    assert f"Student {ada} was erased." in said
