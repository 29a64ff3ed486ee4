"""One enrollment: its history, and what undoes a mistake in it."""

import pytest

from enrollment.app import App
from tests.support.browser import Browser, form_to, text, tick
from tests.support.client import Client
from tests.support.tokens import TOKENS


@pytest.fixture
def course(client: Client) -> int:
    return client.course(code="CS101", capacity=1)


@pytest.fixture
def enrolled(client: Client, ada: int, course: int) -> str:
    """The path of an enrollment that was entered on 1 September."""
    client.enroll(ada, course, effective_at="2026-09-01T09:00:00Z")
    return f"/students/{ada}/courses/{course}"


@pytest.fixture
def completed(client: Client, enrolled: str) -> str:
    """The same, completed on 1 October."""
    body = {"status": "completed", "grade": "B", "effective_at": "2026-10-01T09:00:00Z"}
    client.put_json(f"/v1{enrolled}", body)
    return enrolled


def fill(browser: Browser, path: str, end: str, **fields: str):
    form = form_to(browser.get(path), end)
    for name, value in fields.items():
        form[name] = value
    return form


def now(client: Client, path: str) -> tuple[str, ...]:
    """The status, the time of completion, and the outcome."""
    found = client.get(f"/v1{path}").json
    return tuple(found[name] for name in ("status", "completed_at", "passed", "grade"))


def test_the_desk_leads_to_the_history_of_an_enrollment(
    app: App, browser: Browser, ada: int, completed: str
):
    page = browser.get(f"/students/{ada}").click("Correct")

    said = text(page)
    assert page.request.path == completed
    assert "Lovelace, Ada completed since 1 Oct 2026, 09:00 passed, grade B" in said
    assert "enrolled → completed, grade B, since 1 Oct 2026 by admin" in said
    assert "enrolled, since 1 Sep 2026 by admin" in said
    reader = Browser(app, TOKENS["reader"]).get(f"/students/{ada}").click("History")
    assert "Undo a mistake" not in text(reader)
    assert not reader.html.select("main form")


def test_the_latest_change_is_corrected(browser: Browser, client: Client, completed: str):
    form = fill(
        browser,
        completed,
        "/correct",
        effective_on="2026-10-05",
        passed="not passed",
        grade="F",
        reason="as on the list of grades",
    )
    assert (form["status"].value, [option[0] for option in form["status"].options]) == (
        "completed",
        ["enrolled", "completed", "dropped"],
    )

    page = form.submit(status=303).follow()

    assert "The latest change is corrected." in text(page)
    assert now(client, completed) == ("completed", "2026-10-05T23:59:59.999Z", False, "F")
    said = text(page)
    assert "corrects the change before it, since 5 Oct 2026, “as on the list of grades”" in said
    # A double click.
    form.submit(status=303)
    assert len(client.events()) == 3


def test_a_correction_to_what_is_on_record_changes_nothing(
    browser: Browser, client: Client, completed: str
):
    before = client.events()
    form = fill(browser, completed, "/correct", grade="B", reason="checked again")

    preview = text(form.submit("do", value="preview"))
    done = text(form.submit("do", value="change", status=303).follow())

    assert "Nothing would be changed: this is on record already." in preview
    assert "This works" not in preview
    assert "Nothing was changed: this is on record already." in done
    assert "is corrected" not in done
    assert client.events() == before


def test_what_a_correction_leaves_out_stays_as_it_is(
    browser: Browser, client: Client, completed: str
):
    fill(browser, completed, "/correct", grade="A", reason="a slip").submit(status=303)

    assert now(client, completed) == ("completed", "2026-10-01T09:00:00.000Z", True, "A")


def test_today_as_the_day_of_a_correction_is_now(browser: Browser, client: Client, completed: str):
    today = browser.get(completed).html.find(id="effective_on")["max"]

    form = fill(browser, completed, "/correct", effective_on=today, reason="only today")
    form.submit(status=303)

    assert now(client, completed)[1].startswith(today)


def test_the_latest_change_is_taken_back(browser: Browser, client: Client, completed: str):
    assert "Then the student is enrolled again, since 1 Sep 2026, 09:00." in text(
        browser.get(completed)
    )
    form = fill(browser, completed, "/take-back", reason="the wrong student")

    page = form.submit(status=303).follow()

    assert "The latest change is taken back." in text(page)
    assert now(client, completed) == ("enrolled", None, None, None)
    assert "takes the change before it back" in text(page)


@pytest.mark.parametrize(
    ("end", "fields", "then"),
    [
        ("/correct", {"grade": "A"}, "Then the student is completed, since 1 Oct 2026, 09:00."),
        ("/take-back", {}, "Then the student is enrolled, since 1 Sep 2026, 09:00."),
    ],
)
def test_a_preview_shows_what_would_be_and_changes_nothing(
    browser: Browser, client: Client, completed: str, end: str, fields: dict[str, str], then: str
):
    form = fill(browser, completed, end, reason="a slip", **fields)

    page = form.submit("do", value="preview", status=200)

    assert f"This works. Nothing has been changed yet. {then}" in text(page)
    assert len(client.events()) == 2
    form = form_to(page, end)
    assert form["reason"].value == "a slip"
    form.submit("do", value="change", status=303)


def test_a_preview_shows_who_gets_the_seat(
    browser: Browser, client: Client, course: int, enrolled: str
):
    client.enroll(client.student(family_name="Bohr"), course, waitlist=True)
    form = fill(browser, enrolled, "/void", reason="the wrong Ada")

    page = form.submit("do", value="preview", status=200)

    assert "The enrollment would be void. Bohr, Ada gets a seat in CS101" in text(page)


def test_an_enrollment_is_made_void(browser: Browser, client: Client, ada: int, enrolled: str):
    page = browser.get(enrolled)
    # Nothing was before it, so it cannot have been a drop, and to take it back is to make it void.
    assert [option["value"] for option in page.html.select("#status option")] == ["enrolled"]
    assert "Take the latest change back" not in text(page)
    form = fill(browser, enrolled, "/void", reason="the wrong Ada")

    page = form.submit(status=303).follow()

    said = text(page)
    assert "The enrollment is void." in said
    assert "not in the course" in said
    assert "“the wrong Ada”" in said
    assert client.get(f"/v1/students/{ada}/courses").json["items"] == []


@pytest.mark.parametrize("term", [None, "2026-FALL"])
def test_a_waiting_student_gets_a_seat_by_the_plain_way(
    browser: Browser, client: Client, ada: int, term: str | None
):
    client.term()
    course = client.course(code="CS101", capacity=1, term=term)
    first = client.student()
    client.enroll(first, course)
    client.enroll(ada, course, waitlist=True)
    client.hold(ada, "fees")
    client.put_status(first, course, "dropped")

    page = browser.get(f"/students/{ada}/courses/{course}")

    assert "a correction cannot give one" in text(page)
    assert not page.html.select("form[action$=correct]")
    form = form_to(page.click("Enroll the student"), "/add")
    assert form[f"course-{course}"].checked
    form = form_to(form.submit("do", value="preview", status=409), "/add")
    tick(form, "rule", "student_on_hold")
    form["override_reason"] = "paid by now"
    form.submit("do", value="change", status=303)
    event = client.get("/v1/events").json["items"][-1]
    assert (event["to_status"], event["overridden"]) == ("enrolled", ["student_on_hold"])


def test_a_student_who_left_a_waitlist_is_offered_no_seat(
    browser: Browser, client: Client, ada: int, course: int
):
    client.enroll(client.student(), course)
    client.enroll(ada, course, waitlist=True)
    client.put_status(ada, course, "dropped")

    page = browser.get(f"/students/{ada}/courses/{course}")

    assert [option["value"] for option in page.html.select("#status option")] == ["dropped"]


def test_what_cannot_be_made_void_is_not_offered(
    browser: Browser, client: Client, ada: int, enrolled: str
):
    form = fill(browser, enrolled, "/void", reason=" ")
    assert form.submit(status=422).html.find(id="void-reason-wrong")
    form["reason"] = "the wrong Ada"
    client.put_status(ada, 1, "completed")

    page = browser.get(enrolled)

    assert "cannot be made void: The student completed CS101" in text(page)
    assert not page.html.select("form[action$=void]")
    # The page was open while the course was completed.
    assert "Someone changed this enrollment" in text(form.submit(status=412))
    term = client.term(code="2020", start_on="2020-01-01", end_on="2020-02-01")
    over = client.course(code="MA101", term=term)
    rule = {"rules": ["term_ended"], "reason": "late"}
    client.enroll(ada, over, override=rule)
    page = browser.get(f"/students/{ada}/courses/{over}")
    assert "cannot be made void: The term of MA101 ended on 1 Feb 2020." in text(page)


def test_a_correction_without_a_reason_is_refused(browser: Browser, client: Client, completed: str):
    for end in ("/correct", "/take-back"):
        page = fill(browser, completed, end, reason=" ").submit(status=422)
        assert page.html.select(".wrong"), end

    assert len(client.events()) == 2


def test_a_refusal_keeps_what_was_typed(browser: Browser, client: Client, completed: str):
    fields = {"status": "dropped", "effective_on": "2026-08-01", "reason": "a form"}

    page = fill(browser, completed, "/correct", **fields).submit(status=409)

    assert (
        "The change before in CS101 took effect at 1 Sep 2026, 09:00. This one cannot be earlier."
        in text(page)
    )
    form = form_to(page, "/correct")
    assert {name: form[name].value for name in fields} == fields
    assert form_to(page, "/take-back")["reason"].value == ""


def test_a_full_course_takes_someone_back_only_against_the_rule(
    browser: Browser, client: Client, course: int, completed: str
):
    client.enroll(client.student(), course)
    form = fill(browser, completed, "/take-back", reason="not yet complete")

    page = form.submit(status=409)

    assert "No seat of CS101 is free: 1 of 1 taken." in text(page)
    form = form_to(page, "/take-back")
    assert form["reason"].value == "not yet complete"
    tick(form, "rule", "course_full")
    form.submit(status=303)
    event = client.get("/v1/events").json["items"][-1]
    assert (event["reason"], event["overridden"]) == ("not yet complete", ["course_full"])


def test_who_was_slower_is_told_and_nothing_is_done(
    browser: Browser, client: Client, completed: str
):
    form = fill(browser, completed, "/take-back", reason="a slip")
    body = {"status": "completed", "grade": "C", "correction": True, "reason": "other"}
    client.put_json(f"/v1{completed}", body)

    page = form.submit(status=412)

    assert "Someone changed this enrollment while you had the page open" in text(page)
    assert now(client, completed)[3] == "C"
    form_to(page, "/take-back").submit(status=303)


def test_who_was_never_in_the_course_has_no_forms(browser: Browser, client: Client, course: int):
    page = browser.get(f"/students/{client.student()}/courses/{course}")

    assert "not in the course" in text(page)
    assert not page.html.select("main form")
    browser.get("/students/9/courses/1", status=404)
    browser.get("/students/1/courses/9", status=404)
