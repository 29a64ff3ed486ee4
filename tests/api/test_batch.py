"""POST /v1/students/batch and /v1/courses/batch: many records in one request."""

from typing import Any, Literal

import pytest
from webtest import TestResponse

from enrollment.data.batch import insert_batch
from enrollment.problems.errors import Problem
from tests.support.client import Client, broken

# Here the transactions count, so no other is around them.
pytestmark = pytest.mark.usefixtures("location")

ADA = {"given_name": "Ada", "family_name": "Lovelace"}
CS101 = {"code": "CS101", "title": "Databases"}


def send(client: Client, kind: str, items: list[Any], status: int, **fields: Any) -> TestResponse:
    return client.post_json(f"/v1/{kind}/batch", {"items": items} | fields, status=status)


def outcomes(answer: TestResponse) -> list[tuple[int, list[tuple[str, str]]]]:
    """Of each item: the status, and what speaks against it."""
    return [
        (
            item["status"],
            [(reason["pointer"], reason["code"]) for reason in item.get("errors", [])],
        )
        for item in answer.json["items"]
    ]


def test_students_are_created_in_the_order_of_the_list(client: Client):
    items = [ADA | {"family_name": f"Lovelace {number}"} for number in range(1000)]

    answer = send(client, "students", items, 201)

    students = [item["student"] for item in answer.json["items"]]
    assert [student["id"] for student in students] == [*range(1, 1001)]
    assert [student["family_name"] for student in students] == [
        item["family_name"] for item in items
    ]
    assert all(student.pop("possible_duplicates") == [] for student in students)
    assert client.get("/v1/students/1000").json == students[-1]


def test_each_student_of_a_batch_may_be_one_of_those_before(client: Client):
    items = [ADA | {"family_name": name} for name in ("Özil", "Lovelace", "OZIL")]

    answer = send(client, "students", items, 201)

    found = [item["student"]["possible_duplicates"] for item in answer.json["items"]]
    same = {"student_id": 1, "same_email": False, "same_name": True}
    assert [[one for one in named if one["same_name"]] for named in found] == [[], [], [same]]


def test_courses_are_created_with_their_requirements_and_meetings(client: Client):
    meeting = {"weekday": 1, "from": "09:00", "to": "10:00", "room": "B 12"}
    meeting |= {"start_on": None, "end_on": None, "every": 1}
    second = CS101 | {"section": "02", "corequisites": ["CS1"], "meetings": [meeting]}

    answer = send(client, "courses", [CS101, second], 201)

    assert outcomes(answer) == [(201, []), (201, [])]
    course = client.get("/v1/courses/2").json
    assert answer.json["items"][1] == {"status": 201, "course": course}
    assert (course["corequisites"], course["meetings"]) == (["CS1"], [meeting])


def test_all_or_none_with_every_reason_for_each(client: Client):
    client.course(**CS101)
    bad = {"code": "A", "title": "A", "term": "NONE", "corequisites": ["A"]}

    answer = send(client, "courses", [CS101, {"code": "B", "title": "B"}, bad], 422)

    assert broken(answer) == [
        ("/items/0/code", "course_code_taken"),
        ("/items/2/corequisites/0", "requires_itself"),
        ("/items/2/term", "unknown_term"),
    ]
    assert [course["code"] for course in client.walk("/v1/courses")] == ["CS101"]


def test_an_item_that_repeats_an_earlier_one_names_the_item(client: Client):
    answer = send(client, "courses", [CS101, {"code": "B", "title": "B"}, CS101], 422)

    assert broken(answer) == [("/items/2/code", "duplicate_item")]
    assert answer.json["errors"][0]["details"] == {"item": 0}
    assert client.walk("/v1/courses") == []


def test_each_that_breaks_no_rule_is_created(client: Client):
    client.course(**CS101)
    wrong = {"code": "A", "title": "A", "corequisites": ["a"], "term": "NONE"}
    fresh = {"code": "B", "title": "B"}

    answer = send(client, "courses", [CS101, fresh, wrong, fresh], 207, mode="each")

    assert outcomes(answer) == [
        (409, [("/items/0/code", "course_code_taken")]),
        (201, []),
        (
            422,
            [
                ("/items/2/corequisites/0", "requires_itself"),
                ("/items/2/term", "unknown_term"),
            ],
        ),
        (409, [("/items/3/code", "course_code_taken")]),
    ]
    assert answer.json["items"][3]["errors"][0]["details"] == {"course_id": 2}
    assert [course["code"] for course in client.walk("/v1/courses")] == ["B", "CS101"]


@pytest.mark.parametrize("mode", ["all", "each"])
@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("students", ADA, {"given_name": "", "status": "x"}),
        ("courses", CS101, {"code": "?", "title": "T", "credits": -1}),
    ],
)
def test_an_invalid_field_refuses_the_body_in_both_modes(
    client: Client, mode: str, kind: str, good: dict[str, Any], bad: dict[str, Any]
):
    answer = send(client, kind, [good, bad], 422, mode=mode)

    assert answer.json["code"] == "invalid_body"
    assert {pointer.rpartition("/")[0] for pointer, _ in broken(answer)} == {"/items/1"}
    assert client.walk(f"/v1/{kind}") == []


@pytest.mark.parametrize("kind", ["students", "courses"])
@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/items", "missing"),
        ({"items": []}, "/items", "invalid_value"),
        ({"items": [{}] * 1001}, "/items", "invalid_value"),
        ({"items": {}}, "/items", "invalid_value"),
        ({"items": [ADA | CS101]}, None, "unknown_name"),
        ({"items": [], "mode": "some"}, "/mode", "invalid_value"),
        ({"items": [], "reason": "x"}, "/reason", "unknown_name"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(
    client: Client, kind: str, body: Any, pointer: str | None, code: str
):
    answer = client.post_json(f"/v1/{kind}/batch", body, status=422)

    assert code in {found for place, found in broken(answer) if pointer in (None, place)}
    assert client.walk(f"/v1/{kind}") == []


@pytest.mark.parametrize("kind", ["students", "courses"])
def test_one_and_many_are_told_apart_by_their_path(client: Client, kind: str):
    assert broken(client.post_json(f"/v1/{kind}", {"items": []}, status=422))[0][0] != "/mode"
    answer = client.get(f"/v1/{kind}/batch", status=405)
    assert answer.headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("mode", ["all", "each"])
def test_what_is_no_broken_rule_ends_the_batch(mode: Literal["all", "each"]):
    def insert(item: int) -> Any:
        raise Problem("disk_full", "There is no space left on the disk.")

    with pytest.raises(Problem, match="no space left"):
        insert_batch([1, 2], insert, mode, key="student_id")


def test_the_metrics_count_what_was_refused_for_each(client: Client):
    client.course(**CS101)

    send(client, "courses", [CS101, CS101], 207, mode="each")

    line = 'enrollment_refusals_total{code="course_code_taken"} 2.0'
    assert line in client.get("/metrics").text
