"""The README and docs/: their examples are run and compared, their tables are held to the code."""

import argparse
import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import aiosql
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from enrollment.api.oneroster import ROSTERING
from enrollment.api.operations import OPERATIONS
from enrollment.cli.main import parser_of
from enrollment.config import Config, flag, shown, variable
from enrollment.data import eligibility
from enrollment.data.oneroster import COLUMNS
from enrollment.exchange.records import PATHS
from enrollment.http.operation import path_template
from enrollment.model.courses import CourseInput
from enrollment.model.records import HoldInput, StudentInput, TermInput, TokenInput
from enrollment.model.types import OverridableRule, Role
from enrollment.problems.families import enrollment as family
from enrollment.problems.registry import FIELD_CODES, PROBLEM_TYPES
from enrollment.storage.queries import _Adapter, query_text
from tests.support.client import Client, broken
from tests.support.server import Server, serving

ROOT = Path(__file__).parents[2]
README, RULES, API, OPERATE, EXCHANGE, CONTRIBUTING = (
    (ROOT / name).read_text()
    for name in (
        "README.md",
        "docs/rules.md",
        "docs/api.md",
        "docs/operate.md",
        "docs/exchange.md",
        "docs/contributing.md",
    )
)
# In the order in which their examples follow each other.
PAGES = {
    "README.md": README,
    "docs/rules.md": RULES,
    "docs/api.md": API,
    "docs/operate.md": OPERATE,
    "docs/exchange.md": EXCHANGE,
    "docs/contributing.md": CONTRIBUTING,
}
OTHER_PAGES = ("docs/pages.md", "docs/postgresql.md", "deploy/README.md", "CHANGELOG.md")
# The last day of the term of the examples. Nobody enrolls in it afterwards, so its years are then
# replaced by those 400 years later, which have the same weekdays.
LAST_DAY = "2026-12-18"
TERM_DAY = re.compile(r'("(?:start_on|end_on|startDate|endDate)": ?")20(?=2[67]-)')
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


# Examples


def examples(page: str) -> list[tuple[str, str]]:
    """Each command of a page with the output that is shown under it."""
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    text = "".join(blocks)
    if f"{datetime.now(UTC):%Y-%m-%d}" > LAST_DAY:
        text = TERM_DAY.sub(r"\g<1>24", text)
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def helper() -> str:
    """The function of the shell that the README defines for all pages."""
    (definition,) = re.findall(r"^api\(\) .*$", README, re.MULTILINE)
    return definition


def run(command: str, server: Server, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        f"{helper()}\n{command.replace('localhost:8000', f'127.0.0.1:{server.port}')}",
        shell=True,
        cwd=folder,
        env=os.environ | {"PATH": path, "TOKEN": server.token},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "enrollment.db") as server:
        yield server


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="the examples need curl, which is not here")
def test_every_example_gives_what_is_shown(server: Server, tmp_path: Path):
    checker = doctest.OutputChecker()
    differences = []
    for name, page in PAGES.items():
        for command, output in examples(page):
            done = run(command, server, tmp_path)
            given = MOMENT.sub("MOMENT", done.stdout.replace("\r\n", "\n")).strip()
            wanted = MOMENT.sub("MOMENT", output).strip()
            same = checker.check_output(f"{wanted}\n", f"{given}\n", doctest.ELLIPSIS)
            if not same or done.returncode or done.stderr:
                differences.append(f"{name}: $ {command}\n{done.stdout}{done.stderr}")

    assert not differences, "\n".join(differences)


def test_the_examples_need_no_new_curl():
    """--json came with curl 7.82; Ubuntu 20.04 has 7.68."""
    assert [name for name, page in PAGES.items() if re.search(r"\b(api|curl) .*--json", page)] == []


# Tables


def rows(page: str, header: str) -> list[list[str]]:
    """The rows of the table with this first row, code marks taken off whole cells."""
    _, _, rest = page.partition(f"| {header} |\n")
    assert rest, header
    found = []
    for line in rest.splitlines()[1:]:
        if not line.startswith("|"):
            break
        found.append([bare(cell.strip()) for cell in line.strip("|").split("|")])
    return found


def bare(cell: str) -> str:
    return cell[1:-1] if re.fullmatch("`[^`]*`", cell) else cell


def sentence(doc: str | None) -> str:
    """A docstring or title as it stands in a table."""
    text = (doc or "").removesuffix(".")
    return text[:1].lower() + text[1:]


def test_every_path_is_listed_with_what_it_does_and_its_filters():
    listed = []
    for method, path, what in rows(README, "method | path | what it does"):
        does, _, filters = what.partition("; `")
        listed.append((method, path, does, sorted(re.findall(r"(\w+)`", filters))))

    expected = []
    for operation in OPERATIONS:
        names = {field.name for field in msgspec.structs.fields(operation.query or Nothing)}
        if "after" not in names:
            names -= {"limit", "cursor", "count"}
        # Every write has it.
        names -= {"dry_run"}
        does = sentence(operation.handler.__doc__)
        expected.append((operation.method, path_template(operation.path), does, sorted(names)))
    assert sorted(listed) == sorted(expected)


class Nothing(msgspec.Struct):
    """The query of an operation that takes none."""


def test_every_list_of_oneroster_is_listed():
    root = PATHS["v1p2"]
    lists = [name for name, _ in rows(EXCHANGE, "list | what it has")]
    within = [path for path, _ in rows(EXCHANGE, "list within a record | what it has")]

    described = [*lists, *(f"{name}/{{{name}}}" for name in lists), *within]
    paths = [path_template(operation.path) for operation in ROSTERING]
    assert sorted(f"{root}/{path}" for path in described) == sorted(
        path for path in paths if path.startswith(root)
    )


def test_every_field_of_a_filter_is_listed():
    header = "records | fields for `filter` and `sort`"
    listed = {name: re.findall(r"`?([\w.]+)", fields) for name, fields in rows(EXCHANGE, header)}
    common = listed.pop("all")

    assert {name: {*common, *fields} for name, fields in listed.items()} == {
        name: {*fields} for name, fields in COLUMNS.items()
    }


def test_every_problem_is_listed_with_its_status():
    listed = {code: (status, what) for code, status, what in rows(API, "code | status | meaning")}

    assert listed == {code: (str(kind.status), kind.title) for code, kind in PROBLEM_TYPES.items()}


def test_the_problems_in_the_readme_are_among_them():
    listed = rows(README, "code | status | meaning")

    assert listed
    for code, status, what in listed:
        assert (status, what) == (str(PROBLEM_TYPES[code].status), PROBLEM_TYPES[code].title)


def test_every_code_of_a_field_is_listed():
    listed = API.partition("has one of these codes: ")[2].partition("\n\n")[0]

    assert set(re.findall(r"`(\w+)`", listed)) == FIELD_CODES.keys()


def test_every_rule_is_listed_and_whether_it_can_be_overridden():
    listed = {code: yes for code, _, yes in rows(RULES, "rule | broken when | can be overridden")}

    rules = {
        code
        for operation in OPERATIONS
        if operation.method == "POST" and operation.path.endswith(("/courses", "/students"))
        if operation.path.startswith(("/v1/students/<", "/v1/courses/<"))
        for code in operation.conflicts
    }
    overridable = get_args(OverridableRule)
    assert listed == {code: "yes" if code in overridable else "no" for code in rules}


def test_every_field_is_listed_with_its_default():
    listed = {
        (record, name): default
        for record, name, _, default in rows(API, "record | field | what it holds | if left out")
    }

    inputs = {
        "student": StudentInput,
        "term": TermInput,
        "course": CourseInput,
        "hold": HoldInput,
        "token": TokenInput,
    }
    assert listed == {
        (record, field.name): shown_default(field)
        for record, struct in inputs.items()
        for field in msgspec.structs.fields(struct)
    }


def shown_default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default is msgspec.NODEFAULT:
        return "none"
    if isinstance(field.default, str):
        return field.default
    return msgspec.json.encode(field.default).decode().removesuffix(".0")


def test_every_role_is_listed():
    assert [role for role, _ in rows(API, "role | what it may do")] == list(get_args(Role))


def test_every_setting_is_listed_with_its_default():
    listed = [row[:3] for row in rows(OPERATE, "flag | variable | default | what it sets")]

    assert listed == [
        [flag(setting.name), variable(setting.name), shown(setting.default) or "none"]
        for setting in fields(Config)
    ]


def test_every_command_is_listed_with_its_help():
    listed = [
        (command.partition(" [")[0], what)
        for command, what in rows(OPERATE, "command | what it does")
    ]

    assert listed == list(commands(parser_of(), "enrollment"))


def commands(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, str]]:
    """Each command that can be run, and its help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                subparser, full = action.choices[choice.dest], f"{name} {choice.dest}"
                if subparser.get_default("run"):
                    yield full, choice.help or ""
                yield from commands(subparser, full)


def test_every_metric_is_listed_with_its_labels(client: Client):
    others = {"sqlite", "postgresql"} - {client.app.database.engine[0]}
    listed = {
        name: set(re.findall(r"\w+", labels)) - {"or", *others}
        for name, labels, _ in rows(OPERATE, "metric | labels | what it shows")
    }
    client.enroll(client.student(), client.course())
    client.get("/v1/students/99", status=404)

    exposed = {
        sample.name.removesuffix("_count"): set(sample.labels)
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        if family.name.startswith("enrollment_") and not sample.name.endswith(("_sum", "_bucket"))
    }
    assert listed == exposed


def test_every_place_for_code_is_listed_and_exists():
    listed = {place for place, _ in rows(README, "place | what belongs there")}

    assert [place for place in listed if not (ROOT / place).exists()] == []
    rooms = {path.parent.name for path in (ROOT / "enrollment").glob("*/__init__.py")}
    assert {f"enrollment/{room}/" for room in rooms} <= listed


# The recipe for a rule


def block(language: str, beginning: str) -> str:
    """The block of code on the page for contributors that begins like this."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", CONTRIBUTING, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if block.strip().startswith(beginning)]
    return found


def test_the_recipe_for_a_rule_works(client: Client, monkeypatch: pytest.MonkeyPatch):
    """The branch stands in the query, the row in the registry, and the test passes."""
    (file,) = re.findall(r"one branch at the end of `sql/(\w+)\.sql`", CONTRIBUTING)
    rules = query_text(file)
    decides = query_text("eligibility").replace(rules, rules + block("sql", "UNION ALL"))
    monkeypatch.setattr(eligibility, "SQL", aiosql.from_str(decides, _Adapter))
    row = eval(block("python", "problem("), vars(family))
    monkeypatch.setitem(PROBLEM_TYPES, row.code, row)

    names = {"Client": Client, "broken": broken}
    exec(block("python", "def test_"), names)

    names[f"test_{row.code}"](client)


# The pages themselves


def test_the_two_commands_are_in_the_readme():
    commands = re.findall(r"^```sh\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)

    assert [command.split(" && ")[-1] for command in commands] == [
        ".venv/bin/enrollment serve",
        ".venv/bin/pytest -n auto",
    ]


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 250


def anchors(page: str) -> set[str]:
    """What its headings are called in links, as GitHub names them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", [*PAGES, *OTHER_PAGES])
def test_every_link_leads_somewhere(name: str):
    text = (ROOT / name).read_text()

    for target in re.findall(r"\]\(([^)]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text()), target


OLD_WORDS = re.compile(
    r"\b(enrol(s|ment|ments)?|rehears\w+|anew|likewise|told|tells|mend|licence)\b", re.I
)


@pytest.mark.parametrize("name", [*PAGES, *OTHER_PAGES])
def test_every_page_is_in_american_spelling_and_plain_words(name: str):
    text = (ROOT / name).read_text()

    assert [found[0] for found in OLD_WORDS.finditer(text)] == []
