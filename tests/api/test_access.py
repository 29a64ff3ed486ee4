"""Who may do what: every role, and no token, on every route, for what is one's own and others'."""

import json
import math
import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from itertools import product
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import msgspec
import pytest
from msgspec.structs import FieldInfo

from enrollment import log
from enrollment.api.operations import OPERATIONS
from enrollment.app import App
from enrollment.data import token
from enrollment.http import authentication
from enrollment.http.context import Caller
from enrollment.http.expected import unwrap
from enrollment.http.operation import ANYONE, REGISTRARS_AND_STUDENTS, Operation, path_template
from enrollment.http.validation import fields_by_name, forbid_staff_fields, values_for_students
from enrollment.model.location import Location
from enrollment.model.records import Input
from enrollment.model.requests import for_students
from enrollment.model.types import Role, Timestamp
from enrollment.openapi.examples import sample
from enrollment.problems.errors import Problem
from tests.support.client import Client, broken, with_settings
from tests.support.document import concrete, operations
from tests.support.engine import connected, read_only
from tests.support.server import serving
from tests.support.tokens import MONITOR_TOKEN, STUDENT_TOKEN, TOKENS, add_monitor_token
from tests.support.undone import undone


@pytest.fixture
def as_role(small_college: Client, app: App) -> Callable[[str], Client]:
    tokens = TOKENS | {"student": STUDENT_TOKEN, "monitor": MONITOR_TOKEN}
    add_monitor_token(app.database)

    def client(role: str) -> Client:
        return Client(app, tokens[role])

    return client


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        pytest.param(verb, path, operation, id=f"{verb} {path}")
        for method, path, operation in operations()
        for verb in ((method, "HEAD") if method == "GET" else (method,))
    ],
)
def test_every_role_on_every_route(
    app: App,
    as_role: Callable[[str], Client],
    subtests: pytest.Subtests,
    method: str,
    path: str,
    operation: dict[str, Any],
):
    """Every role, and no token; where a path is of one student, for one's own and for another."""
    students = (1, 2) if "{student_id}" in path else (1,)
    for role, student in product((*get_args(Role), None), students):
        client = as_role(role or "admin")
        if role is None:
            client.extra_environ.pop("HTTP_AUTHORIZATION")

        with subtests.test(role=role, student=student), undone(app.database):
            # Without a body: whoever is let in is then shown that it is missing.
            status = client.request(concrete(path, student), method=method, status="*").status_int

            if operation.get("security") == []:
                assert status == 200
            elif role is None:
                assert status == 401
            elif role not in operation["x-roles"] or (role == "student" and student == 2):
                assert status == 403
            else:
                assert status not in (401, 403)
            assert str(status) in operation["responses"]


def for_admins(path: str) -> bool:
    return "tokens" in path or "erasure" in path


EXPECTED = {
    # What each role is for, in words of its own: the declarations are held against it.
    "monitor": lambda method, path: (method, path) == ("GET", "/metrics"),
    "reader": lambda method, path: method == "GET" and not for_admins(path),
    "registrar": lambda method, path: not for_admins(path),
    "admin": lambda method, path: True,
    "student": lambda method, path: (
        (
            path.startswith("/v1/students/<student_id:id>/courses")
            and path.rpartition("/")[2] not in ("corrections", "position")
        )
        or (method == "GET" and path.startswith("/v1/students/<") and "changes" not in path)
        or (method == "GET" and path in ("/v1/terms", "/v1/terms/<term_id:id>"))
        or (method == "GET" and path in ("/v1/courses", "/v1/courses/<course_id:id>"))
    ),
}


def test_every_role_is_for_something():
    assert EXPECTED.keys() == {*get_args(Role)}


@pytest.mark.parametrize("role", EXPECTED)
def test_a_role_is_for_what_it_is_for(role: str):
    for operation in OPERATIONS:
        if operation.allowed is not ANYONE:
            expected = EXPECTED[role](operation.method, operation.path)
            assert (role in operation.allowed) == expected, operation.path


def test_only_what_holds_no_data_is_for_anyone():
    public = {operation.path for operation in OPERATIONS if operation.allowed is ANYONE}

    assert public == {
        "/",
        "/livez",
        "/readyz",
        "/v1/openapi.json",
        "/docs",
        "/problems",
        "/problems/<code:re:[a-z_]+>",
    }


# Tokens


def test_a_new_token_is_shown_once_and_works(small_college: Client, app: App):
    answer = small_college.post_json("/v1/tokens", {"name": "Front desk", "role": "registrar"})

    new = answer.json
    assert re.fullmatch("enr_[0-9a-f]{12}_[0-9a-f]{48}", new.pop("token"))
    assert small_college.get(answer.headers["Location"]).json == new
    assert "token" not in small_college.get("/v1/tokens").json["items"][-1]


def test_what_a_token_does_bears_its_name(small_college: Client, app: App):
    body = {"name": "Front desk", "role": "registrar"}
    new = small_college.post_json("/v1/tokens", body, status=201).json

    Client(app, new["token"]).put_status(1, 1, "dropped")

    assert small_college.walk("/v1/events")[-1]["actor"] == f"Front desk #{new['id']}"


def test_a_revoked_token_lets_no_one_in(small_college: Client, app: App):
    new = small_college.post_json("/v1/tokens", {"name": "Ada", "role": "reader"}, status=201).json
    client = Client(app, new["token"])
    client.get("/v1/courses", status=200)

    small_college.delete(f"/v1/tokens/{new['id']}", status=204)

    answer = client.get("/v1/courses", status=401)
    assert answer.json["code"] == "token_invalid"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="enrollment", error="invalid_token"'
    revoked = small_college.get(f"/v1/tokens/{new['id']}").json
    assert (revoked["revoked_by"], revoked["version"]) == ("admin #1", 2)


@pytest.mark.parametrize(
    "end", ["revoked_at = created_at, revoked_by = 'admin'", "expires_at = created_at"]
)
def test_a_token_that_another_process_ends_writes_nothing_however_lately_it_was_valid(
    small_college: Client, app: App, location: Location, monkeypatch: pytest.MonkeyPatch, end: str
):
    monkeypatch.setattr(authentication, "RECOGNIZED_FOR", math.inf)
    body = {"name": "Desk", "role": "registrar", "expires_at": "2999-01-01T00:00:00Z"}
    new = small_college.post_json("/v1/tokens", body, status=201).json
    client = Client(app, new["token"])
    for _ in range(2):
        client.hold(1, "fees")

    with connected(location) as db:
        db.execute(f"UPDATE token SET {end}, version = version + 1 WHERE id = {new['id']}")

    client.post_json("/v1/students/1/holds", {"reason": "fees"}, status=401)
    assert len(small_college.walk("/v1/students/1/holds")) == 3


NO_TOKEN = "The header Authorization must be: Bearer, a space, the token."
NOT_VALID = "The token is unknown, expired or revoked."


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("Bearer", NO_TOKEN),
        ("Bearer ", NO_TOKEN),
        ("Basic " + TOKENS["admin"], NO_TOKEN),
        (TOKENS["admin"], NO_TOKEN),
        ("Bearer x", NOT_VALID),
        ("Bearer enr_000000000001_" + "0" * 48, NOT_VALID),
        ("Bearer " + TOKENS["admin"].upper(), NOT_VALID),
        ("Bearer " + TOKENS["admin"] + "\u00e9", NOT_VALID),
        (
            f"Bearer {TOKENS['admin']},Bearer {TOKENS['reader']}",
            "The header Authorization was sent with several values. Send one.",
        ),
    ],
)
def test_what_is_no_token_is_told_from_one_that_is_not_valid(
    client: Client, header: str, detail: str
):
    answer = client.get("/v1/courses", headers={"Authorization": header}, status=401)

    assert (answer.json["code"], answer.json["detail"]) == ("token_invalid", detail)


def test_the_same_token_twice_is_one(client: Client):
    twice = ", ".join([f"Bearer {TOKENS['admin']}"] * 2)

    client.get("/v1/courses", headers={"Authorization": twice}, status=200)


def test_a_token_expires(small_college: Client, app: App):
    body = {"name": "Ada", "role": "reader", "expires_at": "2999-01-01T00:00:00Z"}
    new = small_college.post_json("/v1/tokens", body, status=201).json
    client = Client(app, new["token"])
    client.get("/v1/courses", status=200)
    with small_college.app.database.write() as db:
        db.execute("UPDATE token SET expires_at = created_at WHERE id = :id", {"id": new["id"]})

    assert client.get("/v1/courses", status=401).json["code"] == "token_invalid"


def test_the_use_of_each_token_is_noted_when_it_was(client: Client, app: App):
    """Together, and once in a while; what was noted before of others stays."""
    early, late = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"
    with app.database.write() as db:
        token.flush_token_uses(db, {3: early, 1: late})
        token.flush_token_uses(db, {2: late})

    tokens = client.get("/v1/tokens").json["items"]
    assert [found["last_used_at"] for found in tokens] == [late, late, early]


def test_a_token_has_another_tag_once_it_was_used(client: Client, app: App):
    before = client.get("/v1/tokens/3", status=200)
    client.get("/v1/tokens/3", headers={"If-None-Match": before.headers["ETag"]}, status=304)
    with app.database.write() as db:
        token.flush_token_uses(db, {3: Timestamp("2026-02-01T00:00:00.000Z")})

    headers = {"If-None-Match": before.headers["ETag"]}
    after = client.get("/v1/tokens/3", headers=headers, status=200)

    assert before.json | {"last_used_at": "2026-02-01T00:00:00.000Z"} == after.json
    assert after.headers["ETag"] != before.headers["ETag"]
    client.get("/v1/tokens/3", headers={"If-None-Match": after.headers["ETag"]}, status=304)


def test_the_last_valid_admin_token_is_not_revoked(client: Client):
    other = {"name": "Head", "role": "admin", "expires_at": "2999-01-01T00:00:00Z"}
    answer = client.delete("/v1/tokens/1", status=409)
    assert broken(answer) == [("", "last_admin_token")]
    client.post_json("/v1/tokens", other, status=201)

    client.delete("/v1/tokens/1", status=204)


@pytest.mark.parametrize("seen", ["version", "tag"])
def test_a_token_is_revoked_as_it_was_seen(client: Client, app: App, seen: str):
    with app.database.write() as db:
        token.flush_token_uses(db, {3: Timestamp("2026-02-01T00:00:00.000Z")})
    tag = '"1"' if seen == "version" else client.get("/v1/tokens/3").headers["ETag"]
    client.delete("/v1/tokens/3", headers={"If-Match": '"2"'}, status=412)

    client.delete("/v1/tokens/3", headers={"If-Match": tag}, status=204)

    client.delete("/v1/tokens/3", headers={"If-Match": tag}, status=412)
    assert client.get("/v1/tokens/3").json["version"] == 2


@pytest.mark.usefixtures("location")
def test_a_use_that_can_not_be_noted_is_noted_later(client: Client, app: App):
    # The first use of all is noted at once.
    client.get("/v1/courses", status=200)
    Client(app, TOKENS["reader"]).get("/v1/courses", status=200)
    with read_only(app.database):
        app.authenticator.flush_token_uses()
    assert client.get("/v1/tokens/3").json["last_used_at"] is None

    app.authenticator.flush_token_uses()

    assert client.get("/v1/tokens/3").json["last_used_at"] is not None


@pytest.mark.parametrize(
    ("fields", "status", "pointer", "code"),
    [
        ({"role": "student"}, 422, "/student_id", "token_student_required"),
        ({"role": "reader", "student_id": 1}, 422, "/student_id", "token_student_not_allowed"),
        ({"role": "student", "student_id": 99}, 409, "/student_id", "unknown_student"),
        (
            {"role": "reader", "expires_at": "2020-01-01T00:00:00Z"},
            422,
            "/expires_at",
            "already_expired",
        ),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(
    small_college: Client, fields: dict[str, Any], status: int, pointer: str, code: str
):
    answer = small_college.post_json("/v1/tokens", {"name": "Ada"} | fields, status=status)

    assert broken(answer) == [(pointer, code)]


def test_who_has_no_token_is_asked_for_one(small_college: Client):
    small_college.extra_environ.clear()

    answer = small_college.post("/v1/students", "no JSON at all", status=401)

    assert answer.json["code"] == "token_missing"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="enrollment"'


def test_too_many_failures(small_college: Client):
    codes = [
        small_college.get("/v1/courses", headers={"Authorization": f"Bearer {number}"}, status="*")
        for number in range(11)
    ]

    assert [answer.status_int for answer in codes] == [401] * 10 + [429]
    assert codes[-1].json["code"] == "too_many_failures"
    assert 0 < int(codes[-1].headers["Retry-After"]) <= 60
    # Who has a token is not kept out by who has none.
    small_college.get("/v1/courses", status=200)


# Students


def fields_of(struct: type[msgspec.Struct], pointer: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field with its pointer, those of listed structs too (of the first item)."""
    for name, field in fields_by_name(struct).items():
        yield f"{pointer}/{name}", field
        inner, _ = unwrap(field.type)
        (item,) = get_args(inner) if get_origin(inner) is list else (inner,)
        if values_for_students(field.type) is not None and isinstance(item, type):
            deeper = f"{pointer}/{name}/0" if get_origin(inner) is list else f"{pointer}/{name}"
            if issubclass(item, msgspec.Struct):
                yield from fields_of(item, deeper)


def fields_that_students_meet() -> Iterator[Any]:
    for operation in OPERATIONS:
        if operation.body and "student" in operation.allowed:
            for pointer, field in fields_of(operation.body):
                name = f"{operation.method} {operation.path} {pointer}"
                yield pytest.param(operation, pointer, field, id=name)


# A value other than the default. A new field needs one here.
GIVEN: dict[str, Any] = {
    "reason": "I want to",
    "effective_at": "2020-01-01T00:00:00Z",
    "override": {"rules": ["course_full"], "reason": "I want to"},
    "course_id": 1,
    "waitlist": True,
    "instead_of": 2,
    "courses": [{"course_id": 1}],
    "status": "enrolled",
    "passed": False,
    "grade": "A",
    "correction": True,
}
OPEN = {"reason", "course_id", "waitlist", "instead_of", "courses", "status"}


def with_value(body: Any, pointer: str, value: Any) -> Any:
    """The body with one value, where a JSON pointer leads to."""
    name, _, rest = pointer[1:].partition("/")
    if isinstance(body, list):
        return [with_value(body[0], f"/{rest}", value), *body[1:]] if rest else [value]
    return body | {name: with_value(body[name], f"/{rest}", value) if rest else value}


@pytest.mark.parametrize(("operation", "pointer", "field"), list(fields_that_students_meet()))
def test_a_student_may_send_a_field_or_is_refused_with_a_pointer_to_it(
    as_role: Callable[[str], Client], operation: Operation, pointer: str, field: FieldInfo
):
    send_json = getattr(as_role("student"), f"{operation.method.lower()}_json")
    path = concrete(path_template(operation.path))
    example = with_value(sample(operation.body), "/reason", None)
    if "status" in example:
        example = example | {"status": "enrolled"}

    answer = send_json(path, with_value(example, pointer, GIVEN[field.name]), status="*")

    is_open = values_for_students(field.type) is not None
    assert is_open == (field.name in OPEN)
    if is_open:
        assert answer.status_int != 403
    else:
        assert answer.status_int == 403
        assert broken(answer) == [(pointer, "forbidden")]
        assert "admin, registrar" in answer.json["detail"]


def test_a_student_may_send_what_a_closed_field_is_by_default(as_role: Callable[[str], Client]):
    body = {"courses": [{"course_id": 1}], "effective_at": None, "override": None}

    as_role("student").put_json("/v1/students/1/courses", body, status=200)


def test_a_student_may_not_complete_a_course(as_role: Callable[[str], Client]):
    body = {"status": "completed", "effective_at": "2020-01-01T00:00:00Z"}

    answer = as_role("student").put_json("/v1/students/1/courses/1", body, status=403)

    assert broken(answer) == [("/effective_at", "forbidden"), ("/status", "forbidden")]
    assert answer.json["errors"][1]["detail"] == "Students may send only: enrolled, dropped"


def test_a_field_is_closed_to_students_unless_it_is_opened(app: App):
    class Inner(Input, frozen=True, kw_only=True):
        opened: Annotated[int, for_students()] = 0
        closed: int = 0

    class Body(Input, frozen=True, kw_only=True):
        left_out: list[str] = msgspec.field(default_factory=list)
        required: int
        inner: Annotated[Inner, for_students()]
        items: Annotated[list[Inner], for_students()]

    context = app.open({"REQUEST_METHOD": "POST"})
    context.accepted = Caller(1, "Ada", "student", 1)
    context.matched = OPERATIONS[0]._replace(allowed=REGISTRARS_AND_STUDENTS)
    inner = Inner(opened=1, closed=1)

    with pytest.raises(Problem) as raised:
        forbid_staff_fields(context, Body(required=1, inner=inner, items=[Inner(), inner]))

    pointers = [violation.pointer for violation in raised.value.violations]
    assert pointers == ["/required", "/inner/closed", "/items/1/closed"]


def test_a_student_enrolls_and_drops(as_role: Callable[[str], Client], small_college: Client):
    client, course = as_role("student"), small_college.course()

    client.enroll(1, course)
    client.delete(f"/v1/students/1/courses/{course}", status=204)

    assert small_college.walk("/v1/events")[-1]["actor"] == "Ada #4"


def test_a_student_is_not_told_what_becomes_of_others(
    as_role: Callable[[str], Client], small_college: Client
):
    client, course = as_role("student"), small_college.course(capacity=1)
    client.enroll(1, course)
    small_college.enroll(2, course, waitlist=True)

    answer = client.delete(f"/v1/students/1/courses/{course}?dry_run=true", status=200)

    assert [event["student_id"] for event in answer.json["events"]] == [1]


def test_a_student_is_not_told_who_has_left_the_seat(
    as_role: Callable[[str], Client], small_college: Client
):
    client, course = as_role("student"), small_college.course(capacity=1)
    small_college.enroll(2, course)
    client.enroll(1, course, waitlist=True)
    small_college.put_status(2, course, "dropped")

    events = client.walk(f"/v1/students/1/courses/{course}/events")

    shown = [(event["to_status"], event["actor"]) for event in events]
    assert shown == [("waitlisted", "Ada #4"), ("enrolled", None)]
    events = small_college.walk(f"/v1/students/1/courses/{course}/events")
    assert [event["actor"] for event in events] == ["Ada #4", "admin #1"]


def test_a_student_does_not_see_who_placed_and_released_a_hold(
    as_role: Callable[[str], Client], small_college: Client
):
    client = as_role("student")
    for reason in ("fees", "books"):
        small_college.hold(1, reason)
    listed = small_college.walk("/v1/students/1/holds")
    last = listed[-1]["id"]
    path = f"/v1/students/1/holds/{last}"
    small_college.delete(path, status=204)

    seen = [*client.walk("/v1/students/1/holds?limit=1"), client.get(path).json]

    assert {(hold["placed_by"], hold["released_by"]) for hold in seen} == {(None, None)}
    assert seen[-1] == small_college.get(path).json | {"placed_by": None, "released_by": None}
    assert [hold["reason"] for hold in seen][-3:] == ["fees", "books", "books"]
    assert small_college.get(path).json["released_by"] == "admin #1"


# The request as such


@pytest.fixture
def strict(app: App) -> Client:
    strict = with_settings(
        app,
        rate_limit=3,
        allowed_hosts=("school.example", "2001:db8:0:0::7"),
        trusted_proxies=(ip_network("10.0.0.1"), ip_network("10.1.0.0/16")),
    )
    return Client(strict)


@pytest.fixture
def open_to_all(app: App) -> Client:
    """A service that answers to every name."""
    return Client(with_settings(app, allowed_hosts=("*",)))


@pytest.mark.parametrize(
    "host",
    [
        "school.example",
        "SCHOOL.example:8000",
        "school.example:",
        "school.example:0",
        "school.example:65535",
        "127.0.0.1:80",
        "[2001:db8::7]",
        "[2001:DB8:0::7]:8000",
    ],
)
def test_a_name_of_its_own_is_answered_to(strict: Client, host: str):
    strict.get("/", headers={"Host": host}, status=200)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "school.example.evil.example", "school.example.", "localhost", "[::1]:80"],
)
def test_misdirected_request(strict: Client, host: str):
    for path in ("/v1/courses", "/nowhere"):
        answer = strict.get(path, headers={"Host": host}, status=421)
        assert answer.json["code"] == "misdirected_request"


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        ":80",
        "school.example:80@evil.example",
        "evil.example@school.example",
        "evil.example:80@school.example:80",
        "school.example:eighty",
        "school.example:-1",
        "school.example:65536",
        "school.example:\u00b2",
        "school.example:80:80",
        "school.example:80 ",
        "school.example,school.example",
        "school.example, evil.example",
        "school.example/",
        "school%2eexample",
        "sch\u00f6ol.example",
        "2001:db8::7",
        "[2001:db8::7",
        "[2001:db8::7]80",
        "[2001:db8::7%25eth0]",
        "[2001:db8::7%eth0]",
        "[2001:db8::7::]",
        "[school.example]",
        "[]",
    ],
)
def test_a_host_that_is_not_one_is_malformed(strict: Client, open_to_all: Client, host: str):
    for each in (strict, open_to_all):
        answer = each.get("/", headers={"Host": host}, status=400)
        assert answer.json["code"] == "malformed_request"


@pytest.mark.parametrize(("allowed", "status"), [("school.example", b"421"), ("*", b"200")])
def test_a_request_without_a_host(location: Location, tmp_path: Path, allowed: str, status: bytes):
    get = b"GET / HTTP/%s\r\nConnection: close\r\n\r\n"
    with serving(location, "--allowed-hosts", allowed, folder=tmp_path) as server:
        assert server.raw(get % b"1.1").startswith(b"HTTP/1.1 400 ")
        assert server.raw(get % b"1.0").startswith(b"HTTP/1.0 %s " % status)


def test_too_many_requests(strict: Client):
    answers = [
        strict.get("/v1/courses", headers={"Host": "school.example"}, status="*") for _ in range(4)
    ]

    assert [answer.status_int for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json["code"] == "too_many_requests"
    assert answers[-1].headers["Retry-After"] in ("59", "60")
    assert answers[0].headers["RateLimit-Policy"] == '"token";q=3;w=60'
    left = [answer.headers["RateLimit"].split(";")[1] for answer in answers]
    assert left == ["r=2", "r=1", "r=0", "r=0"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.1.2.3", "192.0.2.7, 10.1.9.9, 10.0.0.1", "192.0.2.7"),
        ("10.2.0.1", "192.0.2.7", "10.2.0.1"),
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, 10.0.0.1", "192.0.2.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense\tGET /v1/tokens", "10.0.0.1"),
        ("10.0.0.1", "2001:DB8::7", "2001:db8::7"),
        ("10.0.0.1", "192.0.2.7:51234", "192.0.2.7"),
        ("10.0.0.1", "[2001:DB8::7]:51234", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        # Python writes this one in another way from 3.13 on.
        ("10.0.0.1", "::ffff:192.0.2.7", str(ip_address("::ffff:192.0.2.7"))),
        ("10.0.0.1", "192.0.2.7:51234, 10.0.0.1:443", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, [fe80::1%eth0]:443, 10.0.0.1", "10.0.0.1"),
        ("10.0.0.1", "fe80::1%eth0", "10.0.0.1"),
        ("10.0.0.1", "fe80::1%" + "x" * 60_000, "10.0.0.1"),
        ("10.0.0.1", "[fe80::1%eth0]:443", "10.0.0.1"),
        ("10.0.0.1", "1" * 60_000, "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7:", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7:123456", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7:8O", "10.0.0.1"),
        ("10.0.0.1", "[192.0.2.7]:80", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.256", "10.0.0.1"),
        ("10.0.0.1", "\u00b92.0.2.7", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("192.0.2.9", "192.0.2.7", "192.0.2.9"),
    ],
)
def test_only_a_proxy_of_ours_is_believed(
    strict: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    peer: str,
    forwarded: str,
    client: str,
):
    monkeypatch.setattr(log.requests, "form", json.dumps)
    headers = {"Host": "school.example", "X-Forwarded-For": forwarded}

    strict.get("/", headers=headers, extra_environ={"REMOTE_ADDR": peer})

    assert json.loads(capsys.readouterr().err)["client"] == client


@pytest.mark.parametrize("hop", ["fe80::1%{}", "192.0.2.7:{}"])
def test_a_client_is_not_another_with_each_request(strict: Client, hop: str):
    answers = [
        strict.get(
            "/v1/courses",
            headers={
                "Host": "school.example",
                "Authorization": "Bearer x",
                "X-Forwarded-For": hop.format(number),
            },
            extra_environ={"REMOTE_ADDR": "10.0.0.1"},
            status="*",
        )
        for number in range(11)
    ]

    assert [answer.status_int for answer in answers] == [401] * 10 + [429]


def test_every_answer_says_that_it_is_no_page_and_no_ones_else(small_college: Client):
    for path in ("/v1/courses", "/nowhere", "/problems"):
        headers = small_college.get(path, status="*").headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "private, no-cache"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
