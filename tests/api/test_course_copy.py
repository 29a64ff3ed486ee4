"""POST /v1/terms/{id}/courses: the courses of one term in another."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from enrollment.app import App
from tests.support.client import Client, broken, with_settings

MEETING = {"weekday": 1, "from": "09:00", "to": "10:00", "room": "B 12"}
FIELDS = {
    "code": "CS201",
    "section": "02",
    "title": "Databases",
    "instructor": "Edgar Codd",
    "credits": 0.333,
    "capacity": 30,
    "waitlist_capacity": 5,
    "promotion": "manual",
    "enroll_from": "2026-08-01T08:00:00.000Z",
    "enroll_until": "2026-09-15T22:00:00.000Z",
    "drop_until": "2026-10-15T22:00:00.000Z",
    "repeatable": True,
    "prerequisites": [{"code": "CS101", "concurrent": True}],
    "corequisites": ["CS201L"],
    "meetings": [MEETING],
    "open_to": ["SENIOR"],
    "early_access": [{"group": "SENIOR", "enroll_from": "2026-07-25T08:00:00.000Z"}],
}


@pytest.fixture
def terms(client: Client) -> Client:
    """A client of two terms: FALL, and SPRING with the id 2, which starts 154 days later."""
    client.term(code="FALL", start_on="2026-08-31", end_on="2026-12-18")
    client.term(code="SPRING", start_on="2027-02-01", end_on="2027-06-11")
    return client


def copy(client: Client, status: int = 201, **body: Any) -> Any:
    path = "/v1/terms/2/courses"
    return client.post_json(path, {"copy_from": "fall"} | body, status=status)


def test_a_copy_has_everything_and_its_windows_move_with_the_term(terms: Client):
    original = terms.get(f"/v1/courses/{terms.course(**FIELDS, term='FALL')}").json
    terms.enroll(terms.student(), original["id"], 409)

    (new,) = copy(terms).json["items"]

    assert new == original | {
        "id": 2,
        "updated_at": new["updated_at"],
        "term": "SPRING",
        "enroll_from": "2027-01-02T08:00:00.000Z",
        "enroll_until": "2027-02-16T22:00:00.000Z",
        "drop_until": "2027-03-18T22:00:00.000Z",
        "early_access": [{"group": "SENIOR", "enroll_from": "2026-12-26T08:00:00.000Z"}],
    }
    assert terms.get("/v1/courses/2").json == new
    assert terms.get("/v1/courses/1").json == original


def test_all_sections_of_the_codes_are_copied_or_all_courses(terms: Client):
    for code, section in (("ART1", None), ("ENG1", "01"), ("ENG1", "02"), ("LAW1", None)):
        terms.course(code=code, section=section, term="FALL")
    terms.course(code="MAT1")

    some = copy(terms, codes=["eng1", "LAW1"]).json["items"]
    rest = copy(terms, codes=["ART1"]).json["items"]

    assert [course["label"] for course in some] == ["ENG1-01", "ENG1-02", "LAW1"]
    assert [course["label"] for course in rest] == ["ART1"]
    third = terms.term(code="SUMMER", start_on="2027-07-01", end_on="2027-07-31")
    answer = terms.post_json("/v1/terms/3/courses", {"copy_from": "SPRING"}, status=201)
    assert [course["term"] for course in answer.json["items"]] == [third] * 4


def test_a_copy_is_open_and_a_cancelled_course_is_left_out(terms: Client):
    terms.course(code="ART1", term="FALL", status="closed")
    terms.course(code="LAW1", term="FALL", status="cancelled")

    copies = copy(terms).json["items"]

    assert [(course["code"], course["status"]) for course in copies] == [("ART1", "open")]
    answer = copy(terms, 409, codes=["LAW1"])
    assert broken(answer) == [("/codes/0", "nothing_to_copy")]


def test_a_term_without_courses_gives_none(terms: Client):
    assert copy(terms).json == {"items": []}


def test_course_code_taken_for_every_course_and_none_is_copied(terms: Client):
    for code in ("ART1", "ENG1", "LAW1"):
        terms.course(code=code, term="FALL")
    for code in ("ART1", "LAW1"):
        terms.course(code=code, term="SPRING")

    everything = copy(terms, 409)
    named = copy(terms, 409, codes=["LAW1", "ENG1", "ART1"])

    assert broken(everything) == [("/copy_from", "course_code_taken")] * 2
    assert broken(named) == [
        ("/codes/2", "course_code_taken"),
        ("/codes/0", "course_code_taken"),
    ]
    assert len(terms.walk("/v1/courses?term=SPRING")) == 2


def test_nothing_to_copy_for_every_code(terms: Client):
    terms.course(code="ART1", term="FALL")
    terms.course(code="LAW1", term="SPRING")

    answer = copy(terms, 409, codes=["X", "ART1", "LAW1"])

    assert broken(answer) == [("/codes/0", "nothing_to_copy"), ("/codes/2", "nothing_to_copy")]
    assert answer.json["errors"][0]["details"] == {"term": "FALL", "code": "X"}


def test_unknown_term_to_copy_from_or_to(terms: Client):
    assert broken(copy(terms, 409, copy_from="NONE", codes=["X"])) == [
        ("/copy_from", "unknown_term")
    ]
    answer = terms.post_json("/v1/terms/7/courses", {"copy_from": "FALL"}, status=404)
    assert answer.json["code"] == "term_not_found"


def test_window_out_of_range(client: Client):
    client.term(code="FALL", start_on="2026-08-31", end_on="2026-12-18")
    client.term(code="LAST", start_on="9999-08-31", end_on="9999-12-18")
    client.course(code="ART1", term="FALL", enroll_until="2027-08-31T00:00:00Z")

    answer = copy(client, 409, codes=["ART1"])

    assert broken(answer) == [("/codes/0", "window_out_of_range")]
    assert client.walk("/v1/courses?term=LAST") == []


def test_a_time_that_is_in_no_year_at_the_school_is_refused_or_moves(app: App):
    client = Client(with_settings(app, time_zone=ZoneInfo("Europe/Berlin")))
    client.term(code="FALL", start_on="2026-08-31", end_on="2026-12-18")
    client.term(code="SPRING", start_on="2027-02-01", end_on="2027-06-11")
    client.term(code="PAST", start_on="2026-08-30", end_on="2026-12-18")
    client.course(code="ART1", term="FALL", enroll_until="9999-12-31T23:59:59.999Z")

    assert broken(copy(client, 409)) == [("/copy_from", "window_out_of_range")]
    copied = client.post_json("/v1/terms/3/courses", {"copy_from": "FALL"}, status=201).json
    assert copied["items"][0]["enroll_until"] == "9999-12-30T23:59:59.999Z"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"copy_from": None}, "/copy_from"),
        ({"copy_from": "?"}, "/copy_from"),
        ({"codes": []}, "/codes"),
        ({"codes": ["?"]}, "/codes/0"),
        ({"codes": ["A"] * 1001}, "/codes"),
        ({"code": "A"}, "/code"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(terms: Client, body: Any, pointer: str):
    assert [place for place, _ in broken(copy(terms, 422, **body))] == [pointer]
