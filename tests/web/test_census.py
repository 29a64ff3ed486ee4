"""The census of a term: its numbers then and today, and the address that keeps them."""

import pytest

from tests.support.browser import Browser, text
from tests.support.client import Client

TIME = "2026-09-{:02}T12:00:00.000Z"


@pytest.fixture
def fall(client: Client) -> list[int]:
    """A term with two courses: on the 5th three students enroll, on the 10th one of them drops, and
    one who has dropped before the term began. The first student takes both courses."""
    term = client.term()
    courses = [
        client.course(code=code, term=term, credits=credits)
        for code, credits in (("CS101", 3), ("MA101", 7.5))
    ]
    for student in (client.student(), client.student(), client.student()):
        client.enroll(student, courses[0], effective_at=TIME.format(5))
    client.enroll(1, courses[1], effective_at=TIME.format(5))
    early = client.student()
    client.enroll(early, courses[0], effective_at="2026-08-01T12:00:00Z")
    drop(client, early, courses[0], "2026-08-02T12:00:00Z")
    drop(client, 3, courses[0], TIME.format(10))
    return courses


def drop(client: Client, student: int, course: int, at: str, **fields: object) -> None:
    body = {"status": "dropped", "effective_at": at, **fields}
    client.put_json(f"/v1/students/{student}/courses/{course}", body)


def numbers(page) -> dict[str, list[str]]:
    """The numbers of each course and of all."""
    return {
        row.th.get_text(): [cell.get_text() for cell in row.select("td")]
        for row in page.html.select("table.figures tr")
        if row.td
    }


def test_the_census_of_now(browser: Browser, fall: list[int]):
    page = browser.get("/terms/1/census")

    # Enrolled, waiting, completed, dropped since the start, credits.
    assert numbers(page) == {
        "CS101 Databases": ["2", "", "", "1", "6"],
        "MA101 Databases": ["1", "", "", "", "7.5"],
        "All courses": ["3", "0", "0", "1", "13.5"],
    }
    assert (
        "2 students, enrolled or completed 3 places taken 0 waiting 0 completed "
        "1 dropped since the start 13.5 credits"
    ) in text(page)


def test_an_earlier_census_shows_the_difference_to_today(browser: Browser, fall: list[int]):
    page = browser.get("/terms/1/census?as_of=2026-09-09&known_at=")

    # Enrolled, the difference, waiting, completed, dropped since the start, credits.
    assert numbers(page) == {
        "CS101 Databases": ["3", "−1", "", "", "", "9"],
        "MA101 Databases": ["1", "", "", "", "", "7.5"],
        "All courses": ["4", "−1", "0", "0", "0", "16.5"],
    }
    said = text(page)
    assert "as it was on 9 Sep 2026, 23:59, as known on " in said
    assert "3 students, enrolled or completed −1 since then" in said
    assert "0 dropped since the start +1 since then" in said


def test_a_kept_address_shows_the_same_numbers_for_ever(
    browser: Browser, client: Client, fall: list[int]
):
    kept = browser.get("/terms/1/census?as_of=2026-09-09").click("Keep these numbers")
    before = {name: [row[0], *row[2:]] for name, row in numbers(kept).items()}
    assert "The address of this page can be kept" in text(kept)

    # A paper that comes late, a void, a course with other credits, and one more course.
    drop(client, 2, fall[0], TIME.format(7))
    client.put_json(f"/v1/students/1/courses/{fall[1]}", {"status": "void", "reason": "an error"})
    client.patch_json(f"/v1/courses/{fall[1]}", {"credits": 5})
    client.course(code="ZZ999", term="2026-FALL")

    again = browser.get(f"{kept.request.path}?{kept.request.query_string}")
    assert {name: [row[0], *row[2:]] for name, row in numbers(again).items()} == before
    assert "3 students" in text(again)
    late = numbers(browser.get("/terms/1/census?as_of=2026-09-09"))
    assert late["All courses"][0] == "2"
    assert late["MA101 Databases"][0] == "0"


@pytest.mark.parametrize("query", ["", "as_of=2026-09-09", "known_at={known}"])
def test_the_page_counts_as_the_api_does(
    browser: Browser, client: Client, fall: list[int], query: str
):
    client.enroll(client.student(), client.course(term="2026-FALL", capacity=0), waitlist=True)
    body = {"status": "completed", "effective_at": TIME.format(8)}
    client.put_json(f"/v1/students/1/courses/{fall[0]}", body)

    query = query.format(known=client.get("/v1/events").json["items"][-1]["recorded_at"])
    client.course(term="2026-FALL")
    lines = numbers(browser.get(f"/terms/1/census?{query}"))

    census = client.get(f"/v1/terms/1/census?{query}").json
    assert len(lines) == len(census["items"]) + 1
    for course in census["items"]:
        line = lines[f"{course['label']} {course['title']}"]
        counted = [str(course[name] or "") for name in ("enrolled", "waitlisted", "completed")]
        assert [line[0].replace("0", ""), *line[-4:-2]] == counted
    assert lines["All courses"][0] == str(census["totals"]["enrolled"])
    assert lines["All courses"][-3] == str(census["totals"]["completed"]) == "1"


@pytest.mark.parametrize("query", ["", "as_of=2026-09-20"])
def test_a_term_that_was_completed_keeps_its_students_and_credits(
    browser: Browser, client: Client, fall: list[int], query: str
):
    for student, course in ((1, fall[0]), (2, fall[0]), (1, fall[1])):
        body = {"status": "completed", "effective_at": TIME.format(15)}
        client.put_json(f"/v1/students/{student}/courses/{course}", body)

    page = browser.get(f"/terms/1/census?{query}")

    said = text(page)
    assert "2 students, enrolled or completed" in said
    assert "0 places taken" in said
    total = numbers(page)["All courses"]
    assert (total[0], total[-3:]) == ("0", ["3", "1", "13.5"])
    assert "2 students, enrolled or completed 0 places taken 0 waiting 3 completed" in text(
        browser.get("/terms/1")
    )


def test_a_day_that_is_not_over_is_shown_as_it_is_now(browser: Browser, fall: list[int]):
    today = browser.get("/terms/1/census").html.find(id="as_of")["max"]

    page = browser.get(f"/terms/1/census?as_of={today}&known_at={today}")

    assert "as it is on" in text(page)
    assert "since then" not in text(page)
    assert "The address of this page can be kept" in text(page.click("Keep these numbers"))


def test_a_time_that_is_to_come_is_refused(browser: Browser, fall: list[int]):
    query = "as_of=2999-01-01&known_at=2999-01-01"

    page = browser.get(f"/terms/1/census?{query}", status=422)

    for field in ("as_of", "known_at"):
        wrong = page.html.find(id=f"{field}-wrong").get_text()
        assert wrong == "Expected a day or a time that is not in the future."
    for path in ("terms/1/census.csv", "courses/1", "courses/1/class-list"):
        browser.get(f"/{path}?{query}", status=422)


def test_a_time_that_is_none_is_shown_beside_its_field(browser: Browser, fall: list[int]):
    page = browser.get("/terms/1/census?as_of=soon", status=422)

    assert page.html.find(id="as_of-wrong")
    assert page.html.find(id="as_of")["value"] == "soon"
    browser.get("/terms/1/census.csv?as_of=soon", status=422)
    browser.get("/terms/9/census", status=404)


def test_a_term_without_courses(browser: Browser, client: Client):
    client.term()

    assert "This term has no courses." in text(browser.get("/terms/1/census?as_of=2026-09-09"))


def test_a_census_as_a_file_has_the_times_of_the_page(browser: Browser, fall: list[int]):
    page = browser.get("/terms/1/census?as_of=2026-09-09")

    assert page.click("Download CSV").body.decode("utf-8-sig").splitlines() == [
        "Code,Section,Title,Enrolled,Waiting,Completed,Dropped since the start,Credits",
        "CS101,,Databases,3,0,0,0,9",
        "MA101,,Databases,1,0,0,0,7.5",
    ]


def test_a_census_as_a_file_has_every_digit_of_the_credits(browser: Browser, client: Client):
    term = client.term()
    course = client.course(code="CS101", term=term, credits=333.375)
    for _ in range(3):
        client.enroll(client.student(), course)

    assert browser.get("/terms/1/census.csv").text.splitlines()[1].endswith(",3,0,0,0,1000.125")
