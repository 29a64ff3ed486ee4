"""Adding courses: every reason why not, previews, overrides, swaps and races."""

import pytest

from enrollment.app import App
from tests.support.browser import Browser, boxes, form_to, text, tick
from tests.support.client import Client

MONDAY = [{"weekday": 1, "from": "09:00", "to": "10:30"}]


def choices(browser: Browser, student: int, **query: str):
    return form_to(browser.get(f"/students/{student}/add", query), "/add")


def row(page, label: str):
    """The row of a course."""
    link = page.html.find("table").find("a", string=label)
    return link.find_parent("tr")


def test_a_course_is_added(browser: Browser, client: Client, ada: int):
    course = client.course(code="CS101")
    form = choices(browser, ada)
    tick(form, "course", course)

    page = form.submit("do", value="enroll", status=303).follow()

    assert "Enrolled in 1 course." in text(page)
    assert client.status(ada, course) == "enrolled"


def test_a_double_click_enrolls_once(browser: Browser, client: Client, ada: int):
    form = choices(browser, ada) if client.course() else None
    tick(form, "course", 1)

    first = form.submit("do", value="enroll", status=303)
    second = form.submit("do", value="enroll", status=303)

    assert first.location == second.location
    assert len(client.events()) == 1


def test_each_course_shows_every_reason_why_not(browser: Browser, client: Client, ada: int):
    client.term(max_credits=10)
    taken = client.course(code="MA101", term="2026-FALL", credits=5, meetings=MONDAY)
    client.enroll(ada, taken)
    client.course(
        code="CS102",
        term="2026-FALL",
        credits=7.5,
        meetings=MONDAY,
        capacity=0,
        prerequisites=[{"code": "CS101"}],
    )
    client.course(code="HI101", term="2026-FALL", credits=3)

    page = browser.get(f"/students/{ada}/add?term=2026-FALL")

    reasons = [item.get_text() for item in row(page, "CS102").find_all("li")]
    assert reasons == [
        "CS102 needs CS101 completed before.",
        "CS102 meets at the same time as MA101.",
        "With CS102 the student takes 12.5 credits of at most 10.",
        "CS102 has no seats.",
    ]
    assert "enrolled" in row(page, "MA101").get_text()
    assert not row(page, "MA101").find("input")
    assert not row(page, "HI101").find("li")


def test_a_window_is_shown_by_its_days(browser: Browser, client: Client, ada: int):
    client.course(code="CS101", enroll_until="2026-11-01")
    client.course(code="CS102", enroll_until="2026-11-01T09:30:00Z")
    client.course(code="CS103", enroll_from="2099-02-01")

    said = text(browser.get(f"/students/{ada}/add"))

    assert "Enrollment in CS101 closed on 1 Nov 2026." in said
    assert "Enrollment in CS102 closed at 1 Nov 2026, 09:30." in said
    assert "Enrollment in CS103 opens on 1 Feb 2099." in said


def test_courses_are_found_by_their_words(browser: Browser, client: Client, ada: int):
    client.course(code="CS101", title="Databases", instructor="Dr Codd")
    client.course(code="MA101", title="Algebra")

    said = text(browser.get(f"/students/{ada}/add?q=codd"))

    assert "CS101" in said
    assert "MA101" not in said
    assert "No course matches “zzz”" in text(browser.get(f"/students/{ada}/add?q=zzz"))


def test_a_preview_changes_nothing_and_shows_who_moves_up(
    browser: Browser, client: Client, ada: int
):
    left, wanted = client.course(code="CS101", capacity=1), client.course(code="CS201", credits=3)
    client.enroll(ada, left)
    client.enroll(client.student(family_name="Ito", given_name="Sam"), left, waitlist=True)
    form = choices(browser, ada)
    tick(form, "course", wanted)
    tick(form, "drop", left)

    page = form.submit("do", value="preview", status=200)

    said = text(page)
    assert "This works. Nothing has been changed yet." in said
    assert "CS201 Databases will be enrolled 3" in said
    assert "Ito, Sam gets a seat in CS101 from the waitlist." in said
    assert client.status(ada, left) == "enrolled"
    form_to(page, "/add").submit("do", value="enroll", status=303)
    assert (client.status(ada, left), client.status(ada, wanted)) == ("dropped", "enrolled")


def test_a_refusal_changes_nothing_and_its_rules_can_be_set_aside(
    browser: Browser, client: Client, ada: int
):
    free, hard = client.course(), client.course(code="CS102", prerequisites=[{"code": "CS101"}])
    form = choices(browser, ada)
    tick(form, "course", free, hard)

    page = form.submit("do", value="enroll", status=409)

    assert "CS102 needs CS101 completed before." in text(page)
    assert client.events() == []
    again = form_to(page, "/add")
    assert [box.value for box in boxes(again, "course")] == [str(free), str(hard)]
    tick(again, "rule", "prerequisite_missing")
    page = again.submit("do", value="enroll", status=422)
    assert page.html.find(id="why-wrong").get_text() == "Give a reason."
    # What was not checked for that is still shown.
    assert "CS102 needs CS101 completed before." in text(page)
    again = form_to(page, "/add")
    assert boxes(again, "rule")[0].checked
    again["override_reason"] = "studied it elsewhere"
    again.submit("do", value="enroll", status=303)
    event = client.get("/v1/events").json["items"][-1]
    assert event["overridden"] == ["prerequisite_missing"]
    assert event["reason"] == "studied it elsewhere"


def test_a_course_that_counts_as_one_that_is_taken_is_named(
    browser: Browser, client: Client, ada: int
):
    client.enroll(ada, client.course(code="MATH201"))
    course = client.course(code="STAT201", counts_as=["MATH201"])
    form = choices(browser, ada)
    why = "STAT201 counts as the same course as MATH201, which the student takes."
    assert why in row(form, "STAT201").get_text()
    tick(form, "course", course)

    page = form.submit("do", value="enroll", status=409)

    assert why in row(page, "STAT201").get_text()
    assert [box.name for box in boxes(form_to(page, "/add"), "rule")] == ["rule-another_section"]


def test_the_outcome_is_shown_after_a_hundred_old_courses(
    app: App, browser: Browser, client: Client, ada: int
):
    old = [client.course() for _ in range(101)]
    for course in old:
        client.complete(ada, course)
    wanted = client.course(code="CS101")
    form = choices(browser, ada, q="CS101")
    tick(form, "course", wanted)

    assert "CS101 Databases will be enrolled" in text(form.submit("do", value="preview"))
    page = form.submit("do", value="enroll", status=303).follow()
    assert "Enrolled in 1 course." in text(page)


def test_who_is_slower_gets_all_reasons_and_the_waitlist(
    app: App, browser: Browser, client: Client, ada: int
):
    course = client.course(code="CS101", capacity=1)
    slow, quick = choices(browser, ada), choices(Browser(app), client.student())
    for form in (slow, quick):
        tick(form, "course", course)
    quick.submit("do", value="enroll", status=303)

    page = slow.submit("do", value="enroll", status=409)

    assert "No seat of CS101 is free: 1 of 1 taken." in text(page)
    form = form_to(page, "/add")
    tick(form, "wait", course)
    page = form.submit("do", value="enroll", status=303).follow()
    assert page.html.select_one(".good").get_text().strip() == "On a waitlist, in 1st place."
    assert "waits, 1st of 1" in text(page)


def test_each_button_and_page_says_who_waits_and_who_is_enrolled(
    browser: Browser, client: Client, ada: int
):
    full, free, left = client.course(code="CS101", capacity=0), client.course(), client.course()
    client.enroll(ada, left)
    form = choices(browser, ada)
    tick(form, "wait", full)
    tick(form, "course", free)
    tick(form, "drop", left)

    page = form.submit("do", value="preview", status=200)

    acts = "Enroll in 1 course, join 1 waitlist and drop 1 course"
    assert page.html.select_one("button.main").get_text().strip() == acts
    form = form_to(page, "/add")
    page = form.submit("do", value="enroll", status=303).follow()
    done = "Enrolled in 1 course. On a waitlist, in 1st place. Dropped 1 course."
    assert page.html.select_one(".good").get_text().strip() == done
    # Who waits already is not asked again.
    assert boxes(form_to(browser.get(f"/students/{ada}/add"), "/add"), "wait") == []


def test_what_is_ticked_stays_ticked_while_courses_are_found(
    browser: Browser, client: Client, ada: int
):
    first, full = client.course(code="CS101"), client.course(code="CS102", capacity=0)
    client.course(code="MA101")
    form = choices(browser, ada)
    tick(form, "course", first)
    tick(form, "wait", full)
    form["q"] = "ma101"

    form.method = "get"
    form = form_to(form.submit(), "/add")

    assert [box.value for box in boxes(form, "course") if box.checked] == [str(first)]
    page = form.submit("do", value="preview", status=200)
    assert "CS101 Databases will be enrolled" in text(page)
    assert "CS102 Databases joins the waitlist" in text(page)
    chosen = form_to(page.click("Choose other courses"), "/add")
    assert [box.value for box in boxes(chosen, "wait") if box.checked] == [str(full)]


def test_staff_give_a_seat_beyond_the_capacity_also_to_who_waits(
    browser: Browser, client: Client, ada: int
):
    full = client.course(code="CS101", capacity=0)
    client.enroll(ada, full, waitlist=True)
    form = choices(browser, ada)
    tick(form, "course", full)

    page = form.submit("do", value="enroll", status=409)

    assert "waitlist instead" not in text(page)
    form = form_to(page, "/add")
    tick(form, "rule", "course_full")
    form["override_reason"] = "the dean agrees"
    assert "Enrolled in 1 course." in text(form.submit("do", value="enroll", status=303).follow())
    event = client.get("/v1/events").json["items"][-1]
    assert (event["to_status"], event["overridden"]) == ("enrolled", ["course_full"])


def test_a_change_meanwhile_is_shown_and_what_was_ticked_is_kept(
    browser: Browser, client: Client, ada: int
):
    course, other = client.course(), client.course(code="CS999")
    form = choices(browser, ada)
    client.enroll(ada, other)
    tick(form, "course", course)

    page = form.submit("do", value="enroll", status=412)

    assert "have changed since you opened the page" in text(page)
    assert "enrolled in CS999" in text(page)
    form_to(page, "/add").submit("do", value="enroll", status=303)
    assert (client.status(ada, course), client.status(ada, other)) == ("enrolled", "enrolled")


def test_a_course_that_the_student_has_by_now_is_not_enrolled_again(
    browser: Browser, client: Client, ada: int
):
    course = client.course(code="CS101", credits=5)
    form = choices(browser, ada)
    client.enroll(ada, course)
    tick(form, "course", course)

    page = form.submit("do", value="enroll", status=412)

    assert "is enrolled already" in row(page, "CS101").get_text()
    assert "5 now, 5 after this" in text(page)
    form = form_to(page, "/add")
    assert [button["value"] for button in page.html.select("main .send button")] == ["preview"]
    said = text(form.submit("do", value="preview"))
    assert "Nothing would be changed: this is on record already." in said
    form["effective_on"] = "2026-09-01"
    done = text(form.submit("do", value="enroll", status=303).follow())
    assert "Nothing was changed: this is on record already." in done
    assert "Enrolled in" not in done


def test_only_what_has_changed_is_counted(browser: Browser, client: Client, ada: int):
    client.enroll(ada, client.course(capacity=0), waitlist=True)
    client.enroll(ada, client.course())
    client.course()
    page = browser.get(f"/students/{ada}/add?course=1&course=2&course=3&wait=1")
    form = form_to(page, "/add")
    fields = [("key", form["key"].value), ("seen", form["seen"].value), ("wait", "1")]
    fields += [("course", "2"), ("course", "3")]

    preview = browser.post(f"/students/{ada}/add", [*fields, ("do", "preview")])
    done = browser.post(f"/students/{ada}/add", [*fields, ("do", "enroll")], status=303)

    assert "is on the waitlist already" in text(preview)
    assert preview.html.select_one("main .send button").get_text() == "Enroll in 1 course"
    assert "Enrolled in 1 course." in text(done.follow())
    assert "On a waitlist" not in text(done.follow())


def test_a_place_on_a_waitlist_is_kept(browser: Browser, client: Client, ada: int):
    full, free = client.course(capacity=0), client.course()
    client.enroll(ada, full, waitlist=True)
    form = choices(browser, ada)
    tick(form, "course", free)

    form.submit("do", value="enroll", status=303)

    assert (client.status(ada, full), client.status(ada, free)) == ("waitlisted", "enrolled")


def test_what_a_kept_course_loses_is_shown_beside_it(browser: Browser, client: Client, ada: int):
    lab = client.course(code="LAB1")
    course = client.course(code="CS101", corequisites=["LAB1"])
    client.want(ada, [lab, course])
    form = choices(browser, ada)
    tick(form, "drop", lab)

    page = form.submit("do", value="enroll", status=409)

    assert "CS101 is taken together with LAB1." in row(page, "CS101").get_text()
    assert client.status(ada, lab) == "enrolled"
    form = form_to(page, "/add")
    assert "0 after this" in text(page)
    assert form.html.find("button", class_="main").get_text() == "Drop 2 courses"
    form.submit("do", value="enroll", status=303)
    assert [client.status(ada, id) for id in (lab, course)] == ["dropped", "dropped"]


def test_a_course_that_is_missing_beside_another_can_be_enrolled_in_too(
    own_browser: Browser, client: Client, ada: int
):
    term, other_term = client.term(), client.term(code="LATER")
    lecture = client.course(code="BIO1", corequisites=["LAB1"], term=term)
    labs = [
        client.course(code="LAB1", corequisites=["BIO1"], section=section, term=term)
        for section in ("01", "02")
    ]
    equal = client.course(code="LAB2", counts_as=["lab1"], term=term)
    client.course(code="LAB1", status="cancelled", term=term)
    client.course(code="LAB1", term=other_term)
    form = form_to(own_browser.get(f"/courses/{lecture}"), "/add")

    page = form.submit("do", value="preview", status=409)

    assert "BIO1 is taken together with LAB1." in row(page, "BIO1").get_text()
    for label in ("LAB1-01", "LAB1-02", "LAB2"):
        assert f"Enroll in {label} too" in row(page, "BIO1").get_text()
    form = form_to(page, "/add")
    offered = [str(id) for id in (lecture, *labs, equal)]
    assert [box._value for box in boxes(form, "course")] == offered
    tick(form, "course", lecture, labs[1])
    page = form.submit("do", value="preview")
    assert "Enroll in 2 courses" in text(page)
    form_to(page, "/add").submit("do", value="enroll", status=303)
    assert [client.status(ada, id) for id in (lecture, labs[1])] == ["enrolled", "enrolled"]


def test_a_course_is_dropped_with_another_only_if_it_is_ticked_beside_courses_to_add(
    browser: Browser, client: Client, ada: int
):
    lab, new = client.course(code="LAB1"), client.course()
    course = client.course(code="CS101", corequisites=["LAB1"])
    client.want(ada, [lab, course])
    form = choices(browser, ada)
    tick(form, "drop", lab)
    tick(form, "course", new)
    page = form.submit("do", value="enroll", status=409)
    form = form_to(page, "/add")
    assert [box.checked for box in boxes(form, "drop")] == [True, False]
    assert "Drop CS101 too" in text(page)
    tick(form, "drop", lab, course)

    form.submit("do", value="enroll", status=303)

    assert [client.status(ada, id) for id in (lab, course, new)] == [
        "dropped",
        "dropped",
        "enrolled",
    ]


def test_a_student_drops_courses_that_are_taken_together(
    own_browser: Browser, client: Client, ada: int
):
    client.term()
    lab, course = (
        client.course(code=code, corequisites=[other], term="2026-FALL")
        for code, other in (("LAB1", "CS101"), ("CS101", "LAB1"))
    )
    client.want(ada, [lab, course])
    form = form_to(own_browser.get(f"/students/{ada}?term=2026-FALL"), "/add")
    tick(form, "drop", lab)

    page = form.submit("do", value="preview", status=409)

    assert "Drop CS101 too" in text(page)
    form_to(page, "/add").submit("do", value="enroll", status=303)
    assert [client.status(ada, id) for id in (lab, course)] == ["dropped", "dropped"]


def test_a_student_is_not_offered_to_drop_a_course_after_its_deadline(
    own_browser: Browser, client: Client, ada: int
):
    lab = client.course(code="LAB1")
    course = client.course(code="CS101", corequisites=["LAB1"], drop_until="2026-10-02")
    client.want(ada, [lab, course])
    form = form_to(own_browser.get(f"/students/{ada}"), "/add")
    tick(form, "drop", lab)

    page = form.submit("do", value="preview", status=409)

    assert "CS101 is taken together with LAB1." in text(page)
    assert "CS101 could be dropped until 2 Oct 2026; now ask the registrar." in text(page)
    assert "Drop CS101 too" not in text(page)
    # What would only be refused again is not offered.
    assert not page.html.select('button[value="enroll"]')


def test_enrolling_since_an_earlier_day(browser: Browser, client: Client, ada: int):
    form = choices(browser, ada) if client.course() else None
    tick(form, "course", 1)
    form = form_to(form.submit("do", value="preview"), "/add")
    form["effective_on"] = "2026-09-01"

    form.submit("do", value="enroll", status=303)

    event = client.get("/v1/events").json["items"][0]
    assert event["effective_at"] == "2026-09-01T23:59:59.999Z"


def test_without_a_tick_the_page_says_so(browser: Browser, client: Client, ada: int):
    client.course()

    page = choices(browser, ada).submit("do", value="enroll", status=422)

    assert "Tick at least one course first." in text(page)


@pytest.mark.parametrize("id", ["0", "-1", "x", "99999999999999999999", "²"])
def test_an_id_that_no_course_has_changes_nothing(
    browser: Browser, client: Client, ada: int, id: str
):
    form = choices(browser, ada) if client.course() else None
    fields = [("key", form["key"].value), ("course", id), ("do", "enroll")]

    answer = browser.post(f"/students/{ada}/add", fields, expect_errors=True)

    assert 400 <= answer.status_int < 500
    assert client.events() == []
