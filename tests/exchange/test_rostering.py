"""The OneRoster interface: its records, its lists, its errors, and its tokens."""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webtest import TestApp, TestResponse

from enrollment.api.oneroster import ROSTERING
from enrollment.api.operations import OPERATIONS
from enrollment.app import App
from enrollment.data.export import Scope
from enrollment.data.oneroster import COLUMNS
from enrollment.exchange.package_writer import write_archive
from enrollment.exchange.records import PATHS
from enrollment.http.oneroster_errors import error_of
from enrollment.http.operation import path_template as shown
from enrollment.problems.errors import Problem
from tests.exchange.imports import import_path
from tests.exchange.packages import FIXTURES
from tests.exchange.rostering import check, code_of, schema_of
from tests.exchange.strict import validate
from tests.support.client import Client, with_settings
from tests.support.tokens import (
    MONITOR_TOKEN,
    STUDENT_TOKEN,
    TOKENS,
    add_monitor_token,
    add_student_token,
)
from tests.support.traced import traced

NEW, OLD = PATHS["v1p2"], PATHS["v1p1"]
LISTS = [operation for operation in ROSTERING if operation.method == "GET"]
# How many queries a response needs at most, with what other systems have.
MOST_QUERIES = 22
# What leads to each list within a record of the school below.
IDS = {
    "academicSessions": "t-fall",
    "terms": "t-fall",
    "gradingPeriods": "gp-1",
    "orgs": "org-d",
    "schools": "org-s",
    "courses": "crs-alg",
    "classes": "cls-alg-1",
    "users": "u-s1",
    "students": "u-s1",
    "teachers": "u-t1",
    "enrollments": "e-01",
    "demographics": "u-s1",
}


@pytest.fixture(scope="module")
def school(shared_app: App) -> App:
    """A school with records of its own and of two other systems, with changes made since: one who
    left and came back, who is inactive, who is erased, and a cancelled course."""
    for name in ("clean-1.2", "clean-1.1", "two-terms"):
        import_path(shared_app.database, FIXTURES / name, source=name)
    client = Client(shared_app)
    term = client.term(code="2026-OWN", start_on="2026-01-05", end_on="2026-06-30")
    course = client.course(code="CS101", section="01", term=term, enroll_until="2099-01-01")
    other, cancelled = client.course(title="Dr. O'Hara's 100% art_work"), client.course()
    for fields in ({"number": "N-1", "email": "Zoë@example.org"}, {}, {"given_name": None}, {}):
        student = client.student(**fields)
        client.enroll(student, course, effective_at="2026-02-02T08:00:00Z")
    client.enroll(student, other)
    client.enroll(student, cancelled)
    for status in ("dropped", "enrolled"):
        body = {"status": status, "reason": "a mistake", "effective_at": "2026-03-02T08:00:00Z"}
        client.put_json(f"/v1/students/{student}/courses/{course}", body)
    client.put_status(student - 1, course, "completed")
    client.put_status(student - 2, course, "dropped")
    client.patch_json(f"/v1/courses/{cancelled}", {"status": "cancelled"})
    client.patch_json(f"/v1/students/{student - 2}", {"status": "inactive"})
    erased = client.student()
    client.enroll(erased, other)
    client.put_status(erased, other, "dropped")
    client.post_json(f"/v1/students/{erased}/erasure", {"reason": "asked for"})
    (known,) = client.get("/v1/students?number=00412").json["items"]
    client.patch_json(f"/v1/students/{known['id']}", {"email": "new@example.org"})
    add_student_token(shared_app.database, student)
    add_monitor_token(shared_app.database)
    return shared_app


@pytest.fixture(scope="module")
def reader(school: App) -> Client:
    return Client(school, TOKENS["reader"])


def listed(client: Client, path: str, root: str = NEW, **query: Any) -> list[dict[str, Any]]:
    """The records of a list, on one page."""
    parameters = "".join(f"&{name}={quote(str(value))}" for name, value in query.items())
    answer = client.get(f"{root}/{path}?limit=10000{parameters}", status=200)
    (records,) = answer.json.values()
    assert len(records) == int(answer.headers["X-Total-Count"])
    return records


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["sourcedId"] for record in records]


def value_of(record: dict[str, Any], field: str) -> str:
    """What a record has in a field of a filter."""
    if field in ("role", "roles.role") and "roles" in record:
        return str(record["roles"][0]["role"])
    part: Any = record
    for name in field.split("."):
        part = part.get(name, {})
    return part or ""


# The operations


def test_there_are_the_reads_of_the_standard_in_both_versions():
    assert Counter(operation.path.startswith(f"{NEW}/") for operation in LISTS) == {
        True: 41,
        False: 41,
    }
    assert {operation.path.replace(OLD, NEW) for operation in LISTS} == {
        operation.path for operation in LISTS if operation.path.startswith(NEW)
    }


def test_they_are_no_part_of_the_interface_of_the_service():
    """It has a document of its own; that of OneRoster is the standard's."""
    assert not {operation.path for operation in OPERATIONS} & {op.path for op in ROSTERING}


def concrete(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: IDS[found[1]], shown(path))


@pytest.mark.parametrize("path", [operation.path for operation in LISTS])
def test_every_answer_fits_its_schema(reader: Client, path: str):
    address = concrete(path)
    if "demographics" in path:
        assert code_of(reader.get(address, status=403).json) == "forbidden"
        return

    answer = reader.get(address, status=200)

    check(schema_of(address, answer.json), answer.json)
    assert answer.content_type == "application/json"
    head = reader.head(address, status=200)
    assert head.headers.get("X-Total-Count") == answer.headers.get("X-Total-Count")


@pytest.mark.parametrize("path", [op.path for op in LISTS if "<" in op.path and NEW in op.path])
def test_a_record_that_is_not_there_is_not_found(reader: Client, path: str):
    if "demographics" not in path:
        address = re.sub(r"{\w+}", "none", shown(path))
        assert code_of(reader.get(address, status=404).json) == "unknownobject"


@pytest.mark.parametrize("name", [name for name in IDS if name != "demographics"])
@pytest.mark.parametrize("root", [NEW, OLD])
def test_each_record_of_a_list_can_be_read_alone(reader: Client, root: str, name: str):
    for record in listed(reader, name, root):
        (one,) = reader.get(f"{root}/{name}/{record['sourcedId']}", status=200).json.values()
        assert one == record


# The records are those of an export


def exported(client: Client) -> dict[str, list[dict[str, str]]]:
    target = io.BytesIO()
    with client.app.database.read() as db:
        write_archive(db, Scope(with_history=True), UTC, target)
    return validate(target.getvalue(), roles=r"\w+")


PLAIN = {
    "orgs": ("name", "type"),
    "academicSessions": ("title", "type", "startDate", "endDate", "schoolYear"),
    "courses": ("title",),
    "classes": ("title", "classCode", "classType", "location"),
    "users": ("enabledUser", "username", "givenName", "familyName", "identifier", "email"),
    "enrollments": ("role", "beginDate", "endDate"),
}
REFERENCES = {
    "courses": {"org": "orgSourcedId"},
    "classes": {"course": "courseSourcedId", "school": "schoolSourcedId"},
    "enrollments": {
        "user": "userSourcedId",
        "class": "classSourcedId",
        "school": "schoolSourcedId",
    },
}


@pytest.mark.parametrize("name", PLAIN)
def test_the_records_are_those_of_an_export_with_the_history(reader: Client, name: str):
    rows = {row["sourcedId"]: row for row in exported(reader)[name]}
    records = {record["sourcedId"]: record for record in listed(reader, name)}

    assert records.keys() == rows.keys()
    for sourced_id, record in records.items():
        row = rows[sourced_id]
        for field in PLAIN[name]:
            if not (name == "orgs" and field == "identifier"):
                assert record.get(field, "") == row[field]
        for field, column in REFERENCES.get(name, {}).items():
            assert record[field]["sourcedId"] == row[column]


def test_every_reference_leads_to_its_record(reader: Client):
    known = {name: set(ids(listed(reader, name))) for name in PLAIN}

    for name in PLAIN:
        for record in listed(reader, name):
            for reference in references(record):
                collection = reference["href"].split("/")[-2]
                assert reference["sourcedId"] in known[collection], record


def references(part: Any) -> Iterator[dict[str, str]]:
    if isinstance(part, dict):
        if "href" in part:
            yield part
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_what_came_with_a_record_is_its_metadata(reader: Client):
    user = reader.get(f"{NEW}/users/u-s1").json["user"]

    assert user["metadata"] == {"house": "Maple", "bus": "4"}
    assert user["userIds"] == [{"type": "LDAP", "identifier": "amara"}]
    assert (user["email"], user["preferredFirstName"]) == ("new@example.org", "Mara")
    assert [agent["sourcedId"] for agent in user["agents"]] == ["u-g1"]


def test_a_user_of_1_1_has_one_role_and_orgs(reader: Client):
    user = reader.get(f"{OLD}/users/u-t1").json["user"]

    assert user["role"] == "teacher"
    assert [org["sourcedId"] for org in user["orgs"]] == ["org-s"]
    assert user["orgs"][0]["href"] == f"http://localhost:80{OLD}/orgs/org-s"
    assert not {"roles", "primaryOrg"} & user.keys()


def test_who_left_is_to_be_deleted_and_who_completed_is_not(reader: Client):
    own = [record for record in listed(reader, "enrollments") if "-enr" in record["sourcedId"]]

    assert Counter(record["status"] for record in own) == {"tobedeleted": 2, "active": 9}
    (completed,) = [record for record in own if "endDate" in record and "active" in record.values()]
    assert completed["role"] == "student"


def test_a_cancelled_class_is_to_be_deleted(reader: Client):
    statuses = Counter(record["status"] for record in listed(reader, "classes"))

    assert statuses["tobedeleted"] == 1


# Within a record


def test_lists_within_records_are_parts_of_the_whole(reader: Client):
    def enrolled(class_id: str, role: str) -> set[str]:
        return {
            record["user"]["sourcedId"]
            for record in listed(reader, "enrollments")
            if record["class"]["sourcedId"] == class_id
            and record["role"] == role
            and record["status"] == "active"
        }

    classes = listed(reader, "classes")
    for record in classes:
        class_id, school = record["sourcedId"], record["school"]["sourcedId"]
        for path in (f"classes/{class_id}", f"schools/{school}/classes/{class_id}"):
            assert set(ids(listed(reader, f"{path}/students"))) == enrolled(class_id, "student")
            assert set(ids(listed(reader, f"{path}/teachers"))) == enrolled(class_id, "teacher")
        within = listed(reader, f"schools/{school}/classes/{class_id}/enrollments")
        assert {record["class"]["sourcedId"] for record in within} <= {class_id}
    for user in listed(reader, "users"):
        taken = {
            record["sourcedId"]
            for record in classes
            if user["sourcedId"]
            in enrolled(record["sourcedId"], "student") | enrolled(record["sourcedId"], "teacher")
        }
        assert set(ids(listed(reader, f"users/{user['sourcedId']}/classes"))) == taken
    for term in ids(listed(reader, "terms")):
        assert ids(listed(reader, f"terms/{term}/classes")) == [
            record["sourcedId"]
            for record in classes
            if term in [session["sourcedId"] for session in record["terms"]]
        ]
    assert ids(listed(reader, "terms/t-fall/gradingPeriods")) == ["gp-1"]


def test_the_lists_of_a_school_have_what_is_in_it(reader: Client):
    for school in ids(listed(reader, "schools")):
        for name in ("classes", "enrollments"):
            within = [
                record["sourcedId"]
                for record in listed(reader, name)
                if record["school"]["sourcedId"] == school
            ]
            assert ids(listed(reader, f"schools/{school}/{name}")) == within
        for name in ("students", "teachers"):
            users = [
                record["sourcedId"]
                for record in listed(reader, name)
                if school in [role["org"]["sourcedId"] for role in record["roles"]]
            ]
            assert ids(listed(reader, f"schools/{school}/{name}")) == users
        assert listed(reader, f"schools/{school}/terms") == listed(reader, "terms")


def test_a_class_of_another_school_is_not_found(reader: Client):
    (other,) = [
        record["sourcedId"]
        for record in listed(reader, "classes")
        if record["school"]["sourcedId"] != "org-s"
    ][:1]

    answer = reader.get(f"{NEW}/schools/org-s/classes/{other}/students", status=404)

    assert code_of(answer.json) == "unknownobject"


# Pages


@pytest.mark.parametrize("name", ["users", "enrollments", "classes"])
def test_links_lead_through_all_pages(reader: Client, name: str):
    whole, walked = listed(reader, name), []
    link: str | None = f"{NEW}/{name}?limit=3&filter=status!='x'"

    while link:
        answer = reader.get(link, status=200)
        walked += answer.json[name]
        links = {
            relation: address
            for address, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"])
        }
        assert answer.headers["X-Total-Count"] == str(len(whole))
        link = links.get("next")

    last = (len(whole) - 1) // 3 * 3
    assert walked == whole
    assert reader.get(links["prev"]).json[name] == whole[last - 3 : last]
    assert reader.get(links["first"]).json[name] == whole[:3]
    assert reader.get(links["last"]).json[name] == whole[last:]


def test_a_limit_beyond_the_largest_page_is_cut_with_a_link(
    reader: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("enrollment.api.oneroster.LARGEST_PAGE", 5)

    answer = reader.get(f"{NEW}/users?limit=100000", status=200)

    assert len(answer.json["users"]) == 5
    assert 'limit=5&offset=5>; rel="next"' in answer.headers["Link"]


@pytest.mark.usefixtures("template")  # SQLite shows its queries.
@pytest.mark.parametrize("path", [operation.path for operation in LISTS if NEW in operation.path])
def test_a_page_makes_few_queries_in_one_transaction(reader: Client, path: str):
    if "demographics" in path:
        return
    address = concrete(path)
    reader.get(address, status=200)

    with traced(reader.app.database) as seen:
        reader.get(address, status=200)

    # The first transaction looks the token up, before a thread is chosen.
    assert [seen.count("BEGIN"), seen.count("COMMIT")] == [2, 2]
    queries = [sql for sql in seen if not re.match("BEGIN|COMMIT|--", sql)]
    assert len(queries) - 1 <= MOST_QUERIES, queries


@pytest.mark.usefixtures("database_file")  # SQLite shows its queries and plans.
@pytest.mark.parametrize("name", ["users", "enrollments"])
def test_a_page_walks_an_index_and_its_count_joins_nothing(small_college: Client, name: str):
    database, seen = small_college.app.database, list[str]()
    small_college.get(f"{NEW}/{name}", status=200)
    with database.read(is_slow=True) as db:
        db.set_trace_callback(seen.append)
    small_college.get(f"{NEW}/{name}", status=200)

    with database.read(is_slow=True) as db:
        db.set_trace_callback(None)
        for beginning in ("SELECT 0 AS part", "WITH every"):
            (sql,) = [sql for sql in seen if sql.startswith(beginning)]
            steps = "".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}"))
            assert "TEMP B-TREE" not in steps
            assert "LEFT-JOIN" not in steps


def test_a_page_beyond_the_end_is_empty(reader: Client):
    answer = reader.get(f"{NEW}/users?offset=1000", status=200)

    assert answer.json == {"users": []}
    assert 'rel="next"' not in answer.headers["Link"]


# Filter, sort, fields


@pytest.mark.parametrize("name", COLUMNS)
def test_each_field_can_be_searched_and_is_compared_as_it_is_shown(reader: Client, name: str):
    records = listed(reader, name)
    for field in COLUMNS[name]:
        values = {value_of(record, field) for record in records} - {""}
        for value in sorted(values)[:12]:
            text = value.upper().replace("'", "''")
            if field != "dateLastModified" and value.isascii():
                found = listed(reader, name, filter=f"{field}='{text}'")
                same = [r for r in records if value_of(r, field).lower() == value.lower()]
                assert found == same, (field, value)
            found = listed(reader, name, filter=f"{field}<'{value.replace(chr(39), chr(39) * 2)}'")
            assert found == [r for r in records if value_of(r, field).lower() < value.lower()]


@pytest.mark.parametrize("name", COLUMNS)
def test_each_field_can_be_sorted_by(reader: Client, name: str):
    for field in COLUMNS[name]:
        up = [value_of(r, field).lower() for r in listed(reader, name, sort=field)]
        down = [
            value_of(r, field).lower() for r in listed(reader, name, sort=field, orderBy="desc")
        ]
        assert up == sorted(up)
        assert down == up[::-1]


OPERATIONS_OF_TEXT = {
    "=": lambda one, two: one == two,
    "!=": lambda one, two: one != two,
    ">": lambda one, two: one > two,
    ">=": lambda one, two: one >= two,
    "<": lambda one, two: one < two,
    "<=": lambda one, two: one <= two,
    "~": lambda one, two: two in one,
}
FIELDS = st.sampled_from([name for name in COLUMNS["classes"] if name != "dateLastModified"])
VALUES = st.sampled_from(["", "a", "Dr. O'Hara's", "100%", "t_w", "!", "active", "CLS", "'"])
VALUES |= st.text("abcO'%_!\\ 1-", max_size=3)
CONDITIONS = st.tuples(FIELDS, st.sampled_from([*OPERATIONS_OF_TEXT]), VALUES)


@settings(max_examples=60, deadline=None)
@given(
    conditions=st.lists(CONDITIONS, min_size=1, max_size=2), joint=st.sampled_from(["AND", "OR"])
)
def test_a_filter_finds_what_it_says(reader: Client, conditions: list[Any], joint: str):
    records = listed(reader, "classes")
    text = f" {joint} ".join(
        f"{field}{operator}'" + value.replace("'", "''") + "'"
        for field, operator, value in conditions
    )

    found = listed(reader, "classes", filter=text)

    every = all if joint == "AND" else any
    assert found == [
        record
        for record in records
        if every(
            OPERATIONS_OF_TEXT[operator](value_of(record, field).lower(), value.lower())
            for field, operator, value in conditions
        )
    ]


@settings(max_examples=60, deadline=None)
@given(text=st.text("ab'= ANDOR<>!~.", max_size=12) | st.text(max_size=5))
def test_any_other_filter_is_refused(reader: Client, text: str):
    answer = reader.get(f"{NEW}/users?filter={quote(text)}", expect_errors=True)

    if text:
        assert answer.status_int == 400
        assert code_of(answer.json) in ("invalid_filter_field", "invaliddata")


def test_a_delta_is_a_filter_of_a_time_or_a_day(reader: Client):
    changed = sorted(listed(reader, "users"), key=lambda user: user["dateLastModified"])
    latest = changed[-1]["dateLastModified"]

    found = listed(reader, "users", filter=f"dateLastModified>='{latest}'")
    assert changed[-1]["sourcedId"] in ids(found)
    assert {user["dateLastModified"] for user in found} == {latest}
    assert listed(reader, "users", filter=f"dateLastModified>'{latest}'") == []
    assert listed(reader, "users", OLD, filter="dateLastModified>'2026-11-01'")
    assert listed(reader, "enrollments", filter="dateLastModified>'2999-01-01'") == []


def test_only_the_fields_that_are_asked_for_are_sent(reader: Client):
    (first, *_) = listed(reader, "users", fields="sourcedId,familyName")
    one = reader.get(f"{NEW}/enrollments/e-01?fields=role", status=200).json

    assert first.keys() == {"sourcedId", "familyName"}
    assert one == {"enrollment": {"role": "teacher"}}


# Errors

INVALID = {
    "filter=grades='09'": "invalid_filter_field",
    "filter=familyName": "invalid_filter_field",
    "filter=familyName='a": "invalid_filter_field",
    "filter=familyName=''a'": "invalid_filter_field",
    "filter=a='b' AND": "invalid_filter_field",
    "filter=status='a' AND status='b' AND status='c'": "invalid_filter_field",
    "filter=status='a' XOR status='b'": "invalid_filter_field",
    "filter=dateLastModified>'yesterday'": "invalid_filter_field",
    "fields=password": "invalid_selection_field",
    "fields=sourcedId,role": "invalid_selection_field",
    "sort=grades": "invaliddata",
    "sort=status&orderBy=up": "invaliddata",
    "limit=0": "invaliddata",
    "limit=-1": "invaliddata",
    "limit=ten": "invaliddata",
    "limit=1&limit=2": "invaliddata",
    "offset=-1": "invaliddata",
    "page=2": "invaliddata",
    "filter=%ff": "invaliddata",
}


@pytest.mark.parametrize("query", INVALID)
def test_an_invalid_query_is_refused_with_its_code(reader: Client, query: str):
    answer = reader.get(f"{NEW}/users?{quote(query, safe='=&%')}", status=400)

    assert code_of(answer.json) == INVALID[query]
    assert answer.content_type == "application/json"


def test_a_refusal_names_the_fields_that_there_are(reader: Client):
    answer = reader.get(f"{NEW}/orgs?filter=city='x'", status=400)

    assert answer.json["imsx_description"] == (
        "Records cannot be searched by city. Expected one of: dateLastModified, identifier, name,"
        " parent.sourcedId, sourcedId, status, type."
    )


def test_who_may_not_read_is_refused(reader: Client):
    anyone = TestApp(reader.app)
    answer = anyone.get(f"{NEW}/orgs", status=401)
    assert code_of(answer.json) == "unauthorisedrequest"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    invalid = anyone.get(f"{OLD}/orgs", headers={"Authorization": "Bearer enr_x"}, status=401)
    assert code_of(invalid.json) == "unauthorisedrequest"
    for token in (STUDENT_TOKEN, MONITOR_TOKEN):
        for operation in LISTS:
            answer = Client(reader.app, token).get(concrete(operation.path), status=403)
            assert code_of(answer.json) == "forbidden"


def test_what_is_not_there_has_the_form_of_these_errors_too(reader: Client):
    browser = {"Accept": "text/html"}

    assert code_of(reader.get(f"{NEW}/lineItems", status=404, headers=browser).json)
    answer = reader.post(f"{NEW}/orgs", status=405)
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert code_of(answer.json) == "invaliddata"
    assert reader.options(f"{NEW}/orgs", status=204).headers["Allow"] == "GET, HEAD, OPTIONS"


def test_too_many_requests_are_refused(school: App):
    client = Client(with_settings(school, rate_limit=1), TOKENS["reader"])
    client.get(f"{NEW}/orgs", status=200)

    answer = client.get(f"{NEW}/orgs", status=429)

    assert code_of(answer.json) == "server_busy"
    assert int(answer.headers["Retry-After"]) >= 0


@pytest.mark.parametrize(
    ("code", "status", "minor"),
    [
        ("database_busy", 503, "server_busy"),
        ("internal_error", 500, "internal_server_error"),
        ("disk_full", 507, "internal_server_error"),
    ],
)
def test_a_failure_has_the_form_of_these_errors(code: str, status: int, minor: str):
    given, _, body = error_of(f"{NEW}/orgs", Problem(code, "It failed."))

    assert (given, code_of(body)) == (status, minor)


# Tokens

TOKEN = "/ims/oneroster/token"
CLIENT, _, SECRET = TOKENS["reader"].rpartition("_")
SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly"


def ask(app: Any, status: int = 200, **fields: str) -> TestResponse:
    fields = {"grant_type": "client_credentials"} | fields
    return TestApp(app).post(TOKEN, fields, status=status)


def basic(app: Any, id: str, secret: str, status: int = 200, **fields: str) -> TestResponse:
    client = TestApp(app)
    client.authorization = ("Basic", (id, secret))
    return client.post(TOKEN, {"grant_type": "client_credentials"} | fields, status=status)


def test_a_client_gets_a_token_that_reads(reader: Client):
    answer = ask(reader.app, client_id=CLIENT, client_secret=SECRET, scope=f"other {SCOPE}")

    token = answer.json.pop("access_token")
    assert answer.json | {"access_token": token} == {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": SCOPE,
    }
    assert answer.headers["Cache-Control"] == "no-store"
    Client(reader.app, token).get(f"{NEW}/orgs", status=200)


def test_the_header_has_the_credentials_percent_encoded(reader: Client):
    answer = basic(reader.app, CLIENT.replace("_", "%5F"), SECRET)

    assert len(answer.json["scope"].split()) == 8


def test_a_token_that_ends_sooner_is_given_for_less_time(reader: Client):
    body = {"name": "x", "role": "reader", "expires_at": "2099-01-01T00:00:00Z"}
    admin = Client(reader.app)
    new = admin.post_json("/v1/tokens", body, status=201).json
    id, _, secret = new["token"].rpartition("_")

    assert basic(reader.app, id, secret).json["expires_in"] == 3600
    admin.delete(f"/v1/tokens/{new['id']}", status=204)
    assert basic(reader.app, id, secret, 401).json["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("fields", "error", "status"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"grant_type": ""}, "invalid_request", 400),
        ({"scope": "roster.readonly"}, "invalid_scope", 400),
        ({"client_secret": "0" * 48}, "invalid_client", 401),
        ({"client_id": ""}, "invalid_client", 401),
        ({"unknown": "field"}, None, 200),
    ],
)
def test_a_wrong_request_for_a_token_is_refused(
    reader: Client, fields: dict[str, str], error: str | None, status: int
):
    sent = {"client_id": CLIENT, "client_secret": SECRET} | fields

    answer = ask(reader.app, status, **sent)

    assert answer.json.get("error") == error
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (json.dumps({"grant_type": "client_credentials"}), {"Content-Type": "application/json"}),
        ("grant_type=client_credentials&grant_type=client_credentials", {}),
        ("grant_type=client_credentials&client_id=%ff", {}),
        (b"grant_type=client_credentials&client_id=\xe9", {}),
        ("grant_type=client_credentials", {"Authorization": "Basic !"}),
        ("grant_type=client_credentials", {"Authorization": f"Bearer {TOKENS['reader']}"}),
        ("grant_type=client_credentials&client_secret=x", {"Authorization": "Basic YTpi"}),
    ],
)
def test_a_request_for_a_token_that_cannot_be_read_is_refused(
    reader: Client, body: str | bytes, headers: dict[str, str]
):
    answer = TestApp(reader.app).post(TOKEN, body, headers=headers, status=400)

    assert answer.json["error"] == "invalid_request"


def test_a_token_of_a_student_is_no_client(reader: Client):
    id, _, secret = MONITOR_TOKEN.rpartition("_")

    assert basic(reader.app, id, secret, 400).json["error"] == "unauthorized_client"


def test_wrong_secrets_are_limited(school: App):
    app = with_settings(school, failure_limit=1)
    ask(app, 401, client_id=CLIENT, client_secret="0" * 48)

    answer = ask(app, 429, client_id=CLIENT, client_secret="0" * 48)

    assert int(answer.headers["Retry-After"]) >= 0
