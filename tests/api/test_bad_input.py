"""Wrong input: each gets its 4xx that points to the field, and changes nothing."""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from webtest import TestRequest

from enrollment.app import App
from enrollment.http.body import BODY_LIMIT, read_body
from enrollment.http.validation import MAX_VIOLATIONS
from enrollment.model.records import StudentInput
from enrollment.problems.errors import Problem
from tests.support.client import Client, broken

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
TERM = {"code": "FALL", "title": "Fall", "start_on": "2026-08-31", "end_on": "2026-12-18"}
COURSE = {"code": "CS101", "title": "Databases"}
NAME_LIMIT, TITLE_LIMIT, CODE_LIMIT, EMAIL_LIMIT = 100, 200, 32, 254


def records(client: Client) -> list[Any]:
    return [client.get(f"/v1/{name}").json for name in ("students", "terms", "courses", "events")]


@pytest.fixture(scope="module")
def client(shared_app: App) -> Client:
    client = Client(shared_app)
    client.term()
    client.enroll(client.student(), client.course())
    return client


@pytest.fixture(scope="module")
def before(client: Client) -> list[Any]:
    return records(client)


@pytest.fixture(autouse=True)
def nothing_is_changed(client: Client, before: list[Any]) -> Iterator[None]:
    yield
    assert records(client) == before


def texts(limit: int) -> dict[str, Any]:
    """What no text field takes, by a name."""
    return {
        "empty": "",
        "too-long": "x" * (limit + 1),
        "null": None,
        "number": 7,
        "list": ["x"],
        "nul": "a\x00b",
        "newline": "a\nb",
        "last-newline": "a\n",
        "escape": "a\x1b[31mb",
        "c1-control": "a\x85b",
        "line-separator": "a\u2028b",
        "lone-surrogate": "a\ud800b",
        "non-character": "a\uffff",
        "last-code-point": "\U0010ffff",
        "space-before": " a",
        "space-after": "a ",
        "no-break-space-after": "a\N{NO-BREAK SPACE}",
        "only-space": "\u3000",
        "only-a-zero-width-space": "\N{ZERO WIDTH SPACE}",
        "invisible-before": "\N{WORD JOINER}a",
        "only-a-filler": "\N{HANGUL FILLER}",
    }


NAMES = texts(NAME_LIMIT) | {"500-code-points": "x" + "\N{COMBINING TILDE}" * 500}
NUMBERS = {"empty": "", "space": "1 2", "letter": "Ü1", "long": "x" * 33, "type": 7, "end": "1\n"}
EMAILS = {
    "no-at": "ada",
    "two-at": "a@b@c",
    "no-user": "@example.org",
    "no-host": "ada@",
    "space": "a da@example.org",
    "zero-width": "ad\N{ZERO WIDTH SPACE}a@example.org",
    "no-break-space": "a\N{NO-BREAK SPACE}@example.org",
    "brackets": "<ada@example.org>",
    "scheme": "mailto:ada@example.org",
    "comma": "ada@example,org",
    "two-dots": "a..da@example.org",
    "dot-first": ".ada@example.org",
    "two-dots-of-host": "ada@example..org",
    "hyphen-first-of-host": "ada@-example.org",
    "hyphen-last-of-host": "ada@example-.org",
    "dot-last": "ada@example.org.",
    "too-long": "a" * 243 + "@example.org",
    "newline": "ada@example.org\n",
    "number": 7,
}
CODES = texts(CODE_LIMIT) | {
    "hyphen-first": "-A",
    "no-letter": "A→1",
    "emoji": "A\N{GRINNING FACE}",
    "zero-width": "A\N{ZERO WIDTH SPACE}1",
    "mark-first": "\N{COMBINING ACUTE ACCENT}A",
    "apostrophe-last": "A'",
    "dollar": "A$",
    # In NFC, each of these letters is two characters.
    "too-long-in-nfc": "\N{DEVANAGARI LETTER QA}" * 22,
    "tab": "A\t1",
    "slash-last": "A/",
}
DATES = {
    "no-such-day": "2026-02-30",
    "time": "2026-08-31T00:00:00Z",
    "short": "2026-8-31",
    "null": None,
    "number": 20260831,
    "year-0": "0000-01-01",
    "surrogate": "\ud800",
}
MOMENTS = {
    "no-offset": "2026-08-31T08:00:00",
    "no-such-day": "2026-02-30",
    "no-such-hour": "2026-08-31T25:00:00Z",
    "before-year-1": "0001-01-01T00:00:00+01:00",
    "after-year-9999": "9999-12-31T23:59:59-01:00",
    "too-long": f"2026-08-31T08:00:00.{'0' * 64}Z",
    "number": 1,
    "surrogate": "\ud800",
}
AMOUNTS = {
    "negative": -1,
    "too-many": 1001,
    "four-decimals": 0.3333,
    "next-to-zero": 1e-20,
    "text": "1",
    "bool": True,
    "huge": 2**63,
    "vast": 10**400,
    "beyond-float": 1e300,
}
SEATS = {
    "negative": -1,
    "too-many": 1_000_001,
    "past-2^63": 2**63,
    "before-2^63": -(2**63) - 1,
    "vast": 10**400,
    "fraction": 1.5,
    "text": "1",
    "bool": False,
}
STATUSES = {"unknown": "x", "empty": "", "null": None, "number": 1, "surrogate": "\ud800"}
IDS = SEATS | {"too-many": 2**53, "zero": 0, "null": None}

TIMES = {"24": "24:00", "short": "9:00", "seconds": "09:00:00", "newline": "09:00\n", "null": None}
WEEKDAYS = {"zero": 0, "eight": 8, "text": "1", "null": None, "fraction": 1.5}

GROUPS = {"null": None, "text": "A1", "many": ["A"] * 51}
FIELDS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("/v1/students", STUDENT, "given_name", {**NAMES, "null": {}}),
    ("/v1/students", STUDENT, "family_name", NAMES),
    ("/v1/students", STUDENT, "number", NUMBERS),
    ("/v1/students", STUDENT, "email", EMAILS),
    ("/v1/students", STUDENT, "status", STATUSES),
    ("/v1/terms", TERM, "code", CODES),
    ("/v1/terms", TERM, "title", texts(TITLE_LIMIT)),
    ("/v1/terms", TERM, "start_on", DATES),
    ("/v1/terms", TERM, "end_on", DATES),
    ("/v1/terms", TERM, "max_credits", AMOUNTS),
    ("/v1/courses", COURSE, "code", CODES),
    ("/v1/courses", COURSE, "title", texts(TITLE_LIMIT)),
    ("/v1/courses", COURSE, "term", {name: bad for name, bad in CODES.items() if name != "null"}),
    ("/v1/courses", COURSE, "credits", AMOUNTS | {"null": None}),
    ("/v1/courses", COURSE, "capacity", SEATS),
    ("/v1/courses", COURSE, "waitlist_capacity", SEATS),
    ("/v1/courses", COURSE, "enroll_from", MOMENTS),
    ("/v1/courses", COURSE, "enroll_until", MOMENTS),
    ("/v1/students", STUDENT, "groups", GROUPS),
    ("/v1/courses", COURSE, "open_to", GROUPS),
    ("/v1/courses", COURSE, "counts_as", GROUPS),
    ("/v1/courses", COURSE, "early_access", {"null": None, "text": "A1", "many": [{}] * 51}),
    ("/v1/courses", COURSE, "drop_until", MOMENTS),
    ("/v1/terms", TERM, "enroll_from", MOMENTS),
    ("/v1/terms", TERM, "enroll_until", MOMENTS),
    ("/v1/terms", TERM, "drop_until", MOMENTS),
    ("/v1/courses", COURSE, "status", STATUSES),
    ("/v1/students", STUDENT, "max_credits", AMOUNTS),
    ("/v1/courses", COURSE, "repeatable", {"text": "true", "number": 1, "null": None}),
    ("/v1/courses", COURSE, "prerequisites", {"null": None, "text": "A1", "many": [{}] * 21}),
    ("/v1/students/1/holds", {}, "reason", texts(500)),
    ("/v1/students/1/courses", {}, "course_id", IDS),
    ("/v1/students/1/courses", {"course_id": 1}, "reason", {"empty": "", "too-long": "x" * 501}),
]


@pytest.mark.parametrize(
    ("address", "fields", "field", "values"),
    [pytest.param(*row, id=f"{row[0][4:]}-{row[2]}") for row in FIELDS],
)
def test_a_field_of_a_wrong_type_length_or_range_is_pointed_to(
    client: Client,
    subtests: pytest.Subtests,
    address: str,
    fields: dict[str, Any],
    field: str,
    values: dict[str, Any],
):
    for name, value in values.items():
        with subtests.test(name):
            answer = client.post_json(address, {**fields, field: value}, status=422)

            assert broken(answer) == [(f"/{field}", "invalid_value")]
            assert answer.json["code"] == "invalid_body"


@pytest.mark.parametrize(
    ("address", "required"),
    [
        ("/v1/students", ["family_name", "given_name"]),
        ("/v1/terms", ["code", "end_on", "start_on", "title"]),
        ("/v1/courses", ["code", "title"]),
        ("/v1/students/1/courses", ["course_id"]),
    ],
)
def test_every_field_that_is_missing_and_every_one_that_is_unknown_is_told(
    client: Client, address: str, required: list[str]
):
    answer = client.post_json(address, {"id": 1, "~/\ud800": 2}, status=422)

    assert sorted(broken(answer)) == sorted(
        [("/id", "unknown_name"), ("/~0~1?", "unknown_name")]
        + [(f"/{field}", "missing") for field in required]
    )


def test_faults_within_a_list_are_pointed_to(client: Client):
    courses = [{"course_id": 1}, {"course_id": "1"}, {}, 7, {"course_id": 1, "x": 1}]

    answer = client.put_json("/v1/students/1/courses", {"courses": courses}, status=422)

    assert broken(answer) == [
        ("/courses/1/course_id", "invalid_value"),
        ("/courses/2/course_id", "missing"),
        ("/courses/3", "invalid_value"),
        ("/courses/4/x", "unknown_name"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        *(("from", value, "/meetings/0/from") for value in TIMES.values()),
        *(("to", value, "/meetings/0/to") for value in TIMES.values()),
        *(("weekday", value, "/meetings/0/weekday") for value in WEEKDAYS.values()),
    ],
)
def test_a_fault_of_a_meeting_is_pointed_to(client: Client, field: str, value: Any, pointer: str):
    meeting = {"weekday": 1, "from": "09:00", "to": "10:00"} | {field: value}

    answer = client.post_json("/v1/courses", {**COURSE, "meetings": [meeting]}, status=422)

    assert broken(answer) == [(pointer, "invalid_value")]


def test_faults_of_requirements_are_pointed_to(client: Client):
    fields = {
        "prerequisites": [{"code": "A1"}, {"code": ""}, {"any_of": 7}],
        "corequisites": ["B1", 7],
    }

    answer = client.post_json("/v1/courses", COURSE | fields, status=422)

    assert broken(answer) == [
        ("/corequisites/1", "invalid_value"),
        ("/prerequisites/1/code", "invalid_value"),
        ("/prerequisites/2/any_of", "invalid_value"),
    ]


def test_a_list_that_is_too_long_is_not_looked_through(client: Client):
    answer = client.put_json("/v1/students/1/courses", {"courses": [0] * 300_000}, status=422)

    assert broken(answer) == [("/courses", "invalid_value")]


def test_a_list_has_a_longest_length(client: Client):
    courses = [{"course_id": number} for number in range(1, 102)]

    answer = client.put_json("/v1/students/1/courses", {"courses": courses}, status=422)

    assert broken(answer) == [("/courses", "invalid_value")]


def test_a_long_name_is_cut_before_it_is_escaped(client: Client):
    answer = client.post_json("/v1/students", {**STUDENT, "a" * 99 + "~/": 1}, status=422)

    assert broken(answer) == [(f"/{'a' * 99}~0", "unknown_name")]


@pytest.mark.parametrize("body", [[], 1, "x", None, True])
def test_a_body_that_is_no_object_is_pointed_to_as_a_whole(client: Client, body: Any):
    answer = client.post_json("/v1/students", body, status=422)

    assert broken(answer) == [("", "invalid_value")]


@pytest.mark.parametrize(
    ("address", "field", "value", "shown"),
    [
        ("/v1/students", "given_name", 7, "text of 1 to 100 characters"),
        ("/v1/students", "given_name", "", "text of 1 to 100 characters"),
        ("/v1/students", "given_name", "x" * 101, "text of 1 to 100 characters"),
        (
            "/v1/students",
            "given_name",
            "a\n",
            "no control characters, a visible first character, and no white space at the end",
        ),
        (
            "/v1/students",
            "given_name",
            "a\ud800",
            "no lone surrogates",
        ),
        ("/v1/students", "email", 7, "text of at most 254 characters"),
        ("/v1/students", "email", "x", "an email address such as ada@example.org"),
        ("/v1/students", "status", "x", "one of: active, inactive"),
        (
            "/v1/students",
            "max_credits",
            0.0001,
            "a number from 0 to 1,000 with at most 3 decimals",
        ),
        (
            "/v1/courses",
            "section",
            "?",
            "text of 1 to 32 characters: letters and digits of any script,"
            " with spaces and . _ / + - & ' # : between them",
        ),
        ("/v1/courses", "capacity", 1.5, "a whole number from 0 to 1,000,000"),
        ("/v1/courses", "repeatable", 1, "true or false"),
        ("/v1/courses", "meetings", [{}] * 21, "a list of at most 20 items"),
        ("/v1/courses", "meetings", [7], "an object"),
        ("/v1/terms", "start_on", "2026-02-30", "a calendar date, YYYY-MM-DD"),
        (
            "/v1/courses",
            "enroll_from",
            "2026-08-31T08:00:00",
            "a calendar date, YYYY-MM-DD, or a time with its offset, such as 2026-09-01T09:00:00Z,"
            " in the years 1 to 9999",
        ),
    ],
)
def test_what_was_expected_is_told_in_words_for_a_person(
    client: Client, address: str, field: str, value: Any, shown: str
):
    answer = client.post_json(address, {field: value}, status=422)

    details = {
        reason["pointer"].split("/")[1]: reason["detail"] for reason in answer.json["errors"]
    }
    assert details[field] == f"Expected {shown}"


@pytest.mark.parametrize(
    ("parameter", "value", "shown"),
    [
        ("limit", "x", "a whole number from 1 to 1,000"),
        (
            "as_of",
            "monday",
            "a calendar date, YYYY-MM-DD, or a time with its offset, such as 2026-09-01T09:00:00Z,"
            " in the years 1 to 9999",
        ),
    ],
)
def test_what_a_query_should_have_held_is_told_in_words_too(
    client: Client, parameter: str, value: str, shown: str
):
    answer = client.get(f"/v1/students/1/courses?{parameter}={value}", status=422)

    assert [reason["detail"] for reason in answer.json["errors"]] == [f"Expected {shown}"]


def post(client: Client, body: bytes, status: int | str, **environ: Any) -> Any:
    """Post what WebTest itself would not: `environ` has the last word."""
    request = TestRequest.blank("/v1/students", method="POST", body=body)
    request.environ.update(client.extra_environ | {"CONTENT_TYPE": "application/json"} | environ)
    return client.do_request(request, status=status)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"given_name": "\xff"}',
        '{"given_name": "Ada"}'.encode("utf-16"),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda value: repr(value)[:30],
)
def test_malformed_json(client: Client, body: bytes):
    answer = post(client, body, 400)

    assert answer.json["code"] == "malformed_json"
    assert broken(answer) == [("", "malformed_json")]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "There is no body."),
        (b" ", "The JSON is invalid at line 1, column 2: expected a value."),
        (
            b"\xef\xbb\xbf{}",
            "The JSON is invalid at line 1, column 1: unexpected byte order mark.",
        ),
        (
            b"{'a': 1}",
            "The JSON is invalid at line 1, column 2: expected a name in double quotes.",
        ),
        (b'{"a" 1}', "The JSON is invalid at line 1, column 6: expected a colon."),
        (
            b'{"a": 1 "b": 2}',
            "The JSON is invalid at line 1, column 9: expected a comma or the end.",
        ),
        (b"{} {}", "The JSON is invalid at line 1, column 4: unexpected text after the end."),
        (b'{"a', "The JSON is invalid at line 1, column 2: string without an end."),
        (
            b'{"a\n": 1}',
            "The JSON is invalid at line 1, column 4: control character in a string.",
        ),
        (b'{"\\x": 1}', "The JSON is invalid at line 1, column 3: invalid escape."),
    ],
)
def test_where_the_json_breaks_is_told_in_words_for_a_person(
    client: Client, body: bytes, shown: str
):
    answer = post(client, body, 400)

    assert answer.json["detail"] == shown


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_no_json_is_pointed_to(client: Client, constant: str):
    body = {**TERM, "max_credits": float(constant.replace("Infinity", "inf"))}

    answer = client.post_json("/v1/terms", body, status=400)

    assert answer.json["code"] == "malformed_json"
    assert broken(answer) == [("/max_credits", "not_a_number")]


def test_a_name_that_is_given_twice_is_pointed_to(client: Client):
    body = b'{"given_name": "Ada", "family_name": "Lovelace", "given_name": "Ada"}'

    answer = post(client, body, 400)

    assert broken(answer) == [("/given_name", "duplicate_name")]


def test_a_name_that_is_given_twice_within_a_list_is_pointed_to(client: Client):
    body = b'{"courses": [{"course_id": 1}, {"course_id": 2, "course_id": 2}]}'
    headers = {"Content-Type": "application/json"}

    answer = client.put("/v1/students/1/courses", body, headers=headers, status=400)

    assert broken(answer) == [("/courses/1/course_id", "duplicate_name")]


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json"],
)
def test_unsupported_media_type(client: Client, content_type: str):
    body = json.dumps(STUDENT).encode()

    answer = post(client, body, 415, CONTENT_TYPE=content_type)

    assert answer.json["code"] == "unsupported_media_type"


def test_a_body_full_of_faults_is_answered_with_the_first_of_them(client: Client):
    names = ",".join(f'"{number:x}":0' for number in range(110_000))
    body = f"{{{names}}}".encode()
    assert BODY_LIMIT * 0.9 < len(body) < BODY_LIMIT

    answer = post(client, body, 422)

    assert len(answer.json["errors"]) == MAX_VIOLATIONS
    assert answer.json["detail"] == f"{MAX_VIOLATIONS} or more fields are invalid."


@pytest.mark.parametrize("declared", [True, False])
def test_body_too_large(client: Client, declared: bool):
    environ: dict[str, Any] = {"wsgi.input_terminated": True}
    if not declared:
        environ["CONTENT_LENGTH"] = ""
    padding = b" " * BODY_LIMIT

    assert post(client, padding + b" ", 413, **environ).json["code"] == "body_too_large"
    assert post(client, padding, 400, **environ).json["code"] == "malformed_json"


def test_a_body_that_breaks_off_is_refused(client: Client):
    body = json.dumps(STUDENT).encode()

    answer = post(client, body, 400, CONTENT_LENGTH=str(len(body) + 1))

    assert answer.json["code"] == "malformed_request"


@pytest.mark.parametrize("length", ["x", "-1", "1.5", "\xb2"])
def test_a_length_that_is_no_number_is_refused(length: str):
    # Not through WebTest, which would not send it.
    with pytest.raises(Problem, match="Content-Length is not a number") as caught:
        read_body({"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": length}, StudentInput, UTC)

    assert caught.value.code == "malformed_request"


def test_length_required(client: Client):
    assert post(client, b"{}", 411, CONTENT_LENGTH="").json["code"] == "length_required"


# Query strings


@pytest.mark.parametrize(
    ("address", "parameter", "code"),
    [
        ("/v1/students?limit=0", "limit", "invalid_value"),
        ("/v1/students?limit=1001", "limit", "invalid_value"),
        ("/v1/students?limit=-1", "limit", "invalid_value"),
        ("/v1/students?limit=x", "limit", "invalid_value"),
        ("/v1/students?limit=", "limit", "invalid_value"),
        ("/v1/students?limit=null", "limit", "invalid_value"),
        ("/v1/students?limit=1.5", "limit", "invalid_value"),
        ("/v1/students?limit=99999999999999999999", "limit", "invalid_value"),
        ("/v1/students?limit=1&limit=2", "limit", "duplicate_name"),
        ("/v1/students?Limit=1", "Limit", "unknown_name"),
        ("/v1/students?name=Ada", "name", "unknown_name"),
        ("/v1/students?status=", "status", "invalid_value"),
        ("/v1/students?status=null", "status", "invalid_value"),
        ("/v1/students?status=gone", "status", "invalid_value"),
        ("/v1/students?family_name=%00", "family_name", "invalid_value"),
        ("/v1/students?email=" + "x" * 255, "email", "invalid_value"),
        ("/v1/students?cursor=" + "x" * 2001, "cursor", "invalid_value"),
        ("/v1/students/1?x=1", "x", "unknown_name"),
        ("/v1/events?after=-1", "after", "invalid_value"),
        ("/v1/events?after=9223372036854775808", "after", "invalid_value"),
        ("/v1/events?cursor=1", "cursor", "unknown_name"),
        ("/?x", "x", "unknown_name"),
        ("/problems?x=", "x", "unknown_name"),
    ],
)
def test_a_wrong_query_parameter_is_named(client: Client, address: str, parameter: str, code: str):
    answer = client.get(address, status=422)

    assert answer.json["code"] == "invalid_query"
    assert broken(answer) == [(parameter, code)]


def test_every_wrong_query_parameter_is_named_on_a_write_too(client: Client):
    answer = client.post_json("/v1/students?a=1&b=2", STUDENT, status=422)

    assert broken(answer) == [("a", "unknown_name"), ("b", "unknown_name")]


@pytest.mark.parametrize("query", ["family_name=%FF", "%ED%A0%80=1", "&".join(["limit=1"] * 51)])
def test_a_query_string_that_cannot_be_read_is_refused(client: Client, query: str):
    answer = client.get(f"/v1/students?{query}", status=400)

    assert answer.json["code"] == "malformed_request"


# Whatever else there may be

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("method", "address", "names"),
    [
        ("post", "/v1/students", ["given_name", "family_name", "email", "status"]),
        ("post", "/v1/terms", ["code", "title", "start_on", "end_on", "max_credits"]),
        ("post", "/v1/courses", ["code", "title", "credits", "capacity", "enroll_from", "status"]),
        ("post", "/v1/students/1/courses", ["course_id", "reason"]),
        ("put", "/v1/students/1/courses", ["courses", "reason"]),
        ("put", "/v1/students/1/courses/1", ["status"]),
    ],
)
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_no_body_whatever_is_a_failure(
    client: Client, method: str, address: str, names: list[str], data: st.DataObject
):
    field = st.sampled_from(names)
    body = data.draw(json_values | st.dictionaries(field | st.text(), json_values, max_size=6))
    headers = {"Content-Type": "application/json", "If-Match": '"never"'}

    answer = getattr(client, method)(address, json.dumps(body), headers=headers, status="*")

    assert 400 <= answer.status_int < 500 or method == "post"
    assert answer.status_int < 500


@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(body=st.binary(max_size=200))
@example(body=b"\x00")
def test_no_bytes_whatever_are_a_failure(client: Client, body: bytes):
    assert post(client, body, "*").status_int in (400, 422)


def test_a_body_that_is_encoded_is_told_so(client: Client):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    answer = client.post("/v1/students", b"\x1f\x8b", headers, status=415)

    assert answer.json["detail"] == 'The body has the Content-Encoding "gzip". Send it without one.'


def test_identity_is_no_encoding(client: Client):
    headers = {"Content-Type": "application/json", "Content-Encoding": "identity"}

    client.post("/v1/students?dry_run=true", json.dumps(STUDENT), headers, status=201)
