"""The registry of problems: every code is in it once, with all its parts."""

import pytest

from enrollment.model.results import Violation
from enrollment.problems.body import problem_body
from enrollment.problems.errors import Problem
from tests.support.client import Client, broken

# The status of a problem with several violations


@pytest.mark.parametrize(
    ("codes", "named", "status"),
    [
        (["course_full"], "course_full", 409),
        (["course_not_open", "course_full"], "course_not_open", 409),
        (["duplicate_course"], "duplicate_course", 422),
        (["course_full", "unknown_course", "duplicate_course"], "duplicate_course", 422),
        (["meetings_overlap", "course_code_taken", "requires_itself"], "meetings_overlap", 422),
    ],
)
def test_a_body_that_contradicts_itself_gives_the_problem_its_code_and_status(
    codes: list[str], named: str, status: int
):
    violations = [Violation(pointer="", code=code, detail=code) for code in codes]

    body = problem_body(Problem.from_violations(violations), request_id="1")

    assert (body.code, body.status) == (named, status)
    assert [violation.code for violation in body.errors] == codes


def test_a_stored_rule_and_a_contradiction_are_answered_together_as_422(client: Client):
    full = client.course(capacity=0)
    courses = [{"course_id": full}, {"course_id": 99}, {"course_id": full}]

    answer = client.put_json(
        f"/v1/students/{client.student()}/courses", {"courses": courses}, status=422
    )

    assert answer.json["code"] == "duplicate_course"
    assert broken(answer) == [
        ("/courses/0/course_id", "course_full"),
        ("/courses/1/course_id", "unknown_course"),
        ("/courses/2/course_id", "duplicate_course"),
    ]


def test_a_student_who_is_listed_twice_is_a_422_of_many(client: Client):
    student, course = client.student(), client.course()
    body = {"mode": "each", "students": [{"student_id": student}] * 2}

    answer = client.post_json(f"/v1/courses/{course}/students", body, status=207)

    assert [item["status"] for item in answer.json["items"]] == [201, 422]
