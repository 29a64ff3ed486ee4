"""The OpenAPI document: it is valid, complete, and the service keeps to it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis import Case, GenerationMode

from enrollment.app import App, make_app
from enrollment.cli import main
from enrollment.config import Config
from enrollment.kinds import KINDS
from enrollment.routes import OPERATIONS
from tests.client import Client
from tests.tokens import TOKENS

# Of what fits, and of what does not, for each operation.
CASES = 25
HEADERS = {"Authorization": f"Bearer {TOKENS['admin']}"}


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    client.extra_environ.clear()
    return client.get("/v1/openapi.json", status=200).json


def test_the_document_is_valid(document: dict[str, Any]):
    validate(document)


def test_the_command_prints_the_same(document: dict[str, Any], capsys: pytest.CaptureFixture):
    assert main(["openapi"]) == 0
    assert json.loads(capsys.readouterr().out) == document


def test_every_operation_is_described_by_a_name_of_its_own(document: dict[str, Any]):
    described = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    ]

    assert len(set(described)) == len(described) == len(OPERATIONS)


def test_every_conflict_is_one(document: dict[str, Any]):
    for operation in OPERATIONS:
        assert {KINDS[code].status for code in operation.conflicts} <= {409}


@pytest.fixture
def served(database_file: Path) -> Iterator[App]:
    app = make_app(Config(database=database_file, failure_limit=0))
    client = Client(app)
    client.term()
    for _ in range(3):
        client.enroll(client.student(), client.course())
    yield app
    app.database.close()


def places() -> Iterator[Any]:
    """Each operation with what fits it, and with what does not where anything can be wrong."""
    for op in OPERATIONS:
        for mode in GenerationMode:
            if mode.is_positive or op.body or op.query or "<" in op.path:
                yield pytest.param(
                    (op.method, op.path), mode, id=f"{op.method} {op.path} {mode.value}"
                )


@pytest.mark.parametrize(("place", "mode"), list(places()))
def test_the_service_keeps_to_the_document(served: App, place: tuple[str, str], mode: Any):
    """Every check of schemathesis: what fits the document is accepted, what does not is refused,
    and every answer is one that is described."""
    schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", served)
    schema.config.generation.update(with_security_parameters=False)
    method, path = place
    operation = schema[re.sub(r"<(\w+):[^>]+>", r"{\1}", path)][method]

    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def keep_to_the_document(case: Case) -> None:
        case.call_and_validate(headers=HEADERS)

    keep_to_the_document()
