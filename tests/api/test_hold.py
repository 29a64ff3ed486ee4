"""/v1/students/{id}/holds"""

import pytest

from enrollment.app import App
from enrollment.data.hold import SQL
from tests.support.client import Client, broken
from tests.support.tokens import ACTOR


def test_a_hold_is_placed_and_read(client: Client):
    student = client.student()

    answer = client.post_json(
        f"/v1/students/{student}/holds", {"reason": "unpaid fees"}, status=201
    )

    assert answer.json == {
        "id": 1,
        "version": 1,
        "student_id": student,
        "placed_at": answer.json["placed_at"],
        "placed_by": ACTOR,
        "released_at": None,
        "released_by": None,
        "reason": "unpaid fees",
    }
    assert client.get(answer.headers["Location"]).json == answer.json


def test_student_on_hold_until_every_hold_is_released(client: Client):
    student, course = client.student(), client.course()
    for reason in ("unpaid fees", "missing papers"):
        client.hold(student, reason)

    answer = client.enroll(student, course, status=409)
    assert broken(answer) == [("/course_id", "student_on_hold")] * 2
    assert answer.json["errors"][0]["detail"] == "The student is on hold: unpaid fees"
    client.delete(f"/v1/students/{student}/holds/1", status=204)
    answer = client.enroll(student, course, status=409)
    assert [reason["details"]["hold_id"] for reason in answer.json["errors"]] == [2]
    client.delete(f"/v1/students/{student}/holds/2", status=204)

    client.enroll(student, course)


def test_a_released_hold_stays_on_record(client: Client):
    student = client.student()
    client.hold(student)
    path = f"/v1/students/{student}/holds/1"

    client.delete(path, headers={"If-Match": '"2"'}, status=412)
    client.delete(path, headers={"If-Match": '"1"'}, status=204)
    released = client.get(path).json
    client.delete(path, status=204)

    assert released["released_at"] >= released["placed_at"]
    assert (released["released_by"], released["version"]) == (ACTOR, 2)
    assert client.get(path).json == released


def test_a_hold_keeps_no_one_from_dropping(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    client.hold(student)

    client.want(student, [course])
    client.want(student, [])


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_holds_are_listed_in_their_order(client: Client, limit: int):
    one, other = client.student(), client.student()
    for student, reason in ((one, "a"), (other, "b"), (one, "c"), (one, "d")):
        client.hold(student, reason)

    items = client.walk(f"/v1/students/{one}/holds?limit={limit}")

    assert [item["reason"] for item in items] == ["a", "c", "d"]


def test_a_hold_that_is_not_there_is_not_found(client: Client):
    one, other = client.student(), client.student()
    client.hold(one, "a")

    for path in (f"/v1/students/{one}/holds/2", f"/v1/students/{other}/holds/1"):
        assert client.get(path, status=404).json["code"] == "hold_not_found"
        assert client.delete(path, status=404).json["code"] == "hold_not_found"
    assert client.get("/v1/students/9/holds", status=404).json["code"] == "student_not_found"
    answer = client.post_json("/v1/students/9/holds", {"reason": "a"}, status=404)
    assert answer.json["code"] == "student_not_found"


def test_a_student_with_holds_only_is_deleted_with_them(client: Client):
    student = client.student()
    client.hold(student, "a")

    client.delete(f"/v1/students/{student}", status=204)


@pytest.fixture
def held(client: Client) -> Client:
    """Holds 1 and 3 of student 1, and 2 and 4 of student 2. Holds 1 and 2 are released."""
    for student in (client.student(), client.student()) * 2:
        client.hold(student, "fees")
    client.delete("/v1/students/1/holds/1", status=204)
    client.delete("/v1/students/2/holds/2", status=204)
    return client


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [1, 2, 3, 4]),
        ("active=true", [3, 4]),
        ("active=false", [1, 2]),
        ("student_id=2", [2, 4]),
        ("student_id=2&active=true", [4]),
        ("student_id=2&active=false", [2]),
        ("student_id=9", []),
    ],
)
@pytest.mark.parametrize("limit", [1, 100])
def test_the_holds_of_all_students_are_listed(held: Client, query: str, ids: list[int], limit: int):
    holds = held.walk(f"/v1/holds?limit={limit}&{query}")

    assert [hold["id"] for hold in holds] == ids
    assert holds == [
        held.get(f"/v1/students/{h['student_id']}/holds/{h['id']}").json for h in holds
    ]


@pytest.mark.parametrize(("active", "ids"), [(None, [1, 2, 3, 4]), (True, [3, 4]), (False, [1, 2])])
def test_the_query_of_all_holds_takes_every_filter(
    app: App, held: Client, active: bool | None, ids: list[int]
):
    with app.database.read() as db:
        found = SQL.list_all_holds(db, active=active, after_id=0, limit=9)

    assert [hold["id"] for hold in found] == ids


def test_active_is_true_or_false(client: Client):
    assert broken(client.get("/v1/holds?active=1", status=422)) == [("active", "invalid_value")]
