"""Every page: who sees it, its headers, its queries, and what it does with odd names."""

import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from enrollment.app import App
from enrollment.web.pages import PAGES
from tests.support.browser import Browser, form_to, text, tick
from tests.support.client import Client
from tests.support.tokens import STUDENT_TOKEN, TOKENS
from tests.support.traced import traced

ROOT = Path(__file__).parents[2]
# The pages that anyone sees, with what they need in place of a record.
PUBLIC = ("/sign-in", "/style-<digest:re:[0-9a-f]+>.css", "/icon.svg")
SHOWN = [
    page.path
    for page in PAGES
    if page.method == "GET"
    and page.path not in PUBLIC
    and "<code" not in page.path
    and not page.download
]
FORMS = {page.path for page in PAGES if page.method == "POST" and not page.is_public}
FILES = [page.path for page in PAGES if page.download]
STUDENTS_OWN = (
    "/students/1",
    "/students/1/add",
    "/students/1/schedule",
    "/students/1/courses/1/swap",
    "/courses",
    "/courses/1",
)
FOR_WRITERS = (
    "/new",
    "/edit",
    "/add",
    "/copy",
    "/import",
    "/swap",
    "/complete",
    "/remove",
    "/delete",
)
ADMINS_ONLY = ("/tokens", "/tokens/1/revoke")
ADMINS_FORMS = (*ADMINS_ONLY, "/tokens/1/link", "/students/1/remove/erase")
# A page reads little: each query of a list is one query, however long the list.
MOST_QUERIES = 10


def address(path: str) -> str:
    """The address of a page with the records of the small college."""
    return re.sub(r"<\w+:id>", "1", path)


def expected(role: str, path: str) -> int:
    """The status that a page has for a role."""
    if role == "student":
        own = path in STUDENTS_OWN
        return 303 if path == "/start" else 200 if own else 403
    if path in ADMINS_ONLY:
        return 200 if role == "admin" else 403
    return 403 if role == "reader" and path.endswith(FOR_WRITERS) else 200


def test_every_page_is_documented():
    listed = re.findall(r"`(/[\w{}/-]+)`", (ROOT / "docs/pages.md").read_text())

    paths = {re.sub(r"<\w+:id>", "{id}", path) for path in SHOWN}
    assert paths == {*listed}


@pytest.mark.parametrize("role", ["admin", "registrar", "reader", "student"])
def test_each_role_sees_its_pages(app: App, small_college: Client, role: str):
    browser = Browser(app, STUDENT_TOKEN if role == "student" else TOKENS[role])

    statuses = {
        address(path): browser.get(address(path), expect_errors=True).status_int for path in SHOWN
    }

    assert statuses == {path: expected(role, path) for path in statuses}


@pytest.mark.usefixtures("small_college")
def test_no_page_has_what_only_templates_mean(app: App):
    browser = Browser(app, TOKENS["admin"])

    # A line of a template that ends with two backslashes goes on only before one with %.
    assert [path for path in (*SHOWN, "/sign-in") if "\\" in browser.get(address(path))] == []


@pytest.mark.parametrize("path", [path for path in SHOWN if path != "/start"])
def test_no_two_boxes_of_a_form_have_one_name(app: App, small_college: Client, path: str):
    page = Browser(app, TOKENS["admin"]).get(address(path))

    for form in page.html.find_all("form"):
        names = [box["name"] for box in form.find_all("input", type="checkbox")]
        assert len(names) == len({*names})


@pytest.mark.parametrize("role", ["registrar", "reader", "student"])
def test_a_form_is_refused_to_those_whom_it_is_not_for(app: App, small_college: Client, role: str):
    browser = Browser(app, STUDENT_TOKEN if role == "student" else TOKENS[role])
    events = small_college.events()
    forms = {address(path) for path in FORMS}
    own = STUDENTS_OWN if role == "student" else ()

    for path in ADMINS_FORMS if role == "registrar" else forms.difference(own):
        browser.post(path, {"key": "1", "reason": "x", "course": "1"}, status=403)

    assert small_college.events() == events


def test_a_file_is_for_those_who_see_everyone(
    app: App, small_college: Client, subtests: pytest.Subtests
):
    browser, student = Browser(app, TOKENS["reader"]), Browser(app, STUDENT_TOKEN)
    for path in FILES:
        with subtests.test(path):
            file = browser.get(address(path))

            assert file.headers["Cache-Control"] == "no-store"
            assert file.headers["Content-Disposition"].startswith("attachment; filename=")
            assert file.headers["Content-Length"] == str(len(file.body))
            student.get(address(path), status=403)
            Browser(app, token=None).get(address(path), status=303)


def test_a_student_sees_no_one_else(app: App, small_college: Client):
    browser = Browser(app, STUDENT_TOKEN)
    for path in ("/students/2", "/students/2/add", "/students/2/schedule", "/students"):
        browser.get(path, status=403)
    browser.post("/students/2/add", {"course": "1"}, status=403)

    for path in STUDENTS_OWN:
        assert "Lovelace 3" not in browser.get(path)


def test_a_page_allows_no_script_and_is_not_kept(
    app: App, small_college: Client, subtests: pytest.Subtests
):
    browser = Browser(app, TOKENS["admin"])
    for path in SHOWN:
        with subtests.test(path):
            page = browser.get(address(path))

            assert page.headers["Content-Security-Policy"] == (
                "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
                " base-uri 'none'; frame-ancestors 'none'"
            )
            assert page.headers["Cache-Control"] == "no-store"
            assert not page.html.find_all(["script", "style"])
            assert not page.html.find_all(style=True)


def test_each_field_has_a_name_and_each_form_a_button(
    app: App, small_college: Client, subtests: pytest.Subtests
):
    browser = Browser(app, TOKENS["admin"])
    for path in SHOWN:
        with subtests.test(path):
            page = browser.get(address(path)).html

            ids = [element["id"] for element in page.find_all(id=True)]
            labels = {label["for"] for label in page.find_all("label") if label.get("for")}
            assert len(ids) == len(set(ids))
            assert [
                field
                for field in page.find_all(["input", "select", "textarea"])
                if field.get("type") != "hidden"
                and field.get("id") not in labels
                and not field.get("aria-label")
                and not field.find_parent("label")
            ] == []
            assert all(form.find("button") for form in page.find_all("form"))
            assert len(page.find_all("h1")) == 1


@pytest.mark.usefixtures("database_file")  # SQLite shows its queries.
def test_a_page_makes_few_queries_in_one_transaction(
    app: App, small_college: Client, subtests: pytest.Subtests
):
    browser = Browser(app, TOKENS["admin"])
    for _ in range(30):
        small_college.enroll(small_college.student(), 1)

    for path in SHOWN:
        with subtests.test(path):
            browser.get(address(path))

            with traced(app.database) as seen:
                browser.get(address(path))

            # The first transaction looks the session up, before a thread is chosen.
            assert [seen.count("BEGIN"), seen.count("COMMIT")] == [2, 2]
            queries = [sql for sql in seen if not re.match("BEGIN|COMMIT|--", sql)]
            assert len(queries) - 1 <= MOST_QUERIES, queries


def main_button(form: Any) -> str:
    """What the primary button of a form does."""
    (button,) = BeautifulSoup(form.text, "html.parser").select("button.main")
    return str(button["value"])


PREVIEWED = {
    "/courses/{course}/add": ("/add", {"names": "#3"}),
    "/courses/{course}/complete": ("/complete", {}),
    "/students/{student}/add": ("/add", {"course-{free}": True}),
    "/students/{student}/remove": ("/merge", {"into": "#3"}),
    "/students/{student}/courses/{course}": (
        "/correct",
        {"effective_on": "2026-09-01", "reason": "x"},
    ),
    "/students/{student}/courses/{course}/swap?q=": ("/swap", {"course": "{free}"}),
    "/terms/1": ("/enrollment", {}),
    "/terms/1/copy?from=2027-SPRING": ("/copy", {}),
    "/courses/{full}": ("/move", {"position": "1", "move_reason": "x"}),
}


@pytest.mark.parametrize("path", PREVIEWED)
def test_the_primary_button_previews_and_then_does_it(browser: Browser, client: Client, path: str):
    student, other, _ = (client.student() for _ in range(3))
    client.term()
    client.term(code="2027-SPRING", title="Spring", start_on="2999-01-01", end_on="2999-05-01")
    client.course(code="OLD", term="2027-SPRING")
    course, free, full = (
        client.course(term="2026-FALL", capacity=capacity) for capacity in (9, 9, 0)
    )
    client.enroll(student, course)
    client.enroll(other, full, waitlist=True)
    client.enroll(student, full, waitlist=True)
    ids = {"student": student, "course": course, "free": free, "full": full}
    end, fields = PREVIEWED[path]
    form = form_to(browser.get(path.format(**ids)), end)
    for name, value in fields.items():
        form[name.format(**ids)] = value.format(**ids) if isinstance(value, str) else value
    assert main_button(form) == "preview"

    page = form.submit("do", value="preview", status=200)

    assert "yet." in page.html.find(class_="good").get_text()
    assert main_button(form_to(page, end)) not in ("preview", "")


NAMES = [
    ("Zoë", "O'Neill-D’Angelo"),
    ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'),
    ("ליאור", "כהן"),
    ("Ada" * 33, "Lovelace" * 12),
    (None, "Suharto"),
    ("{{1 + 1}}", "% end"),
]


@pytest.mark.parametrize(("given", "family"), NAMES)
def test_names_are_shown_as_they_are(
    browser: Browser, client: Client, given: str | None, family: str
):
    student = client.student(given_name=given, family_name=family)
    course = client.course()
    client.enroll(student, course)
    shown = f"{family}, {given}" if given else family

    for path in (f"/students/{student}", f"/courses/{course}", f"/courses/{course}/class-list"):
        page = browser.get(path)
        assert shown in text(page)
        assert not page.html.find_all(["script", "img"])


def test_the_style_sheet_can_be_kept(browser: Browser):
    href = browser.get("/start").html.find("link", rel="stylesheet")["href"]

    style = browser.get(href)

    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert style.content_type == "text/css"


def test_a_list_of_100_courses_is_small(browser: Browser, client: Client):
    for number in range(100):
        client.course(
            code=f"C{number:03}",
            title="Art of the Twentieth Century",
            instructor="Dr Noether",
            capacity=25,
            meetings=[
                {"weekday": day, "from": "09:00", "to": "10:30", "room": "B12"} for day in (1, 3)
            ],
        )

    assert len(browser.get("/courses").body) < 60_000


def test_a_search_that_finds_one_student_opens_it(browser: Browser, client: Client, ada: int):
    client.student(family_name="Özil", given_name="Mesut")

    assert browser.get("/students?q=ada+love", status=303).location == f"/students/{ada}"
    said = text(browser.get("/students?q=özilla"))
    assert "Did you look for one of these? Özil, Mesut" in said
    assert "No student matches “xyz”" in text(browser.get("/students?q=xyz"))
    assert "No student matches “*”. Try the first letters" in text(browser.get("/students?q=*"))


def test_a_list_of_students_shows_the_credits_of_the_desk(
    browser: Browser, client: Client, ada: int
):
    for fields in ({"credits": 5}, {"credits": 3, "status": "cancelled"}):
        course = client.course(**fields | {"status": "open"})
        client.enroll(ada, course)
        client.patch_json(f"/v1/courses/{course}", fields)

    (credits,) = browser.get("/students").html.select("tbody td.number")

    assert credits.get_text() == "5"


def test_a_nul_in_an_address_is_left_out(browser: Browser, ada: int):
    assert browser.get("/students?q=love%00lace", status=303).location == f"/students/{ada}"


@pytest.mark.parametrize("q", ["412", "Mueller"])
def test_a_search_finds_what_is_written_a_little_differently(
    browser: Browser, client: Client, ada: int, q: str
):
    client.student(family_name="Müller", given_name="Jo", number="00412")

    assert "Did you look for one of these? Müller, Jo" in text(browser.get(f"/students?q={q}"))


def test_students_by_status_and_with_their_credits(browser: Browser, client: Client, ada: int):
    client.term()
    client.enroll(ada, client.course(term="2026-FALL", credits=7.5))
    client.student(family_name="Bohr", status="inactive")
    client.post_json(f"/v1/students/{ada}/holds", {"reason": "fees"}, status=201)

    assert "Lovelace, Ada 2024-0117 on hold 7.5" in text(browser.get("/students?term=2026-FALL"))
    assert "2 students" in text(browser.get("/students"))
    said = text(browser.get("/students?status=inactive"))
    assert "1 student Students Name" in said
    assert "Bohr" in said
    assert "Lovelace" not in said


def test_the_chosen_term_goes_along(browser: Browser, client: Client, ada: int):
    client.term()
    client.term(code="2027-SPRING", title="Spring 2027", start_on="2999-01-01", end_on="2999-05-01")
    start = browser.get("/start?term=2027-SPRING")

    assert start.click("Courses", index=0).html.h1.get_text() == "Courses in Spring 2027"
    students = start.click("Students")
    assert "Spring 2027" in text(students.click("Lovelace"))
    find = students.forms[1]
    find["q"] = "Lovelace"
    assert find.submit(status=303).location == f"/students/{ada}?term=2027-SPRING"


def test_a_filter_that_no_student_meets_is_named(browser: Browser, ada: int):
    assert "No student is inactive." in text(browser.get("/students?status=inactive"))


@pytest.mark.usefixtures("location")
def test_a_failure_of_the_service_is_a_page_with_a_number(browser: Browser, app: App):
    def rename(table: str, name: str) -> None:
        with app.database.write() as db:
            db.execute(f"ALTER TABLE {table} RENAME TO {name}")

    rename("hold", "lost")
    page = browser.get("/holds", status=500)
    rename("lost", "hold")

    assert page.headers["X-Request-Id"] in text(page)


def test_the_own_page_of_a_student(own_browser: Browser, client: Client, ada: int):
    """A student registers, swaps and drops, within the rules."""
    first, second = client.course(code="CS101"), client.course(code="CS102")
    client.course(code="CS103", prerequisites=[{"code": "CS999"}])
    page = own_browser.get("/start", status=303).follow().click("Add courses")
    assert "CS103 needs CS999 completed before." in text(page)
    form = form_to(page, "/add")
    tick(form, "course", first)
    page = form.submit("do", value="enroll", status=303).follow()
    assert "Enrolled in 1 course." in text(page)

    form = form_to(page.click("Add courses"), "/add")
    tick(form, "course", second)
    tick(form, "drop", first)
    page = form.submit("do", value="enroll", status=303).follow()
    assert (client.status(ada, first), client.status(ada, second)) == ("dropped", "enrolled")

    form = form_to(page, "/add")
    tick(form, "drop", second)
    form = form_to(form.submit("do", value="preview"), "/add")
    page = form.submit("do", value="enroll", status=303).follow()

    assert client.status(ada, second) == "dropped"
    assert "by registrar" not in text(page)


def test_a_student_sets_no_rule_aside(own_browser: Browser, client: Client, ada: int):
    course = client.course(prerequisites=[{"code": "CS999"}])
    fields = {"course": course, "do": "enroll", "rule": "prerequisite_missing"}

    page = own_browser.post(
        f"/students/{ada}/add", fields | {"override_reason": "I want to"}, status=403
    )

    assert "For everything else, ask the registrar." in text(page)
    assert client.events() == []


def test_the_page_of_another_student_leads_to_the_own(own_browser: Browser, client: Client):
    page = own_browser.get(f"/students/{client.student()}", status=403)

    assert "token" not in text(page)
    assert page.click("My courses", index=0).request.path == "/students/1"


def test_the_page_of_a_course_shows_a_student_how_to_go_on(
    own_browser: Browser, client: Client, ada: int
):
    course = client.course(code="CS101", capacity=1)
    page = own_browser.get(f"/courses/{course}")

    page = form_to(page, "/add").submit("do", value="preview")

    assert "This works. Nothing has been changed yet." in text(page)
    form_to(page, "/add").submit("do", value="enroll", status=303)
    assert "You are enrolled." in text(own_browser.get(f"/courses/{course}"))
    full = client.course(capacity=0)
    client.enroll(client.student(), full, waitlist=True)
    client.enroll(ada, full, waitlist=True)
    assert "You are on the waitlist, 2nd of 2." in text(own_browser.get(f"/courses/{full}"))


def test_a_student_sees_what_was_changed_but_not_by_whom(
    own_browser: Browser, client: Client, ada: int
):
    client.enroll(ada, client.course(code="CS101"))
    client.post_json(f"/v1/students/{ada}/holds", {"reason": "fees"}, status=201)

    said = text(own_browser.get(f"/students/{ada}"))

    assert "enrolled in CS101" in said
    assert "On hold since" in said
    for hidden in ("by admin", "placed by", "hold placed", "added"):
        assert hidden not in said


def test_a_student_is_offered_no_rule_to_set_aside(own_browser: Browser, client: Client, ada: int):
    course = client.course(code="CS101", prerequisites=[{"code": "CS999"}])

    page = own_browser.post(
        f"/students/{ada}/add", {"course": course, "key": "1", "do": "enroll"}, status=409
    )

    assert "CS101 needs CS999 completed before." in text(page)
    assert "Set rules aside" not in text(page)
