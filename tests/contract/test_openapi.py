"""The OpenAPI document: it is valid, complete, and the service conforms to it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.transport.wsgi import WSGITransport
from webtest import TestResponse

from enrollment.api.operations import OPERATIONS
from enrollment.app import App, make_app
from enrollment.cli.main import main
from enrollment.config import Config
from enrollment.problems.registry import FIELD_CODES, PROBLEM_TYPES
from tests.support import schemathesis_hooks
from tests.support.client import Client
from tests.support.document import DOCUMENT, concrete, operations, resolved
from tests.support.tokens import TOKENS
from tests.support.undone import undone

# How many requests, or chains of requests, each phase generates.
CASES = {"examples": 1, "coverage": 1, "fuzzing": 10, "stateful": 200}


def each(*parts: str) -> Any:
    """Run a test for each operation whose description has these parts."""
    cases = [
        pytest.param(method, path, operation, id=operation["operationId"])
        for method, path, operation in operations()
        if {*parts} <= {*operation}
    ]
    return pytest.mark.parametrize(("method", "path", "operation"), cases)


def send_example(
    client: Client,
    method: str,
    path: str,
    operation: dict[str, Any],
    headers: dict[str, str] | None = None,
    status: str | None = None,
) -> TestResponse:
    """Send the example of the body: JSON, or a file."""
    media_type, content = next(
        (name, content)
        for name, content in operation["requestBody"]["content"].items()
        if name in ("application/json", "text/csv")
    )
    body = content["example"]
    body = body if isinstance(body, str) else json.dumps(body)
    sent = {"Content-Type": media_type} | (headers or {})
    return client.request(path, method=method, body=body.encode(), headers=sent, status=status)


@pytest.fixture(scope="module")
def college(shared_app: App) -> Client:
    """The college of the examples: a student in the first course, and two in none."""
    client = Client(shared_app)
    client.term()
    client.course(promotion="manual")
    client.course()
    for _ in range(3):
        client.student()
    client.enroll(1, 1)
    client.post_json("/v1/students/1/holds", {"reason": "library fees"}, status=201)
    client.delete("/v1/students/1/holds/1", status=204)
    client.post("/v1/imports", "Number,Email\n", headers={"Content-Type": "text/csv"}, status=201)
    return client


def test_the_document_is_valid():
    validate(DOCUMENT)


def test_the_service_and_the_command_give_the_same(client: Client, capsys: pytest.CaptureFixture):
    client.extra_environ.clear()

    assert client.get("/v1/openapi.json", status=200).json == DOCUMENT
    assert main(["openapi"]) == 0
    assert json.loads(capsys.readouterr().out) == DOCUMENT


def test_every_operation_has_a_name_of_its_own():
    described = [operation["operationId"] for _, _, operation in operations()]

    assert len({*described}) == len(described) == len(OPERATIONS)


def test_every_declared_conflict_is_a_409_or_a_422_and_readiness_a_503_or_507():
    for operation in OPERATIONS:
        expected = {503, 507} if operation.path == "/readyz" else {409, 422}
        assert {PROBLEM_TYPES[code].status for code in operation.conflicts} <= expected


# Examples


@each()
def test_every_body_has_an_example_that_fits(method: str, path: str, operation: dict[str, Any]):
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for content in [
        content for body in bodies for content in resolved(body).get("content", {}).values()
    ]:
        schema = content["schema"] | {"components": DOCUMENT["components"]}
        examples = [resolved(example)["value"] for example in content.get("examples", {}).values()]
        examples += [content["example"]] if "example" in content else []

        # The document itself is too long to be an example.
        assert examples or path == "/v1/openapi.json"
        for example in examples:
            Draft202012Validator(schema).validate(example)


@each("requestBody")
def test_every_example_of_a_body_is_accepted(
    college: Client, method: str, path: str, operation: dict[str, Any]
):
    # The first student is in a course, and so is not erased.
    student = 3 if path.endswith("/erasure") else 1
    with undone(college.app.database):
        if path.endswith("/position"):
            # Only a student who waits is moved.
            student = 2
            college.patch_json("/v1/courses/1", {"capacity": 1}, status=200)
            college.enroll(student, 1, waitlist=True)

        answer = send_example(college, method, concrete(path, student), operation)

    assert 200 <= answer.status_int < 300


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz"])
def test_the_example_of_what_the_service_says_of_itself_is_what_it_answers(
    client: Client, path: str
):
    (content,) = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"].values()

    assert client.get(path).json == content["example"]


def test_every_problem_of_an_operation_has_an_example():
    of_pages = {"foreign_form", "link_invalid", "sign_in_needs_https"}

    of_oneroster = {"invalid_filter", "invalid_sort", "invalid_selection"}
    of_oneroster |= {"unsupported_grant_type", "invalid_scope"}

    examples = DOCUMENT["components"]["examples"].keys()

    others = of_pages | of_oneroster | {"method_not_allowed"}
    assert examples == PROBLEM_TYPES.keys() - others


# What generators need


def test_nothing_stands_beside_a_reference():
    """Generators ignore it, or refuse the document."""
    assert [part for part in _objects(DOCUMENT) if "$ref" in part and len(part) > 1] == []


def test_a_code_is_one_of_a_closed_set():
    schemas = DOCUMENT["components"]["schemas"]

    assert schemas["ProblemCode"]["enum"] == [*PROBLEM_TYPES]
    assert schemas["ViolationCode"]["enum"] == [*FIELD_CODES, *PROBLEM_TYPES]


def test_a_record_that_is_returned_may_get_further_fields():
    for operation in OPERATIONS:
        if isinstance(operation.answer, type):
            schema = DOCUMENT["components"]["schemas"].get(operation.answer.__name__, {})
            assert "additionalProperties" not in schema, operation.answer


def _objects(part: Any) -> Iterator[dict[str, Any]]:
    """Every object of the document, except in examples."""
    if isinstance(part, list):
        for inner in part:
            yield from _objects(inner)
    elif isinstance(part, dict):
        yield part
        for name, inner in part.items():
            if name not in ("example", "value"):
                yield from _objects(inner)


# What the document has besides schemas


@each()
def test_if_match_is_described_where_it_is_checked(
    college: Client, method: str, path: str, operation: dict[str, Any]
):
    headers = {"If-Match": '"never"'}
    with undone(college.app.database):
        if "requestBody" in operation:
            answer = send_example(college, method, concrete(path), operation, headers, "*")
        else:
            answer = college.request(concrete(path), method=method, headers=headers, status="*")

    names = {resolved(parameter)["name"] for parameter in operation["parameters"]}
    described = {"If-Match", "If-None-Match"} <= names
    assert (answer.status_int == 412) == described == ("412" in operation["responses"])


@each()
def test_a_new_record_is_linked_to_the_operations_on_it(
    method: str, path: str, operation: dict[str, Any]
):
    links = operation["responses"].get("201", {}).get("links", {})

    expected = set()
    if method == "POST" and "Location" in operation["responses"].get("201", {}).get("headers", {}):
        expected = {
            other["operationId"]
            for _, deeper, other in operations()
            if deeper.startswith(f"{path}/{{") and deeper.removeprefix(path).count("{") == 1
        }
    assert links.keys() == expected


# The service against the document


@pytest.fixture
def served(database_file: Path) -> Iterator[App]:
    """The service with a rate limit that no test reaches, so that its headers are sent."""
    app = make_app(Config(database=database_file, failure_limit=0, rate_limit=1_000_000))
    client = Client(app)
    client.term()
    for _ in range(3):
        client.enroll(client.student(), client.course())
    yield app
    app.database.close()


@pytest.fixture
def contract(served: App, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The document for schemathesis, with the settings in its file."""
    monkeypatch.setenv("TOKEN", TOKENS["admin"])
    send = WSGITransport.send

    def send_in_process(self: WSGITransport, case: Any, **options: Any) -> Any:
        # A request that schemathesis repeats without a token has no session, which takes these.
        for name in ("max_redirects", "verify", "cert"):
            options.pop(name, None)
        return send(self, case, **options)

    monkeypatch.setattr(WSGITransport, "send", send_in_process)
    config = SchemathesisConfig.from_path(
        Path(schemathesis_hooks.__file__).with_name("schemathesis.toml")
    )
    return schemathesis.openapi.from_wsgi("/v1/openapi.json", served, config=config)


@pytest.mark.slow
@pytest.mark.parametrize("phase", CASES)
def test_the_service_conforms_to_the_document(contract: Any, phase: str):
    """A request that fits the document is accepted, any other is refused, and every response is one
    that is described."""
    contract.config.generation.update(max_examples=CASES[phase])
    contract.config.phases.update(phases=[phase])
    failures, cases = [], 0

    for event in from_schema(contract).execute():
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.cases)
            failures += list(_failures(event.recorder))
        elif isinstance(event, events.NonFatalError):
            failures.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception

    assert not failures, "\n\n".join(failures)
    assert cases > 0


def _failures(recorder: Any) -> Iterator[str]:
    for case, checks in recorder.checks.items():
        response = recorder.interactions[case].response
        for info in [check.failure_info for check in checks if check.failure_info]:
            failure = info.failure
            yield (
                f"{recorder.label}: {failure.title}\n{failure.message}\n{info.code_sample}\n"
                f"{response and response.content!r}"
            )
