"""What the pages offer beside a refusal: nothing that is false, or that is refused again."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser import Browser, boxes, form_to, text, tick
from tests.support.client import Client

MONDAY = [{"weekday": 1, "from": "09:00", "to": "10:30"}]


def preview(browser: Browser, student: int, *, status: int = 409, **ticked: list[int]) -> Any:
    """The plan with these courses (course, wait, drop), sent by hand."""
    fields = [(name, str(id)) for name, ids in ticked.items() for id in ids]
    return browser.post(f"/students/{student}/add", [*fields, ("do", "preview")], status=status)


def offered(page: Any, name: str = "course") -> list[str]:
    """The ids in the boxes of a plan that are not ticked yet."""
    return [box._value for box in boxes(form_to(page, "/add"), name) if not box.checked]


def test_what_the_plan_drops_is_not_offered_too(own_browser: Browser, client: Client, ada: int):
    language = client.course(code="NL", section="1")
    second = client.course(code="NL", section="2")
    course = client.course(code="NA", corequisites=["NL"])
    client.enroll(ada, language)

    page = preview(own_browser, ada, course=[course], drop=[language])

    assert "NA is taken together with NL." in text(page)
    assert "Enroll in NL-1 too" not in text(page)
    # The other section takes the place of the one that is dropped.
    form = form_to(page, "/add")
    tick(form, "course", course, second)
    form.submit("do", value="enroll", status=303)
    assert [client.status(ada, id) for id in (language, second)] == ["dropped", "enrolled"]


def test_a_course_that_is_ticked_to_add_and_to_drop_is_refused(
    browser: Browser, client: Client, ada: int
):
    full, taken = client.course(code="CS101", capacity=0), client.course(code="CS102")
    client.enroll(ada, full, waitlist=True)
    client.enroll(ada, taken)
    form = form_to(browser.get(f"/students/{ada}/add"), "/add")
    tick(form, "course", full)
    tick(form, "drop", full, taken)

    page = form.submit("do", value="enroll", status=422)

    assert "Ticked both to add and to drop: CS101. Tick only one of the two." in text(page)
    form = form_to(page, "/add")
    assert [box._value for box in boxes(form, "drop") if box.checked] == [str(full), str(taken)]
    tick(form, "course")
    form.submit("do", value="enroll", status=303)
    assert [client.status(ada, id) for id in (full, taken)] == ["dropped", "dropped"]


def test_an_enrolled_course_to_add_and_to_drop_by_hand_is_refused(
    own_browser: Browser, client: Client, ada: int
):
    course = client.course(code="CS101")
    client.enroll(ada, course)

    page = preview(own_browser, ada, status=422, course=[course], drop=[course])

    assert "Ticked both to add and to drop: CS101." in text(page)


REFUSED = {
    "full": ({"capacity": 0}, "LAB1-1 has no seats."),
    "over the credit limit": (
        {"credits": 7},
        "With LAB1-1 the student takes 11 credits of at most 10.",
    ),
    "the same course as one that is taken": (
        {"counts_as": ["TAKEN"]},
        "LAB1-1 counts as the same course as TAKEN, which the student takes.",
    ),
    "passed": (
        {"counts_as": ["PASSED"]},
        "The student has completed PASSED. LAB1 counts as the same course, and is not repeatable.",
    ),
    "at the same time as the plan": (
        {"meetings": MONDAY},
        "LAB1-1 meets at the same time as BIO1.",
    ),
    "with a corequisite that is missing": (
        {"corequisites": ["BIO1", "LAB9"]},
        "LAB1-1 is taken together with LAB9.",
    ),
}


@pytest.fixture
def lecture(client: Client, ada: int) -> int:
    """A course of 4 credits that needs LAB1; the student may take 10."""
    term = client.term(max_credits=10)
    client.complete(ada, client.course(code="PASSED", term=term))
    client.enroll(ada, client.course(code="TAKEN", term=term))
    return client.course(code="BIO1", corequisites=["LAB1"], credits=4, meetings=MONDAY, term=term)


@pytest.mark.parametrize(("fields", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_student_is_offered_no_companion_that_is_refused(
    own_browser: Browser,
    browser: Browser,
    client: Client,
    ada: int,
    lecture: int,
    fields: dict[str, Any],
    reason: str,
):
    refused = client.course(code="LAB1", section="1", term="2026-FALL", **fields)
    good = client.course(code="LAB1", section="2", corequisites=["BIO1"], term="2026-FALL")

    own = preview(own_browser, ada, course=[lecture])
    page = preview(browser, ada, course=[lecture])

    assert offered(own) == [str(good)]
    # Staff can set the rule aside.
    assert offered(page) == [str(refused), str(good)]
    assert f"Enroll in LAB1-1 too {reason}" in text(page)
    # It is what the plan with both is refused for.
    assert reason in text(preview(browser, ada, course=[lecture, refused]))


def test_the_reasons_against_a_companion_are_without_the_rules_that_are_set_aside(
    browser: Browser, client: Client, ada: int, lecture: int
):
    client.course(code="LAB1", capacity=0, term="2026-FALL")

    fields = {"course": [lecture], "rule": ["course_full"]}
    page = preview(browser, ada, status=422, **fields)

    assert "Enroll in LAB1 too" in text(page)
    assert "LAB1 has no seats." not in text(page)


def test_a_student_is_offered_no_companion_of_a_course_that_is_refused_anyway(
    own_browser: Browser, client: Client, ada: int
):
    client.course(code="LAB1")
    hard = client.course(code="BIO1", corequisites=["LAB1"], prerequisites=[{"code": "BIO0"}])

    page = preview(own_browser, ada, course=[hard])

    assert "BIO1 needs BIO0 completed before." in text(page)
    assert offered(page) == []


def test_both_are_offered_only_to_students_whose_missing_course_is_there(
    browser: Browser, client: Client, ada: int
):
    term, other_term = client.term(), client.term(code="LATER")
    client.course(code="LAB1", term=term, status="closed")
    client.course(code="LAB1", term=other_term)
    seminar = client.course(code="SEM1", term=term)
    lecture = client.course(code="BIO1", corequisites=["LAB1", "SEM1"], term=term)
    bob = client.student()
    client.enroll(ada, seminar)

    form = form_to(browser.get(f"/courses/{lecture}/add"), f"/courses/{lecture}/add")
    form["names"] = f"#{ada}\n#{bob}"
    page = form.submit("do", value="preview", status=409)

    # Ada lacks LAB1 alone, which is closed in this term.
    actions = [form.action for form in page.forms.values() if form.action.startswith("/students/")]
    assert actions == [f"/students/{bob}/add"]


def no_waitlist(client: Client) -> int:
    return client.course(code="CS101", capacity=0, waitlist_capacity=0)


def full_waitlist(client: Client) -> int:
    course = client.course(code="CS101", capacity=1, waitlist_capacity=1)
    for _ in range(2):
        client.enroll(client.student(), course, waitlist=True)
    return course


FULL_WAITLISTS = {
    no_waitlist: "No seat of CS101 is free, and no one can join the waitlist.",
    full_waitlist: "No seat of CS101 is free, and the waitlist is full: 1 of 1 taken.",
}


@pytest.mark.parametrize(("make", "reason"), FULL_WAITLISTS.items())
def test_a_waitlist_without_a_place_is_not_offered(
    own_browser: Browser,
    browser: Browser,
    client: Client,
    ada: int,
    make: Callable[[Client], int],
    reason: str,
):
    course = make(client)

    own, page = (each.get(f"/students/{ada}/add") for each in (own_browser, browser))
    plans = [preview(each, ada, course=[course]) for each in (own_browser, browser)]

    for choices in (own, page):
        assert reason in text(choices)
        assert boxes(form_to(choices, "/add"), "wait") == []
    # Only staff can give a seat beyond the capacity.
    assert [len(boxes(form_to(choices, "/add"), "course")) for choices in (own, page)] == [0, 1]
    for plan in plans:
        assert "CS101" in text(plan)
        assert "waitlist instead" not in text(plan)


def test_a_student_of_another_section_can_join_the_waitlist(
    own_browser: Browser, client: Client, ada: int
):
    taken = client.course(code="CS101", section="1")
    full = client.course(code="CS101", section="2", capacity=0)
    client.enroll(ada, taken)
    form = form_to(own_browser.get(f"/students/{ada}/add"), "/add")

    tick(form, "wait", full)
    form.submit("do", value="enroll", status=303)

    assert [client.status(ada, id) for id in (taken, full)] == ["enrolled", "waitlisted"]
    # The plan offers it too.
    other = client.course(code="CS101", section="3", capacity=0)
    assert offered(preview(own_browser, ada, course=[other]), "wait") == [str(other)]


def test_a_student_changes_sections_in_one_form(own_browser: Browser, client: Client, ada: int):
    taken = client.course(code="CS101", section="1")
    free = client.course(code="CS101", section="2")
    client.enroll(ada, taken)
    form = form_to(own_browser.get(f"/students/{ada}/add"), "/add")

    tick(form, "course", free)
    tick(form, "drop", taken)
    form.submit("do", value="enroll", status=303)

    assert [client.status(ada, id) for id in (taken, free)] == ["dropped", "enrolled"]
