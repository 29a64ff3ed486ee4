"""/v1/terms"""

import pytest

from enrollment.model.types import Timestamp
from tests.support.client import Client, broken

FALL = {
    "code": "2026-FALL",
    "title": "Fall 2026",
    "start_on": "2026-08-31",
    "end_on": "2026-12-18",
    "enroll_from": None,
    "enroll_until": None,
    "drop_until": None,
}
PAST, FUTURE = "2020-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"


def test_a_created_term_can_be_read(client: Client):
    answer = client.post_json("/v1/terms", {**FALL, "max_credits": 30}, status=201)

    dated = {"updated_at": answer.json["updated_at"]}
    assert answer.json == {"id": 1, "version": 1, **dated, **FALL, "max_credits": 30.0}
    assert answer.headers["Location"] == "/v1/terms/1"
    assert client.get("/v1/terms/1").json == answer.json


def test_a_term_can_be_replaced(client: Client):
    client.term(max_credits=30)
    before = client.get("/v1/terms/1").json

    answer = client.put_json("/v1/terms/1", {**FALL, "title": "Autumn"}, status=200)

    dated = {"updated_at": answer.json["updated_at"]}
    assert before["updated_at"] < dated["updated_at"] <= Timestamp.now()
    new = {**FALL, "title": "Autumn", "max_credits": None}
    assert answer.json == {"id": 1, "version": 2, **dated, **new}
    assert client.get("/v1/terms/1").json == answer.json


def test_a_term_may_be_one_day_long(client: Client):
    client.term(start_on="2026-08-31", end_on="2026-08-31")


def test_a_term_that_ends_before_it_starts_and_whose_code_is_taken_hears_both(client: Client):
    client.term()

    answer = client.post_json("/v1/terms", {**FALL, "end_on": "2026-08-30"}, status=422)

    assert broken(answer) == [("/code", "term_code_taken"), ("/end_on", "ends_before_start")]


def test_ends_before_start(client: Client):
    answer = client.post_json("/v1/terms", {**FALL, "end_on": "2026-08-30"}, status=422)

    assert broken(answer) == [("/end_on", "ends_before_start")]
    assert client.walk("/v1/terms") == []


def test_a_window_that_ends_before_it_starts(client: Client):
    window = {"enroll_from": FUTURE, "enroll_until": FUTURE}

    answer = client.post_json("/v1/terms", {**FALL, **window}, status=422)

    assert broken(answer) == [("/enroll_until", "ends_before_start")]


@pytest.mark.parametrize(
    ("field", "of_course", "of_term", "code"),
    [
        ("enroll_until", None, PAST, "window_closed"),
        ("enroll_until", PAST, FUTURE, "window_closed"),
        ("enroll_until", FUTURE, PAST, None),
        ("enroll_from", None, FUTURE, "window_not_open"),
        ("enroll_from", FUTURE, PAST, "window_not_open"),
        ("enroll_from", PAST, FUTURE, None),
        ("enroll_from", None, None, None),
    ],
)
def test_a_course_has_the_window_of_its_term_where_it_has_none(
    client: Client, field: str, of_course: str | None, of_term: str | None, code: str | None
):
    term = client.term(**{field: of_term})
    course = client.course(code="CS101", term=term, **{field: of_course})

    answer = client.enroll(client.student(), course, status=409 if code else 201)

    if code:
        assert broken(answer) == [("/course_id", code)]
        assert answer.json["errors"][0]["details"][field] == (of_course or of_term)


def test_a_term_that_opens_again_gives_its_free_seats_to_those_who_wait(client: Client):
    course = client.course(term=client.term(), capacity=1)
    first, waiting = client.student(), client.student()
    client.enroll(first, course)
    client.enroll(waiting, course, waitlist=True)
    client.patch_json("/v1/terms/1", {"enroll_until": PAST}, status=200)
    client.put_status(first, course, "dropped")
    assert client.status(waiting, course) == "waitlisted"

    client.patch_json("/v1/terms/1", {"enroll_until": None}, status=200)

    assert client.status(waiting, course) == "enrolled"


def test_term_code_taken_whatever_the_case(client: Client):
    client.term()
    client.term(code="2027-SPRING")

    created = client.post_json("/v1/terms", {**FALL, "code": "2026-fall"}, status=409)
    replaced = client.put_json("/v1/terms/2", FALL, status=409)

    assert broken(created) == broken(replaced) == [("/code", "term_code_taken")]


def test_term_has_courses(client: Client):
    client.course(term=client.term())

    answer = client.delete("/v1/terms/1", status=409)

    assert broken(answer) == [("", "term_has_courses")]
    assert answer.json["errors"][0]["details"] == {"courses": 1}


def test_a_term_that_is_given_another_code_takes_its_courses_along(client: Client):
    course = client.course(term=client.term())
    before = client.get(f"/v1/courses/{course}")
    # The next write is in another millisecond.
    while str(Timestamp.now()) <= before.json["updated_at"]:
        pass

    client.put_json("/v1/terms/1", {**FALL, "code": "2026-AUTUMN"}, status=200)

    after = client.get(f"/v1/courses/{course}")
    dated = {"updated_at": after.json["updated_at"]}
    assert dated["updated_at"] > before.json["updated_at"]
    assert after.json == before.json | dated | {"term": "2026-AUTUMN", "version": 2}
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_course_spells_its_term_as_the_term_does(client: Client):
    client.term()
    course = client.course(term="2026-fall")
    assert client.get(f"/v1/courses/{course}").json["term"] == "2026-FALL"

    client.put_json("/v1/terms/1", {**FALL, "code": "2026-Fall"}, status=200)

    after = client.get(f"/v1/courses/{course}").json
    assert (after["term"], after["version"]) == ("2026-Fall", 2)


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["2026-FALL", "2026-SPRING", "2027-FALL"]),
        ("code=2026", ["2026-FALL", "2026-SPRING"]),
        ("code=2026-f", ["2026-FALL"]),
        ("title=last", ["2027-FALL"]),
    ],
)
def test_terms_are_listed_by_code(client: Client, query: str, found: list[str], limit: int):
    client.term(code="2027-FALL", title="Last")
    client.term(code="2026-SPRING")
    client.term(code="2026-FALL")

    items = client.walk(f"/v1/terms?limit={limit}&{query}")

    assert [item["code"] for item in items] == found
