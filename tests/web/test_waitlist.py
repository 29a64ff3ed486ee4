"""Waitlists on the pages: moves, and swaps of one course for another."""

import pytest

from tests.support.browser import Browser, form_to, text, tick
from tests.support.client import Client

MONDAY = [{"weekday": 1, "from": "09:00", "to": "10:00"}]


@pytest.fixture
def course(client: Client) -> int:
    """A course with one seat, which is taken."""
    course = client.course(code="CS101", capacity=1)
    client.enroll(client.student(), course)
    return course


@pytest.fixture
def waiting(client: Client, ada: int, course: int) -> list[int]:
    """Three students on its waitlist; the last is Ada."""
    students = [client.student(), client.student(), ada]
    for student in students:
        client.enroll(student, course, waitlist=True)
    return students


def order(client: Client, course: int) -> list[int]:
    path = f"/v1/courses/{course}/students?status=waitlisted"
    return [item["student_id"] for item in client.get(path).json["items"]]


def fill(browser: Browser, path: str, **fields: str | int):
    form = form_to(browser.get(path), f"{path}/move")
    for name, value in fields.items():
        form[name] = str(value)
    return form


@pytest.mark.parametrize("page", ["student", "course"])
def test_a_student_is_moved_on_a_waitlist(
    browser: Browser, client: Client, course: int, waiting: list[int], page: str
):
    ada = waiting[-1]
    path, moved = (f"/students/{ada}", course) if page == "student" else (f"/courses/{course}", ada)
    form = fill(browser, path, moved=moved, position=1, move_reason="needs it to graduate")

    preview = form.submit("do", value="preview")
    assert "The student would be in 1st place." in text(preview)
    assert order(client, course) == waiting
    form = form_to(preview, f"{path}/move")
    assert (form["position"].value, form["move_reason"].value) == ("1", "needs it to graduate")
    said = text(form.submit("do", value="move", status=303).follow())

    assert "The student is moved on the waitlist." in said
    assert "moved to 1st place on the waitlist" in said
    assert "“needs it to graduate”" in said
    assert order(client, course) == [ada, *waiting[:2]]
    # A double click.
    form.submit("do", value="move", status=303)
    assert sum(event[2:] == ("waitlisted", "waitlisted") for event in client.events()) == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [("/students/{}", "Choose a course first."), ("/courses/{}", "Choose a student first.")],
)
def test_a_move_of_no_one_says_what_to_choose(
    browser: Browser, course: int, waiting: list[int], path: str, said: str
):
    path = path.format(waiting[-1] if "students" in path else course)
    form = fill(browser, path, position=1, move_reason="so be it")
    form["moved"].force_value("")

    assert said in text(form.submit("do", value="move", status=422))


def test_a_move_without_a_reason_or_to_no_place_is_refused_beside_the_field(
    browser: Browser, client: Client, course: int, waiting: list[int]
):
    path = f"/courses/{course}"
    page = fill(browser, path, moved=waiting[2], position=4, move_reason="so be it").submit(
        "do", value="move", status=409
    )
    assert "has no position 4: it ends at 3." in page.html.find(id="position-wrong").get_text()
    form = form_to(page, "/move")
    assert (form["moved"].value, form["move_reason"].value) == (str(waiting[2]), "so be it")
    form["position"], form["move_reason"] = "first", ""
    page = form.submit("do", value="move", status=422)
    assert page.html.find(id="position-wrong")
    assert page.html.find(id="move_reason-wrong")
    assert order(client, course) == waiting


def test_a_move_on_a_waitlist_that_has_changed_is_refused(
    browser: Browser, client: Client, course: int, waiting: list[int]
):
    path = f"/courses/{course}"
    form = fill(browser, path, moved=waiting[2], position=1, move_reason="so be it")
    client.delete(f"/v1/students/{waiting[0]}/courses/{course}", status=204)

    page = form.submit("do", value="move", status=412)

    assert "The record has changed since you read it" in text(page)
    assert order(client, course) == waiting[1:]
    form_to(page, "/move").submit("do", value="move", status=303)
    assert order(client, course) == waiting[:0:-1]


@pytest.fixture
def section(client: Client, ada: int, course: int) -> int:
    """Another course at the same time, which Ada takes."""
    section = client.course(code="CS101", section="2", meetings=MONDAY)
    client.enroll(ada, section)
    return section


def swapping(browser: Browser, student: int, course: int, chosen: int):
    page = browser.get(f"/students/{student}").click("Swap")
    form = form_to(page, f"/students/{student}/courses/{course}/swap")
    form["course"] = str(chosen)
    return form


@pytest.mark.usefixtures("location")
@pytest.mark.parametrize("who", ["browser", "own_browser"])
def test_a_student_waits_and_keeps_the_other_course(
    request: pytest.FixtureRequest, client: Client, ada: int, course: int, section: int, who: str
):
    browser = request.getfixturevalue(who)
    form = swapping(browser, ada, section, course)

    preview = form.submit("do", value="preview")
    assert "would be 1st on the waitlist, and keep CS101-2 until a seat is free." in text(preview)
    assert client.status(ada, section) == "enrolled"
    form = form_to(preview, "/swap")
    page = form.submit("do", value="swap", status=303).follow()

    assert "The other course stays until a seat is free." in text(page)
    assert "waits, 1st of 1 instead of CS101-2" in text(page)
    assert "joined the waitlist of CS101 instead of CS101-2" in text(page)
    item = client.get(f"/v1/students/{ada}/courses/{course}").json
    assert (item["status"], item["instead_of"]) == ("waitlisted", section)
    assert "Lovelace, Ada instead of CS101-2" in text(
        Browser(browser.app).get(f"/courses/{course}")
    )
    before = client.events()
    # A double click.
    form.submit("do", value="swap", status=303)
    assert client.events() == before


def test_a_course_with_a_free_seat_is_swapped_at_once(
    own_browser: Browser, client: Client, ada: int, section: int
):
    free = client.course(code="CS101", section="3", meetings=MONDAY)
    form = swapping(own_browser, ada, section, free)
    preview = form.submit("do", value="preview")
    assert "CS101-2 would be dropped, and the new course taken at once." in text(preview)

    page = form.submit("do", value="swap", status=303).follow()

    assert "The swap is done" in text(page)
    assert (client.status(ada, section), client.status(ada, free)) == ("dropped", "enrolled")


def test_a_swap_of_the_only_section_begins_with_all_courses(
    browser: Browser, client: Client, ada: int
):
    only = client.course(code="CS101")
    client.enroll(ada, only)
    client.course(code="CS201")
    path = f"/students/{ada}/courses/{only}/swap"

    page = browser.get(path)

    assert "CS201" in text(page)
    assert "matches" not in text(page)
    assert page.html.find(id="find")["value"] == ""
    assert "No other course matches “CS101”." in text(browser.get(f"{path}?q=CS101"))


def test_a_swap_against_a_rule_shows_the_reason_and_sets_it_aside(
    browser: Browser, client: Client, ada: int, section: int
):
    needing = client.course(code="CS201", prerequisites=[{"code": "CS100"}])
    page = browser.get(f"/students/{ada}/courses/{section}/swap")
    assert "CS201" not in text(page)
    form = form_to(page.click("Show all courses of the term"), "/swap")
    form["course"] = str(needing)

    page = form.submit("do", value="swap", status=409)

    assert "CS201 needs CS100 completed before." in text(page)
    assert client.status(ada, section) == "enrolled"
    form = form_to(page, "/swap")
    assert form["course"].value == str(needing)
    tick(form, "rule", "prerequisite_missing")
    form["override_reason"] = "studied it elsewhere"
    form.submit("do", value="swap", status=303)
    assert (client.status(ada, section), client.status(ada, needing)) == ("dropped", "enrolled")
    assert client.get("/v1/events").json["items"][-1]["reason"] == "studied it elsewhere"


def test_a_student_cannot_choose_a_course_against_a_rule(
    own_browser: Browser, client: Client, ada: int, section: int
):
    needing = client.course(code="CS201", prerequisites=[{"code": "CS100"}])
    path = f"/students/{ada}/courses/{section}/swap"
    page = own_browser.get(f"{path}?q=CS201")
    assert "CS201 needs CS100 completed before." in text(page)
    assert not page.html.find("input", type="radio")

    page = own_browser.post(path, {"course": needing, "key": "1", "do": "swap"}, status=409)

    assert "Set rules aside" not in text(page)
    fields = {"course": needing, "rule": "prerequisite_missing", "override_reason": "I want to"}
    own_browser.post(path, fields, status=403)
    assert client.status(ada, section) == "enrolled"


def test_a_swap_of_courses_that_have_changed_is_refused(
    browser: Browser, client: Client, ada: int, course: int, section: int
):
    form = swapping(browser, ada, section, course)
    client.enroll(ada, client.course())

    page = form.submit("do", value="swap", status=412)

    assert "The courses of the student have changed since you opened the page." in text(page)
    assert form_to(page, "/swap")["course"].value == str(course)


def test_nothing_is_swapped_without_a_choice_or_an_enrollment(
    browser: Browser, client: Client, ada: int, course: int, section: int
):
    path = f"/students/{ada}/courses/{section}/swap"
    page = form_to(browser.get(path), "/swap").submit("do", value="swap", status=422)
    assert "Choose a course first." in text(page)
    client.put_status(ada, section, "dropped")

    page = browser.get(path)

    assert "not enrolled in CS101-2, so there is nothing to swap" in text(page)
    assert "nothing_to_swap" not in text(page)
    body = {"course": course, "key": "1", "do": "swap"}
    assert "is not enrolled" in text(browser.post(path, body, status=409))


def test_why_a_student_was_skipped_is_said_in_sentences(browser: Browser, client: Client, ada: int):
    gone, course = client.student(), client.course(code="CS101", capacity=1)
    client.enroll(gone, course)
    client.enroll(ada, course, waitlist=True)
    client.post_json(f"/v1/students/{ada}/holds", {"reason": "fees; late: two"}, status=201)
    client.patch_json(f"/v1/courses/{course}", {"prerequisites": [{"code": "CS100"}]}, status=200)
    client.put_status(gone, course, "dropped")

    why = "skipped: The student is on hold: fees; late: two CS101 needs CS100 completed before."
    for path in (f"/students/{ada}", f"/courses/{course}", "/changes"):
        assert why in text(browser.get(path))
