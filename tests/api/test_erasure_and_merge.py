"""A person is to be forgotten, or was recorded twice: erasure and merge."""

from typing import Any

import pytest
from webtest import TestResponse

from tests.support.client import Client, broken, mismatches, today
from tests.support.engine import table_names
from tests.support.tokens import ACTOR, TOKENS

SECRETS = ("zuleika", "quixano", "s-4711", "zuleika@example.org", "gossip", "phone")


def erase(client: Client, student: int, status: int = 200) -> TestResponse:
    path = f"/v1/students/{student}/erasure"
    return client.post_json(path, {"reason": "asked in writing"}, status=status)


def merge(client: Client, student: int, into: int, status: int = 200) -> TestResponse:
    return client.post_json(f"/v1/students/{student}/merge", {"into": into}, status=status)


def outcomes(answer: TestResponse) -> list[tuple[int, str]]:
    return [(item["course_id"], item["outcome"]) for item in answer.json["items"]]


# Erasure


@pytest.fixture
def known(client: Client) -> int:
    """A student of whom every kind of text speaks, and who has left every course."""
    fields = {"number": "S-4711", "given_name": "Zuleika", "family_name": "Quixano"}
    body = fields | {"email": "zuleika@example.org"}
    key = {"Idempotency-Key": "one"}
    student = client.post_json("/v1/students", body, headers=key, status=201).json["id"]
    path = f"/v1/students/{student}"
    client.put_json(path, body | {"max_credits": 30})
    client.post_json(f"{path}/holds", {"reason": "gossip"}, headers={"Idempotency-Key": "two"})
    client.delete(f"{path}/holds/1", status=204)
    full, other = client.course(capacity=1), client.course()
    own = client.of_student(student)
    own.enroll(student, full, reason="gossip")
    client.enroll(client.student(), full, waitlist=True)
    # This gives the seat to the next student, in whose history the student's own token is.
    own.delete(f"{path}/courses/{full}", status=204)
    client.enroll(student, other, reason="gossip")
    client.put_json(f"{path}/courses/{other}", {"status": "completed", "reason": "gossip"})
    return student


def everything(client: Client) -> str:
    """All text that is stored, in lower case."""
    with client.app.database.read() as db:
        return "".join(
            str(tuple(row)).lower()
            for table in table_names(db)
            for row in db.execute(f"SELECT * FROM {table}")
        )


def test_nothing_that_is_stored_speaks_of_an_erased_student(client: Client, known: int):
    assert [text for text in SECRETS if text not in everything(client)] == []

    answer = erase(client, known)

    assert [text for text in SECRETS if text in everything(client)] == []
    assert answer.json == {
        "student_id": known,
        "erased_at": answer.json["erased_at"],
        "erased_by": ACTOR,
        "reason": "asked in writing",
    }
    assert client.walk("/v1/erasures") == [answer.json]
    student = client.get(f"/v1/students/{known}").json
    assert {name: student[name] for name in student if name not in ("updated_at", "version")} == {
        "id": known,
        "number": None,
        "given_name": None,
        "family_name": "Erased",
        "email": None,
        "status": "inactive",
        "max_credits": None,
        "groups": [],
    }


def test_the_stored_report_of_an_import_speaks_of_an_erased_student_no_more(client: Client):
    client.student()
    headers = {"Idempotency-Key": "list", "Content-Type": "text/csv"}
    file = "Number,Surname,Given name\nS-4711,Quixano,Zuleika\n"
    client.post("/v1/imports", file, headers=headers, status=201)
    student = client.get("/v1/students?number=S-4711").json["items"][0]["id"]

    erase(client, student)

    assert [text for text in SECRETS if text in everything(client)] == []
    retry = client.post("/v1/imports", file, headers=headers, status=201)
    assert retry.json == {"erased": True}


def test_counts_and_events_stay_what_they_were(client: Client, known: int):
    def shown(path: str) -> list[dict[str, Any]]:
        texts = ("actor", "reason", "family_name", "given_name", "number", "email")
        return [
            {name: value for name, value in item.items() if name not in texts}
            for item in client.walk(path)
        ]

    paths = ["/v1/events", f"/v1/students/{known}/courses", "/v1/courses/1/students"]
    paths += [f"/v1/courses/1/students?as_of={today()}", "/v1/courses"]
    before = [shown(path) for path in paths]

    erase(client, known)

    assert [shown(path) for path in paths] == before
    assert mismatches(client.app) == []
    actors = {event["actor"] for event in client.walk("/v1/events")}
    token = client.walk("/v1/tokens")[-1]
    assert actors == {ACTOR, f"#{token['id']}"}
    assert (token["name"], token["revoked_by"]) == ("erased", ACTOR)


def test_the_changes_of_an_erased_student_show_who_and_when(client: Client, known: int):
    path = f"/v1/students/{known}/changes"
    before = client.walk(path)

    erase(client, known)

    after = client.walk(path)
    assert len(after) == len(before) + 1
    columns = ("id", "version", "actor", "recorded_at")
    assert [[change[name] for name in columns] for change in after[:-1]] == [
        [change[name] for name in columns] for change in before
    ]
    assert [(change["before"], change["after"]) for change in after] == [
        (None, {"erased": True}),
        *[({}, {"erased": True})] * (len(after) - 1),
    ]


def test_a_retry_gets_a_blank_response_and_another_student_the_whole(client: Client, known: int):
    other = {"given_name": "Ada", "family_name": "Lovelace"}
    key = {"Idempotency-Key": "other"}
    first = client.post_json("/v1/students", other, headers=key, status=201)
    erase(client, known)

    assert client.post_json("/v1/students", other, headers=key, status=201).json == first.json
    hold = {"reason": "gossip"}
    retry = client.post_json(
        f"/v1/students/{known}/holds", hold, headers={"Idempotency-Key": "two"}, status=201
    )
    assert retry.json == {"erased": True}
    assert len(client.walk(f"/v1/students/{known}/holds")) == 1


def test_student_erased(client: Client, known: int):
    erase(client, known)
    other = client.student()

    assert broken(erase(client, known, 409)) == [("", "student_erased")]
    body = {"given_name": "Zuleika", "family_name": "Quixano"}
    answer = client.put_json(f"/v1/students/{known}", body, status=409)
    assert broken(answer) == [("", "student_erased")]
    assert broken(merge(client, known, other, 409)) == [("", "student_erased")]
    assert broken(merge(client, other, known, 409)) == [("/into", "student_erased")]
    assert "zuleika" not in everything(client)


def test_nothing_is_added_to_an_erased_student(client: Client, known: int):
    erase(client, known)
    course = client.course()
    events = client.events()
    gossip = {"rules": ["student_inactive"], "reason": "gossip"}

    answer = client.post_json(f"/v1/students/{known}/holds", {"reason": "gossip"}, status=409)
    assert broken(answer) == [("", "student_erased")]
    body = {"name": "Zuleika", "role": "student", "student_id": known}
    answer = client.post_json("/v1/tokens", body, status=409)
    assert broken(answer) == [("/student_id", "student_erased")]
    answer = client.enroll(known, course, 409, override=gossip)
    assert broken(answer) == [("/course_id", "student_erased")]
    body = {"students": [{"student_id": known}], "override": gossip}
    answer = client.post_json(f"/v1/courses/{course}/students", body, status=409)
    assert broken(answer) == [("/students/0/student_id", "student_erased")]
    assert client.events() == events
    assert [text for text in SECRETS if text in everything(client)] == []


@pytest.mark.parametrize("waitlist", [False, True], ids=["enrolled", "waitlisted"])
def test_student_is_enrolled(client: Client, waitlist: bool):
    student = client.student(family_name="Quixano")
    client.enroll(student, client.course(capacity=int(not waitlist)), waitlist=waitlist)

    assert broken(erase(client, student, 409)) == [("", "student_is_enrolled")]
    assert client.get(f"/v1/students/{student}").json["family_name"] == "Quixano"


def test_an_erased_student_with_nothing_but_void_enrollments_can_be_deleted(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    body = {"status": "void", "reason": "gossip"}
    client.put_json(f"/v1/students/{student}/courses/{course}", body)
    erase(client, student)

    client.delete(f"/v1/students/{student}", status=204)

    assert "gossip" not in everything(client)
    assert [item["student_id"] for item in client.walk("/v1/erasures")] == [student]


def test_an_erasure_needs_a_student_and_a_reason(client: Client):
    student = client.student()

    assert erase(client, 99, 404).json["code"] == "student_not_found"
    answer = client.post_json(f"/v1/students/{student}/erasure", {}, status=422)
    assert broken(answer) == [("/reason", "missing")]


# Merge


def test_the_enrollments_and_holds_move_to_the_other_record(client: Client):
    double, student = client.student(), client.student()
    taken, done, given_up, waited = (client.course(capacity=1) for _ in range(4))
    since = {"effective_at": "2026-09-01T08:00:00Z"}
    for course in (taken, done, given_up):
        client.enroll(double, course, **since)
    client.put_status(double, done, "completed")
    client.put_status(double, given_up, "dropped")
    client.enroll(client.student(), waited)
    client.enroll(double, waited, waitlist=True)
    client.hold(double, "library fees")
    before = client.walk(f"/v1/students/{double}/courses")
    past = client.walk(f"/v1/students/{double}/courses?as_of=2026-09-02")

    answer = merge(client, double, student)

    assert outcomes(answer) == [(c, "moved") for c in (taken, done, given_up, waited)]
    assert (answer.json["student_id"], answer.json["into"]) == (double, student)

    def without(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {k: v for k, v in item.items() if k not in ("student_id", "version")} for item in items
        ]

    assert without(client.walk(f"/v1/students/{student}/courses")) == without(before)
    assert without(client.walk(f"/v1/students/{student}/courses?as_of=2026-09-02")) == without(past)
    assert client.walk(f"/v1/students/{double}/courses") == []
    assert client.get(f"/v1/students/{double}").json["status"] == "inactive"
    (hold,) = client.walk(f"/v1/students/{student}/holds")
    assert hold["released_at"] is None
    reasons = {event["reason"] for event in client.walk(f"/v1/events?student_id={student}")}
    assert reasons == {f"merged from student {double}"}
    assert mismatches(client.app) == []
    client.delete(f"/v1/students/{double}", status=204)


def test_a_place_on_a_waitlist_moves_as_it_is(client: Client):
    course = client.course(capacity=0, waitlist_capacity=3)
    double, second, third = (client.student() for _ in range(3))
    for waiting in (double, second, third):
        client.enroll(waiting, course, waitlist=True)
    student, last = client.student(), client.student()

    merge(client, double, student)
    merge(client, student, last)

    waiting = client.walk(f"/v1/courses/{course}/students?status=waitlisted")
    assert [(item["student_id"], item["position"]) for item in waiting] == [
        (last, 1),
        (second, 2),
        (third, 3),
    ]
    assert {event["overridden"] == [] for event in client.walk("/v1/events")} == {True}
    assert mismatches(client.app) == []
    client.delete(f"/v1/students/{last}/courses/{course}", status=204)
    client.enroll(last, course, waitlist=True)
    assert client.get(f"/v1/students/{last}/courses/{course}").json["position"] == 3


@pytest.mark.parametrize("again", ["waits again", "has left again", "enrolled"])
def test_a_place_moves_on_whatever_who_had_it_first_does(client: Client, again: str):
    course = client.course(capacity=0)
    double, student, second, last = (client.student() for _ in range(4))
    for waiting in (double, second):
        client.enroll(waiting, course, waitlist=True)
    merge(client, double, student)
    # They were two persons.
    client.patch_json(f"/v1/students/{double}", {"status": "active"})
    if again == "enrolled":
        rule = {"rules": ["course_full"], "reason": "asked"}
        body = {"course_id": course, "override": rule}
        client.post_json(f"/v1/students/{double}/courses", body)
    else:
        client.enroll(double, course, waitlist=True)
    if again == "has left again":
        client.delete(f"/v1/students/{double}/courses/{course}", status=204)

    merge(client, student, last)

    items = client.walk(f"/v1/courses/{course}/students?status=waitlisted")
    assert [item["student_id"] for item in items][:2] == [last, second]
    assert mismatches(client.app) == []
    # The place goes on from there too.
    merge(client, last, student)
    assert client.get(f"/v1/students/{student}/courses/{course}").json["position"] == 1


# What a record can have in a course, from what the person least wants to lose.
HISTORIES = {
    "passed, and taken again": ("enrolled", "completed", "enrolled"),
    "passed": ("enrolled", "completed"),
    "enrolled": ("enrolled",),
    "not passed": ("enrolled", "failed"),
    "waitlisted": ("waitlisted",),
    "dropped": ("enrolled", "dropped"),
}


def make(client: Client, student: int, course: int, *statuses: str) -> None:
    """Bring an enrollment about, one status after another."""
    for status in statuses:
        if status in ("enrolled", "waitlisted"):
            capacity = 5 if status == "enrolled" else 0
            client.patch_json(f"/v1/courses/{course}", {"capacity": capacity})
            client.enroll(student, course, waitlist=True)
        elif status == "failed":
            client.put_status(student, course, "completed", passed=False)
        else:
            client.put_status(student, course, status)


@pytest.mark.parametrize("first_is_merged", [True, False], ids=["this", "the other"])
@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (one, other)
        for one in HISTORIES
        for other in HISTORIES
        if [*HISTORIES].index(one) < [*HISTORIES].index(other)
    ],
)
def test_the_better_of_two_enrollments_stays(
    client: Client, better: str, worse: str, first_is_merged: bool
):
    double, student = client.student(), client.student()
    one, other = (double, student) if first_is_merged else (student, double)
    course = client.course(repeatable=True, promotion="manual")
    make(client, one, course, *HISTORIES[better])
    # The number of events does not count here.
    make(client, other, course, "enrolled", "dropped", "enrolled", "dropped", *HISTORIES[worse])
    expected = client.get(f"/v1/students/{one}/courses/{course}").json

    answer = merge(client, double, student)

    (item,) = answer.json["items"]
    assert item["outcome"] == ("replaced" if first_is_merged else "kept")
    kept = client.get(f"/v1/students/{student}/courses/{course}").json
    names = ("status", "passed", "grade", "enrolled_at", "waitlisted_at", "completed_at")
    assert [kept[name] for name in names] == [expected[name] for name in names]
    assert item["status"] == kept["status"]
    assert client.walk(f"/v1/students/{double}/courses") == []
    assert mismatches(client.app) == []


def test_a_seat_that_one_record_holds_is_not_lost_to_the_waitlist(client: Client):
    holder, dropped, waiting = (client.student() for _ in range(3))
    course = client.course(capacity=1)
    client.enroll(dropped, course)
    client.put_status(dropped, course, "dropped")
    client.enroll(holder, course)
    client.enroll(waiting, course, waitlist=True)

    answer = merge(client, holder, dropped)

    assert outcomes(answer) == [(course, "replaced")]
    assert client.status(dropped, course) == "enrolled"
    assert client.status(waiting, course) == "waitlisted"


@pytest.mark.parametrize("first_is_merged", [True, False], ids=["this", "the other"])
def test_the_better_place_on_a_waitlist_stays(client: Client, first_is_merged: bool):
    first, second, third = (client.student() for _ in range(3))
    course = client.course(capacity=0)
    for waiting in (first, second, third):
        client.enroll(waiting, course, waitlist=True)
    # The last one is moved twice, and ends in the second place.
    for place in (3, 2):
        path = f"/v1/students/{third}/courses/{course}/position"
        client.put_json(path, {"position": place, "reason": "asked"})
    pair = (first, third) if first_is_merged else (third, first)

    merge(client, *pair)

    items = client.walk(f"/v1/courses/{course}/students?status=waitlisted")
    assert [(item["student_id"], item["position"]) for item in items] == [(pair[1], 1), (second, 2)]
    assert mismatches(client.app) == []


def test_of_equal_enrollments_the_longer_history_stays_and_else_that_of_the_other(client: Client):
    double, student = client.student(), client.student()
    longer, same = client.course(), client.course()
    for one in (double, student):
        make(client, one, longer, "enrolled", "dropped")
        client.enroll(one, same)
    make(client, double, longer, "enrolled", "dropped")

    assert outcomes(merge(client, double, student)) == [(longer, "replaced"), (same, "kept")]


def test_a_merge_lists_what_clashes_afterwards(client: Client):
    double, student = client.student(), client.student()
    client.term(max_credits=10)
    meetings = [{"weekday": 1, "from": "09:00", "to": "10:00"}]
    in_term = {"term": "2026-FALL", "credits": 4}
    first = client.course(code="CS101", section="1", **in_term)
    second = client.course(code="CS101", section="2", meetings=meetings, **in_term)
    third = client.course(code="MA101", meetings=meetings, **in_term)
    free, done = client.course(code="FREE"), client.course(code="DONE", meetings=meetings)
    client.enroll(student, first)
    client.enroll(student, third)
    client.complete(double, done)
    client.enroll(double, second)
    client.enroll(double, free)

    answer = merge(client, double, student)

    errors = {item["course_id"]: item["errors"] for item in answer.json["items"]}
    assert [error["code"] for error in errors.pop(second)] == [
        "another_section",
        "time_conflict",
        "credit_limit",
    ]
    assert errors == {free: [], done: []}
    assert client.status(student, second) == "enrolled"


def test_a_merge_lists_courses_of_which_one_counts_as_the_other(client: Client):
    double, student = client.student(), client.student()
    kept, moved = (
        client.course(code="MATH201"),
        client.course(code="STAT201", counts_as=["MATH201"]),
    )
    client.enroll(student, kept)
    client.enroll(double, moved)

    (item,) = merge(client, double, student).json["items"]

    assert [error["code"] for error in item["errors"]] == ["another_section"]


def test_what_was_void_does_not_count_or_move(client: Client):
    double, student = client.student(), client.student()
    course, other = client.course(), client.course()
    for wanted in (course, other):
        client.enroll(double, wanted)
        client.put_status(double, wanted, "dropped")
        body = {"status": "void", "reason": "a mistake"}
        client.put_json(f"/v1/students/{double}/courses/{wanted}", body)
    client.enroll(double, course)
    client.enroll(student, course)

    assert outcomes(merge(client, double, student)) == [(course, "kept")]


def test_a_seat_that_two_records_had_goes_to_the_waitlist(client: Client):
    double, student, waiting = (client.student() for _ in range(3))
    course = client.course(capacity=2)
    client.enroll(double, course)
    client.enroll(student, course)
    client.enroll(waiting, course, waitlist=True)

    merge(client, double, student)

    assert client.status(waiting, course) == "enrolled"


def test_a_merge_into_a_course_over_its_capacity_is_on_record(client: Client):
    double, student, third = (client.student() for _ in range(3))
    course = client.course(code="CS101", capacity=2)
    client.enroll(double, course)
    client.enroll(third, course)
    client.put_json(f"/v1/courses/{course}", {"code": "CS101", "title": "Databases", "capacity": 1})

    merge(client, double, student)

    assert client.status(student, course) == "enrolled"
    assert client.walk("/v1/events")[-1]["overridden"] == ["course_full"]


def test_the_tokens_of_the_merged_record_are_revoked(client: Client):
    double, student = client.student(), client.student()
    own, kept = client.of_student(double), client.of_student(student)

    merge(client, double, student)

    own.get(f"/v1/students/{double}", status=401)
    own.get(f"/v1/students/{student}", status=401)
    kept.get(f"/v1/students/{student}", status=200)


def test_it_is_kept_to_whom_a_merged_record_belongs(client: Client):
    first, second, third = client.student(), client.student(), client.student()
    reader = Client(client.app, TOKENS["reader"])

    def merges(*pair: int) -> list[tuple[int, int]]:
        """The merges after another one. An active record is none of them."""
        if pair:
            merge(client, *pair)
        return [(item["student_id"], item["into"]) for item in reader.walk("/v1/merges")]

    assert merges(first, second) == [(first, second)]
    assert reader.walk("/v1/merges")[0]["merged_by"] == ACTOR
    assert merges(second, first) == [(second, first)]
    assert merges(first, third) == [(first, third), (second, third)]
    client.patch_json(f"/v1/students/{first}", {"status": "active"})
    assert merges() == [(second, third)]
    assert merges(first, second) == [(first, second)]
    client.delete(f"/v1/students/{first}", status=204)
    assert merges() == [(first, second)]


@pytest.mark.parametrize("into_status", ["active", "inactive"])
@pytest.mark.parametrize("status", ["active", "inactive"])
def test_the_record_that_stays_is_active_if_one_was(client: Client, status: str, into_status: str):
    student, double = client.student(), client.student()
    course, full = client.course(), client.course(capacity=1)
    client.enroll(double, course)
    client.enroll(client.student(), full)
    client.enroll(double, full, waitlist=True)
    for record, wanted in ((double, status), (student, into_status)):
        client.patch_json(f"/v1/students/{record}", {"status": wanted})
    before = client.get(f"/v1/students/{student}").json["version"]

    merge(client, double, student)

    active = "active" in (status, into_status)
    assert client.get(f"/v1/students/{student}").json["status"] == (
        "active" if active else "inactive"
    )
    assert client.get(f"/v1/students/{double}").json["status"] == "inactive"
    changed = (status, into_status) == ("active", "inactive")
    assert client.get(f"/v1/students/{student}").json["version"] == before + changed
    if status == "active":
        assert client.status(student, course) == "enrolled"
        client.patch_json(f"/v1/courses/{full}", {"capacity": 2})
        assert client.status(student, full) == "enrolled"


def test_a_merge_in_the_wrong_direction_is_put_right_by_one_back(client: Client):
    student, double, course = client.student(), client.student(), client.course()
    client.enroll(student, course)

    merge(client, student, double)
    merge(client, double, student)

    assert client.get(f"/v1/students/{student}").json["status"] == "active"
    assert client.get(f"/v1/students/{double}").json["status"] == "inactive"
    assert client.status(student, course) == "enrolled"


def test_merges_into_itself_and_unknown_student(client: Client):
    student = client.student()

    assert broken(merge(client, student, student, 422)) == [("/into", "merges_into_itself")]
    assert broken(merge(client, student, 99, 409)) == [("/into", "unknown_student")]
    assert merge(client, 99, student, 404).json["code"] == "student_not_found"
