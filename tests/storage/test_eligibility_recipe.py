"""The recipe for a new rule in the comment of sql/eligibility.sql, and the order of the rules."""

import re
from typing import Any

import pytest

from enrollment.data.eligibility import DEFAULTS, EnrollmentRequest
from enrollment.storage.database import Database
from enrollment.storage.queries import resource_dir, to_json
from tests.contract.test_problems import codes_in
from tests.support.client import Client

TEXT = (resource_dir("sql") / "eligibility.sql").read_text()
HEAD, QUERY = TEXT.split("\nWITH\n")
RULES = re.findall(r"^ {8}\('(\w+)', (\d+)\)", QUERY, re.MULTILINE)
NOW = "2026-09-15T08:00:00.000Z"


def with_example() -> str:
    """The query with the example of its comment: the branch and the row."""
    lines = [line.removeprefix("--     ") for line in HEAD.splitlines()]
    first = lines.index("UNION ALL")
    end = lines.index("--", first)
    branch = "\n".join(lines[first:end])
    (row,) = (line for line in lines if line.startswith("('"))
    sql = QUERY.replace("    VALUES\n", f"    VALUES\n{row}\n")
    return "WITH\n" + sql.replace(
        "\n),\n\nupheld_violation", f"\n\n{branch}\n),\n\nupheld_violation"
    )


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (None, []),
        ({"start_on": "2026-08-31", "end_on": "2026-12-18"}, ["course_started"]),
        ({"start_on": "2027-01-18", "end_on": "2027-05-07"}, []),
    ],
    ids=["no term", "a term that has started", "a term that has not started"],
)
def test_the_example_refuses_a_course_whose_term_has_started_and_no_other(
    client: Client, database: Database, term: dict[str, Any] | None, expected: list[str]
):
    fields = {} if term is None else {"term": client.term(**term)}
    student, course = client.student(), client.course(code="CS1", **fields)

    with database.read() as db:
        requests = to_json([EnrollmentRequest(student, course)])
        rows = db.execute(with_example(), DEFAULTS | {"requests": requests, "now": NOW}).fetchall()

    assert [row["code"] for row in rows if row["code"]] == expected
    assert [row["outcome"] for row in rows] == ([None] if expected else ["enrolled"])
    assert [row["detail"] for row in rows if row["code"]] == [
        "CS1 started on 2026-08-31." for _ in expected
    ]


def test_the_example_takes_its_place_in_the_order(client: Client, database: Database):
    term = client.term()
    student = client.student(status="inactive")
    course = client.course(term=term, enroll_until="2026-09-01T00:00:00Z", status="closed")

    with database.read() as db:
        requests = to_json([EnrollmentRequest(student, course)])
        rows = db.execute(with_example(), DEFAULTS | {"requests": requests, "now": NOW}).fetchall()

    assert [row["code"] for row in rows] == [
        "student_inactive",
        "course_not_open",
        "course_started",
        "window_closed",
    ]


def test_every_rule_of_a_branch_is_in_the_order_and_back():
    branches = re.sub(r"--.*", "", QUERY).split("violation AS (", 1)[1]

    assert {code for code, _ in RULES} == codes_in(branches)


def test_the_order_of_the_rules_is_that_of_their_list():
    ranks = [int(rank) for _, rank in RULES]

    assert ranks == sorted(set(ranks))


def test_every_column_of_a_candidate_is_explained():
    (columns,) = re.findall(
        r"\ncandidate AS MATERIALIZED \(\n    SELECT (.*?)\n    FROM", QUERY, re.S
    )
    names = re.sub(r"coalesce\(.* AS (\w+)$", r"\1", columns, flags=re.S)
    listed = HEAD.split("has these columns:\n")[1].split("-- A comparison")[0]
    left = "\n".join(line[7:34] for line in listed.splitlines())

    assert {*re.findall(r"\w+", names)} == {*re.findall(r"\w+", left)}
