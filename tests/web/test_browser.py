"""A real browser: Chromium, on a real server. Every page that a story opens is checked by axe-core,
and must fit a phone.

The browser is not among the dependencies of the tests; .ci/run installs it:

    apt-get install chromium && pip install playwright && npm ci --prefix .ci
"""

import importlib.util
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Server, serving
from tests.support.tokens import STUDENT_TOKEN, TOKENS, add_student_token

AXE = Path(__file__).parents[2] / ".ci" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium")
WIDTHS = (1280, 390)
Open = Callable[[], Any]

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and AXE.exists() and importlib.util.find_spec("playwright")),
    reason="the pages need chromium, playwright and axe-core, which are not installed",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root, Chromium has no sandbox.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def new_browser(chromium: Any, server: Server) -> Iterator[Open]:
    """Opens a browser of its own, with its own cookies. Nothing may break the policy of a page."""
    complaints: list[str] = []
    contexts = []

    def open_one() -> Any:
        context = chromium.new_context(base_url=f"http://127.0.0.1:{server.port}")
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        return page

    yield open_one
    for context in contexts:
        context.close()
    # Chromium notes each refusal of the service, too.
    assert [said for said in complaints if "Content Security Policy" in said] == []


def check(page: Any) -> None:
    """Check a page by axe-core, and that it is not wider than the screen, light and dark."""
    page.evaluate(AXE.read_text())
    for width, scheme in zip(WIDTHS, ("light", "dark"), strict=True):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("axe.run()")["violations"]
        assert [(each["id"], each["nodes"][0]["target"]) for each in found] == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def sign_in(page: Any, token: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/(start|students/)"))


@pytest.fixture
def school(server: Server) -> Server:
    """A student; a course with one seat; and one that needs a course before."""
    server.post("/v1/students", {"given_name": "Ada", "family_name": "Lovelace"})
    server.post("/v1/students", {"given_name": "Sam", "family_name": "Ito"})
    server.post("/v1/courses", {"code": "CS101", "title": "Databases", "capacity": 1})
    needed = [{"code": "CS100"}]
    server.post("/v1/courses", {"code": "CS201", "title": "Networks", "prerequisites": needed})
    return server


def test_a_registrar_begins_with_the_printed_link(chromium: Any, tmp_path: Path):
    """Sign in by the link, find a student by half a name, set a rule aside, print a class list."""
    with serving(tmp_path / "new.db") as server:
        server.post("/v1/students", {"given_name": "Ada", "family_name": "Lovelace"})
        server.post("/v1/students", {"given_name": "Ada", "family_name": "Byron"})
        needed = [{"code": "CS100"}]
        server.post("/v1/courses", {"code": "CS201", "title": "Nets", "prerequisites": needed})
        (link,) = re.findall(r"http://\S+/sign-in/link_[0-9a-f]+", server.log.read_text())
        context = chromium.new_context()
        page = context.new_page()
        page.goto(link)
        check(page)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/start")
        check(page)
        page.keyboard.type("lovel")
        page.keyboard.press("Enter")
        page.wait_for_url("**/students/1")
        check(page)
        page.get_by_role("link", name="Add courses").click()
        page.wait_for_url("**/students/1/add*")
        check(page)
        page.get_by_label("CS201").check()
        page.get_by_role("button", name="Enroll in the ticked courses").click()
        page.get_by_text("CS201 needs CS100 completed before.").wait_for()
        check(page)
        page.get_by_label("A prerequisite is missing").check()
        page.get_by_label("Why").fill("studied it elsewhere")
        page.get_by_role("button", name="Enroll in 1 course").click()
        page.get_by_text("Enrolled in 1 course.").wait_for()
        check(page)
        page.get_by_role("row", name="CS201").get_by_role("link").click()
        page.wait_for_url("**/courses/1")
        check(page)
        page.get_by_role("link", name="Class list to print").click()
        page.get_by_role("row", name="Lovelace, Ada").wait_for()
        check(page)
        assert page.pdf().startswith(b"%PDF")
        page.goto(link)
        page.get_by_text("each works once").wait_for()
        check(page)
        context.close()


def test_two_browsers_take_the_last_seat_at_once(school: Server, new_browser: Open):
    pages = [new_browser(), new_browser()]
    for number, page in enumerate(pages, start=1):
        sign_in(page, TOKENS["registrar"])
        page.goto(f"/students/{number}/add")
        page.get_by_label("CS101").check()
    for page in pages:
        page.get_by_role("button", name="Enroll in the ticked courses").click()

    quick, slow = pages
    quick.get_by_text("Enrolled in 1 course.").wait_for()
    slow.get_by_text("No seat of CS101 is free: 1 of 1 are taken.").wait_for()
    check(slow)
    slow.get_by_label("Join the waitlist instead").check()
    slow.get_by_role("button", name="Enroll in 1 course").click()
    slow.get_by_text("waits, 1st of 1").wait_for()
    check(slow)


def test_a_student_registers_swaps_and_drops(
    school: Server, new_browser: Open, database_file: Path
):
    school.post("/v1/courses", {"code": "MA101", "title": "Algebra"})
    add_student_token(database_file, 1)
    page = new_browser()
    sign_in(page, STUDENT_TOKEN)
    check(page)
    page.get_by_role("link", name="Add courses").click()
    page.get_by_text("CS201 needs CS100 completed before.").wait_for()
    check(page)
    page.get_by_label("CS101").check()
    page.get_by_role("button", name="Enroll in the ticked courses").click()
    page.get_by_role("link", name="Add courses").click()
    page.get_by_label("MA101", exact=True).check()
    page.get_by_label("CS101 Databases").check()
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("This works. Nothing has been changed yet.").wait_for()
    check(page)
    page.get_by_role("button", name="Enroll in 1 course and drop 1").click()
    page.get_by_label("MA101", exact=True).check()
    page.get_by_role("button", name="Drop").click()
    page.get_by_text("Dropped 1 course.").wait_for()
    check(page)

    events = [(event["course_id"], event["to_status"]) for event in feed(school)]
    assert events == [(1, "enrolled"), (1, "dropped"), (3, "enrolled"), (3, "dropped")]


def feed(server: Server) -> list[dict[str, Any]]:
    return server.get("/v1/events").json["items"]


def test_a_form_of_another_origin_is_refused(school: Server, new_browser: Open):
    page = new_browser()
    sign_in(page, TOKENS["registrar"])
    # The name localhost is another origin than the number, and the browser sends no cookie there.
    action = f"http://127.0.0.1:{school.port}/students/1/holds"
    page.route(
        "**/evil",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method="post" action="{action}"><input name="hold_reason" value="x">'
            "<button>Win</button></form>",
        ),
    )
    page.goto(f"http://localhost:{school.port}/evil")
    page.get_by_role("button", name="Win").click()

    page.get_by_text("The form comes from another site").wait_for()
    check(page)
    assert school.get("/v1/holds").json["items"] == []


def test_a_token_that_is_revoked_ends_the_session(
    school: Server, new_browser: Open, database_file: Path
):
    page = new_browser()
    sign_in(page, TOKENS["registrar"])
    page.goto("/students/1")
    page.get_by_text("Place a hold").click()
    page.get_by_label("Reason").fill("library fees")
    with closing(sqlite3.connect(database_file)) as db, db:
        db.execute("UPDATE token SET revoked_at = created_at, revoked_by = 'x' WHERE id = 2")
    page.get_by_role("button", name="Place the hold").click()

    page.get_by_text("Your session has ended, so what you sent was not done.").wait_for()
    check(page)
