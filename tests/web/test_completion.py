"""Students complete a course, each with an outcome and a grade."""

import pytest

from tests.support.browser import Browser, boxes, form_to, text, tick
from tests.support.client import Client


@pytest.fixture
def course(client: Client) -> int:
    """A course with three students, for which a fourth waits."""
    course = client.course(code="CS101", capacity=3)
    for family_name in ("Abel", "Bohr", "Curie"):
        client.enroll(client.student(family_name=family_name), course)
    client.enroll(client.student(family_name="Dirac"), course, waitlist=True)
    return course


def grading(browser: Browser, course: int, *ticked: int):
    """The form to which the page of the course leads with these students ticked."""
    form = form_to(browser.get(f"/courses/{course}"), "/drop")
    tick(form, "student", *ticked)
    form.method, form.action = "GET", f"/courses/{course}/complete"
    return form_to(form.submit(), "/complete")


def outcomes(client: Client, course: int) -> list[tuple[str, bool | None, str | None]]:
    students = client.get(f"/v1/courses/{course}/students?order=name").json["items"]
    return [(entry["status"], entry["passed"], entry["grade"]) for entry in students]


def test_a_class_is_completed_with_grades(browser: Browser, client: Client, course: int):
    button = browser.get(f"/courses/{course}").html.find("button", string="Complete and grade")
    assert (button["formmethod"], button["formaction"]) == ("get", f"/courses/{course}/complete")
    form = grading(browser, course)
    form["grade-1"], form["grade-2"] = "A", "F"
    tick(form, "not_passed", 2)

    page = form.submit("do", value="preview", status=200)

    said = text(page)
    assert "3 students would complete the course: 2 passed, 1 not passed." in said
    assert "Dirac, Ada gets a seat in CS101 from the waitlist." in said
    assert len(client.events()) == 4
    assert page.html.select_one("button.main").get_text() == "Complete the course for 3 students"
    page = form_to(page, "/complete").submit("do", value="complete", status=303).follow()
    assert "Completed the course for 3 students." in text(page)
    assert outcomes(client, course) == [
        ("completed", True, "A"),
        ("completed", False, "F"),
        ("completed", True, None),
        ("enrolled", None, None),
    ]
    rows = page.html.select("details tbody tr")
    assert [row.select("td")[-1].get_text() for row in rows] == [
        "passed, grade A",
        "not passed, grade F",
        "passed",
    ]


def test_only_those_who_were_ticked_and_are_enrolled_are_in_the_form(
    browser: Browser, client: Client, course: int
):
    form = grading(browser, course, 2, 4)

    assert [box._value for box in boxes(form, "student")] == ["2"]
    said = text(browser.get(f"/courses/{course}/complete?student=2&student=4"))
    assert "Not enrolled, so not listed here: Dirac, Ada." in said
    page = browser.get(f"/courses/{course}/complete?student=4")
    assert "None of them is enrolled." in text(page)
    assert boxes(form_to(page.click("for all who are enrolled"), "/complete"), "student")


def test_one_wrong_row_refuses_all_and_keeps_what_was_typed(
    browser: Browser, client: Client, course: int
):
    form = grading(browser, course)
    form["grade-1"], form["reason"] = "A", "the list of grades"
    form["grade-3"].force_value("more than ten")
    tick(form, "not_passed", 2)

    page = form.submit("do", value="complete", status=422)

    assert page.html.find(id="why-3")
    again = form_to(page, "/complete")
    assert (again["grade-1"].value, again["reason"].value) == ("A", "the list of grades")
    assert [box.checked for box in boxes(again, "not_passed")] == [False, True, False]
    assert {status for status, _, _ in outcomes(client, course)} == {"enrolled", "waitlisted"}


def test_without_a_tick_no_one_completes(browser: Browser, client: Client, course: int):
    form = grading(browser, course)
    tick(form, "student")

    page = form.submit("do", value="complete", status=422)

    assert "Tick at least one student first" in text(page)
    assert not any(box.checked for box in boxes(form_to(page, "/complete"), "student"))


def test_who_was_slower_is_told_and_no_one_completes(browser: Browser, client: Client, course: int):
    form = grading(browser, course, 1, 2)
    client.put_status(2, course, "dropped")
    form["grade-1"] = "A"

    page = form.submit("do", value="complete", status=412)

    said = text(page)
    assert "Someone changed the course while you had the page open." in said
    assert "Not enrolled, so not listed here: Bohr, Ada." in said
    form_to(page, "/complete").submit("do", value="complete", status=303)
    assert outcomes(client, course)[0] == ("completed", True, "A")
