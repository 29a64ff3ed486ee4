"""Who changed what and when: the page of changes, its filters and its files."""

import csv
import io
from zoneinfo import ZoneInfo

import pytest

from enrollment.app import App
from tests.support.browser import Browser, text
from tests.support.client import Client, with_settings
from tests.support.engine import drop_trigger
from tests.support.tokens import TOKENS


@pytest.fixture
def course(client: Client) -> int:
    return client.course(code="CS101", capacity=1)


def rows(page) -> list[str]:
    """What each row says, without when it was recorded."""
    return [
        " ".join(" ".join(cell.get_text(" ") for cell in row.select("td")[1:]).split())
        for row in page.html.select("tbody tr")
    ]


def test_changes_of_enrollments_and_records_are_in_one_list(
    browser: Browser, client: Client, ada: int, course: int
):
    client.enroll(ada, course, effective_at="2026-09-01T09:00:00Z")
    body = {"status": "dropped", "reason": "moved away", "effective_at": "2026-09-10T09:00:00Z"}
    client.put_json(f"/v1/students/{ada}/courses/{course}", body)
    body = {"given_name": "Ada", "family_name": "Byron", "email": "ada@example.org"}
    client.put_json(f"/v1/students/{ada}", body)
    client.post_json(f"/v1/students/{ada}/holds", {"reason": "fees"}, status=201)

    assert rows(browser.get("/changes")) == [
        "admin Byron, Ada hold placed fees",
        "admin Byron, Ada number 2024-0117 removed, family name Lovelace → Byron,"
        " email set to ada@example.org",
        "10 Sep 2026, 09:00 admin Byron, Ada CS101 enrolled → dropped moved away",
        "1 Sep 2026, 09:00 admin Byron, Ada CS101 enrolled",
        "admin CS101 added",
        "admin Byron, Ada added",
    ]


def test_whole_credits_are_shown_without_decimals(
    browser: Browser, client: Client, ada: int, course: int
):
    client.patch_json(f"/v1/courses/{course}", {"credits": 3}, status=200)
    client.patch_json(f"/v1/students/{ada}", {"max_credits": 7.5}, status=200)

    shown = rows(browser.get("/changes"))[:2]

    assert shown == [
        "admin Lovelace, Ada max credits set to 7.5",
        "admin CS101 credits 0 → 3",
    ]


def test_rules_set_aside_and_corrections_are_shown(
    browser: Browser, client: Client, ada: int, course: int
):
    client.enroll(client.student(), course)
    override = {"rules": ["course_full"], "reason": "the dean agrees"}
    client.enroll(ada, course, override=override)
    path = f"/v1/students/{ada}/courses/{course}"
    client.put_json(path, {"status": "completed", "grade": "B"})
    body = {"status": "completed", "passed": False, "grade": "F"}
    client.put_json(path, body | {"correction": True, "reason": "a slip"})
    override["reason"] = "not yet"
    body = {"take_back": "latest_change", "reason": "not yet", "override": override}
    client.post_json(f"{path}/corrections", body)

    page = browser.get(f"/changes?student={ada}&course={course}")

    assert rows(page) == [
        "admin CS101 enrolled takes the change before it back not yet rules set aside: course full",
        "admin CS101 enrolled → completed, not passed, grade F"
        " corrects the change before it a slip",
        "admin CS101 enrolled → completed, grade B",
        "admin CS101 enrolled the dean agrees rules set aside: course full",
    ]
    set_aside = [rows(page)[0], rows(page)[3]]
    assert rows(browser.get(f"/changes?student={ada}&only=overrides")) == set_aside
    named = [row.replace("CS101", "Lovelace, Ada CS101") for row in set_aside]
    for others in ("", f"&course={course}", "&actor=admin"):
        assert rows(browser.get(f"/changes?only=overrides{others}")) == named
    assert "No change matches." in text(browser.get("/changes?only=overrides&actor=registrar"))


def test_the_changes_of_a_day_of_a_person_or_of_a_course(
    app: App, browser: Browser, client: Client, ada: int, course: int
):
    registrar = Client(app, TOKENS["registrar"])
    registrar.enroll(ada, course)
    other = client.course(code="MA101")
    client.enroll(ada, other)

    assert rows(browser.get("/changes?actor=regis")) == ["registrar Lovelace, Ada CS101 enrolled"]
    assert rows(browser.get("/changes?actor=registrar+%232&student=1&course=2")) == []
    assert rows(browser.get(f"/changes?course={other}")) == [
        "admin Lovelace, Ada MA101 enrolled",
        "admin MA101 added",
    ]
    assert rows(browser.get("/changes?to=2020-01-01&from=2019-01-01")) == []
    wrong = browser.get("/changes?to=2019-01-01&from=2020-01-01", status=422)
    assert wrong.html.find(id="to-wrong").get_text() == "The end is before the start"
    assert len(rows(browser.get("/changes?from=2020-01-01"))) == 5
    assert "No change matches." in text(browser.get("/changes?actor=Nobody"))
    # In a name, these are no wildcards.
    assert "No change matches." in text(browser.get("/changes?actor=re_istrar"))
    assert "No change matches." in text(browser.get("/changes?actor=%25"))


def test_a_printed_list_says_which_changes_it_has(browser: Browser):
    page = browser.get("/changes?from=2026-09-01&to=2026-09-30")
    printed = page.html.select_one(".only-print")
    assert printed.get_text().split() == "Only those from 1 Sep 2026 until 30 Sep 2026.".split()
    page = browser.get("/changes?from=2026-09-01T09:30:00Z")
    printed = page.html.select_one(".only-print")
    assert printed.get_text().split() == "Only those from 1 Sep 2026, 09:30.".split()


def test_one_of_several_people_with_a_name_is_chosen(
    app: App, browser: Browser, client: Client, ada: int, course: int
):
    made = [
        client.post_json("/v1/tokens", {"name": "Sam Ito", "role": "registrar"}, status=201).json
        for _ in range(2)
    ]
    Client(app, made[1]["token"]).enroll(ada, course)

    page = browser.get("/changes?actor=sam+ito&from=2020-01-01")

    assert "Several people have this name" in text(page)
    page = page.click(f"Sam Ito #{made[1]['id']}")
    assert rows(page) == ["Sam Ito Lovelace, Ada CS101 enrolled"]
    assert page.html.find(id="from")["value"] == "2020-01-01"


def test_a_wrong_filter_is_shown_beside_its_field(browser: Browser):
    page = browser.get("/changes?from=soon&actor=Sam", status=422)

    assert page.html.find(id="from-wrong")
    assert page.html.find(id="from")["value"] == "soon"
    assert page.html.find(id="actor")["value"] == "Sam"
    assert "Expected" in text(browser.get("/changes?student=x", status=422))
    browser.get("/changes?after=nonsense", status=404)
    browser.get("/changes.csv?from=soon", status=422)


def test_the_pages_of_the_list_have_every_change_once(browser: Browser, client: Client, ada: int):
    """Changes of both histories, and more than one page of each."""
    course = client.course(code="CS101")
    for _ in range(101):
        client.enroll(client.student(), course)

    first = browser.get("/changes")
    second = first.click("Next page")
    third = second.click("Next page")

    said = [*rows(first), *rows(second), *rows(third)]
    assert [len(rows(page)) for page in (first, second, third)] == [100, 100, 4]
    assert len(said) == len(set(said))
    assert len(first.body) < 60_000
    assert not third.html.find(class_="next")


def test_a_clock_that_was_set_back_hides_no_change(
    app: App, browser: Browser, client: Client, ada: int, course: int
):
    """A page ends within a history whose times are not in the order of its ids."""
    for _ in range(150):
        client.student()
    with app.database.write() as db:
        drop_trigger(db, "record_change_is_never_updated", "record_change")
        db.execute(
            "UPDATE record_change SET recorded_at = '2020-01-01T00:00:00.000Z' WHERE id % 2 = 0"
        )
    client.enroll(ada, course)

    first = browser.get("/changes")

    assert len({*rows(first), *rows(first.click("Next page"))}) == 153


def test_what_was_deleted_is_still_listed(browser: Browser, client: Client):
    course = client.course(code="CS101")
    client.delete(f"/v1/courses/{course}")

    page = browser.get(f"/changes?course={course}")

    assert rows(page) == ["admin CS101 (deleted) deleted", "admin CS101 (deleted) added"]
    assert "Changes: a deleted course" in text(page)


def test_who_was_deleted_is_named_and_no_link_leads_nowhere(
    browser: Browser, client: Client, ada: int
):
    client.patch_json(f"/v1/students/{ada}", {"email": "ada@example.org"})
    client.delete(f"/v1/students/{ada}")

    for path in ("/changes", "/start"):
        page = browser.get(path)
        assert "Lovelace, Ada (deleted)" in text(page)
        assert "a deleted student" in text(page)
        assert rows(page.click("Lovelace, Ada", index=0)) == [
            "admin deleted",
            "admin email set to ada@example.org",
            "admin added",
        ]


def test_what_is_erased_is_said_in_words(browser: Browser, client: Client, ada: int):
    client.patch_json(f"/v1/students/{ada}", {"email": "ada@example.org"})
    client.post_json(f"/v1/students/{ada}/erasure", {"reason": "asked for it"})

    said = rows(browser.get(f"/changes?student={ada}"))

    assert said[:2] == ["admin changed; what it was is erased"] * 2


def test_parts_and_times_of_a_course_are_in_words(browser: Browser, client: Client, course: int):
    body = {
        "enroll_from": "2026-08-01T07:00:00Z",
        "meetings": [{"weekday": 1, "from": "09:00", "to": "10:30"}],
        "prerequisites": [{"code": "CS100"}],
        "early_access": [{"group": "SENIOR", "enroll_from": "2026-07-01T07:00:00Z"}],
    }
    client.patch_json(f"/v1/courses/{course}", body)

    said = " ".join(rows(browser.get(f"/changes?course={course}")))

    assert "meeting Mon 09:00-10:30 added" in said
    assert "requirement CS100 added" in said
    assert "enroll from set to 1 Aug 2026, 07:00" in said
    assert "early access set to SENIOR 1 Jul 2026, 07:00" in said


def test_the_start_and_the_end_of_a_window_are_days_as_in_the_form(
    app: App, client: Client, course: int
):
    browser = Browser(with_settings(app, time_zone=ZoneInfo("Europe/Berlin")))
    client.term()
    window = {"enroll_from": "2026-07-31T22:00:00Z", "enroll_until": "2026-08-31T22:00:00Z"}
    early = [{"group": "SENIOR", "enroll_from": "2026-07-14T22:00:00Z"}]
    for path in ("/v1/terms/1", f"/v1/courses/{course}"):
        client.patch_json(path, window)
        client.patch_json(path, {"enroll_until": "2026-09-05T10:30:00Z"})
    client.patch_json(f"/v1/courses/{course}", {"early_access": early})

    of_course = " ".join(rows(browser.get(f"/changes?course={course}")))
    every = " ".join(rows(browser.get("/changes")))

    first = "enroll from set to 1 Aug 2026, enroll until set to 31 Aug 2026"
    then = "enroll until 31 Aug 2026 → 5 Sep 2026, 12:30"
    assert (first in of_course, then in of_course) == (True, True)
    assert (every.count(first), every.count(then)) == (2, 2)
    assert "early access set to SENIOR 15 Jul 2026" in of_course
    assert "00:00" not in every


def test_the_desk_and_the_course_link_to_their_changes(
    browser: Browser, client: Client, ada: int, course: int
):
    client.enroll(ada, course)

    of_student = browser.get(f"/students/{ada}").click("All changes")
    of_course = browser.get(f"/courses/{course}").click("All changes")

    assert "Changes: Lovelace, Ada" in text(of_student)
    assert rows(of_course) == ["admin Lovelace, Ada CS101 enrolled", "admin CS101 added"]
    browser.get("/start").click("All changes")


def test_a_file_has_all_changes_of_the_filter(
    app: App, browser: Browser, client: Client, ada: int, course: int
):
    with app.database.write() as db:
        # More than are read at once.
        db.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)"
            " INSERT INTO student (family_name) SELECT 'Bohr ' || i FROM n"
        )
    client.enroll(ada, course, effective_at="2026-09-01T09:00:00Z", reason="=late")

    page = browser.get("/changes")
    everything = page.click("Download CSV").body.decode("utf-8-sig")
    assert everything.count("Bohr 1,") == everything.count("Bohr 1100,") == 1
    of_course = browser.get(f"/changes?course={course}").click("Download CSV")

    assert len([*csv.reader(io.StringIO(everything))]) == 1 + 1103
    row, *_ = csv.DictReader(io.StringIO(of_course.body.decode("utf-8-sig")))
    del row["Recorded"]
    assert {name: value for name, value in row.items() if value} == {
        "Since": "2026-09-01 09:00:00",
        "By": "admin",
        "Number": "2024-0117",
        "Family name": "Lovelace",
        "Given name": "Ada",
        "Course": "CS101",
        "Record": "enrollment",
        "To": "enrolled",
        "Reason": "'=late",
    }
    assert page.click("Download XLSX").body.startswith(b"PK")
