"""What every route shares: methods, problems, entity tags, preconditions, paging."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

import msgspec
import pytest
from webtest import TestRequest

from enrollment import log
from enrollment.app import App
from enrollment.http.operation import ANYONE, Operation, make_router
from enrollment.http.responses import Result
from enrollment.problems.errors import Problem
from tests.support.client import Client, broken
from tests.support.document import concrete, operations

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
# What the service adds to a record that a client has sent.
READ_ONLY = ("id", "version", "updated_at", "label", "seats")
MEMBERS = {"type", "title", "status", "detail", "code", "errors"}


# Each method and path, with 1 for every id.
PLACES = [(method, concrete(path)) for method, path, _ in operations()]


@pytest.fixture(scope="module")
def one_of_each(shared_app: App) -> Client:
    client = Client(shared_app)
    client.term()
    client.enroll(client.student(), client.course())
    client.hold(1)
    client.post("/v1/imports", "Number,Email\n", headers={"Content-Type": "text/csv"}, status=201)
    return client


@pytest.mark.parametrize("path", sorted({path for _, path in PLACES}))
def test_options_names_the_methods_that_the_path_takes(one_of_each: Client, path: str):
    expected = {method for method, other in PLACES if other == path} | {"OPTIONS"}
    if "GET" in expected:
        expected.add("HEAD")

    answer = one_of_each.options(path, status=204)

    assert set(answer.headers["Allow"].split(", ")) == expected
    refused = one_of_each.request(path, method="TRACE", status=405)
    assert refused.headers["Allow"] == answer.headers["Allow"]
    assert refused.json["code"] == "method_not_allowed"


# To read the metrics changes them.
@pytest.mark.parametrize(
    "path", [path for method, path in PLACES if method == "GET" and path != "/metrics"]
)
def test_head_is_get_without_the_body(one_of_each: Client, path: str):
    get, head = one_of_each.get(path, status=200), one_of_each.head(path, status=200)

    assert head.body == b""
    for name in ("Content-Type", "Content-Length", "ETag"):
        assert head.headers.get(name) == get.headers.get(name)


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v2/students",
        "/v1/students/",
        "/v1/students/0",
        "/v1/students/-1",
        "/v1/students/01",
        "/v1/students/1.0",
        "/v1/students/%D9%A1",
        "/v1/students/9223372036854775808",
        "/v1/students/999999999999999999999999",
        "/v1/students/1/courses/x",
        "/problems/none",
        "/%00",
    ],
)
def test_what_is_no_address_is_not_found(one_of_each: Client, path: str):
    assert one_of_each.get(path, status=404).json["code"] == "not_found"


def test_a_path_that_is_no_utf8_is_refused(one_of_each: Client):
    answer = one_of_each.get("/v1/students/1%FF", status=400)

    assert answer.json["code"] == "malformed_request"


# Problems


def test_a_problem_has_the_members_of_rfc_9457_and_a_code(client: Client):
    answer = client.get("/nowhere", status=404)

    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "/problems/not_found",
        "title": "There is nothing at this URL",
        "status": 404,
        "detail": "There is nothing at this URL. / and /docs list what exists.",
        "code": "not_found",
        "errors": [],
    }


@pytest.fixture
def broken_app(app: App) -> Client:
    """The service with routes that fail."""

    def fail(*_: object) -> Result:
        raise ZeroDivisionError("secret")

    def refuse(*_: object) -> Result:
        raise Problem("disk_full", "There is no room.", headers={"Retry-After": "9"})

    def invent(*_: object) -> Result:
        raise Problem("never_registered", "There is no such code.")

    routes = ("/fail", fail), ("/refuse", refuse), ("/invent", invent)
    app.router = make_router(tuple(Operation("GET", path, ANYONE, act) for path, act in routes))
    return Client(app)


def test_a_failure_says_nothing_but_the_request_id_and_the_log_says_all(
    broken_app: Client, caplog: pytest.LogCaptureFixture
):
    headers = {"X-Request-Id": "abc-1"}
    answer = broken_app.get("/fail", status=500, headers=headers, expect_errors=True)

    assert answer.content_type == "application/problem+json"
    assert set(answer.json) == MEMBERS | {"request_id"}
    assert answer.json["request_id"] == answer.headers["X-Request-Id"] == "abc-1"
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "abc-1" in record.getMessage()
    assert isinstance(record.exc_info[1], ZeroDivisionError)


def test_a_problem_that_can_not_be_rendered_is_a_failure(
    broken_app: Client, caplog: pytest.LogCaptureFixture
):
    answer = broken_app.get("/invent", status=500, headers={"X-Request-Id": "abc-1"})

    assert answer.json == {
        "type": "/problems/internal_error",
        "title": "The service failed",
        "status": 500,
        "detail": "The service failed. The log has the details.",
        "code": "internal_error",
        "errors": [],
        "request_id": "abc-1",
    }
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage() == "request abc-1 failed"
    assert isinstance(record.exc_info[1], KeyError)
    assert isinstance(record.exc_info[1].__context__, Problem)


def test_what_can_not_be_recorded_is_answered_all_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(log.requests, "form", lambda fields: fields["nothing"])

    assert client.student() == 1

    assert "was not recorded" in caplog.text


def test_a_problem_may_bring_headers(broken_app: Client):
    answer = broken_app.get("/refuse", status=507)

    assert answer.headers["Retry-After"] == "9"
    assert set(answer.json) == MEMBERS


@pytest.mark.parametrize("sent", ["", "a b", "é", "x" * 65, "<script>"])
def test_a_request_id_that_is_no_plain_word_is_replaced(client: Client, sent: str):
    headers = {"X-Request-Id": sent.encode().decode("latin-1")}

    given = client.get("/", headers=headers).headers["X-Request-Id"]

    assert len(given) == 16
    assert given != sent


# Entity tags and preconditions


def test_a_reader_who_has_the_newest_version_is_sent_nothing(client: Client):
    client.enroll(client.student(), client.course())
    lists = ("/v1/students", "/v1/students/1/courses")
    for path in (*lists, "/v1/students/1", "/", "/v1/openapi.json", "/problems"):
        tag = client.get(path).headers["ETag"]

        for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            answer = client.get(path, headers={"If-None-Match": known}, status=304)
            assert answer.body == b""
            assert answer.headers["ETag"] == tag
        client.head(path, headers={"If-None-Match": tag}, status=304)
        client.get(path, headers={"If-None-Match": '"x"'}, status=200)


def test_a_list_has_another_tag_when_it_has_another_content(client: Client):
    client.student()
    before = client.get("/v1/students").headers["ETag"]

    client.put_json("/v1/students/1", {**STUDENT, "status": "inactive"}, status=200)

    assert client.get("/v1/students").headers["ETag"] != before


@pytest.mark.parametrize("known", ['"1"', '"0", "1"', "*"])
def test_a_change_is_made_to_the_version_that_was_seen(client: Client, known: str):
    client.student()

    client.put_json("/v1/students/1", STUDENT, headers={"If-Match": known}, status=200)
    client.delete("/v1/students/1", headers={"If-Match": '"2"'}, status=204)


@pytest.mark.parametrize("known", ['"0"', 'W/"1"', "1", "", '"1', 'x"1"x', '"1" "1"'])
def test_a_change_to_another_version_fails_and_changes_nothing(client: Client, known: str):
    client.term()
    client.enroll(client.student(), client.course())
    before = [client.get(f"/v1/{kind}/1").json for kind in ("students", "terms", "courses")]

    for path, body in {
        "/v1/students/1": STUDENT,
        "/v1/terms/1": {**before[1], "title": "X"},
        "/v1/courses/1": {"code": "CS1", "title": "X"},
        "/v1/students/1/courses/1": {"status": "dropped"},
        "/v1/students/1/courses": {"courses": []},
    }.items():
        body = {name: value for name, value in body.items() if name not in READ_ONLY}
        headers = {"If-Match": known}
        answer = client.put_json(path, body, headers=headers, status=412)
        assert answer.json["code"] == "precondition_failed"
        if path != "/v1/students/1/courses":
            client.delete(path, headers=headers, status=412)

    after = [client.get(f"/v1/{kind}/1").json for kind in ("students", "terms", "courses")]
    assert after == before
    assert client.status(1, 1) == "enrolled"


def test_if_none_match_makes_put_create_only(client: Client):
    student, course = client.student(), client.course()
    headers = {"If-None-Match": "*"}

    client.put_status(student, course, "enrolled", 201, headers=headers)
    client.put_status(student, course, "completed", 412, headers=headers)

    assert client.status(student, course) == "enrolled"


def test_if_match_never_creates(client: Client):
    student, course = client.student(), client.course()

    answer = client.put_status(student, course, "enrolled", 412, headers={"If-Match": "*"})

    assert answer.json["detail"] == "If-Match is *, but there is no record."


@pytest.mark.parametrize("kind", ["students", "terms", "courses"])
def test_a_deleted_record_is_gone_and_its_id_is_never_given_again(client: Client, kind: str):
    path, name = f"/v1/{kind}/1", kind.removesuffix("s")
    make = getattr(client, name)
    make()
    body = {
        field: value for field, value in client.get(path).json.items() if field not in READ_ONLY
    }
    client.delete(path, status=204)
    make()

    for answer in (
        client.get(path, status=404),
        client.put_json(path, body, status=404),
        client.delete(path, status=404),
    ):
        assert answer.json["code"] == f"{name}_not_found"
        assert answer.json["detail"] == f"There is no {name} 1."
    assert [item["id"] for item in client.walk(f"/v1/{kind}")] == [2]


def test_the_whole_set_has_one_tag_whatever_the_page(client: Client):
    student = client.student()
    courses = [client.course() for _ in range(101)]
    for course in courses:
        client.enroll(student, course)
    path = f"/v1/students/{student}/courses"
    tags = {
        client.get(f"{path}{query}").headers["ETag"] for query in ("", "?limit=1", "?limit=999")
    }

    client.delete(f"{path}/{courses[-1]}", status=204)

    (tag,) = tags
    body = {"courses": [{"course_id": course} for course in courses[1:]]}
    client.put_json(path, body, headers={"If-Match": tag}, status=412)
    client.post_json(path, body["courses"][-1], headers={"If-Match": tag}, status=412)
    assert client.status(student, courses[-1]) == "dropped"


def test_the_set_has_another_tag_when_one_of_its_courses_is_renamed(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    path = f"/v1/students/{student}/courses"
    before = client.get(path).headers["ETag"]

    client.put_json(f"/v1/courses/{course}", {"code": "X", "title": "Y"}, status=200)

    assert client.get(path).headers["ETag"] != before


def test_a_get_with_a_stale_if_match_fails(client: Client):
    client.student()

    client.get("/v1/students/1", headers={"If-Match": '"1"'}, status=200)
    client.get("/v1/students/1", headers={"If-Match": '"2"'}, status=412)


def test_a_write_takes_a_weak_if_none_match(client: Client):
    client.student()

    client.put_json("/v1/students/1", STUDENT, headers={"If-None-Match": 'W/"1"'}, status=412)


def test_the_whole_set_is_replaced_if_it_is_what_was_seen(client: Client):
    student, course, other = client.student(), client.course(), client.course()
    path = f"/v1/students/{student}/courses"
    seen = client.get(path).headers["ETag"]
    body = {"courses": [{"course_id": course}]}

    answer = client.put_json(path, body, headers={"If-Match": seen}, status=200)
    client.put_json(path, {"courses": []}, headers={"If-Match": seen}, status=412)
    client.enroll(student, other)
    tag = answer.headers["ETag"]
    client.put_json(path, {"courses": []}, headers={"If-Match": tag}, status=412)


# Paging


@pytest.fixture
def three_students(client: Client) -> Client:
    for name in ("Ada", "Ben", "Cat"):
        client.student(given_name=name, family_name="Same")
    return client


def test_a_full_last_page_has_no_next(three_students: Client):
    answer = three_students.get("/v1/students?limit=3")

    assert len(answer.json["items"]) == 3
    assert answer.json["next"] is None
    assert "Link" not in answer.headers


def test_a_page_keeps_its_place_while_rows_before_it_come_and_go(three_students: Client):
    link = three_students.get("/v1/students?limit=2").headers["Link"].partition(">")[0][1:]
    three_students.delete("/v1/students/1", status=204)
    three_students.student(given_name="Abe", family_name="Same")

    assert [item["given_name"] for item in three_students.get(link).json["items"]] == ["Cat"]


def cursor(client: Client, address: str) -> str:
    return client.get(address).json["next"]


@pytest.mark.parametrize(
    "address",
    [
        "/v1/students?status=active&cursor={}",
        "/v1/students?family_name=S&cursor={}",
        "/v1/courses?cursor={}",
        "/v1/students?cursor={}A",
        "/v1/students?cursor=A{}",
        "/v1/students?cursor=nonsense",
        "/v1/students?cursor=%C3%A9",
        "/v1/students?cursor=====",
    ],
)
def test_a_cursor_of_another_list_or_none_is_refused(three_students: Client, address: str):
    stray = cursor(three_students, "/v1/students?limit=1")

    answer = three_students.get(address.format(stray), status=404)

    assert answer.json["code"] == "page_not_found"
    assert broken(answer) == [("cursor", "invalid_value")]


def forge(payload: bytes) -> str:
    """A cursor of the list of students, as anyone could make it who reads the code."""
    scope = msgspec.json.encode(["/v1/students", {}])
    signature = blake2b(scope + payload, digest_size=8).digest()
    return urlsafe_b64encode(signature + payload).decode().rstrip("=")


def test_a_forged_cursor_is_as_good_as_a_real_one(client: Client):
    cursor = forge(b'["a","b",1]')

    assert client.get(f"/v1/students?cursor={cursor}").json["items"] == []


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"1",
        b'["a"]',
        b'["a","b"]',
        b'["a",1,1]',
        b'["a","b","c"]',
        b'["a","b",1,2]',
        b'["a","b",1.5]',
        b'["a","b",null]',
        b'["a","b",9223372036854775808]',
        b'["a","b",-9223372036854775809]',
        b'["a","\\ud800",1]',
        b"[" * 1000,
    ],
)
def test_a_forged_cursor_is_never_a_failure(one_of_each: Client, payload: bytes):
    answer = one_of_each.get(f"/v1/students?cursor={forge(payload)}", status=404)

    assert answer.json["code"] == "page_not_found"
    assert broken(answer) == [("cursor", "invalid_value")]


def test_a_cursor_whose_place_was_changed_is_refused(three_students: Client):
    token = urlsafe_b64decode(cursor(three_students, "/v1/students?limit=1") + "==")
    changed = urlsafe_b64encode(token.replace(b"ada", b"bda")).decode().rstrip("=")

    three_students.get(f"/v1/students?cursor={changed}", status=404)


def test_the_next_page_is_as_long_as_this_one(three_students: Client):
    link = three_students.get("/v1/students?limit=2").headers["Link"]

    assert link.startswith("</v1/students?limit=2&cursor=")


def test_a_cursor_goes_on_with_another_limit(three_students: Client):
    place = cursor(three_students, "/v1/students?limit=1")

    items = three_students.get(f"/v1/students?limit=2&cursor={place}").json["items"]

    assert [item["given_name"] for item in items] == ["Ben", "Cat"]


# A body where none is taken

WITHOUT_BODY = [
    (verb, concrete(path))
    for method, path, operation in operations()
    if "requestBody" not in operation
    for verb in ((method, "HEAD") if method == "GET" else (method,))
]


@pytest.mark.parametrize(("method", "path"), WITHOUT_BODY)
def test_a_body_is_refused_where_none_is_taken(one_of_each: Client, method: str, path: str):
    before = one_of_each.events()
    body = b'{"status": "dropped"}'
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}

    for extra in ({"CONTENT_LENGTH": str(len(body))}, chunked):
        request = TestRequest.blank(path, method=method, body=body)
        del request.environ["CONTENT_LENGTH"]
        request.environ.update(one_of_each.extra_environ | extra)
        answer = one_of_each.do_request(request, status=400)
        if method != "HEAD":
            assert answer.json["code"] == "malformed_request"
            assert answer.json["detail"] == f"The request has a body, but {method} takes none."
    assert one_of_each.events() == before


@pytest.mark.parametrize("length", ["", "0", "00"])
def test_a_body_of_no_length_is_none(client: Client, length: str):
    client.enroll(client.student(), client.course())

    for method, status in {"GET": 200, "HEAD": 200, "OPTIONS": 204, "DELETE": 204}.items():
        request = TestRequest.blank("/v1/students/1/courses/1", method=method)
        request.environ.update(client.extra_environ | {"CONTENT_LENGTH": length})
        client.do_request(request, status=status)


def test_who_has_no_token_is_asked_for_one_before_a_body_is_refused(client: Client):
    client.extra_environ.clear()

    client.request("/v1/students/1", method="DELETE", body=b"{}", status=401)
