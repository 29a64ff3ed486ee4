"""Courses, rosters and waitlists."""

import pytest

from tests.support.browser import Browser, boxes, form_to, text, tick
from tests.support.client import Client


@pytest.fixture
def course(client: Client) -> int:
    client.term()
    return client.course(code="CS101", term="2026-FALL", capacity=1)


def page_of(browser: Browser, course: int, end: str):
    return form_to(browser.get(f"/courses/{course}"), end)


def test_the_courses_of_a_term_show_their_seats(browser: Browser, client: Client, course: int):
    client.enroll(client.student(), course)
    client.enroll(client.student(), course, waitlist=True)
    client.course(code="MA101", term="2026-FALL", capacity=25)
    client.course(code="HI101", term="2026-FALL", status="cancelled")

    said = text(browser.get("/courses?term=2026-FALL"))

    assert "CS101 Databases 1 / 1 full 1 waiting" in said
    assert "MA101 Databases 0 / 25" in said
    # Without a capacity, a number alone says nothing.
    assert "HI101 Databases cancelled 0 enrolled" in said


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("open", ["MA101"]),
        ("full", ["CS101"]),
        ("waiting", ["CS101"]),
        ("cancelled", ["HI101"]),
        ("nonsense", ["CS101", "HI101", "MA101"]),
    ],
)
def test_courses_by_their_seats(
    browser: Browser, client: Client, course: int, show: str, expected: list[str]
):
    client.enroll(client.student(), course)
    client.enroll(client.student(), course, waitlist=True)
    client.course(code="MA101", term="2026-FALL", capacity=25)
    client.course(code="HI101", term="2026-FALL", status="cancelled")

    page = browser.get(f"/courses?term=2026-FALL&show={show}")

    assert [link.get_text() for link in page.html.select("tbody a")] == expected


def test_courses_without_a_term_are_listed_and_found(browser: Browser, client: Client, course: int):
    client.course(code="OLD1")

    page = browser.get("/courses")
    assert "OLD1" not in text(page)
    form = page.forms[2]
    form["term"].select(text="without a term")
    page = form.submit()
    assert page.html.h1.get_text() == "Courses without a term"
    assert [link.get_text() for link in page.html.select("tbody a")] == ["OLD1"]
    back = page.click("OLD1").click("Courses", index=1)
    assert back.html.h1.get_text() == "Courses without a term"
    page = browser.get("/courses?term=2026-FALL&q=old")
    assert "No course matches. In other terms: OLD1 Databases without a term" in text(page)


def test_a_long_list_has_pages(browser: Browser, client: Client):
    for number in range(101):
        client.course(code=f"C{number:03}")

    first = browser.get("/courses")
    second = first.click("Next page")

    assert len(first.html.select("tbody tr")) == 100
    assert "101 courses" in text(first)
    assert "101 courses" in text(second)
    assert [link.get_text() for link in second.html.select("tbody a")] == ["C100"]
    browser.get("/courses?after=nonsense", status=404)


def test_a_course_shows_its_roster_by_name_and_its_waitlist_in_order(
    browser: Browser, client: Client, course: int
):
    client.enroll(client.student(family_name="Zuse", given_name=None), course)
    client.enroll(client.student(family_name="Özil", given_name="Ada"), course, waitlist=True)
    client.enroll(client.student(family_name="Abel", given_name="Bo"), course, waitlist=True)

    said = text(browser.get(f"/courses/{course}"))

    assert "1 student enrolled" in said
    assert "1st Özil, Ada" in said
    assert "2nd Abel, Bo" in said


def test_a_course_shows_what_it_needs_and_which_codes_no_course_has(
    browser: Browser, own_browser: Browser, client: Client, course: int
):
    client.course(code="MA101")
    client.course(code="CS110", counts_as=["CS100"])
    form = form_to(browser.get(f"/courses/{course}/edit"), "/edit")
    form["prerequisites"] = "ma101, CS100, CS-10l or MA101, CS-10l or CS-20l"
    form["concurrent"], form["corequisites"] = "CS110", "LAB1"

    page = form.submit(status=303).follow()

    needs = (
        "Needs CS100 CS110 (or taken with it) ma101"
        " CS-10l or MA101 no course has the code CS-10l"
        " CS-10l or CS-20l no course has the code CS-10l no course has the code CS-20l"
        " together with LAB1 no course has the code LAB1"
    )
    assert f"{needs} Students drop until 18 Dec 2999 As it was on" in text(page)
    assert needs in text(own_browser.get(f"/courses/{course}"))


def test_a_course_shows_its_own_times_else_those_of_the_term(browser: Browser, client: Client):
    client.term(enroll_from="2026-08-01", enroll_until="2999-08-31", drop_until="2999-09-01")
    course = client.course(
        term="2026-FALL", enroll_until="2999-08-30T12:00:00Z", drop_until="2999-10-01"
    )

    said = text(browser.get(f"/courses/{course}"))

    assert "Enrollment from 1 Aug 2026 until 30 Aug 2999, 12:00 Students drop" in said
    assert "Students drop until 1 Oct 2999" in said
    assert "from 1 Aug 2026 until 31 Aug 2999" in text(browser.get("/terms/1"))


def test_a_course_at_an_earlier_time_has_no_buttons(browser: Browser, client: Client, course: int):
    client.enroll(client.student(), course, effective_at="2026-09-10T09:00:00Z")

    page = browser.get(f"/courses/{course}?as_of=2026-09-09&known_at=")

    assert "As it was on 9 Sep 2026, 23:59, as known today" in text(page)
    assert "0 students enrolled" in text(page)
    assert "Add students" not in text(page)
    assert "1 student enrolled" in text(browser.get(f"/courses/{course}?as_of=2026-09-10"))
    browser.get(f"/courses/{course}?as_of=nonsense", status=422)


def test_the_class_list_of_an_earlier_time_is_that_of_the_page(
    browser: Browser, client: Client, course: int
):
    student = client.student(family_name="Abel")
    client.enroll(student, course, effective_at="2026-09-10T09:00:00Z")
    client.put_status(student, course, "dropped")

    page = browser.get(f"/courses/{course}?as_of=2026-09-11").click("Class list to print")

    said = text(page)
    assert "1 enrolled as of 11 Sep 2026, 23:59" in said
    assert "Abel" in said
    assert "Abel" not in text(browser.get(f"/courses/{course}").click("Class list to print"))


def test_ticked_students_are_dropped_and_the_first_who_waits_moves_up(
    browser: Browser, client: Client, course: int
):
    first, second = client.student(), client.student(family_name="Ito")
    client.enroll(first, course)
    client.enroll(second, course, waitlist=True)
    form = page_of(browser, course, "/drop")
    tick(form, "student", first)
    form["reason"] = "never came"

    page = form.submit(status=303).follow()

    assert "Dropped 1 student. Ito, Ada got a seat in CS101 from the waitlist." in text(page)
    # What someone else has written into an address is no seat.
    browser.get(f"/courses/{course}?done=saved&seat=1-{2**70}&seat=x-1&seat=9-9")
    assert (client.status(first, course), client.status(second, course)) == ("dropped", "enrolled")


def test_all_who_are_enrolled_are_ticked_at_once(browser: Browser, client: Client, course: int):
    first, second = client.student(), client.student()
    client.enroll(first, course)
    client.enroll(second, course, waitlist=True)

    page = browser.get(f"/courses/{course}").click("Tick all")

    assert [box.checked for box in boxes(form_to(page, "/drop"), "student")] == [True, False]
    page = page.click("Tick none")
    assert not any(box.checked for box in boxes(form_to(page, "/drop"), "student"))


def test_a_roster_that_has_changed_is_refused(browser: Browser, client: Client, course: int):
    first = client.student()
    client.enroll(first, course)
    form = page_of(browser, course, "/drop")
    client.enroll(client.student(), course, waitlist=True)
    tick(form, "student", first)

    page = form.submit(status=412)

    assert "The record has changed since you read it" in text(page)
    assert client.status(first, course) == "enrolled"
    form_to(page, "/drop").submit(status=303)


def test_without_a_tick_no_one_is_dropped(browser: Browser, client: Client, course: int):
    client.enroll(client.student(), course)

    assert "Tick at least one student" in text(page_of(browser, course, "/drop").submit(status=422))


def test_seats_are_given_by_hand(browser: Browser, client: Client):
    course = client.course(capacity=0, promotion="manual", code="CS101")
    students = [client.student() for _ in range(2)]
    for student in students:
        client.enroll(student, course, waitlist=True)
    client.put_json(
        f"/v1/courses/{course}",
        {"code": "CS101", "title": "Databases", "capacity": 5, "promotion": "manual"},
    )
    form = page_of(browser, course, "/promote")

    page = form.submit(status=303).follow()

    assert "1 student got a seat." in text(page)
    assert [client.status(student, course) for student in students] == ["enrolled", "waitlisted"]
    form = form_to(page, "/promote")
    form["seats"] = "none"
    assert "Expected a whole number" in text(form.submit(status=422))


def adding(browser: Browser, course: int, names: str, **fields: str):
    form = form_to(browser.get(f"/courses/{course}/add"), "/add")
    form["names"] = names
    for name, value in fields.items():
        form[name] = value
    return form


def test_students_are_added_by_number_email_or_id(browser: Browser, client: Client):
    course = client.course()
    client.student(number="2026-001")
    client.student(email="bo@example.org")
    client.student()
    form = adding(browser, course, "2026-001\u200b\r\n\r\n BO@example.org \r\n#3\r\n#3")

    page = form.submit("do", value="preview", status=200)

    assert "Nothing has been changed yet" in text(page)
    assert client.events() == []
    page = form_to(page, "/add").submit("do", value="enroll", status=303).follow()
    assert "Added 3 students." in text(page)
    assert [event[0] for event in client.events()] == [1, 2, 3]


def test_lines_that_name_no_student_or_several_are_listed(browser: Browser, client: Client):
    course = client.course()
    for _ in range(2):
        client.student(email="shared@example.org")

    lines = ["1", "#9", "#01", "shared@example.org", "#1"]

    page = adding(browser, course, "\n".join(lines)).submit("do", value="enroll", status=422)

    assert [line.get_text() for line in page.html.select(".reasons li")] == [
        # That is the id of a student, and no one's number.
        "1: no student has this number or email",
        "#9: no student has this id",
        "#01: no student has this id",
        "shared@example.org: several students have it; write the id of one: #1, #2",
    ]
    assert form_to(page, "/add")["names"].value.split() == lines
    assert client.events() == []


def test_all_or_none_and_each_one(browser: Browser, client: Client, course: int):
    client.student(family_name="Abel")
    client.student(family_name="Bohr")

    page = adding(browser, course, "#1\n#2").submit("do", value="enroll", status=409)
    assert "Bohr, Ada No seat of CS101 is free: 1 of 1 taken." in text(page)
    assert client.events() == []

    page = adding(browser, course, "#1\n#2", mode="each").submit("do", value="enroll", status=303)
    page = page.follow()
    assert "Added 1 student. Not added: 1. They are below; a preview shows why." in text(page)
    assert form_to(page, "/add")["names"].value == "#2"
    page = form_to(page, "/add").submit("do", value="preview", status=200)
    assert "Bohr, Ada No seat of CS101 is free: 1 of 1 taken." in text(page)
    form = adding(browser, course, "#2", waitlist="1")
    page = form.submit("do", value="enroll", status=303).follow()
    assert page.html.select_one(".good").get_text().strip() == "1 student joined the waitlist."
    assert client.status(2, course) == "waitlisted"


def test_a_student_without_a_corequisite_is_offered_both_courses(browser: Browser, client: Client):
    lecture = client.course(code="BIO1", corequisites=["LAB1"])
    lab = client.course(code="LAB1", corequisites=["BIO1"])
    student = client.student()
    page = adding(browser, lecture, "#1").submit("do", value="enroll", status=409)

    page = form_to(page, f"/students/{student}/add").submit("do", value="preview", status=409)

    form = form_to(page, "/add")
    tick(form, "course", lecture, lab)
    form.submit("do", value="enroll", status=303)
    assert [client.status(student, id) for id in (lecture, lab)] == ["enrolled", "enrolled"]


def test_a_seat_beyond_the_capacity_is_given_with_a_reason(
    browser: Browser, client: Client, course: int
):
    client.enroll(client.student(), course)
    client.student()

    form = form_to(adding(browser, course, "#2").submit("do", value="enroll", status=409), "/add")
    tick(form, "rule", "course_full")
    page = form.submit("do", value="enroll", status=422)
    assert page.html.find(id="why-wrong").get_text() == "Give a reason."
    form = form_to(page, "/add")
    form["override_reason"] = "a wheelchair"
    form.submit("do", value="enroll", status=303)

    event = client.get("/v1/events").json["items"][-1]
    assert (event["overridden"], event["reason"]) == (["course_full"], "a wheelchair")


def test_a_pasted_email_is_found_in_any_form_of_unicode(browser: Browser, client: Client):
    client.student(email="m\u00fcller@example.org")

    page = adding(browser, client.course(), "mu\u0308ller@example.org").submit("do", value="enroll")

    assert page.location.endswith("done=added_students&n=1")


@pytest.mark.parametrize(
    "names", ["", " \n ", "\n".join(map(str, range(1001)))], ids=["none", "blank", "many"]
)
def test_too_few_or_too_many_lines_are_refused(browser: Browser, client: Client, names: str):
    page = adding(browser, client.course(), names).submit("do", value="enroll", status=422)

    assert "Expected 1 to 1000 numbers" in text(page)


def test_the_class_list_has_a_line_for_each_signature(
    browser: Browser, client: Client, course: int
):
    client.enroll(client.student(family_name="Abel", given_name="Bo", number="7"), course)
    client.enroll(client.student(), course, waitlist=True)

    page = browser.get(f"/courses/{course}/class-list")

    assert [cell.get_text() for cell in page.html.select("tbody tr > *")] == [
        "1",
        "7",
        "Abel, Bo",
        "",
    ]


def test_the_pages_of_a_large_course_show_every_student(browser: Browser, client: Client):
    course = client.course()
    # The one who has left comes first by name, and takes no one's place.
    left = client.student(family_name="Aa", number="left")
    items = [{"given_name": "Ada", "family_name": f"Bohr {n}"} for n in range(1001)]
    for part in (items[:1000], items[1000:]):
        client.post_json("/v1/students/batch", {"items": part}, status=201)
    client.enroll(left, course)
    client.put_status(left, course, "dropped")
    students = [{"student_id": left + n} for n in range(1, 1002)]
    client.post_json(f"/v1/courses/{course}/students", {"students": students}, status=201)

    page, listed, form = (
        browser.get(f"/courses/{course}{path}").text for path in ("", "/class-list", "/complete")
    )

    # To parse the pages would take most of the time of the test.
    assert "1001 enrolled" in page
    assert "1001 students enrolled" in page
    assert "Dropped <small>1</small>" in page
    assert page.count('name="student-') == listed.count("<tr><td") == 1001
    assert form.count('name="listed"') == 1001


def test_the_class_list_of_an_empty_course_says_so(browser: Browser, course: int):
    page = browser.get(f"/courses/{course}/class-list")

    assert "No one is enrolled." in text(page)
    assert page.html.table is None


@pytest.fixture
def manual(client: Client) -> int:
    """A course with two free seats. The first of the three students who wait for it is on hold."""
    fields = {"code": "CS101", "title": "Databases", "promotion": "manual"}
    course = client.course(**fields, capacity=0)
    for family_name in ("Abel", "Bohr", "Curie"):
        client.enroll(client.student(family_name=family_name), course, waitlist=True)
    client.post_json("/v1/students/1/holds", {"reason": "fees"}, status=201)
    client.put_json(f"/v1/courses/{course}", {**fields, "capacity": 2})
    return course


def test_a_seat_is_given_to_a_named_student(browser: Browser, client: Client, manual: int):
    form = page_of(browser, manual, "/promote")
    form["promoted"] = "3"

    page = form.submit(status=303).follow()

    assert "1 student got a seat." in text(page)
    assert [client.status(student, manual) for student in (1, 2, 3)] == [
        "waitlisted",
        "waitlisted",
        "enrolled",
    ]


def test_a_seat_is_given_against_a_rule_with_a_reason(
    browser: Browser, client: Client, manual: int
):
    form = page_of(browser, manual, "/promote")
    form["promoted"] = "1"

    page = form.submit(status=409)

    assert "The student is on hold: fees Set rules aside The student is on hold" in text(page)
    # The API would note that the student was skipped; the page has changed nothing.
    assert len(client.events()) == 3
    form = form_to(page, "/promote")
    assert form["promoted"].value == "1"
    tick(form, "rule", "student_on_hold")
    page = form.submit(status=422)
    form = form_to(page, "/promote")
    assert form["rule-student_on_hold"].checked
    assert page.html.find(id="why-wrong").get_text() == "Give a reason."
    form["override_reason"] = "pays tomorrow"
    form.submit(status=303)
    event = client.get("/v1/events").json["items"][-1]
    assert (event["overridden"], event["reason"]) == (["student_on_hold"], "pays tomorrow")


def test_whoever_cannot_be_enrolled_is_skipped_if_others_can(
    browser: Browser, client: Client, manual: int
):
    form = page_of(browser, manual, "/promote")
    form["seats"] = "1"

    page = form.submit(status=303).follow()

    assert "1 student got a seat." in text(page)
    assert client.status(2, manual) == "enrolled"
    assert "skipped: The student is on hold: " in text(page)
