"""The forms of terms, courses and tokens, and the list of holds."""

import re
from typing import Any

import pytest

from enrollment.app import App
from tests.support.browser import Browser, form_to, text, tick
from tests.support.client import Client
from tests.support.tokens import TOKENS


@pytest.fixture
def admin(app: App) -> Browser:
    return Browser(app, TOKENS["admin"])


def test_a_new_database_leads_through_three_steps(browser: Browser, client: Client):
    said = text(browser.get("/start"))
    assert "Three steps to begin" in said
    form = form_to(browser.get("/start").click("Add a term"), "/new")
    form["title"], form["code"] = "Fall 2026", "2026-FALL"
    form["start_on"], form["end_on"], form["max_credits"] = "2026-08-31", "2026-12-18", "18,5"

    page = form.submit(status=303).follow()

    assert "Fall 2026 2026-FALL 31 Aug 2026 to 18 Dec 2026 at most 18.5 credits" in text(page)
    client.student()
    assert "Three steps" not in text(browser.get("/start"))


def test_the_faults_of_a_term_are_beside_its_fields(browser: Browser, client: Client):
    form = form_to(browser.get("/terms/new"), "/new")
    form["title"], form["code"] = "Fall 2026", "-"
    form["start_on"], form["end_on"] = "2026-08-31", "2026-08-30"

    page = form.submit(status=422)

    assert page.html.find(id="code-wrong")
    form["code"] = "2026-FALL"
    assert form.submit(status=422).html.find(id="end_on-wrong")
    assert client.get("/v1/terms").json["items"] == []


@pytest.mark.parametrize("kind", ["terms", "courses", "students"])
def test_a_form_that_changes_nothing_says_so(browser: Browser, client: Client, kind: str):
    client.student()
    client.course(term=client.term())
    form = form_to(browser.get(f"/{kind}/1/edit"), "/edit")

    assert "Nothing was changed: every value is as it was." in text(form.submit().follow())

    form["family_name" if kind == "students" else "title"] = "Another"
    assert "Saved." in text(form.submit().follow())


def test_a_term_is_changed_unless_someone_else_was_faster(browser: Browser, client: Client):
    client.term()
    form = form_to(browser.get("/terms/1/edit"), "/edit")
    assert form["title"].value == "Fall 2026"
    term = {"code": "2026-FALL", "start_on": "2026-08-31", "end_on": "2026-12-18"}
    client.put_json("/v1/terms/1", term | {"title": "Autumn"})
    form["title"] = "Fall term"

    page = form.submit(status=412)

    assert "Someone else changed this record" in text(page)
    note = page.html.find(id="title-wrong").get_text()
    assert note == "Someone else changed this to Autumn: save again to replace it."
    form_to(page, "/edit").submit(status=303)
    assert client.get("/v1/terms/1").json["title"] == "Fall term"


def test_a_course_is_added_and_comes_back_as_it_was(browser: Browser, client: Client):
    client.term()
    form = form_to(browser.get("/courses/new?term=2026-fall"), "/new")
    typed = {
        "code": "CS101",
        "section": "2",
        "title": "Databases",
        "instructor": "Dr Codd",
        "credits": "7.5",
        "capacity": "25",
        "meetings": "mon, Wednesday 9:00 - 10:30 B 12; from 2026-10-05; every 2 weeks\n"
        "Fri 13:00–14:00; until 2026-10-30",
        "prerequisites": "MA101, MA102 or MA103 or MA104",
        "concurrent": "LAB1",
        "corequisites": "LAB2",
        "enroll_from": "2026-08-01",
        "enroll_until": "2026-09-15",
        "drop_until": "2026-10-01",
        "counts_as": "CS100, CS99",
        "open_to": "NURSING, SENIOR",
        "early_access": "SENIOR 2026-07-25\n\n2027 2026-07-28",
    }
    for name, value in typed.items():
        form[name] = value
    form["repeatable"].checked = True

    form.submit(status=303)

    course = client.get("/v1/courses/1").json
    biweekly = {"start_on": "2026-10-05", "end_on": None, "every": 2}
    assert (course["label"], course["term"], course["repeatable"]) == ("CS101-2", "2026-FALL", True)
    assert course["meetings"] == [
        {"weekday": 1, "from": "09:00", "to": "10:30", "room": "B 12"} | biweekly,
        {"weekday": 3, "from": "09:00", "to": "10:30", "room": "B 12"} | biweekly,
        {"weekday": 5, "from": "13:00", "to": "14:00", "room": None}
        | {"start_on": None, "end_on": "2026-10-30", "every": 1},
    ]
    assert course["prerequisites"] == [
        {"code": "LAB1", "concurrent": True},
        {"code": "MA101", "concurrent": False},
        {"any_of": ["MA102", "MA103", "MA104"], "concurrent": False},
    ]
    assert course["drop_until"] == "2026-10-02T00:00:00.000Z"
    assert (course["counts_as"], course["open_to"]) == (["CS100", "CS99"], ["NURSING", "SENIOR"])
    assert course["early_access"][1]["enroll_from"] == "2026-07-28T00:00:00.000Z"
    assert course["enroll_from"] == "2026-08-01T00:00:00.000Z"
    assert course["enroll_until"] == "2026-09-16T00:00:00.000Z"
    edit = form_to(browser.get("/courses/1/edit"), "/edit")
    assert edit["meetings"].value == (
        "Mon Wed 09:00-10:30 B 12; from 2026-10-05; every 2 weeks\n"
        "Fri 13:00-14:00; until 2026-10-30"
    )
    edit.submit(status=303)
    again = client.get("/v1/courses/1").json
    changing = ("version", "updated_at")
    assert {k: v for k, v in again.items() if k not in changing} == {
        k: v for k, v in course.items() if k not in changing
    }


@pytest.mark.parametrize(
    ("noun", "path", "fields"),
    [
        ("student", "/students/new", {"family_name": "Curie"}),
        ("course", "/courses/new?term=2026-FALL", {"code": "CS101", "title": "Databases"}),
        (
            "term",
            "/terms/new",
            {"title": "T", "code": "T", "start_on": "2027-01-01", "end_on": "2027-05-01"},
        ),
    ],
)
def test_another_record_can_follow_a_new_one(
    browser: Browser, client: Client, noun: str, path: str, fields: dict[str, str]
):
    client.term()
    form = form_to(browser.get(path), "/new")
    for name, value in fields.items():
        form[name] = value
    page = form.submit(status=303).follow()
    assert f"The {noun} is added. Add another {noun}" in text(page)

    page = page.click(f"Add another {noun}")

    assert page.request.path_qs == path
    assert not any(form_to(page, "/new")[name].value for name in fields)


def test_all_times_that_are_wrong_are_shown_at_once(browser: Browser):
    focused = "main form [autofocus]"
    for path, first, wrong in (
        ("/terms/new", "title", ["enroll_from", "enroll_until", "drop_until"]),
        (
            "/courses/new",
            "code",
            ["meetings", "enroll_from", "enroll_until", "drop_until", "early_access"],
        ),
    ):
        page = browser.get(path)
        assert [field["id"] for field in page.html.select(focused)] == [first]
        form = form_to(page, "/new")
        for name in wrong:
            form[name] = "1.10.2026"

        page = form.submit(status=422)

        shown = [found["id"] for found in page.html.select("[id$=-wrong]")]
        assert shown == [f"{name}-wrong" for name in wrong]
        assert [field["id"] for field in page.html.select(focused)] == [wrong[0]]


def test_enrollments_do_not_disturb_whoever_edits_a_course(browser: Browser, client: Client):
    course = client.course(capacity=1)
    form = form_to(browser.get(f"/courses/{course}/edit"), "/edit")
    client.enroll(client.student(), course)
    form["capacity"] = "2"

    form.submit(status=303)

    assert client.get(f"/v1/courses/{course}").json["capacity"] == 2


def test_what_only_someone_else_has_changed_in_a_course_is_not_put_back(
    browser: Browser, client: Client
):
    meetings = [{"weekday": day, "from": "09:00", "to": "10:00"} for day in (1, 2)]
    meetings[1]["from"] = "08:00"
    course = client.course(code="CS101", meetings=meetings)
    mine = form_to(browser.get(f"/courses/{course}/edit"), "/edit")
    theirs = form_to(browser.get(f"/courses/{course}/edit"), "/edit")
    theirs["capacity"], theirs["status"], theirs["repeatable"] = "3", "closed", True
    theirs.submit(status=303)
    mine["title"], mine["credits"] = "Data", "many"
    page = mine.submit(status=422)
    # The version that the form has seen is still the first one.
    mine = form_to(page, "/edit")
    mine["credits"] = "5"
    page = mine.submit(status=412)

    wrong = [found["id"] for found in page.html.select("[id$=-wrong]")]
    assert wrong == ["capacity-wrong", "status-wrong"]
    assert "It was empty." in page.html.find(id="capacity-wrong").get_text()
    assert "Someone else changed this." in text(page).partition("may take it again")[2]
    form_to(page, "/edit").submit(status=303)
    course = client.get(f"/v1/courses/{course}").json
    assert (course["title"], course["credits"], course["capacity"]) == ("Data", 5, 3)
    assert (course["status"], course["repeatable"]) == ("closed", True)


def test_students_whom_a_change_of_a_course_affects_are_named_before(
    browser: Browser, client: Client, ada: int
):
    meetings = [{"weekday": 1, "from": "09:00", "to": "10:00"}]
    client.term()
    course = client.course(code="CS101", term="2026-FALL", meetings=meetings)
    other = client.course(code="CS102", term="2026-FALL")
    client.enroll(ada, course)
    client.enroll(ada, other)
    form = form_to(browser.get(f"/courses/{other}/edit"), "/edit")
    form["meetings"], form["title"] = "Mon 9:30-11:00", "Nets"

    page = form.submit(status=200)

    assert "Nothing was saved yet." in text(page)
    assert "With this change, 1 student would be in the course against a rule." in text(page)
    assert "Lovelace, Ada , enrolled: CS102 meets at the same time as CS101." in text(page)
    assert client.get(f"/v1/courses/{other}").json["meetings"] == []
    assert form_to(page, "/edit")["meetings"].value == "Mon 9:30-11:00"
    page = form_to(page, "/edit").submit("confirmed", status=303).follow()
    assert "Saved." in text(page)
    form_to(page.click("Edit"), "/edit").submit(status=303)


@pytest.mark.parametrize(
    ("fields", "keeps"),
    [
        ({}, False),
        ({"meetings": [{"weekday": 1, "from": "09:00", "to": "10:00"}]}, False),
        ({"drop_until": "2026-10-01"}, True),
        (
            {"meetings": [{"weekday": 1, "from": "09:00", "to": "10:00", "end_on": "2026-11-01"}]},
            True,
        ),
    ],
    ids=["nothing", "every week", "a deadline", "a meeting with dates"],
)
def test_beside_the_term_stands_what_a_course_keeps_in_another_one(
    browser: Browser, client: Client, fields: dict[str, Any], keeps: bool
):
    course = client.course(**fields)

    said = text(browser.get(f"/courses/{course}/edit"))

    assert ("In another term, the course keeps its own times and dates." in said) == keeps


def test_courses_that_require_the_old_code_are_named_before(browser: Browser, client: Client):
    course = client.course(code="CS101")
    client.course(code="CS201", prerequisites=[{"code": "CS101"}])
    form = form_to(browser.get(f"/courses/{course}/edit"), "/edit")
    form["code"] = "CS111"

    page = form.submit(status=200)

    assert "The old code CS101 is still required by CS201: let this course count" in text(page)
    form_to(page, "/edit").submit("confirmed", status=303)
    assert client.get(f"/v1/courses/{course}").json["code"] == "CS111"


def test_a_cancelled_course_is_marked_where_students_are_still_in_it(
    browser: Browser, client: Client, ada: int
):
    client.term()
    course = client.course(term="2026-FALL")
    client.enroll(ada, course)
    form = form_to(browser.get(f"/courses/{course}/edit"), "/edit")
    form["status"] = "cancelled"

    page = form_to(form.submit(), "/edit").submit("confirmed", status=303).follow()

    assert "The course is cancelled, but 1 student is still in it." in text(page)
    assert "Databases cancelled" in text(browser.get(f"/students/{ada}?term=2026-FALL"))
    assert "Databases cancelled" in text(browser.get(f"/students/{ada}/schedule?term=2026-FALL"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "!"),
        ("credits", "many"),
        ("capacity", "-1"),
        ("capacity", "1.5"),
        ("meetings", "Mon"),
        ("meetings", "Someday 09:00-10:00"),
        ("meetings", "Mon 25:00-26:00"),
        ("meetings", "Mon 10:00-09:00"),
        ("meetings", "Mon 10:00-11:00; from 2026-02-30"),
        ("prerequisites", "MA101, MA101"),
        ("counts_as", "!"),
        ("early_access", "SENIOR"),
        ("early_access", "SENIOR soon"),
        ("early_access", "SENIOR 2026-07-25 25:00"),
        ("enroll_until", "soon"),
    ],
)
def test_a_fault_of_a_course_is_beside_its_field(
    browser: Browser, client: Client, field: str, value: str
):
    form = form_to(browser.get("/courses/new"), "/new")
    form["code"], form["title"] = "CS101", "Databases"
    form[field] = value

    page = form.submit(status=422)

    assert page.html.find(id=f"{field}-wrong")
    assert form_to(page, "/new")[field].value == value
    assert client.get("/v1/courses").json["items"] == []


def test_a_group_that_does_not_enroll_earlier_is_named_with_its_day(browser: Browser):
    form = form_to(browser.get("/courses/new"), "/new")
    form["code"], form["title"], form["enroll_from"] = "CS101", "Databases", "2026-07-20"
    form["early_access"] = "SENIOR 2026-07-25"

    said = form.submit(status=409).html.find(id="early_access-wrong").get_text()

    assert said == "SENIOR could enroll from 25 Jul 2026 on, no earlier than everyone."


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (
            ["Mon 9:00-10:00", "Someday", "Tue 9:00"],
            ["“Someday”: expected", "“Tue 9:00”: expected"],
        ),
        (["Mon Wed 9:00-10:00", "Tue Thu 12:00-10:00 B1"], ["“Tue Thu 12:00-10:00 B1”: "]),
        (["Mon Wed 9:00-10:00", "Wed 9:30-11:00"], ["“Wed 9:30-11:00”: The meeting overlaps"]),
    ],
    ids=["unreadable", "invalid", "overlapping"],
)
def test_a_fault_of_a_meeting_names_its_line(browser: Browser, lines: list[str], wrong: list[str]):
    form = form_to(browser.get("/courses/new"), "/new")
    form["code"], form["title"], form["meetings"] = "CS101", "Databases", "\n".join(lines)

    said = form.submit(status=422).html.find(id="meetings-wrong").get_text()

    assert all(text in said for text in wrong)
    assert "Mon" not in said.replace("such as Mon Wed", "")


def test_a_course_and_a_term_that_were_made_by_mistake_are_deleted(
    browser: Browser, client: Client, ada: int
):
    client.term()
    used, unused = (client.course(code=code, term="2026-FALL") for code in ("CS101", "CS102"))
    client.enroll(ada, used)

    page = browser.get(f"/courses/{used}/edit").click("Delete this course")
    page = form_to(page, "/delete").submit(status=409)
    assert "Nothing was changed. Enrollments in the course, present and past: 1." in text(page)
    form = form_to(browser.get(f"/courses/{unused}/delete"), "/delete")
    form.submit(status=303)
    # A double click does nothing twice.
    page = form.submit(status=303).follow()
    assert "The course is deleted. Courses in Fall 2026" in text(page)
    page = browser.get("/terms/1/edit").click("Delete this term")
    assert "Courses in the term: 1." in text(form_to(page, "/delete").submit(status=409))
    client.term(code="2027", start_on="2999-01-01")
    page = form_to(browser.get("/terms/2/delete"), "/delete").submit(status=303).follow()
    assert "The term is deleted." in text(page)
    assert [term["code"] for term in client.get("/v1/terms").json["items"]] == ["2026-FALL"]


def test_ticked_holds_are_released(browser: Browser, client: Client, ada: int):
    for student in (ada, client.student(family_name="Bohr")):
        client.post_json(f"/v1/students/{student}/holds", {"reason": "fees"}, status=201)
    form = form_to(browser.get("/holds"), "/holds")
    assert "Tick at least one" in text(form.submit(status=422))
    tick(form, "hold", f"{ada}-1")

    page = form.submit(status=303).follow()

    assert "Released 1 hold." in text(page)
    assert "Bohr" in text(page)
    assert "Lovelace" not in text(page)
    assert "Lovelace" in text(browser.get("/holds?show=released"))


def test_only_the_holds_that_a_form_has_released_are_counted(
    browser: Browser, client: Client, ada: int
):
    boxes = [f"{ada}-{client.hold(ada)}" for _ in range(3)]
    forms = [form_to(browser.get("/holds"), "/holds") for _ in range(3)]
    for form, ticked in zip(forms, (boxes[:2], boxes, boxes[:1]), strict=True):
        tick(form, "hold", *ticked)

    said = [text(form.submit(status=303).follow()) for form in forms]

    assert said[0].startswith("Released 2 holds. Holds")
    assert said[1].startswith("Released 1 hold. 2 holds had been released before. Holds")
    assert said[2].startswith("1 hold had been released before. Holds")


def test_a_token_is_made_once_and_its_secret_shown_once(admin: Browser, client: Client):
    form = form_to(admin.get("/tokens"), "/tokens")
    form["name"], form["role"] = "Sam Ito", "registrar"

    page = form.submit(status=200)

    secret = page.html.find(id="secret")["value"]
    Browser(admin.app, secret).get("/students", status=200)
    again = form.submit(status=303).follow()
    assert secret not in again
    assert "is not kept" in text(again)
    assert [token["name"] for token in client.get("/v1/tokens").json["items"]].count("Sam Ito") == 1


def test_a_token_of_a_student_needs_the_student(admin: Browser):
    form = form_to(admin.get("/tokens"), "/tokens")
    form["name"], form["role"] = "Ada", "student"

    page = form.submit(status=422)

    assert "needs a student" in page.html.find(id="student_id-wrong").get_text()


def test_a_token_of_a_student_is_made_by_number_and_names_the_student(admin: Browser, ada: int):
    form = form_to(admin.get("/tokens"), "/tokens")
    form["name"], form["role"], form["student_id"] = "Ada", "student", "2024-0118"
    page = form.submit(status=422)
    assert "no student has this number" in page.html.find(id="student_id-wrong").get_text()
    form["student_id"] = "2024-0117"

    page = form.submit(status=200)

    assert "It signs in as the student Lovelace, Ada 2024-0117" in text(page)
    assert "student Lovelace, Ada" in text(admin.get("/tokens"))


@pytest.mark.parametrize(
    ("typed", "stored", "shown"),
    [
        ("2999-12-31", "3000-01-01T00:00:00.000Z", "valid until 31 Dec 2999"),
        ("2999-12-31 17:00", "2999-12-31T17:00:00.000Z", "valid until 31 Dec 2999, 17:00"),
        ("", None, "valid, no end"),
    ],
)
def test_a_token_can_have_an_end(
    admin: Browser, client: Client, typed: str, stored: str | None, shown: str
):
    form = form_to(admin.get("/tokens"), "/tokens")
    form["name"], form["expires_at"] = "Temp", typed

    page = form.submit(status=200)

    assert client.get("/v1/tokens").json["items"][-1]["expires_at"] == stored
    assert ("valid until" in text(page)) == bool(stored)
    rows = admin.get("/tokens").html.find("table").find_all("tr")
    assert shown in " ".join(rows[-1].get_text(" ").split())


def test_an_end_of_a_token_that_cannot_be_meant_is_refused(admin: Browser, client: Client):
    form = form_to(admin.get("/tokens"), "/tokens")
    form["name"], form["role"], form["student_id"] = "Temp", "student", "nobody"
    tokens = client.get("/v1/tokens").json

    for typed in ("soon", "2026-02-30"):
        form["expires_at"] = typed
        page = form.submit(status=422)
        assert "Expected a day" in page.html.find(id="expires_at-wrong").get_text()
        assert page.html.find(id="student_id-wrong")
    form["role"], form["student_id"], form["expires_at"] = "reader", "", "2020-01-01"
    page = form.submit(status=422)

    said = page.html.find(id="expires_at-wrong").get_text()
    assert said.startswith("The end of the token must be later than now (")
    assert "Z" not in said
    assert client.get("/v1/tokens").json == tokens


def test_a_link_signs_in_as_the_owner_of_a_token(app: App, admin: Browser):
    page = admin.post("/tokens/2/link")

    url = page.html.find(id="url")["value"]
    assert re.fullmatch(r"http://localhost:80/sign-in/link_[0-9a-f]{48}", url)
    other = Browser(app, token=None)
    other.get(url).form.submit(status=303)
    assert "registrar" in other.get("/start").html.find(class_="who").get_text()


def test_revoking_a_token_signs_its_owner_out(admin: Browser, browser: Browser):
    browser.get("/students", status=200)

    page = admin.get("/tokens").click(description="Revoke", index=1)
    assert "Revoke the token of registrar? All who use it will be signed out" in text(page)
    browser.get("/students", status=200)
    form_to(page, "/revoke").submit(status=303)

    browser.get("/students", status=303)
    admin.post("/tokens/2/link", status=410)


def test_the_last_admin_token_is_not_revoked(admin: Browser):
    page = form_to(admin.get("/tokens/1/revoke"), "/revoke").submit(status=409)

    assert "Nothing was changed. No other admin token than that of admin is valid." in text(page)
    assert "You are signed in with it" in text(page)
    admin.get("/tokens", status=200)


def test_a_registrar_makes_a_link_for_a_student(
    app: App, browser: Browser, client: Client, ada: int
):
    form = form_to(browser.get(f"/students/{ada}"), f"/{ada}/link")
    for _ in range(2):
        url = form.submit(status=200).html.find(id="url")["value"]

    client.patch_json(f"/v1/students/{ada}", {"given_name": "Ada Byron"})
    assert "Send it to Lovelace, Ada Byron alone" in text(form.submit(status=200))
    own = Browser(app, token=None)
    own.get(url).form.submit(status=303)

    assert "Lovelace, Ada" in text(own.get(f"/students/{ada}"))
    tokens = client.get("/v1/tokens").json["items"]
    assert [(t["name"], t["created_by"]) for t in tokens if t["student_id"] == ada] == [
        ("Lovelace, Ada", "registrar #2")
    ]
