"""The README: its examples are run and their answers compared; its tables are held to the code."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from enrollment.api.operations import OPERATIONS
from enrollment.config import Config, flag, shown, variable
from enrollment.http import body as inputs
from enrollment.model.records import (
    CourseInput,
    HoldInput,
    StudentInput,
    TermInput,
    TokenInput,
)
from enrollment.problems.registry import PROBLEM_TYPES
from tests.support.client import Client
from tests.support.server import Server, serving

README = (Path(__file__).parents[2] / "README.md").read_text()
EXAMPLES = "".join(re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
(API,) = re.findall(r"^api\(\) .*$", README, re.MULTILINE)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def examples() -> list[tuple[str, str]]:
    """Each command with the output that is shown under it."""
    parts = re.split(r"^\$ (.*)\n", EXAMPLES, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "enrollment.db") as server:
        yield server


@pytest.mark.skipif(not shutil.which("curl"), reason="the examples need curl, which is not here")
def test_every_example_gives_what_is_shown(server: Server, tmp_path: Path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    checker = doctest.OutputChecker()
    assert len(examples()) > 10

    for command, output in examples():
        run = subprocess.run(
            f"{API}\n{command.replace('localhost:8000', f'127.0.0.1:{server.port}')}",
            shell=True,
            cwd=tmp_path,
            env=os.environ | {"PATH": path, "TOKEN": server.token},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (run.returncode, run.stderr) == (0, ""), command
        given = MOMENT.sub("MOMENT", run.stdout.replace("\r\n", "\n")).strip()
        wanted = MOMENT.sub("MOMENT", output).strip()
        same = checker.check_output(f"{wanted}\n", f"{given}\n", doctest.ELLIPSIS)
        assert same, f"{command}\n{run.stdout}"


def table(header: str) -> list[list[str]]:
    """The rows of the table with this first row, code marks taken off."""
    _, _, rest = README.partition(f"| {header} |\n")
    assert rest, header
    lines = rest.splitlines()[1:]
    rows = lines[: next(index for index, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def bare(cell: str) -> str:
    return cell.strip("`")


def test_every_route_is_listed_with_what_it_does_and_its_filters():
    listed = []
    for method, path, what in table("method | path | what it does"):
        does, _, filters = what.partition("; `")
        names = set(re.findall(r"(\w+)`", filters))
        listed.append((bare(method), bare(path), f"{does[0].upper()}{does[1:]}.", names))

    expected = []
    for operation in OPERATIONS:
        query = operation.query
        names = {field.name for field in msgspec.structs.fields(query)} if query else set()
        if "after" not in names:
            names -= {"limit", "cursor"}
        path = re.sub(r"<(\w+):[^>]+>", r"{\1}", operation.path)
        expected.append((operation.method, path, operation.handler.__doc__, names))
    assert sorted(listed, key=str) == sorted(expected, key=str)


def test_every_problem_is_listed_with_its_status():
    listed = {
        bare(code): (int(status), what) for code, status, what in table("code | status | meaning")
    }

    assert listed == {code: (kind.status, kind.title) for code, kind in PROBLEM_TYPES.items()}


def test_every_code_of_a_field_is_listed():
    code = Path(inputs.__file__).read_text()
    used = set(re.findall(r'code="(\w+)"', code)) - PROBLEM_TYPES.keys()
    sentence = README.partition("has one of these codes: ")[2].partition("\n\n")[0]

    assert set(re.findall(r"`(\w+)`", sentence)) == used


def test_every_field_is_listed_with_its_default():
    listed = {
        (record, bare(name)): default
        for record, name, _, default in table("record | field | what it holds | if left out")
    }

    expected = {}
    for record, struct in {
        "student": StudentInput,
        "term": TermInput,
        "course": CourseInput,
        "hold": HoldInput,
        "token": TokenInput,
    }.items():
        for field in msgspec.structs.fields(struct):
            if field.required:
                default = "required"
            elif field.default is msgspec.NODEFAULT:
                default = "none"
            elif isinstance(field.default, bool):
                default = str(field.default).lower()
            elif isinstance(field.default, str):
                default = f"`{field.default}`"
            else:
                default = "null" if field.default is None else f"{field.default:g}"
            expected[record, field.name] = default
    assert listed == expected


def test_every_setting_is_listed_with_its_default():
    listed = [
        [bare(cell) for cell in row[:3]]
        for row in table("flag | variable | default | what it sets")
    ]

    assert listed == [
        [flag(setting.name), variable(setting.name), shown(setting.default) or "none"]
        for setting in fields(Config)
    ]


def test_every_metric_is_listed_with_its_labels(client: Client):
    listed = {
        bare(name): set(re.findall(r"`(\w+)`", labels))
        for name, labels, _ in table("metric | labels | what it tells")
    }
    client.enroll(client.student(), client.course())
    client.get("/v1/students/99", status=404)

    told = {
        sample.name.removesuffix("_count"): set(sample.labels)
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        if family.name.startswith("enrollment_") and not sample.name.endswith(("_sum", "_bucket"))
    }
    assert listed == told


def test_every_module_has_its_place():
    package = Path(inputs.__file__).parent
    modules = {path.name for path in package.glob("*.py")} - {"__init__.py", "__main__.py"}
    section = README.partition("## Where code goes")[2]

    assert modules == set(re.findall(r"(\w+\.py)`", section.partition("Imports run")[0]))


def test_the_two_commands_are_in_the_readme():
    commands = re.findall(r"^```sh\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)

    assert [command.split(" && ")[-1] for command in commands] == [
        ".venv/bin/enrollment serve",
        ".venv/bin/pytest",
    ]
