"""/docs and /problems: the pages show the whole document, their links work, they load nothing."""

import os
import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from webtest import TestResponse

from enrollment.api.operations import OPERATIONS
from enrollment.app import App
from enrollment.openapi import interface, pages
from enrollment.openapi.interface import Interface
from enrollment.problems.registry import FIELD_CODES, PROBLEM_TYPES
from tests.support.client import Client
from tests.support.document import resolved
from tests.support.server import serving

PAGES = ["/docs", "/problems", *(f"/problems/{code}" for code in PROBLEM_TYPES)]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def reader(shared_app: App) -> Client:
    """A client without a token."""
    client = Client(shared_app)
    client.extra_environ.clear()
    return client


@pytest.fixture(scope="module")
def document(reader: Client) -> dict[str, Any]:
    return reader.get("/v1/openapi.json").json


@pytest.fixture(scope="module")
def page(reader: Client) -> BeautifulSoup:
    """The page /docs."""
    return reader.get("/docs").html


def names(part: Tag, heading: str) -> set[str]:
    """The names in the table under a heading of an operation."""
    table = part.find("h4", string=heading)
    rows = table.find_next("tbody").find_all("th") if table else []
    return {row.find("code").text for row in rows}


def statuses(part: Tag) -> dict[str, Tag]:
    rows = part.find("h4", string="Responses").find_next("tbody").find_all("tr", recursive=False)
    return {row.th.text: row.td for row in rows}


# What /docs shows


def test_every_operation_is_described_with_all_its_parts(
    page: BeautifulSoup, document: dict[str, Any]
):
    schemas = document["components"]["schemas"]
    described = 0

    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            part = page.find("article", id=operation["operationId"])
            assert part.find(class_="address").text == f"{method.upper()} {path}"
            assert part.h3.text == operation["summary"].replace("`", "")
            parameters = [resolved(parameter) for parameter in operation["parameters"]]
            expected = {each["name"] for each in parameters if each["in"] != "header"}
            assert names(part, "Parameters") == expected
            for each in parameters:
                if each["in"] == "header":
                    assert part.find("a", href=f"#takes-{each['name']}").text == each["name"]
            # A file has no fields.
            bodies = operation.get("requestBody", {}).get("content", {})
            if content := bodies.get("application/json"):
                schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
                assert names(part, "Body") == schema["properties"].keys()
            assert statuses(part).keys() == operation["responses"].keys()
            described += 1
    assert described == len(OPERATIONS) == len(page.find_all("article"))


def test_every_problem_of_an_operation_leads_to_its_page(
    page: BeautifulSoup, document: dict[str, Any]
):
    for operation in (each for path in document["paths"].values() for each in path.values()):
        shown = statuses(page.find("article", id=operation["operationId"]))
        for status, response in operation["responses"].items():
            text = resolved(response)["description"]
            codes = [word for word in re.findall(r"\w+", text) if word in PROBLEM_TYPES]
            assert bool(codes) == (status >= "400")
            for code in codes:
                assert shown[status].find("a", href=f"/problems/{code}"), code


def test_every_field_of_every_schema_is_shown(page: BeautifulSoup, document: dict[str, Any]):
    for name, schema in document["components"]["schemas"].items():
        heading = page.find("h3", id=f"schema-{name}")
        if "properties" not in schema:
            parts = [part["$ref"].rpartition("/")[2] for part in schema.get("allOf", ())]
            shown = ", ".join(schema["enum"]) if "enum" in schema else " and ".join(parts)
            assert shown in [part.text.strip() for part in heading.find_next_siblings("p", limit=2)]
            continue
        rows = heading.find_next("tbody").find_all("tr")
        assert {row.th.find("code").text for row in rows} == schema["properties"].keys()
        required = {row.th.find("code").text for row in rows if row.th.find("small")}
        assert required == set(schema["required"])


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("given_name", "string or null; 1 to 100 characters"),
        ("email", "string or null; at most 254 characters; default null"),
        ("max_credits", "number or null; 0 to 1,000; in steps of 0.001; default null"),
        ("status", '"active", "inactive"; default "active"'),
    ],
)
def test_a_field_is_shown_with_its_type_limits_and_default(
    page: BeautifulSoup, field: str, shown: str
):
    rows = page.find("h3", id="schema-StudentInput").find_next("tbody").find_all("tr")

    (row,) = [row for row in rows if row.th.find("code").text == field]
    assert re.sub(r"\s+", " ", row.td.p.text).strip() == shown


NAMED = {
    "components": {
        "schemas": {
            "Named": {"properties": {"name": {"type": "string"}}},
            "Few": {"enum": ["a", "b"]},
            "Many": {"enum": ["a", "b", "c", "d", "e", "f"]},
        }
    }
}
REF = {"$ref": "#/components/schemas/Named"}


@pytest.mark.parametrize(
    ("schema", "shown", "limits"),
    [
        (REF, "Named", []),
        ({"allOf": [REF, REF]}, "Named and Named", []),
        ({"anyOf": [REF, {"type": "null"}]}, "Named or null", []),
        ({"items": REF, "minItems": 2}, "list of Named", ["at least 2 items"]),
        ({"const": True}, "true", []),
        ({"$ref": "#/components/schemas/Few"}, '"a", "b"', []),
        ({"$ref": "#/components/schemas/Many"}, "Many", []),
        ({"type": "string", "format": "date"}, "date", []),
        ({"type": "integer", "format": "int64", "maximum": 9}, "integer", ["at most 9"]),
    ],
)
def test_a_schema_is_shown_in_words(schema: dict[str, Any], shown: str, limits: list[str]):
    api = Interface(NAMED)

    assert "".join(words for words, _ in api.words(schema)) == shown
    assert list(interface.limits(schema)) == limits


def test_a_list_is_shown_as_a_page_of_its_records(page: BeautifulSoup):
    answers = statuses(page.find("article", id="list_students"))

    shown = answers["200"].find("code", string="application/json").parent.text
    assert re.sub(r"\s+", " ", shown).strip() == "application/json: StudentPage"


def test_a_response_with_one_code_names_it_alone(page: BeautifulSoup):
    answers = statuses(page.find("article", id="list_students"))

    assert answers["400"].p.text == "malformed_request"
    assert answers["404"].p.text == "page_not_found"
    assert answers["503"].p.text.startswith("One of: database_busy, ")


def test_the_roles_of_an_operation_are_shown_once(page: BeautifulSoup):
    shown = [article.find(class_="address").find_next("p").text for article in page("article")]
    text = page.main.text
    assert all(each.startswith(("No token is needed.", "Roles: ")) for each in shown)
    assert text.count("No token is needed.") + text.count("Roles: ") == len(shown)


def test_a_client_that_has_the_page_is_not_sent_it_again(reader: Client):
    tag = reader.get("/docs", status=200).headers["ETag"]

    again = reader.get("/docs", headers={"If-None-Match": tag}, status=304)

    assert (again.headers["ETag"], again.body) == (tag, b"")


def test_the_root_leads_to_the_pages(reader: Client):
    root = reader.get("/").json

    assert (root["docs"], root["openapi"]) == ("/docs", "/v1/openapi.json")


FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("accept", [FIREFOX, "text/html", "TEXT/*", "*/*;q=0.5, text/html ; q=1"])
def test_the_root_leads_a_browser_to_the_page(reader: Client, accept: str):
    answer = reader.get("/", headers={"Accept": accept}, status=303)

    assert (answer.headers["Location"], answer.headers["Vary"]) == ("/start", "Accept")
    assert answer.body == b""
    assert answer.follow(status=303).headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "accept",
    ["*/*", "", "application/json", "text/html;q=0.9, application/json", "text/html;q=x", ",;q"],
)
def test_the_root_gives_json_to_everyone_else(reader: Client, accept: str):
    answer = reader.get("/", headers={"Accept": accept}, status=200)

    assert answer.json["docs"] == "/docs"
    assert answer.headers["Vary"] == "Accept"


# Examples


@pytest.mark.skipif(
    not shutil.which("curl"), reason="the commands need curl, which is not installed"
)
def test_the_curl_commands_work(page: BeautifulSoup, client: Client, database_file: Path):
    client.term()
    client.student()
    client.course(code="CS101")
    client.course(code="CS102")
    with serving(database_file) as server:

        def paste(operation: str) -> str:
            line = page.find("article", id=operation).find("pre").text
            run = subprocess.run(
                line.replace("curl", "curl -sSw '%{http_code}'").replace(
                    ":8000", f":{server.port}"
                ),
                shell=True,
                env=os.environ | {"TOKEN": server.token},
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert (run.returncode, run.stderr) == (0, ""), line
            return run.stdout[-3:]

        assert paste("create_student") == "201"
        assert paste("create_course") == "201"
        assert paste("enroll_student") == "201"
        assert paste("place_hold") == "201"
        assert paste("release_hold") == "204"
        assert paste("list_students") == "200"
        assert paste("read_problem") == "200"


def college(client: Client) -> None:
    """A term with CS101, which one student has filled, CS102, which requires it, and CS103."""
    client.term()
    ada = client.student(family_name="Lovelace", number="S-1041")
    client.course(code="CS101", term="2026-FALL", capacity=1, waitlist_capacity=0)
    client.course(code="CS102", term="2026-FALL", prerequisites=[{"code": "CS101"}])
    client.course(code="CS103")
    client.enroll(ada, 1)
    client.student()


def send(method: str, path: str, **body: Any) -> Callable[[Client], TestResponse]:
    def act(client: Client) -> TestResponse:
        sent = {"params": body} if body else {}
        act = getattr(client, f"{method.lower()}_json" if body else method.lower())
        return act(path, **sent, expect_errors=True)

    return act


ADA = {"given_name": "Ada", "family_name": "Lovelace"}
TERM = {"title": "Fall", "start_on": "2026-08-31", "end_on": "2026-12-18"}
CS101 = {"code": "CS101", "title": "Databases", "term": "2026-FALL"}
REQUIRED = [{"code": "CS101"}]
MEETING = {"weekday": 1, "from": "09:00", "to": "10:00"}
TAKEN = {"code": "COURSE", "title": "Networks"}
OF_ADA = "/v1/students/1/courses"
LATER = "2999-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("code", "act"),
    [
        ("not_found", send("GET", "/v1/nothing")),
        ("method_not_allowed", send("PATCH", "/v1/students")),
        ("student_not_found", send("GET", "/v1/students/7")),
        ("term_not_found", send("GET", "/v1/terms/7")),
        ("course_not_found", send("GET", "/v1/courses/7")),
        ("token_not_found", send("GET", "/v1/tokens/7")),
        ("hold_not_found", send("GET", "/v1/students/1/holds/7")),
        ("enrollment_not_found", send("GET", "/v1/students/1/courses/2")),
        ("page_not_found", send("GET", "/v1/students?cursor=x")),
        ("invalid_query", send("GET", "/v1/students?limit=1001")),
        ("time_in_future", send("GET", "/v1/terms/1/census?as_of=2999-01-01")),
        ("invalid_body", send("POST", "/v1/students", **ADA, email=7)),
        ("number_taken", send("POST", "/v1/students", **ADA, number="S-1041")),
        ("term_code_taken", send("POST", "/v1/terms", **TERM, code="2026-FALL")),
        (
            "ends_before_start",
            send("POST", "/v1/terms", **TERM | {"end_on": "2026-08-30"}, code="F"),
        ),
        ("course_code_taken", send("POST", "/v1/courses", **CS101)),
        ("unknown_term", send("POST", "/v1/courses", **TAKEN, term="2027-FALL")),
        ("duplicate_requirement", send("POST", "/v1/courses", **TAKEN, prerequisites=REQUIRED * 2)),
        (
            "requires_itself",
            send(
                "PUT", "/v1/courses/2", code="CS102", title="N", prerequisites=[{"code": "CS102"}]
            ),
        ),
        ("meetings_overlap", send("POST", "/v1/courses", **TAKEN, meetings=[MEETING] * 2)),
        ("student_has_enrollments", send("DELETE", "/v1/students/1")),
        ("course_has_enrollments", send("DELETE", "/v1/courses/1")),
        ("token_student_required", send("POST", "/v1/tokens", name="A", role="student")),
        (
            "token_student_not_allowed",
            send("POST", "/v1/tokens", name="A", role="reader", student_id=1),
        ),
        (
            "already_expired",
            send("POST", "/v1/tokens", name="A", role="reader", expires_at="2020-01-01T00:00:00Z"),
        ),
        ("last_admin_token", send("DELETE", "/v1/tokens/1")),
        ("unknown_course", send("POST", OF_ADA, course_id=7)),
        ("unknown_student", send("POST", "/v1/courses/2/students", students=[{"student_id": 7}])),
        ("duplicate_course", send("PUT", OF_ADA, courses=[{"course_id": 1}] * 2)),
        (
            "duplicate_student",
            send("POST", "/v1/courses/3/students", students=[{"student_id": 1}] * 2),
        ),
        ("already_enrolled", send("POST", OF_ADA, course_id=1)),
        ("course_full", send("POST", "/v1/students/2/courses", course_id=1)),
        ("waitlist_full", send("POST", "/v1/students/2/courses", course_id=1, waitlist=True)),
        ("prerequisite_missing", send("POST", "/v1/students/2/courses", course_id=2)),
        ("effective_in_future", send("POST", OF_ADA, course_id=2, effective_at=LATER)),
        ("promotion_automatic", send("POST", "/v1/courses/2/promotions", seats=1)),
    ],
)
def test_the_example_of_a_problem_is_what_is_sent(
    client: Client, code: str, act: Callable[[Client], TestResponse]
):
    college(client)

    sent = act(client).json
    shown = client.get(f"/problems/{code}").html.find("pre").text

    assert MOMENT.sub("MOMENT", shown) == MOMENT.sub("MOMENT", pages.to_json(sent, 2).strip())


def test_the_page_of_a_problem_explains_it_and_says_who_can_act(
    reader: Client, subtests: pytest.Subtests
):
    listed = reader.get("/problems").html
    for code, kind in PROBLEM_TYPES.items():
        with subtests.test(code):
            answer = reader.get(f"/problems/{code}", status=200)
            page = answer.html
            assert answer.content_type == "text/html"
            assert page.h1.text == code
            assert kind.title in answer.text
            advice = page.find("h2", string="What to do").find_next("p").text
            assert advice == kind.advice.replace("`", "")
            assert f'"type": "/problems/{code}"' in page.find("pre").text
            assert ("Staff can override this rule" in answer.text) == kind.overridable
            is_for_operators = "Only the operator of the service can fix this" in answer.text
            assert is_for_operators == kind.operator_only
            assert listed.find("a", href=f"/problems/{code}")


def test_the_list_of_problems_has_the_codes_of_fields_too(reader: Client):
    headings = {row.text for row in reader.get("/problems").html.find_all("th", scope="row")}

    assert headings >= FIELD_CODES.keys()


# Rules for every page


class Strict(HTMLParser):
    """Every element is closed where it must be, and no paragraph holds a block."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.violations: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "p" in self.open and tag in ("p", "pre", "table", "ul", "details", "h4", "section"):
            self.violations.append(f"<{tag}> in a paragraph, {self.getpos()}")
        if tag not in ("meta", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.violations.append(f"</{tag}>, {self.getpos()}")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_well_formed_and_its_links_work(reader: Client, path: str):
    page = reader.get(path, status=200)
    ids = [element["id"] for element in page.html.find_all(id=True)]

    strict = Strict(page.text)

    assert (strict.violations, strict.open) == ([], [])
    assert len(ids) == len(set(ids))
    for target in {link["href"] for link in page.html.find_all("a")}:
        if target.startswith("#"):
            assert target[1:] in ids
        else:
            reader.get(target, status=200)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_loads_and_runs_nothing(reader: Client, path: str):
    page = reader.get(path)
    digest = b64encode(sha256(page.html.style.string.encode()).digest()).decode()

    policy = page.headers["Content-Security-Policy"]

    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert not page.html.find_all(["script", "link", "img", "iframe", "form", "object", "base"])
    assert not page.html.find_all(style=True)
    assert not page.html.find_all(src=True)
    assert all(link["href"][0] in "#/" for link in page.html.find_all(href=True))
    assert not re.search(r"url\(|@import", page.html.style.string)


HOSTILE = """"'><script>alert(1)</script>&amp;"""


def hostile(part: Any) -> Any:
    """The document with hostile HTML in place of every text that a person wrote."""
    if isinstance(part, list):
        return [hostile(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    written = ("title", "summary", "description", "version", "pattern", "default", "example")
    return {
        name: HOSTILE if name in written and isinstance(inner, str) else hostile(inner)
        for name, inner in part.items()
    }


def test_html_in_the_document_is_shown_as_text(document: dict[str, Any]):
    page = pages.docs(hostile(document)).decode()

    assert Strict(page).violations == []
    shown = BeautifulSoup(page, "html.parser")
    assert shown.find("script") is None
    assert HOSTILE in shown.h1.text
    assert HOSTILE in {heading.text for heading in shown.find_all("h3")}
    assert HOSTILE in {code.text for code in shown.find_all("code")}
