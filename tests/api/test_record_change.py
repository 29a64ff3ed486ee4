"""/v1/changes: who changed what, when, from what to what."""

from collections.abc import Callable
from typing import Any

import pytest

from enrollment.api.operations import OPERATIONS
from enrollment.app import App
from enrollment.cli.main import main
from enrollment.data.record_change import list_record_changes
from enrollment.model.location import Location
from enrollment.model.queries import RecordChangeFilter
from tests.support.client import Client
from tests.support.tokens import ACTOR, TOKENS


def changes(client: Client, path: str = "/v1/changes") -> list[tuple[Any, ...]]:
    """Subject, id, version, actor, before and after of each change but those of the fixture."""
    names = ("subject", "subject_id", "version", "actor", "before", "after")
    return [tuple(item[name] for name in names) for item in client.walk(path) if item["actor"]]


def test_a_raised_capacity_shows_who_when_and_from_what(client: Client):
    course = client.course(code="CS101", title="Databases", capacity=30)
    client.put_json(
        f"/v1/courses/{course}", {"code": "CS101", "title": "Databases", "capacity": 40}
    )

    new, raised = client.get(f"/v1/courses/{course}/changes").json["items"]
    assert raised == {
        "id": new["id"] + 1,
        "subject": "course",
        "subject_id": course,
        "part": None,
        "version": 2,
        "actor": ACTOR,
        "recorded_at": raised["recorded_at"],
        "before": {"capacity": 30},
        "after": {"capacity": 40},
    }
    assert (new["version"], new["before"]) == (1, None)
    assert new["after"] == {
        "code": "CS101",
        "title": "Databases",
        "credits": 0.0,
        "capacity": 30,
        "promotion": "automatic",
        "status": "open",
        "repeatable": False,
        "open_to": [],
        "early_access": [],
        "counts_as": [],
    }
    assert client.walk("/v1/changes?subject=course") == [new, raised]


def test_credits_have_decimals_as_in_records(client: Client):
    course = client.course(credits=1)
    client.patch_json(f"/v1/courses/{course}", {"credits": 3}, status=200)

    answer = client.get(f"/v1/courses/{course}/changes")

    assert '"before":{"credits":1.0},"after":{"credits":3.0}' in answer.text


def test_every_kind_of_record_has_its_changes(client: Client):
    student = client.student(given_name="Ada", family_name="Lovelace")
    client.put_json(f"/v1/students/{student}", {"given_name": "Ada", "family_name": "King"})
    client.term(code="F")
    term = {"code": "F", "title": "Fall", "start_on": "2026-08-31", "end_on": "2999-12-18"}
    client.put_json("/v1/terms/1", term)
    client.delete("/v1/terms/1", status=204)
    client.hold(student, "fees")
    client.delete(f"/v1/students/{student}/holds/1", status=204)
    token = client.post_json("/v1/tokens", {"name": "T", "role": "reader"}, status=201).json
    client.delete(f"/v1/tokens/{token['id']}", status=204)

    listed = changes(client)

    assert [change[:4] for change in listed] == [
        ("student", student, 1, ACTOR),
        ("student", student, 2, ACTOR),
        ("term", 1, 1, ACTOR),
        ("term", 1, 2, ACTOR),
        ("term", 1, 2, ACTOR),
        ("hold", 1, 1, ACTOR),
        ("hold", 1, 2, ACTOR),
        ("token", token["id"], 1, ACTOR),
        ("token", token["id"], 2, ACTOR),
    ]
    assert listed[1][4:] == ({"family_name": "Lovelace"}, {"family_name": "King"})
    assert listed[3][4:] == ({"title": "Fall 2026"}, {"title": "Fall"})
    assert (listed[4][4]["title"], listed[4][5]) == ("Fall", None)
    assert listed[6][4] == {"released_at": None, "released_by": None}
    assert listed[6][5]["released_by"] == ACTOR
    assert listed[7][5]["name"] == "T"
    paths = [
        f"students/{student}",
        "terms/1",
        f"students/{student}/holds/1",
        f"tokens/{token['id']}",
    ]
    for path, mine in zip(paths, (listed[:2], listed[2:5], listed[5:7], listed[7:]), strict=True):
        assert changes(client, f"/v1/{path}/changes") == mine


def test_the_secret_of_a_token_is_in_no_change(app: App, client: Client):
    text = client.post_json("/v1/tokens", {"name": "T", "role": "reader"}, status=201).json["token"]
    client.get("/v1/students", headers={"Authorization": f"Bearer {text}"})
    client.app.authenticator.flush_token_uses()

    with app.database.read() as db:
        lookup, digest = db.execute("SELECT lookup, digest FROM token WHERE name = 'T'").fetchone()
        written = str([tuple(row) for row in db.execute("SELECT * FROM record_change")])
    assert "reader" in written
    assert [secret for secret in (text, lookup, digest, "last_used") if secret in written] == []


def test_only_the_parts_of_a_course_that_differ_are_changed(client: Client):
    fields = {"code": "CS102", "title": "Networks"}
    before = {
        "prerequisites": [{"code": "CS101"}, {"code": "CS1"}],
        "meetings": [
            {"weekday": 1, "from": "08:00", "to": "09:00", "room": "A"},
            {"weekday": 2, "from": "08:00", "to": "09:00"},
        ],
    }
    course = client.course(**fields, **before)
    last = client.walk("/v1/changes")[-1]["id"]
    after = {
        "prerequisites": [{"code": "CS101"}, {"code": "cs1"}],
        "meetings": [
            {"weekday": 1, "from": "08:00", "to": "09:00", "room": "B"},
            {"weekday": 2, "from": "08:00", "to": "09:00"},
        ],
    }

    client.put_json(f"/v1/courses/{course}", fields | before)
    stored = client.put_json(f"/v1/courses/{course}", fields | after).json

    assert [meeting["room"] for meeting in stored["meetings"]] == ["B", None]
    assert [item["code"] for item in stored["prerequisites"]] == ["cs1", "CS101"]
    new = [item for item in client.walk(f"/v1/courses/{course}/changes") if item["id"] > last]
    meeting = {"weekday": 1, "from": "08:00", "to": "09:00", "every": 1}
    requirement = {"choice": 0, "kind": "prerequisite"}
    assert [(item["part"], item["version"], item["before"], item["after"]) for item in new] == [
        ("requirement", 2, {"code": "CS1"} | requirement, None),
        ("meeting", 2, meeting | {"room": "A"}, None),
        ("requirement", 2, None, {"code": "cs1"} | requirement),
        ("meeting", 2, None, meeting | {"room": "B"}),
    ]


def test_what_is_refused_or_only_tried_leaves_no_change(client: Client):
    client.student()
    before = client.walk("/v1/changes")

    client.post_json("/v1/students?dry_run=true", {"given_name": "A", "family_name": "B"})
    client.post_json("/v1/courses", {"code": "C", "title": "T", "term": "NONE"}, status=409)
    client.put_json("/v1/students/1", {"given_name": "Ada", "family_name": "Lovelace 1"})

    assert client.walk("/v1/changes") == before


def test_a_new_code_of_a_term_is_a_change_of_its_courses(client: Client):
    course = client.course(term=client.term(code="F1"))
    term = {"code": "F2", "title": "F", "start_on": "2026-08-31", "end_on": "2026-12-18"}
    client.put_json("/v1/terms/1", term)

    change = client.walk(f"/v1/courses/{course}/changes")[-1]

    assert (change["before"], change["after"], change["actor"]) == (
        {"term": "F1"},
        {"term": "F2"},
        ACTOR,
    )
    assert change["version"] == client.get(f"/v1/courses/{course}").json["version"] == 2


def test_the_changes_of_a_deleted_record_stay(client: Client):
    student, course = client.student(), client.course(meetings=[])
    client.delete(f"/v1/students/{student}", status=204)
    client.delete(f"/v1/courses/{course}", status=204)

    for path in (f"/v1/students/{student}/changes", f"/v1/courses/{course}/changes"):
        new, deleted = client.get(path).json["items"]
        assert (new["before"], deleted["after"]) == (None, None)
        assert deleted["before"] == new["after"]


@pytest.mark.parametrize("subject", ["student", "term", "course", "token"])
def test_what_never_was_has_no_changes(client: Client, subject: str):
    path = f"/v1/{subject}s/99/changes"

    assert client.get(path, status=404).json["code"] == f"{subject}_not_found"


def test_a_hold_of_another_student_is_not_found(client: Client):
    client.hold(client.student(), "fees")
    path = f"/v1/students/{client.student()}/holds/1/changes"

    assert client.get(path, status=404).json["code"] == "hold_not_found"


def test_changes_are_found_by_record_actor_and_time(client: Client, app: App):
    registrar = Client(app, TOKENS["registrar"])
    ada, ben = client.student(), registrar.student()
    client.course()
    all_of_them = client.walk("/v1/changes")
    first, second, third = all_of_them[-3:]

    def ids(query: str) -> list[int]:
        return [item["id"] for item in client.walk(f"/v1/changes?limit=1&{query}")]

    assert ids("subject=student") == [first["id"], second["id"]]
    assert ids(f"subject=student&subject_id={ben}") == [second["id"]]
    assert ids("actor=admin%20%231") == [first["id"], third["id"]]
    assert ids("actor=admin%20%231&subject=student") == [first["id"]]
    assert ids(f"actor=admin%20%231&subject=student&subject_id={ben}") == []
    assert ids(f"subject=student&subject_id={ada}&actor=registrar%20%232") == []
    assert ids("since=2020-01-01&until=2999-12-31") == [item["id"] for item in all_of_them]
    assert ids("until=2020-01-01") == ids("since=2999-01-01") == []
    assert second["id"] in ids(f"since={second['recorded_at']}")
    assert second["id"] not in ids(f"until={second['recorded_at']}")


@pytest.mark.parametrize("since", [None, "2020-01-01T00:00:00.000Z"])
def test_the_count_is_the_same_wherever_a_page_begins(app: App, client: Client, since: str | None):
    for _ in range(3):
        client.student()
    wanted = RecordChangeFilter(subject="student", since=since, count=True)

    with app.database.read() as db:
        last = db.execute("SELECT max(id) FROM record_change").fetchone()[0]
        pages = [
            list_record_changes(db, wanted, after, with_tokens=True)
            for after in (None, [last - 1], [last])
        ]

    assert [(len(page.items), page.total) for page in pages] == [(3, 3), (1, 3), (0, 3)]


def test_a_period_is_exact_although_the_clock_was_set_back(app: App, client: Client):
    with app.database.write() as db:
        for day in (1, 3, 2, 4):
            db.execute(
                f"INSERT INTO acting (actor, at) VALUES ('A', '2019-01-0{day}T12:00:00.000Z')"
            )
            db.execute("INSERT INTO term (code, title, start_on, end_on)"
                       f" VALUES ('T{day}', 'T', '2026-01-01', '2026-01-02')")  # fmt: skip
            db.execute("DELETE FROM acting")

    def codes(query: str) -> list[str]:
        items = client.walk(f"/v1/changes?limit=1&subject=term&{query}")
        return [item["after"]["code"] for item in items]

    assert codes("since=2019-01-02&until=2019-01-02") == ["T2"]
    assert codes("since=2019-01-03") == ["T3", "T4"]
    assert codes("until=2019-01-02") == ["T1", "T2"]


def test_an_id_alone_is_that_of_every_kind(client: Client, app: App):
    client.student(), client.student(), client.course()

    def subjects(client: Client) -> list[str]:
        return [item["subject"] for item in client.walk("/v1/changes?subject_id=1")]

    assert subjects(client) == ["token", "student", "course"]
    assert subjects(Client(app, TOKENS["reader"])) == ["student", "course"]


def test_only_admins_see_the_changes_of_tokens(client: Client, app: App):
    client.student()
    reader = Client(app, TOKENS["reader"])

    assert {item["subject"] for item in client.walk("/v1/changes")} == {"student", "token"}
    assert {item["subject"] for item in reader.walk("/v1/changes")} == {"student"}
    assert reader.walk("/v1/changes?actor=x") == []
    for path in ("/v1/changes?subject=token", "/v1/changes?subject=token&subject_id=1"):
        assert reader.get(path, status=403).json["code"] == "forbidden"


def test_the_commands_name_themselves(client: Client, location: Location):
    database = ["--database", str(location)]
    assert main(["token", "create", "--name", "T", "--role", "reader", *database]) == 0
    assert main(["token", "revoke", "4", *database]) == 0

    assert [change[1:4] for change in changes(client)] == [
        (4, 1, "command line"),
        (4, 2, "command line"),
    ]


def test_every_write_that_changes_records_names_the_caller(client: Client):
    """An operation that only enrolls does not pay for the name. All others set it."""
    enrolling = {
        (operation.method, operation.path.replace(":id", ""))
        for operation in OPERATIONS
        if operation.only_enrolls
    }

    assert enrolling == {
        ("POST", "/v1/students/<student_id>/courses"),
        ("PUT", "/v1/students/<student_id>/courses"),
        ("PUT", "/v1/students/<student_id>/courses/<course_id>"),
        ("DELETE", "/v1/students/<student_id>/courses/<course_id>"),
        ("POST", "/v1/students/<student_id>/courses/<course_id>/corrections"),
        ("POST", "/v1/courses/<course_id>/students"),
        ("POST", "/v1/courses/<course_id>/promotions"),
        ("PUT", "/v1/students/<student_id>/courses/<course_id>/position"),
    }


def test_no_name_is_left_behind(app: App, client: Client):
    client.student()
    client.post_json("/v1/courses", {"code": "C", "title": "T", "term": "NONE"}, status=409)
    with app.database.write() as db:
        assert db.execute("SELECT count(*) FROM acting").fetchone()[0] == 0
        db.execute("INSERT INTO acting (actor, at) VALUES ('left', '2020-01-01T00:00:00.000Z')")

    client.student()

    assert client.walk("/v1/changes")[-1]["actor"] == ACTOR


@pytest.mark.usefixtures("location")
def test_a_group_of_writes_names_each_caller(app: App):
    def create(role: str) -> Callable[[], int]:
        return lambda: Client(app, TOKENS[role]).student(family_name=role)

    app.database.group_commit([create("registrar"), create("admin"), create("registrar")])

    with app.database.read() as db:
        rows = db.execute("SELECT actor FROM record_change WHERE subject = 'student' ORDER BY id")
        assert [actor for (actor,) in rows] == ["registrar #2", ACTOR, "registrar #2"]
