"""The comment of sql/rule.sql, and the order of the reasons."""

import re

from enrollment.storage.queries import query_text
from tests.support.client import Client, broken


def test_the_order_of_the_reasons_is_that_of_the_registry(client: Client):
    student = client.student(status="inactive")
    course = client.course(enroll_until="2020-09-01T00:00:00Z", status="closed")

    answer = client.enroll(student, course, 409)

    assert [code for _, code in broken(answer)] == [
        "student_inactive",
        "course_not_open",
        "window_closed",
    ]


def test_every_column_of_a_candidate_is_explained():
    (columns,) = re.findall(
        r"\ncandidate AS MATERIALIZED \(\n    SELECT (.*?)\n    FROM",
        query_text("eligibility"),
        re.S,
    )
    names = re.sub(r"coalesce\(.* AS (\w+)$", r"\1", columns, flags=re.S)
    listed = query_text("rule").split("has these columns:\n")[1].split("-- A comparison")[0]
    left = "\n".join(line[7:34] for line in listed.splitlines())

    assert {*re.findall(r"\w+", names)} == {*re.findall(r"\w+", left)}
