"""/v1/terms/{id}/census: how many students each course of a term had."""

import pytest

from tests.support.client import Client, today

TIME = "2020-01-{:02}T12:00:00.000Z"


@pytest.fixture
def term(client: Client) -> Client:
    """Three courses of a term, and one of none: what happened on the 5th, 10th and 20th."""
    code = client.term()
    client.term(code="OTHER")
    first = client.course(code="B", section="02", term=code, capacity=2, title="Bees")
    second = client.course(code="A", term=code)
    client.course(code="C", term=code)
    other = client.course(code="A", term=None)
    students = [client.student() for _ in range(4)]
    for student in students[:2]:
        client.enroll(student, first, effective_at=TIME.format(5))
        client.enroll(student, second, effective_at=TIME.format(5))
        client.enroll(student, other, effective_at=TIME.format(5))
    client.enroll(students[2], first, waitlist=True)
    client.put_status(students[0], second, "dropped", effective_at=TIME.format(10))
    client.put_status(students[1], second, "completed", effective_at=TIME.format(20))
    return client


def counts(client: Client, query: str = "") -> dict[str, tuple[int, ...]]:
    """The counts of each course, in their order, and of all."""
    answer = client.get(f"/v1/terms/1/census?{query}").json
    names = ("enrolled", "waitlisted", "completed", "dropped")
    found = {item["label"]: tuple(item[name] for name in names) for item in answer["items"]}
    found["all"] = tuple(answer["totals"][name] for name in names)
    assert found["all"] == tuple(sum(item[name] for item in answer["items"]) for name in names)
    return found


def test_the_census_of_now(term: Client):
    found = counts(term)

    assert list(found) == ["A", "B-02", "C", "all"]
    assert found == {
        "A": (0, 0, 1, 1),
        "B-02": (2, 1, 0, 0),
        "C": (0, 0, 0, 0),
        "all": (2, 1, 1, 1),
    }
    bees = term.get("/v1/terms/1/census").json["items"][1]
    named = {"course_id": 1, "label": "B-02", "code": "B", "section": "02", "title": "Bees"}
    assert named.items() <= bees.items()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("as_of=2020-01-04", (0, 0, 0, 0)),
        ("as_of=2020-01-05", (2, 0, 0, 0)),
        ("as_of=2020-01-10", (1, 0, 0, 1)),
        ("as_of=2020-01-20", (0, 0, 1, 1)),
        # The courses were not there yet.
        ("known_at=2020-12-31", None),
        ("known_at={today}", (0, 0, 1, 1)),
        ("as_of=2020-01-10&known_at={today}", (1, 0, 0, 1)),
        ("as_of=2020-01-10&known_at=2020-12-31", None),
    ],
)
def test_the_census_of_a_day(term: Client, query: str, expected: tuple[int, ...] | None):
    assert counts(term, query.format(today=today())).get("A") == expected


def test_a_course_that_was_added_later_was_not_known(term: Client):
    known = term.get("/v1/courses/3").json["updated_at"]
    before = counts(term, f"known_at={known}")
    term.course(code="D", term="2026-FALL")
    # A change of a course adds none.
    term.patch_json("/v1/courses/3", {"title": "Caves"})

    assert counts(term, f"known_at={known}") == before
    assert list(before) == ["A", "B-02", "C", "all"]
    assert "D" in counts(term, f"known_at={today()}")
    assert "D" in counts(term, "as_of=2020-01-05")


@pytest.mark.parametrize("query", ["", "as_of=2020-01-05", "known_at={today}"])
def test_the_census_agrees_with_the_rosters(term: Client, query: str):
    query = query.format(today=today())
    for item in term.get(f"/v1/terms/1/census?{query}").json["items"]:
        roster = term.walk(f"/v1/courses/{item['course_id']}/students?{query}")
        for status in ("enrolled", "waitlisted", "completed", "dropped"):
            assert item[status] == len([entry for entry in roster if entry["status"] == status])


def test_a_second_try_that_was_dropped_counts_as_dropped_and_what_was_passed_stays(client: Client):
    student, term = client.student(), client.term()
    course = client.course(code="CS1", term=term, repeatable=True)
    client.complete(student, course)
    completed = client.get(f"/v1/students/{student}/courses/{course}").json
    client.enroll(student, course)

    dropped = client.put_status(student, course, "dropped").json

    assert counts(client)["all"] == (0, 0, 0, 1)
    kept = ("completed_at", "passed", "grade")
    assert [dropped[name] for name in kept] == [completed[name] for name in kept]
    client.enroll(student, client.course(prerequisites=[{"code": "CS1"}]))


def test_a_term_without_courses_has_zeros(term: Client):
    census = term.get("/v1/terms/2/census").json

    assert census["items"] == []
    assert set(census["totals"].values()) == {0}


def test_a_term_that_does_not_exist_has_no_census(client: Client):
    assert client.get("/v1/terms/9/census", status=404).json["code"] == "term_not_found"
