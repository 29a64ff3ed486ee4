"""Search, changes since a time, counts of lists, and rosters by name."""

import string
from urllib.parse import urlencode

import pytest

from enrollment.app import App
from enrollment.model.types import Timestamp
from tests.support.client import Client, today

PEOPLE = [
    ("Ada", "Lovelace", "10411", "ada@example.org"),
    ("María José", "Núñez", "S-77", "mj@school.example"),
    ("Mesut", "Özil", None, None),
    (None, "Sukarno", "10500", None),
    ("Sean", "O'Brien", None, "obrien.sean@example.org"),
    ("Gabriel", "D’Angelo", None, None),
    ("小明", "王", None, "用户@例子.广告"),
    ("क्षितिज", "शर्मा", None, None),
    ("Søren", "Aabye-Kierkegaard", None, None),
    ("Lova", "Adamsson", None, None),
]


@pytest.fixture
def people(client: Client) -> Client:
    for given_name, family_name, number, email in PEOPLE:
        client.student(given_name=given_name, family_name=family_name, number=number, email=email)
    return client


def families(client: Client, query: str, **words: str) -> list[str]:
    path = f"/v1/students?{query}&{urlencode(words)}"
    return [item["family_name"] for item in client.walk(path)]


FOUND_STUDENTS = [
    ("nunez", ["Núñez"]),
    ("NÚÑEZ", ["Núñez"]),
    ("Nu\N{COMBINING ACUTE ACCENT}n", ["Núñez"]),
    ("lov ada", ["Adamsson", "Lovelace"]),
    ("ada lovel", ["Lovelace"]),
    ("1041", ["Lovelace"]),
    ("10", ["Lovelace", "Sukarno"]),
    ("0411", []),
    ("özil", ["Özil"]),
    ("ozil", ["Özil"]),
    ("jose nun", ["Núñez"]),
    ("s-77", ["Núñez"]),
    ("77 s", ["Núñez"]),
    ("ada@example.org", ["Lovelace"]),
    ("example", ["Lovelace", "Núñez", "O'Brien"]),
    ("EXAMPLE.ORG sean", ["O'Brien"]),
    ("o'brien", ["O'Brien"]),
    ("O’Brien", ["O'Brien"]),
    ("obrien", ["O'Brien"]),
    ("brien", ["O'Brien"]),
    ("angelo", ["D’Angelo"]),
    ("dangelo", ["D’Angelo"]),
    ("soren kier", ["Aabye-Kierkegaard"]),
    ("aabye-k", ["Aabye-Kierkegaard"]),
    ("小", ["王"]),
    ("用户", ["王"]),
    ("क्ष", ["शर्मा"]),
    ("  lov   ada  ", ["Adamsson", "Lovelace"]),
    ("ada xyz", []),
    (" ", [family for _, family, _, _ in PEOPLE]),
    ('"', []),
    ("%", []),
    ("* -", []),
    ("ada \" ' NEAR * lovel", []),
]


@pytest.mark.parametrize("limit", ["1", "100"])
def test_students_are_found_by_how_their_words_begin(
    people: Client, subtests: pytest.Subtests, limit: str
):
    for q, found in FOUND_STUDENTS:
        with subtests.test(q):
            assert sorted(families(people, f"limit={limit}", q=q)) == sorted(found)


def test_found_students_come_by_name_and_pass_the_other_filters(people: Client):
    people.student(given_name="Ada", family_name="Özlem", status="inactive")

    assert families(people, "", q="a") == [
        *["Aabye-Kierkegaard", "Adamsson", "D’Angelo", "Lovelace", "Özlem"]
    ]
    assert families(people, "status=inactive", q="ada") == ["Özlem"]
    assert families(people, "family_name=oz&limit=1", q="ada") == ["Özlem"]
    assert families(people, "email=ada&number=1", q="ada") == ["Lovelace"]
    assert families(people, "updated_since=9999-01-01T00:00:00Z", q="ada") == []


def test_a_student_is_found_by_the_present_words_only(client: Client):
    student = client.student(given_name="Ada", family_name="Byron", number="1")
    fields = {"given_name": "Ada", "family_name": "King", "email": "king@example.org"}
    client.put_json(f"/v1/students/{student}", fields)

    assert families(client, "", q="byron") == families(client, "", q="1") == []
    assert families(client, "", q="ada king example") == ["King"]

    client.delete(f"/v1/students/{student}")
    assert families(client, "", q="ada") == []


def test_a_dry_run_is_not_found(client: Client):
    fields = {"given_name": "Ada", "family_name": "Byron"}
    client.post_json("/v1/students?dry_run=true", fields)

    assert families(client, "", q="ada") == []


@pytest.mark.parametrize("limit", ["7", "1000"])
def test_common_words_are_searched_by_name(client: Client, database_rows: None, limit: str):
    everyone = families(client, f"limit={limit}", q="common")
    assert len(everyone) == 3100
    assert everyone == sorted(everyone)
    assert families(client, "", q="common rare") == ["Family 0007"]
    assert client.get("/v1/students?q=common+fam&count=true&limit=3").json["total"] == 3100


@pytest.fixture
def database_rows(app: App, client: Client) -> None:
    """More students than a rare word has."""
    names = ", ".join(
        f"('Common{' Rare' if number == 7 else ''}', 'Family {number:04}')"
        for number in range(3100)
    )
    with app.database.write() as db:
        db.execute(f"INSERT INTO student (given_name, family_name) VALUES {names}")


def test_every_punctuation_mark_stands_between_words(client: Client):
    for mark in string.punctuation:
        client.student(given_name=None, family_name=f"x{mark}y")

    assert {*families(client, "", q="y")} == {f"x{mark}y" for mark in string.punctuation} - {"x`y"}


@pytest.mark.parametrize("q", ["\0", "\N{LINE SEPARATOR}", "x" * 101])
def test_what_cannot_be_searched_is_refused(client: Client, q: str):
    answer = client.get(f"/v1/students?{urlencode({'q': q})}", status=422)

    assert [error["parameter"] for error in answer.json["errors"]] == ["q"]


@pytest.fixture
def courses(client: Client) -> Client:
    client.term()
    client.course(code="ENG101", section="02", title="Élan vital", instructor="Mary O'Neil")
    client.course(code="ENG101", section="03", title="Writing", term="2026-FALL")
    client.course(code="AP-10", title="Biology of English Cats", instructor="Özil")
    return client


FOUND_COURSES = [
    ("q=eng", ["AP-10", "ENG101", "ENG101"]),
    ("q=eng101-02", ["ENG101"]),
    ("q=02+elan", ["ENG101"]),
    ("q=oneil", ["ENG101"]),
    ("q=neil+mary", ["ENG101"]),
    ("q=OZIL", ["AP-10"]),
    ("q=10", ["AP-10"]),
    ("q=eng&term=2026-FALL", ["ENG101"]),
    ("q=eng&code=AP", ["AP-10"]),
    ("q=eng+xyz", []),
    ("q=+", ["AP-10", "ENG101", "ENG101"]),
    ("q=%25", []),
    ("q=*+-", []),
]


@pytest.mark.parametrize("limit", [1, 100])
def test_courses_are_found_by_how_their_words_begin(
    courses: Client, subtests: pytest.Subtests, limit: int
):
    for query, found in FOUND_COURSES:
        with subtests.test(query):
            items = courses.walk(f"/v1/courses?{query}&limit={limit}")
            assert [item["code"] for item in items] == found


def test_a_course_is_found_by_the_present_words_only(client: Client):
    course = client.course(code="C1", title="Alpha")
    client.put_json(f"/v1/courses/{course}", {"code": "C1", "title": "Beta"})

    assert client.get("/v1/courses?q=alpha").json["items"] == []
    assert len(client.get("/v1/courses?q=beta").json["items"]) == 1

    client.delete(f"/v1/courses/{course}")
    assert client.get("/v1/courses?q=beta").json["items"] == []


def test_students_who_have_changed_come_in_the_order_of_their_changes(client: Client):
    for name in "CAB":
        client.student(family_name=name)
    since = client.get("/v1/students/2").json["updated_at"]
    client.put_json("/v1/students/1", {"given_name": None, "family_name": "C"})
    times = [client.get(f"/v1/students/{id}").json["updated_at"] for id in (2, 3, 1)]
    assert times == sorted(times)

    def changed(query: str) -> list[int]:
        return [item["id"] for item in client.walk(f"/v1/students?{query}")]

    for limit in (1, 2, 100):
        found = changed(f"updated_since={since}&limit={limit}")
        assert sorted(found, key=lambda id: (times[(2, 3, 1).index(id)], id)) == found
        assert {2, 3, 1} >= {*found} >= {2, 3}
    assert changed(f"updated_since={times[2]}&family_name=c") == [1]
    assert changed("updated_since=9999-12-31T00:00:00Z") == []


@pytest.mark.parametrize("kind", ["term", "course"])
def test_what_has_changed_is_listed(client: Client, kind: str):
    client.term(code="OLD") if kind == "term" else client.course(code="OLD")
    before = Timestamp.now()
    path = f"/v1/{kind}s?updated_since="
    while (since := Timestamp.now()) == before:
        pass
    client.term(code="NEW") if kind == "term" else client.course(code="NEW", term=None)

    assert [item["code"] for item in client.walk(path + since)] == ["NEW"]
    assert [item["code"] for item in client.walk(path + "2020-01-01T00:00:00Z")] == ["NEW", "OLD"]


def test_since_when_must_be_a_time(client: Client):
    for path in ("/v1/students", "/v1/terms", "/v1/courses"):
        answer = client.get(f"{path}?updated_since=yesterday", status=422)
        assert [error["parameter"] for error in answer.json["errors"]] == ["updated_since"]


def test_a_list_is_counted_on_request(people: Client):
    first = people.get("/v1/students?count=true&limit=3")
    assert first.json["total"] == 10
    assert len(first.json["items"]) == 3

    # The next page is not counted again unless it is asked for.
    link = first.headers["Link"].partition(">")[0][1:]
    assert "total" not in people.get(link).json
    assert people.get(f"{link}&count=true").json["total"] == 10
    assert "total" not in people.get("/v1/students?count=false").json
    for query, total in [("q=ada", 2), ("family_name=o", 2), ("number=1", 2), ("email=x", 0)]:
        assert people.get(f"/v1/students?{query}&count=true&limit=1").json["total"] == total


def test_every_list_of_pages_is_counted(client: Client):
    term, student = client.term(), client.student()
    course, other = client.course(term=term), client.course(term=None)
    for taken in (course, other):
        client.enroll(student, taken)
    client.put_status(student, other, "dropped")
    client.hold(student)
    later = f"as_of={today()}"
    for path, total in [
        ("/v1/terms?", 1),
        ("/v1/courses?", 2),
        (f"/v1/courses?term={term}", 1),
        (f"/v1/students/{student}/courses?", 2),
        (f"/v1/students/{student}/courses?status=dropped", 1),
        (f"/v1/students/{student}/courses?{later}", 2),
        (f"/v1/courses/{course}/students?", 1),
        (f"/v1/courses/{course}/students?order=name", 1),
        (f"/v1/courses/{course}/students?{later}&order=name", 1),
        (f"/v1/courses/{course}/students?status=waitlisted", 0),
        (f"/v1/students/{student}/holds?", 1),
        (f"/v1/students/{student}/courses/{other}/events?", 2),
        ("/v1/tokens?", len(client.walk("/v1/tokens"))),
        ("/v1/changes?", len(client.walk("/v1/changes"))),
        ("/v1/changes?since=2020-01-01", len(client.walk("/v1/changes"))),
        (f"/v1/courses/{course}/changes?", 1),
    ]:
        first = client.get(f"{path}&count=true&limit=1")
        assert first.json["total"] == total, path
        if "Link" in first.headers:
            link = first.headers["Link"].partition(">")[0][1:]
            assert client.get(f"{link}&count=true").json["total"] == total, link


def test_eligible_courses_are_not_counted(client: Client):
    path = f"/v1/students/{client.student()}/eligible-courses?count=true"

    assert client.get(path, status=422).json["errors"][0]["code"] == "unknown_name"


def test_a_roster_has_number_name_and_email(client: Client):
    student = client.student(number="7", given_name=None, family_name="Abe", email="a@b.c")
    course = client.course()
    client.enroll(student, course)

    (entry,) = client.get(f"/v1/courses/{course}/students").json["items"]

    fields = {name: entry[name] for name in ("number", "given_name", "family_name", "email")}
    assert fields == {"number": "7", "given_name": None, "family_name": "Abe", "email": "a@b.c"}


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("past", ["", "&as_of={today}"])
def test_a_roster_comes_by_name_on_request(client: Client, limit: int, past: str):
    course = client.course(capacity=3, waitlist_capacity=9)
    for given_name, family_name in [("B", "Özil"), ("C", "Zorn"), ("A", "ozil"), (None, "Abe")]:
        student = client.student(given_name=given_name, family_name=family_name)
        client.enroll(student, course, waitlist=True)
    client.put_status(2, course, "dropped")

    path = f"/v1/courses/{course}/students?limit={limit}{past.format(today=today())}"

    def names(query: str) -> list[str]:
        return [item["family_name"] for item in client.walk(path + query)]

    assert names("&order=name") == ["Abe", "ozil", "Özil", "Zorn"]
    assert names("&order=name&status=enrolled") == ["Abe", "ozil", "Özil"]
    assert names("&order=name&status=dropped") == ["Zorn"]
    assert names("&order=name&status=completed") == []


def test_a_cursor_belongs_to_the_order_of_its_list(client: Client):
    course = client.course()
    for _ in range(2):
        client.enroll(client.student(), course)
    path = f"/v1/courses/{course}/students?limit=1"
    cursor = client.get(path).json["next"]

    answer = client.get(f"{path}&order=name&cursor={cursor}", status=404)

    assert answer.json["code"] == "page_not_found"


def test_an_order_that_is_not_known_is_refused(client: Client):
    answer = client.get(f"/v1/courses/{client.course()}/students?order=number", status=422)

    assert [error["parameter"] for error in answer.json["errors"]] == ["order"]
