"""One term with its numbers, and the copy of courses from another term."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from enrollment.app import App
from enrollment.web.times import EXPECTED
from enrollment.web.words import Words
from tests.support.browser import Browser, boxes, form_to, text, tick
from tests.support.client import Client, broken, with_settings
from tests.support.tokens import TOKENS


@pytest.fixture
def spring(client: Client) -> int:
    """The id of a term without courses, after one with two sections of CS101, MA101, a cancelled
    course and one that is full."""
    client.term(drop_until="2026-10-01")
    client.term(code="2027-SPRING", title="Spring 2027", start_on="2027-02-01", end_on="2027-06-11")
    for section in ("1", "2"):
        client.course(
            code="CS101", section=section, term="2026-FALL", enroll_from="2026-08-01T00:00:00Z"
        )
    client.course(code="MA101", term="2026-FALL", title="Algebra")
    client.course(code="HI101", term="2026-FALL", status="cancelled")
    full = client.course(code="PH101", term="2026-FALL", capacity=1, credits=5, title="Physics")
    client.enroll(client.student(), full)
    client.enroll(client.student(), full, waitlist=True)
    return 2


def codes(client: Client) -> list[str]:
    """The labels of the courses of the second term."""
    items = client.get("/v1/courses?term=2027-SPRING").json["items"]
    return [course["label"] for course in items]


def choose(form, *codes: str):
    tick(form, "code", *codes)
    return form


def test_a_term_shows_its_numbers(browser: Browser, spring: int):
    page = browser.get("/terms").click("Fall 2026")

    said = text(page)
    assert "31 Aug 2026 to 18 Dec 2999 no limit of credits students drop until 1 Oct 2026" in said
    assert "5 courses 1 full course 0 courses with a free seat and students waiting" in said
    assert (
        "1 student, enrolled or completed 1 place taken 1 waiting 0 completed "
        "0 dropped since the start 5 credits"
    ) in said
    page.click("Census")


def test_a_term_that_is_over_says_so(browser: Browser, client: Client):
    dates = {"start_on": "2020-01-01", "end_on": "2020-05-01"}
    client.term(code="2020", title="Spring 2020", **dates)

    page = browser.get("/terms/1")

    said = text(page)
    assert "students drop until 1 May 2020 the term is over" in said
    assert "The term is over It ended on 1 May 2020. Students can no longer enroll" in said
    assert "Enrollment is open" not in said
    assert not page.html.select("main form")
    # Some enroll late.
    client.patch_json("/v1/terms/1", {"enroll_until": "2099-01-01"})
    page = browser.get("/terms/1")
    assert "the term is over" in text(page)
    assert "Enrollment is open until" in text(page)
    change(page, "change", 303)
    assert "The term is over It ended" in text(browser.get("/terms/1"))


def change(page, do: str, status: int):
    return form_to(page, "/enrollment").submit("do", value=do, status=status)


def test_enrollment_in_a_term_is_closed_and_opened_after_a_preview(
    browser: Browser, client: Client, spring: int
):
    later = client.course(code="LA101", term="2026-FALL", enroll_until="2099-01-01T00:00:00Z")
    page = browser.get("/terms/1")
    assert "Enrollment is open" in text(page)

    page = change(page, "preview", 200)

    said = text(page)
    # The full one is open too; the cancelled one is not.
    assert "Students could no longer enroll in 4 courses." in said
    assert "1 course would stay open, by times of its own: LA101" in said
    assert client.get("/v1/terms/1").json["enroll_until"] is None
    page = change(page, "change", 303).follow()
    assert "Enrollment in the term is closed. " in text(page)
    assert "Enrollment is closed until " in text(page)
    answer = client.enroll(client.student(), 3, status=409)
    assert broken(answer) == [("/course_id", "window_closed")]
    assert "Enrollment until " in text(browser.get("/courses/3"))
    client.enroll(client.student(), later)
    # A seat comes free, which no one gets while enrollment is closed.
    client.put_status(1, 5, "dropped")
    assert client.status(2, 5) == "waitlisted"

    page = change(page, "preview", 200)

    said = text(page)
    assert "Students could enroll in 4 courses. 1 student would get a free seat" in said
    assert client.status(2, 5) == "waitlisted"
    page = change(page, "change", 303).follow()
    assert "Enrollment in the term is open." in text(page)
    assert client.status(2, 5) == "enrolled"
    assert client.get("/v1/terms/1").json["enroll_until"] is None


def test_a_start_that_is_to_come_is_lifted_and_an_end_stays(browser: Browser, client: Client):
    window = {"enroll_from": "2098-01-01T00:00:00.000Z", "enroll_until": "2099-01-01T00:00:00.000Z"}
    client.term(**window)
    form = form_to(browser.get("/terms/1"), "/enrollment")

    first, second = (form.submit("do", value="change", status=303) for _ in range(2))

    term = client.get("/v1/terms/1").json
    assert first.location == second.location
    assert (term["enroll_from"], term["version"]) == (None, 2)
    assert term["enroll_until"] == window["enroll_until"]


def test_which_time_is_lost_is_shown_before_enrollment_is_closed_or_opened(
    browser: Browser, client: Client
):
    client.term(enroll_from="2026-08-01", enroll_until="2099-02-01")
    page = browser.get("/terms/1")

    assert "The end 1 Feb 2099 would be replaced by this moment." in text(page)
    assert "The end 1 Feb 2099 would be replaced" in text(change(page, "preview", 200))
    page = change(page, "change", 303).follow()
    end = Words(UTC).until(client.get("/v1/terms/1").json["enroll_until"])
    assert f"The end {end} would be removed." in text(page)
    assert "would be replaced" not in text(page)
    client.patch_json("/v1/terms/1", {"enroll_from": "2098-01-01", "enroll_until": "2099-02-01"})
    said = text(browser.get("/terms/1"))
    assert "The start 1 Jan 2098 would be removed." in said
    assert "The end" not in said
    client.patch_json("/v1/terms/1", {"enroll_from": None, "enroll_until": None})
    assert "would be" not in text(browser.get("/terms/1"))


def test_a_term_that_has_changed_is_not_closed(browser: Browser, client: Client):
    client.term()
    page = browser.get("/terms/1")
    client.patch_json("/v1/terms/1", {"title": "Autumn"})

    page = change(page, "change", 412)

    assert "The record has changed since you read it." in text(page)
    assert client.get("/v1/terms/1").json["enroll_until"] is None
    change(page, "change", 303)


def test_a_term_that_readers_see_has_no_buttons(app: App, spring: int):
    page = Browser(app, TOKENS["reader"]).get("/terms/1")

    assert "Copy courses" not in text(page)
    assert not page.html.select("main form")


def test_ticked_courses_are_copied_after_a_preview(browser: Browser, client: Client, spring: int):
    page = browser.get("/courses?term=2027-SPRING").click("Copy the courses of another term")
    assert "HI101" not in text(page)
    form = choose(form_to(page, "/copy"), "CS101", "MA101")

    page = form.submit("do", value="preview", status=200)

    said = text(page)
    assert "This works. Nothing has been copied yet." in said
    # The window is as far before the first day as it was.
    assert "CS101 Databases 2 sections will be copied enroll from 2 Jan 2027" in said
    assert codes(client) == []
    form = form_to(page, "/copy")
    assert "Copy 3 courses" in text(page)
    page = form.submit("do", value="copy", status=303).follow()
    assert "Copied 3 courses." in text(page)
    assert codes(client) == ["CS101-1", "CS101-2", "MA101"]
    # A double click.
    form.submit("do", value="copy", status=303)
    assert len(codes(client)) == 3


def test_every_conflict_is_beside_its_course_and_nothing_is_copied(
    browser: Browser, client: Client, spring: int
):
    client.course(code="CS101", section="2", term="2027-SPRING")
    client.course(code="MA101", term="2027-SPRING")
    page = browser.get(f"/terms/{spring}/copy?from=2026-fall")
    ticked = [box._value for box in boxes(form_to(page, "/copy"), "code") if box.checked]
    # At first, what can be copied.
    assert ticked == ["PH101"]
    assert "1 of 2 sections already there" in text(page)
    form = choose(form_to(page, "/copy"), "CS101", "MA101", "PH101")

    for do in ("preview", "copy"):
        page = form.submit("do", value=do, status=409)
        reasons = [row.get_text(" ", strip=True) for row in page.html.select(".reasons")]
        assert len(reasons) == 2
        assert "has the code CS101 and the section 2" in reasons[0]
        assert "MA101" in reasons[1]
        assert "Nothing was copied. Every reason is beside its course." in text(page)
        assert all(box.checked for box in boxes(form_to(page, "/copy"), "code"))

    assert codes(client) == ["CS101-2", "MA101"]


def test_without_a_tick_or_another_term_nothing_is_copied(
    browser: Browser, client: Client, spring: int
):
    form = choose(form_to(browser.get(f"/terms/{spring}/copy"), "/copy"))
    page = form.submit("do", value="copy", status=422)
    assert "Tick at least one course first." in text(page)
    assert page.html.select("[name=code][checked]") == []
    body = {"key": "1", "from": "NEVER", "code": "CS101"}
    page = browser.post(f"/terms/{spring}/copy", body, status=409)
    assert "There is no term with the code NEVER." in text(page)
    assert "has no courses to copy" in text(browser.get("/terms/1/copy"))
    browser.get("/terms/9/copy", status=404)


def test_a_first_term_has_nothing_to_copy_from(browser: Browser, client: Client):
    client.term()

    assert "There is no other term" in text(browser.get("/terms/1/copy"))


@pytest.fixture
def berlin(app: App) -> Browser:
    """A browser of a registrar in Berlin."""
    return Browser(with_settings(app, time_zone=ZoneInfo("Europe/Berlin")))


def fill_in_term(browser: Browser, **fields: str):
    form = form_to(browser.get("/terms/new"), "/new")
    new = {"code": "2026-FALL", "title": "Fall 2026", "start_on": "2026-08-31"}
    for name, value in (new | {"end_on": "2026-12-18"} | fields).items():
        form[name] = value
    return form


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2026-12-01 08:30", "2026-12-01T07:30:00.000Z"),
        ("2026-07-01 08:30", "2026-07-01T06:30:00.000Z"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30:00.000Z"),
        ("2026-12-01 08:30:15.500000", "2026-12-01T07:30:15.500Z"),
        ("2026-12-01", "2026-11-30T23:00:00.000Z"),
    ],
)
def test_a_time_without_an_offset_is_one_of_the_school(
    berlin: Browser, client: Client, typed: str, stored: str
):
    fill_in_term(berlin, enroll_from=typed).submit(status=303)

    assert client.get("/v1/terms/1").json["enroll_from"] == stored
    assert form_to(berlin.get("/terms/1/edit"), "/edit")["enroll_from"].value == typed


@pytest.mark.parametrize(
    ("zone", "first", "second"),
    [
        ("Atlantic/Azores", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
        ("America/Havana", "2026-11-01T04:00:00Z", "2026-11-01T05:00:00Z"),
    ],
)
def test_a_day_with_two_midnights_begins_at_the_first(
    app: App, client: Client, zone: str, first: str, second: str
):
    browser = Browser(with_settings(app, time_zone=ZoneInfo(zone)))
    for number, midnight in enumerate((first, second), start=1):
        times = dict.fromkeys(("enroll_from", "drop_until"), midnight)
        client.term(code=f"TERM{number}", **times)
        before = client.get(f"/v1/terms/{number}").json

        form = form_to(browser.get(f"/terms/{number}/edit"), "/edit")
        form.submit(status=303)

        assert client.get(f"/v1/terms/{number}").json == before
        assert (form["enroll_from"].value == first[:10]) is (midnight == first)


@pytest.mark.parametrize(
    ("until", "why"),
    [
        ("2026-08-01", "ends on 1 Aug 2026, which is not after it starts on 1 Sep 2026."),
        ("2026-08-01 09:00", "ends at 1 Aug 2026, 09:00, which is not after it starts on 1 Sep"),
        (
            "2026-08-31",
            "ends at 1 Sep 2026, 00:00, which is not after it starts at 1 Sep 2026, 00:00.",
        ),
    ],
)
def test_a_window_that_ends_too_early_is_shown_as_it_was_typed(
    berlin: Browser, until: str, why: str
):
    form = fill_in_term(berlin, enroll_from="2026-09-01", enroll_until=until)

    said = form.submit(status=422).html.find(id="enroll_until-wrong").get_text()

    assert why in said


def test_the_times_of_a_course_are_those_of_the_school(berlin: Browser, client: Client):
    typed = {
        "code": "CS101",
        "title": "Databases",
        "enroll_from": "2026-08-01T09:00",
        "enroll_until": "2026-09-15 12:00",
        "drop_until": "2026-10-01 18:00:30",
        "early_access": "GRADE 12 2026-07-25 08:30\nSENIOR 2026-07-26",
    }
    form = form_to(berlin.get("/courses/new"), "/new")
    for name, value in typed.items():
        form[name] = value

    form.submit(status=303)

    course = client.get("/v1/courses/1").json
    assert course["enroll_from"] == "2026-08-01T07:00:00.000Z"
    assert course["enroll_until"] == "2026-09-15T10:00:00.000Z"
    assert course["drop_until"] == "2026-10-01T16:00:30.000Z"
    assert course["early_access"] == [
        {"group": "GRADE 12", "enroll_from": "2026-07-25T06:30:00.000Z"},
        {"group": "SENIOR", "enroll_from": "2026-07-25T22:00:00.000Z"},
    ]
    form = form_to(berlin.get("/courses/1/edit"), "/edit")
    assert form["enroll_from"].value == "2026-08-01 09:00"
    assert form["drop_until"].value == "2026-10-01 18:00:30"
    assert form["early_access"].value == typed["early_access"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("1.10.2026", EXPECTED),
        ("2026-10-01 25:00", EXPECTED),
        ("2026-10-01 9:00", EXPECTED),
        ("0001-01-01 00:10", EXPECTED),
        ("2026-03-29 02:30", "There is no 02:30 on 2026-03-29, because the clocks change"),
        (
            "2026-10-25 02:30",
            "02:30 comes twice on 2026-10-25, because the clocks change. "
            "Write 2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00",
        ),
    ],
)
def test_a_time_that_is_not_one_time_is_refused(
    berlin: Browser, client: Client, typed: str, why: str
):
    page = fill_in_term(berlin, enroll_from=typed).submit(status=422)

    assert page.html.find(id="enroll_from-wrong").get_text() == why
    assert form_to(page, "/new")["enroll_from"].value == typed
    assert client.get("/v1/terms").json["items"] == []
