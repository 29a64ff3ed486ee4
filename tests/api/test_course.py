"""/v1/courses"""

from unicodedata import normalize
from urllib.parse import urlencode

import pytest

from enrollment.model.types import Timestamp
from tests.support.client import Client, broken

CS101 = {"code": "CS101", "title": "Databases"}
DEFAULTS = {
    "section": None,
    "term": None,
    "instructor": None,
    "credits": 0.0,
    "capacity": None,
    "waitlist_capacity": None,
    "promotion": "automatic",
    "enroll_from": None,
    "enroll_until": None,
    "drop_until": None,
    "status": "open",
    "repeatable": False,
    "prerequisites": [],
    "corequisites": [],
    "meetings": [],
    "open_to": [],
    "early_access": [],
    "counts_as": [],
}

EACH_WEEK = {"start_on": None, "end_on": None, "every": 1}


def test_a_created_course_has_the_defaults_of_what_was_left_out(client: Client):
    before = Timestamp.now()
    answer = client.post_json("/v1/courses", CS101, status=201)

    seats = {"capacity": None, "enrolled": 0, "waitlisted": 0, "free": None}
    read_only = {"id": 1, "version": 1, "label": "CS101", "seats": seats}
    read_only["updated_at"] = answer.json["updated_at"]
    assert before <= read_only["updated_at"] <= Timestamp.now()
    assert answer.json == {**read_only, **CS101, **DEFAULTS}
    assert answer.headers["Location"] == "/v1/courses/1"
    assert client.get("/v1/courses/1").json == answer.json


def test_a_course_keeps_every_field(client: Client):
    fields = {
        **CS101,
        "section": "02",
        "term": client.term(),
        "instructor": "Edgar Codd",
        "credits": 7.5,
        "capacity": 30,
        "waitlist_capacity": 5,
        "promotion": "manual",
        "enroll_from": "2026-08-01T08:00:00.000Z",
        "enroll_until": "2026-09-15T22:00:00.000Z",
        "drop_until": "2026-10-01T22:00:00.000Z",
        "status": "closed",
        "repeatable": True,
        "prerequisites": [
            {"code": "CS100", "concurrent": False},
            {"code": "M1", "concurrent": True},
        ],
        "corequisites": ["CS101L"],
        "meetings": [
            {"weekday": 1, "from": "09:00", "to": "10:30", "room": "B 12"} | EACH_WEEK,
            {"weekday": 3, "from": "09:00", "to": "10:30", "room": None} | EACH_WEEK,
        ],
        "open_to": ["SENIOR", "2027"],
        "counts_as": ["CS99"],
        "early_access": [{"group": "SENIOR", "enroll_from": "2026-07-01T08:00:00.000Z"}],
    }

    created = client.post_json("/v1/courses", fields, status=201).json

    assert created == {
        "id": 1,
        "version": 1,
        "updated_at": created["updated_at"],
        "label": "CS101-02",
        "seats": {"capacity": 30, "enrolled": 0, "waitlisted": 0, "free": 30},
        **fields,
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-08-01T08:00:00Z", "2026-08-01T08:00:00.000Z"),
        ("2026-08-01T08:00:00+02:00", "2026-08-01T06:00:00.000Z"),
        ("2026-08-01T08:00:00.123456-05:30", "2026-08-01T13:30:00.123Z"),
    ],
)
def test_a_moment_is_kept_in_utc_with_milliseconds(client: Client, sent: str, kept: str):
    course = client.course(enroll_from=sent)

    assert client.get(f"/v1/courses/{course}").json["enroll_from"] == kept


def test_a_replaced_course_may_have_fewer_seats_than_students(client: Client):
    course = client.course(capacity=2)
    students = [client.student(), client.student()]
    for student in students:
        client.enroll(student, course)

    answer = client.put_json(f"/v1/courses/{course}", {**CS101, "capacity": 1}, status=200)

    assert answer.json["capacity"] == 1
    assert [client.status(student, course) for student in students] == ["enrolled", "enrolled"]


def test_every_broken_rule_of_a_course_is_told_at_once(client: Client):
    client.post_json("/v1/courses", CS101, status=201)
    window = {"enroll_from": "2026-08-01T00:00:00Z", "enroll_until": "2026-08-01T00:00:00Z"}

    taken = client.post_json("/v1/courses", {**CS101, **window}, status=422)
    unknown = client.post_json("/v1/courses", {**CS101, **window, "term": "X"}, status=422)

    ends = ("/enroll_until", "ends_before_start")
    assert broken(taken) == [("/code", "course_code_taken"), ends]
    assert broken(unknown) == [ends, ("/term", "unknown_term")]
    assert len(client.walk("/v1/courses")) == 1


def test_a_replaced_course_has_the_requirements_and_meetings_of_the_new_one(client: Client):
    meeting = {"weekday": 1, "from": "09:00", "to": "10:30"}
    course = client.course(prerequisites=[{"code": "A1"}], corequisites=["B1"], meetings=[meeting])
    fields = {"prerequisites": [{"code": "C1"}], "corequisites": [], "meetings": [meeting] * 0}

    answer = client.put_json(f"/v1/courses/{course}", {**CS101, **fields}, status=200)

    assert answer.json["prerequisites"] == [{"code": "C1", "concurrent": False}]
    assert answer.json["corequisites"] == answer.json["meetings"] == []
    assert {
        **client.get(f"/v1/courses/{course}").json,
        "affected": [],
        "required_by_old_code": [],
    } == answer.json
    client.delete(f"/v1/courses/{course}", status=204)


def test_requirements_and_meetings_that_make_no_sense_are_all_told(client: Client):
    fields = {
        "code": "CS101",
        "title": "Databases",
        "prerequisites": [{"code": "A1"}, {"code": "cs101"}, {"code": "a1", "concurrent": True}],
        "corequisites": ["B1", "A1"],
        "meetings": [
            {"weekday": 1, "from": "09:00", "to": "10:30"},
            {"weekday": 2, "from": "10:00", "to": "10:00"},
            {"weekday": 1, "from": "10:29", "to": "11:00"},
            {"weekday": 3, "from": "09:00", "to": "10:30"},
            {"weekday": 1, "from": "10:30", "to": "10:31"},
        ],
    }

    answer = client.post_json("/v1/courses", fields, status=422)

    assert broken(answer) == [
        ("/corequisites/1", "duplicate_requirement"),
        ("/meetings/1/to", "ends_before_start"),
        ("/meetings/2", "meetings_overlap"),
        ("/meetings/4", "meetings_overlap"),
        ("/prerequisites/1", "requires_itself"),
        ("/prerequisites/2", "duplicate_requirement"),
    ]
    assert client.walk("/v1/courses") == []


def test_course_code_taken_within_its_term_only(client: Client):
    fall, spring = client.term(code="FALL"), client.term(code="SPRING")
    client.post_json("/v1/courses", {**CS101, "term": fall}, status=201)
    client.post_json("/v1/courses", {**CS101, "term": spring}, status=201)
    client.post_json("/v1/courses", CS101, status=201)

    again = client.post_json("/v1/courses", {**CS101, "code": "cs101", "term": fall}, status=409)
    without = client.post_json("/v1/courses", CS101, status=409)
    moved = client.put_json("/v1/courses/2", {**CS101, "term": fall}, status=409)

    reason = [("/code", "course_code_taken")]
    assert broken(again) == broken(without) == broken(moved) == reason


def test_course_code_taken_within_its_section_only(client: Client):
    for section in (None, "01", "02"):
        client.post_json("/v1/courses", {**CS101, "section": section}, status=201)

    answer = client.post_json("/v1/courses", {**CS101, "section": "02"}, status=409)
    client.put_json("/v1/courses/3", {**CS101, "section": "03"}, status=200)
    moved = client.put_json("/v1/courses/3", {**CS101, "section": None}, status=409)

    assert broken(answer) == broken(moved) == [("/code", "course_code_taken")]
    assert answer.json["detail"] == (
        "The course Databases in the same term has the code CS101 and the section 02."
    )
    assert moved.json["detail"] == "The course Databases in the same term has the code CS101."


@pytest.mark.parametrize(
    "code", ["Ü101", "AP&B 10", "D'Art", "C#", "R:1", "化101", "Ж1", "ك1", "हि101", "a_b.c/d-e+"]
)
def test_a_code_has_letters_of_any_script(client: Client, code: str):
    course = client.course(code=code, section=code, corequisites=["Ü1"])

    answer = client.get(f"/v1/courses/{course}").json
    assert (answer["code"], answer["section"], answer["label"]) == (code, code, f"{code}-{code}")
    assert client.walk("/v1/courses?" + urlencode({"code": code[0]})) == [answer]


def test_a_code_is_kept_and_found_in_one_form(client: Client):
    decomposed = normalize("NFD", "Ü101")
    course = client.course(code=decomposed, section=decomposed)

    assert client.get(f"/v1/courses/{course}").json["label"] == "Ü101-Ü101"
    again = {"code": "Ü101", "section": "Ü101", "title": "X"}
    client.post_json("/v1/courses", again, status=409)
    query = urlencode({"code": decomposed, "section": decomposed})
    assert [item["id"] for item in client.walk(f"/v1/courses?{query}")] == [course]


@pytest.mark.parametrize(
    ("sent", "kept"), [(0.333, 0.333), (0.1 + 0.2, 0.3), (3, 3.0), (999.999, 999.999)]
)
def test_credits_have_three_decimals(client: Client, sent: float, kept: float):
    course = client.course(credits=sent)

    assert client.get(f"/v1/courses/{course}").json["credits"] == kept


def test_unknown_term(client: Client):
    answer = client.post_json("/v1/courses", {**CS101, "term": "2026-FALL"}, status=409)

    assert broken(answer) == [("/term", "unknown_term")]
    assert answer.json["detail"] == "There is no term with the code 2026-FALL."


def test_course_has_enrollments(client: Client):
    course = client.course()
    client.enroll(client.student(), course)

    answer = client.delete(f"/v1/courses/{course}", status=409)

    assert broken(answer) == [("", "course_has_enrollments")]
    assert answer.json["detail"] == "Enrollments in the course, present and past: 1."


LISTED = [
    ("", [2, 4, 3, 1]),
    ("code=cs", [2, 4, 3]),
    ("code=CS2", [3]),
    ("title=the", [1, 3][::-1]),
    ("term=FALL", [2, 3]),
    ("term=fall&code=CS2", [3]),
    ("term=SPRING", [4]),
    ("term=NONE", []),
    ("status=closed", [3]),
    ("term=FALL&status=open", [2]),
]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_courses_are_listed_by_code(client: Client, subtests: pytest.Subtests, limit: int):
    fall, spring = client.term(code="FALL"), client.term(code="SPRING")
    client.course(code="PHI1", title="The Mind")
    client.course(code="CS1", term=fall)
    client.course(code="CS2", term=fall, title="The Theory", status="closed")
    client.course(code="CS1", term=spring)

    for query, found in LISTED:
        with subtests.test(query):
            items = client.walk(f"/v1/courses?limit={limit}&{query}")
            assert [item["id"] for item in items] == found


FOUND = [
    ("", [4, 2, 3, 1]),
    ("code=eng101", [4, 2, 3]),
    ("code=ENG101&section=01", [2]),
    ("section=b", [3]),
    ("section=0", []),
    ("instructor=ada", [2, 3]),
    ("instructor=Ada L", [3]),
    ("seats=full", [2, 1]),
    ("seats=open", [4, 3]),
    ("waiting=true", [2, 1]),
    ("waiting=false", [4, 2, 3, 1]),
    ("seats=open&waiting=true", []),
    ("seats=full&term=FALL", [2]),
    ("term=FALL&instructor=ada&section=B", [3]),
]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_courses_are_found_by_section_instructor_and_seats(
    client: Client, subtests: pytest.Subtests, limit: int
):
    fall = client.term(code="FALL")
    none = client.course(code="PHI1", capacity=0)
    full = client.course(code="ENG101", section="01", term=fall, instructor="Ada King", capacity=1)
    client.course(code="Eng101", section="B", term=fall, instructor="ada lovelace", capacity=1)
    client.course(code="ENG101", term=fall)
    client.enroll(client.student(), full)
    for course in (full, none):
        client.enroll(client.student(), course, waitlist=True)

    for query, found in FOUND:
        with subtests.test(query):
            items = client.walk(f"/v1/courses?limit={limit}&{query}")
            assert [item["id"] for item in items] == found


def test_a_number_is_whole_however_it_is_written(client: Client):
    body = b'{"code": "A", "title": "A", "capacity": 30.0, "waitlist_capacity": 3e1}'
    headers = {"Content-Type": "application/json"}

    course = client.post("/v1/courses", body, headers=headers, status=201).json

    assert (course["capacity"], course["waitlist_capacity"]) == (30, 30)
