"""The desk: one student's courses, holds and record."""

import re
from zoneinfo import ZoneInfo

import pytest

from enrollment.app import App
from tests.support.browser import Browser, boxes, form_to, text, tick
from tests.support.client import Client, with_settings


def desk(browser: Browser, student: int, end: str):
    return form_to(browser.get(f"/students/{student}"), end)


def test_the_desk_shows_what_a_student_has(browser: Browser, client: Client, ada: int):
    client.term(max_credits=18)
    course = client.course(
        code="CS101",
        section="1",
        term="2026-FALL",
        credits=7.5,
        instructor="Dr Codd",
        meetings=[
            {"weekday": day, "from": "09:00", "to": "10:30", "room": "B12"} for day in (1, 3)
        ],
    )
    client.enroll(ada, course)

    done = client.course(code="CS100", term="2026-FALL", credits=5)
    client.enroll(ada, done)
    client.put_status(ada, done, "completed")
    cancelled = client.course(term="2026-FALL", credits=5)
    client.enroll(ada, cancelled)
    client.patch_json(f"/v1/courses/{cancelled}", {"status": "cancelled"}, status=200)

    said = text(browser.get(f"/students/{ada}"))

    assert "Lovelace, Ada 2024-0117 active" in said
    assert "Fall 2026 7.5 of 18 credits enrolled, 5 completed" in said
    assert "CS101-1 Databases Mon Wed 09:00–10:30 B12 Dr Codd enrolled" in said
    assert "Wed 09:00–10:30 CS101-1 B12" in said
    assert "enrolled in CS101-1 by admin" in said
    form = form_to(browser.get(f"/students/{ada}/add?term=2026-FALL"), "/add")
    tick(form, "drop", course)
    said = text(form.submit("do", value="preview"))
    assert "Credits in Fall 2026: 7.5 now, 0 after this; at most 18." in said


@pytest.mark.parametrize("end", ["", "/schedule"])
def test_the_week_shows_when_a_meeting_is_held_and_who_waits(
    browser: Browser, client: Client, ada: int, end: str
):
    hours = {"from": "13:00", "to": "14:00", "room": "B12"}
    biweekly = {"weekday": 5, **hours, "start_on": "2026-10-25", "every": 2}
    client.enroll(ada, client.course(code="LAB1", meetings=[biweekly]))
    full = client.course(code="FULL1", capacity=0, meetings=[{"weekday": 4, **hours}])
    client.enroll(ada, full, waitlist=True)
    cancelled = client.course(code="GONE1", meetings=[{"weekday": 3, **hours}])
    client.enroll(ada, cancelled)
    client.patch_json(f"/v1/courses/{cancelled}", {"status": "cancelled"}, status=200)

    page = browser.get(f"/students/{ada}{end}")

    assert "GONE1 Databases cancelled" in text(page)
    said = " ".join(page.html.find(class_="week").get_text(" ").split())
    assert "GONE1" not in said
    assert "Thu 13:00–14:00 FULL1 B12 waits for a seat" in said
    assert said.endswith("Fri 13:00–14:00 LAB1 B12 from 25 Oct 2026, every 2 weeks")


def test_ticked_courses_are_dropped_with_their_reason_and_day(
    browser: Browser, client: Client, ada: int
):
    first, second = client.course(), client.course()
    day = "2026-09-10"
    client.enroll(ada, first, effective_at="2026-09-01T09:00:00Z")
    client.enroll(ada, second, effective_at="2026-09-20T09:00:00Z")
    form = desk(browser, ada, "/drop")
    tick(form, "drop", first)
    form["reason"], form["effective_on"] = "paper of that day", day

    page = form.submit(status=303).follow()

    assert "Dropped 1 course." in text(page)
    assert (client.status(ada, first), client.status(ada, second)) == ("dropped", "enrolled")
    event = client.get("/v1/events").json["items"][-1]
    assert event["reason"] == "paper of that day"
    assert event["effective_at"] == "2026-09-10T23:59:59.999Z"
    assert event["actor"] == "registrar #2"


def test_a_day_ends_when_its_last_hour_is_over_for_the_second_time(
    app: App, client: Client, ada: int
):
    """Where the clocks went back at 00:01, the day before came back for its last hour."""
    browser = Browser(with_settings(app, time_zone=ZoneInfo("America/St_Johns")))
    course = client.course()
    client.enroll(ada, course, effective_at="2010-09-01T09:00:00Z")
    form = desk(browser, ada, "/drop")
    tick(form, "drop", course)
    form["effective_on"] = "2010-11-06"

    form.submit(status=303)

    event = client.get("/v1/events").json["items"][-1]
    assert event["effective_at"] == "2010-11-07T03:29:59.999Z"


LATE_TERMS = (
    {"drop_until": "2026-10-02"},
    {"end_on": "2026-10-02", "enroll_until": "2999-01-01"},
)


@pytest.fixture(params=LATE_TERMS, ids=["deadline", "term over"])
def late(client: Client, ada: int, request: pytest.FixtureRequest) -> int:
    """A course that students could drop until a day that is over. One student waits for it."""
    client.term(**request.param)
    course = client.course(code="CS101", term="2026-FALL", capacity=1)
    client.enroll(ada, course)
    client.enroll(client.student(), course, waitlist=True)
    return course


GIVE_REASON = "Students could drop CS101 until 2 Oct 2026. Give the reason why it is dropped now."


def test_a_drop_after_the_deadline_needs_a_reason(
    browser: Browser, client: Client, ada: int, late: int
):
    page = browser.get(f"/students/{ada}?term=2026-FALL")
    assert "students could drop it until 2 Oct 2026" in text(page)
    form = form_to(page, "/drop")
    tick(form, "drop", late)

    page = form.submit(status=422)

    assert GIVE_REASON in text(page)
    assert client.status(ada, late) == "enrolled"
    form = form_to(page, "/drop")
    form["reason"] = "moved away"
    form.submit(status=303)
    assert "moved away" in [event["reason"] for event in client.get("/v1/events").json["items"]]


def test_the_pages_say_that_the_student_sees_a_reason(
    browser: Browser, own_browser: Browser, client: Client, ada: int, late: int
):
    client.patch_json("/v1/terms/1", {"drop_until": None, "end_on": "2999-12-18"})
    full = client.course(code="CS102", term="2026-FALL", capacity=0, promotion="manual")
    client.enroll(ada, full, waitlist=True)
    asked = [("course", str(full)), ("drop", str(late))]
    pages = [
        browser.get(f"/students/{ada}?term=2026-FALL"),
        browser.get(f"/students/{ada}/add?term=2026-FALL"),
        browser.post(f"/students/{ada}/add", asked, status=409),
        browser.get(f"/students/{ada}/courses/{late}"),
        browser.get(f"/courses/{full}"),
        form_to(browser.get(f"/courses/{full}"), "/promote").submit(status=409),
        browser.get(f"/courses/{late}/complete"),
    ]
    client.patch_json("/v1/terms/1", {"drop_until": "2026-10-02"}, status=200)
    client.course(code="CS103", term="2026-FALL")
    pages.append(browser.get(f"/students/{ada}/courses/{late}/swap?q="))

    fields = [page.html.select('main input[name*="reason"]') for page in pages]

    assert [len(found) for found in fields] == [3, 1, 2, 2, 2, 3, 1, 1]
    for field in (field for found in fields for field in found):
        assert "The student sees it." in field.find_parent("p").get_text()
    own = own_browser.post(f"/students/{ada}/add", {"drop": full, "do": "preview"})
    assert own.html.select('main input[name="reason"]')
    assert "The student sees it." not in text(own)


def test_the_page_of_a_course_asks_for_the_reason_of_a_late_drop(
    browser: Browser, client: Client, ada: int, late: int
):
    page = browser.get(f"/courses/{late}")
    assert "Students drop until 2 Oct 2026, which is over" in text(page)
    form = form_to(page, "/drop")
    tick(form, "student", ada)

    page = form.submit(status=422)

    assert GIVE_REASON in text(page)
    # A waitlist can always be left.
    form = form_to(page, "/drop")
    tick(form, "student", ada + 1)
    assert "1 student left the waitlist." in text(form.submit(status=303).follow())
    assert [client.status(id, late) for id in (ada, ada + 1)] == ["enrolled", "dropped"]


def test_a_late_drop_beside_other_courses_needs_a_reason(
    browser: Browser, client: Client, ada: int, late: int
):
    other = client.course(code="MA101", term="2026-FALL")
    form = form_to(browser.get(f"/students/{ada}/add?term=2026-FALL"), "/add")
    tick(form, "course", other)
    tick(form, "drop", late)

    page = form.submit("do", value="enroll", status=422)

    assert page.html.find(id="reason-wrong").get_text() == GIVE_REASON
    form = form_to(page, "/add")
    form["reason"] = "the wrong course"
    form.submit("do", value="enroll", status=303)
    assert [client.status(ada, course) for course in (late, other)] == ["dropped", "enrolled"]


def test_a_late_swap_needs_a_reason(browser: Browser, client: Client, ada: int, late: int):
    other = client.course(code="MA101", term="2026-FALL")
    form = form_to(browser.get(f"/students/{ada}/courses/{late}/swap?q="), "/swap")
    form["course"] = str(other)

    page = form.submit("do", value="swap", status=422)

    assert GIVE_REASON in text(page)
    form = form_to(page, "/swap")
    form["reason"] = "the wrong course"
    form.submit("do", value="swap", status=303)
    assert client.status(ada, late) == "dropped"


def test_a_student_is_not_offered_to_drop_a_course_too_late(own_browser: Browser, late: int):
    page = own_browser.get("/students/1?term=2026-FALL")

    assert "could be dropped until 2 Oct 2026; now ask the registrar" in text(page)
    assert not page.html.select("tr input, .aside")
    page = own_browser.post("/students/1/add", {"drop": late, "do": "preview"}, status=409)
    reasons = [reason.get_text() for reason in page.html.select(".reasons li")]
    (reason,) = reasons
    assert reason.endswith(" 2 Oct 2026. Ask the registrar, who can still drop the course.")


def test_a_student_sees_the_deadline_and_is_asked_before_a_drop(
    own_browser: Browser, client: Client, ada: int
):
    client.term(drop_until="2999-10-02")
    course = client.course(code="CS101", term="2026-FALL", capacity=1)
    full = client.course(code="CS102", term="2026-FALL", capacity=0)
    client.enroll(ada, course)
    client.enroll(ada, full, waitlist=True)
    page = own_browser.get("/students/1?term=2026-FALL")
    assert "can be dropped until 2 Oct 2999" in text(page)
    form = form_to(page, "/add")
    tick(form, "drop", course, full)

    page = form.submit("do", value="preview")

    assert "Another student may get it, so that you cannot come back." in text(page)
    assert client.status(ada, course) == "enrolled"
    form = form_to(page, "/add")
    form["reason"] = "moved away"
    page = form.submit("do", value="enroll", status=303).follow()
    assert "Dropped 1 course. Left the waitlist of 1 course." in text(page)
    assert {event["reason"] for event in client.walk("/v1/events")[2:]} == {"moved away"}


def test_a_course_is_completed_with_a_grade(browser: Browser, client: Client, ada: int):
    client.term()
    course = client.course(code="CS101", term="2026-FALL")
    client.enroll(ada, course)
    client.enroll(client.student(), course)
    form = form_to(browser.get(f"/students/{ada}").click("Complete"), "/complete")
    assert [box.value for box in boxes(form, "student")] == [str(ada)]
    form[f"grade-{ada}"], form[f"not_passed-{ada}"] = " F ", True

    page = form.submit("do", value="complete", status=303).follow()

    assert page.request.path == f"/students/{ada}"
    said = text(page)
    assert "Completed 1 course." in said
    row = page.html.select_one("tr.completed").get_text(" ")
    assert "not passed, grade F" in " ".join(row.split())
    assert "completed CS101 not passed, grade F" in said


def test_a_limit_of_no_credits_is_shown(browser: Browser, client: Client, ada: int):
    client.term(max_credits=18)
    course = client.course(term="2026-FALL", credits=3)
    client.patch_json(f"/v1/students/{ada}", {"max_credits": 0})

    page = browser.get(f"/students/{ada}?term=2026-FALL")
    plan = browser.post(f"/students/{ada}/add?term=2026-FALL", {"course": course}, status=409)

    assert "0 of 0 credits enrolled" in text(page)
    assert "3 after this; at most 0." in text(plan)


def test_without_a_tick_nothing_is_dropped(browser: Browser, client: Client, ada: int):
    course = client.course()
    client.enroll(ada, course)

    page = desk(browser, ada, "/drop").submit(status=422)

    assert "Tick at least one course first" in text(page)
    assert client.status(ada, course) == "enrolled"


def test_a_change_meanwhile_refuses_all_and_keeps_what_was_typed(
    browser: Browser, client: Client, ada: int
):
    first, second = client.course(), client.course()
    client.enroll(ada, first)
    client.enroll(ada, second)
    form = desk(browser, ada, "/drop")
    client.put_status(ada, second, "completed")
    tick(form, "drop", first, second)
    form["reason"] = "moved away"

    page = form.submit(status=412)

    assert "Nothing was changed. The record has changed since you read it" in text(page)
    assert (client.status(ada, first), client.status(ada, second)) == ("enrolled", "completed")
    again = form_to(page, "/drop")
    assert again["reason"].value == "moved away"
    assert [box.checked for box in boxes(again, "drop")] == [True]


def test_courses_that_are_taken_together_are_dropped_together(
    browser: Browser, client: Client, ada: int
):
    lecture, lab = (
        client.course(code=code, corequisites=[other])
        for code, other in (("CS101", "CS102"), ("CS102", "CS101"))
    )
    client.want(ada, [lecture, lab])
    form = desk(browser, ada, "/drop")
    tick(form, "drop", lab)
    page = form.submit(status=409)
    assert (
        "Nothing was changed. CS101 is taken together with CS102."
        " Also ticked now: CS101, to drop the courses together."
    ) in text(page)

    page = form_to(page, "/drop").submit(status=303).follow()

    assert "Dropped 2 courses." in text(page)
    assert [client.status(ada, course) for course in (lecture, lab)] == ["dropped", "dropped"]


def test_a_seat_that_came_meanwhile_is_not_dropped_unseen(
    browser: Browser, client: Client, ada: int
):
    course = client.course(capacity=0)
    client.enroll(ada, course, waitlist=True)
    form = desk(browser, ada, "/drop")
    tick(form, "drop", course)
    client.patch_json(f"/v1/courses/{course}", {"capacity": 1}, status=200)

    form.submit(status=412)

    assert client.status(ada, course) == "enrolled"


def test_a_change_of_another_course_refuses_no_drop(browser: Browser, client: Client, ada: int):
    dropped, kept = client.course(), client.course()
    full = client.course(capacity=0, promotion="manual")
    first = client.student()
    client.enroll(first, full, waitlist=True)
    for course in (dropped, kept):
        client.enroll(ada, course)
    client.enroll(ada, full, waitlist=True)
    form = desk(browser, ada, "/drop")
    tick(form, "drop", dropped)
    # The place of the student moves, and there is a seat that no one was given yet.
    client.put_status(first, full, "dropped")
    client.patch_json(f"/v1/courses/{full}", {"capacity": 1}, status=200)

    page = form.submit(status=303).follow()

    assert "Dropped 1 course." in text(page)
    assert [client.status(ada, course) for course in (dropped, kept, full)] == [
        "dropped",
        "enrolled",
        "waitlisted",
    ]


def test_a_day_before_the_enrollment_is_refused(browser: Browser, client: Client, ada: int):
    course = client.course(code="CS101")
    client.enroll(ada, course)
    form = desk(browser, ada, "/drop")
    tick(form, "drop", course)
    form["effective_on"] = "2020-01-01"

    said = text(form.submit(status=409))

    assert "The change before in CS101 took effect at" in said
    assert ".000Z" not in said


@pytest.mark.parametrize("day", ["2026-13-01", "soon", "9999-12-31"])
def test_a_day_that_is_none_is_refused(browser: Browser, client: Client, ada: int, day: str):
    course = client.course()
    client.enroll(ada, course)
    form = desk(browser, ada, "/drop")
    tick(form, "drop", course)
    form["effective_on"] = day

    form.submit(status=422)

    assert client.status(ada, course) == "enrolled"


def test_a_double_click_places_one_hold(browser: Browser, client: Client, ada: int):
    form = desk(browser, ada, "/holds")
    form["hold_reason"] = "library fees"

    first, second = form.submit(status=303), form.submit(status=303)

    assert first.location == second.location
    assert [hold["reason"] for hold in client.get("/v1/holds").json["items"]] == ["library fees"]
    assert "On hold since" in text(first.follow())


def test_a_hold_needs_a_reason(browser: Browser, client: Client, ada: int):
    page = desk(browser, ada, "/holds").submit(status=422)

    assert "Expected text of 1 to 500 characters" in text(page)
    assert client.get("/v1/holds").json["items"] == []


def test_a_hold_in_force_is_shown_after_many_that_were_released(
    browser: Browser, client: Client, ada: int
):
    for _ in range(101):
        client.delete(f"/v1/students/{ada}/holds/{client.hold(ada)}")
    client.hold(ada)

    assert text(browser.get(f"/students/{ada}")).count("On hold since") == 1


def test_a_hold_is_released(browser: Browser, client: Client, ada: int):
    hold = client.post_json(f"/v1/students/{ada}/holds", {"reason": "fees"}, status=201).json["id"]

    page = desk(browser, ada, f"/holds/{hold}/release").submit(status=303).follow()

    assert "The hold is released." in text(page)
    assert client.get("/v1/holds?active=true").json["items"] == []


def test_a_hold_is_released_once(browser: Browser, client: Client, ada: int):
    end = f"/holds/{client.hold(ada)}/release"
    first, second = (desk(browser, ada, end) for _ in range(2))
    first.submit(status=303)

    page = second.submit(status=303).follow()

    assert text(page).startswith("1 hold had been released before.")


def test_a_hold_of_another_student_is_not_released(browser: Browser, client: Client, ada: int):
    hold = client.hold(ada)

    page = browser.post("/holds", {"hold": f"{client.student()}-{hold}", "key": "1"}, status=404)

    assert "has no hold" in text(page)
    assert client.get("/v1/holds?active=true").json["items"]


@pytest.mark.parametrize("box", ["1-\u0663", "1-99999999999999999999", "1-1-1", "-", ""])
def test_a_box_that_names_no_hold_is_no_tick(browser: Browser, ada: int, box: str):
    page = browser.post("/holds", {"hold": box, "key": "1"}, status=422)

    assert "Tick at least one hold first." in text(page)


@pytest.mark.parametrize("amount", ["0", "2", "9" * 5000, "x", ""])
def test_the_number_in_an_address_can_be_anything(browser: Browser, ada: int, amount: str):
    page = browser.get(f"/students/{ada}", {"done": "enrolled", "n": amount}, status=200)

    expected = amount if amount in ("0", "2") else "1"
    assert re.search(f"Enrolled in {expected} courses?\\.", text(page))


def test_an_inactive_student_gets_no_button_to_add(browser: Browser, client: Client):
    student = client.student(status="inactive")

    page = browser.get(f"/students/{student}")

    assert "inactive, and cannot enroll" in text(page)
    assert "Add courses" not in text(page)


def test_a_student_is_added_and_a_possible_double_is_shown(
    browser: Browser, client: Client, ada: int
):
    form = form_to(browser.get("/students/new"), "/new")
    form["family_name"], form["given_name"], form["max_credits"] = "lovelace", "ADA", "7.5"

    page = form.submit(status=303).follow()

    assert "The student is added." in text(page)
    assert "The same person may be here already: Lovelace, Ada 2024-0117" in text(page)
    assert client.get(f"/v1/students/{ada + 1}").json["max_credits"] == 7.5


def test_every_fault_of_a_record_is_beside_its_field(browser: Browser, client: Client, ada: int):
    form = form_to(browser.get("/students/new"), "/new")
    form["family_name"], form["number"], form["email"] = "Turing", "2024-0117", "no address"
    form["max_credits"] = "many"

    page = form.submit(status=422)

    wrong = {field["id"]: field.get_text() for field in page.html.find_all(class_="wrong")}
    assert set(wrong) == {"email-wrong", "max_credits-wrong"}
    assert page.html.find(id="family_name")["value"] == "Turing"
    form["email"], form["max_credits"] = "", ""
    page = form.submit(status=409)
    assert "has the number 2024-0117" in page.html.find(id="number-wrong").get_text()
    assert len(client.get("/v1/students").json["items"]) == 1


def test_who_was_slower_sees_the_record_as_it_is_now(browser: Browser, client: Client, ada: int):
    form = form_to(browser.get(f"/students/{ada}/edit"), "/edit")
    client.put_json(
        f"/v1/students/{ada}", {"family_name": "Byron", "given_name": "Ada", "number": "7"}
    )
    form["email"] = "ada@example.org"

    page = form.submit(status=412)

    said = text(page)
    assert "Someone else changed this. It was Lovelace." in said
    assert "Someone else changed this. It was 2024-0117." in said
    form_to(page, "/edit").submit(status=303)
    assert client.get(f"/v1/students/{ada}").json["email"] == "ada@example.org"


def test_the_schedule_to_print_has_nothing_but_the_record(
    browser: Browser, client: Client, ada: int
):
    client.term()
    course = client.course(code="CS101", term="2026-FALL")
    client.enroll(ada, course)

    said = text(browser.get(f"/students/{ada}/schedule?term=2026-FALL"))

    assert "Lovelace, Ada 2024-0117 Fall 2026 as of" in said
    assert "CS101" in said
