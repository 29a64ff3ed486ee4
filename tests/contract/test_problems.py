"""The registry of problems: every code is in it once, with all its parts."""

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import get_args

import pytest

import enrollment
from enrollment.api.operations import OPERATIONS
from enrollment.model.results import Violation
from enrollment.model.types import OverridableRule
from enrollment.problems.body import problem_body
from enrollment.problems.errors import Problem
from enrollment.problems.problem_type import Subject
from enrollment.problems.registry import FIELD_CODES, PROBLEM_TYPES, rules_for
from enrollment.storage.postgresql import PROBLEM_BY_STATE
from enrollment.storage.queries import query_text, resource_dir
from enrollment.storage.sqlite import PROBLEM_BY_RESULT_CODE
from tests.support.client import Client

# The status of a problem with several violations


@pytest.mark.parametrize(
    ("codes", "named", "status"),
    [
        (["course_full"], "course_full", 409),
        (["course_not_open", "course_full"], "course_not_open", 409),
        (["duplicate_course"], "duplicate_course", 422),
        (["course_full", "unknown_course", "duplicate_course"], "duplicate_course", 422),
        (["meetings_overlap", "course_code_taken", "requires_itself"], "meetings_overlap", 422),
    ],
)
def test_a_body_that_contradicts_itself_gives_the_problem_its_code_and_status(
    codes: list[str], named: str, status: int
):
    violations = [Violation(pointer="", code=code, detail=code) for code in codes]

    body = problem_body(Problem.from_violations(violations), request_id="1")

    assert (body.code, body.status) == (named, status)
    assert [violation.code for violation in body.errors] == codes


def test_a_code_that_is_not_registered_is_no_failure_before_it_is_rendered():
    violations = [Violation(pointer="", code=code, detail=code) for code in ("new", "number_taken")]

    assert Problem.from_violations(violations).code == "new"


def test_a_student_who_is_listed_twice_is_a_422_of_many(client: Client):
    student, course = client.student(), client.course()
    body = {"mode": "each", "students": [{"student_id": student}] * 2}

    answer = client.post_json(f"/v1/courses/{course}/students", body, status=207)

    assert [item["status"] for item in answer.json["items"]] == [201, 422]


# The registry is complete


ROOT = Path(enrollment.__file__).parent
# A query for each subject whose rules are written in SQL.
QUERIES: dict[Subject, str] = {
    "student": "list_broken_student_rules",
    "student_deletion": "list_broken_student_deletion_rules",
    "term": "list_broken_term_rules",
    "term_deletion": "list_broken_term_deletion_rules",
    "course": "list_broken_course_rules",
    "course_deletion": "list_broken_course_deletion_rules",
    "hold": "list_broken_hold_rules",
    "token": "list_broken_token_rules",
    "token_revocation": "list_broken_revocation_rules",
    "status": "list_broken_ending_rules",
    "void": "list_broken_void_rules",
    "erasure": "list_broken_erasure_rules",
    "merge": "list_broken_merge_rules",
    "promotion": "list_broken_promotion_rules",
    "position": "list_broken_move_rules",
    "swap": "list_broken_swap_rules",
    "course_replacement": "list_broken_replacement_rules",
}
# More queries for a subject.
MORE_QUERIES: dict[Subject, tuple[str, ...]] = {
    "status": ("list_broken_listing_rules", "list_unsaid_corrections"),
    "token": ("list_broken_expiry_rules",),
}
# Rules of lists alone.
OF_LISTS = {"duplicate_student", "unknown_student"}
# Rules of the courses that a student keeps, when another one is dropped.
KEPT = {"prerequisite_missing", "corequisite_missing"}
# The details name the field that is against the rule.
OF_FIELDS = {"correction_required"}
CODE = "[a-z]+(?:_[a-z]+)+"
# A text with brackets in two levels.
NESTED = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
# Rules that are not written in SQL.
IN_PYTHON = {"duplicate_item", "window_out_of_range", "effective_in_future"}


def sql_queries() -> dict[str, str]:
    """The text of each query of sql/, without comments, by its name."""
    queries = {}
    for path in resource_dir("sql").glob("*.sql"):
        # What is wrong in files is a fault of a report, and no problem.
        if path.stem == "staging" or path.stem.startswith("import_"):
            continue
        for block in re.split(r"^-- name: ", query_text(path.stem), flags=re.MULTILINE)[1:]:
            text = re.sub(r"--.*", "", block.partition("\n")[2])
            queries[re.match(r"\w+", block)[0]] = text
    return queries


def codes_in(sql: str) -> set[str]:
    """The codes that a query can return: literals with an underscore that name no JSON member, and
    with which a CASE compares nothing."""
    values = re.sub(r"(->>?|WHEN) '\w+'", "", sql)
    while (
        inner := re.sub(r"\b(?:coalesce|count|json|max|min)\([^()]*\)", "number", values)
    ) != values:
        values = inner
    members = re.findall(r"json_object\(([^()]*)\)", values)
    names = {name for part in members for name in re.findall(r"'(\w+)',", part)}
    return set(re.findall(f"'({CODE})'", values)) - names


def sources() -> Iterator[ast.AST]:
    for path in ROOT.rglob("*.py"):
        if "problems" not in path.relative_to(ROOT).parts:
            yield from ast.walk(ast.parse(path.read_text()))


def texts(node: ast.AST | None) -> set[str]:
    """The texts that an expression may be."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def raised_in_python() -> tuple[set[str], set[str]]:
    """The codes of problems, and those of their violations."""
    failures = (*PROBLEM_BY_RESULT_CODE.values(), *PROBLEM_BY_STATE.values())
    problems = {code for code, *_ in failures}
    violations = set()
    for node in sources():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "Problem":
                problems |= texts(node.args[0])
            if node.func.id == "Violation":
                for keyword in node.keywords:
                    violations |= texts(keyword.value) if keyword.arg == "code" else set()
    return problems, violations


def test_every_code_that_is_raised_is_in_the_registry_and_back():
    problems, violations = raised_in_python()
    in_sql = set().union(*map(codes_in, sql_queries().values()))

    raised = problems | in_sql | (violations - FIELD_CODES.keys())
    assert raised - PROBLEM_TYPES.keys() == set(), "raised, but not in the registry"
    assert PROBLEM_TYPES.keys() - raised == set(), "in the registry, but never raised"


def test_every_code_of_a_field_is_used_and_is_no_problem():
    _, violations = raised_in_python()

    assert FIELD_CODES.keys() <= violations
    assert not FIELD_CODES.keys() & PROBLEM_TYPES.keys()


@pytest.mark.parametrize("subject", QUERIES)
def test_the_rules_for_a_subject_are_those_of_its_query(subject: Subject):
    texts = [sql_queries()[name] for name in (QUERIES[subject], *MORE_QUERIES.get(subject, ()))]
    written = set().union(*map(codes_in, texts)) - (OF_LISTS if subject == "status" else set())

    kept = KEPT if subject in ("status", "drop") else set()
    assert set(rules_for(subject)) - IN_PYTHON - kept == written


def test_the_rules_of_enrolling_are_those_of_the_query_that_decides():
    written = codes_in(sql_queries()["list_decisions"])

    assert set(rules_for("enrollment", "roster")) - IN_PYTHON == written


def test_the_details_of_a_code_have_the_names_of_its_example_in_every_query(
    subtests: pytest.Subtests,
):
    for query, sql in sql_queries().items():
        for branch in sql.split("UNION ALL"):
            found = re.search(
                rf"'({CODE})'(?: AS code)?,.*?json_object\((?P<values>{NESTED})\)",
                branch,
                re.DOTALL,
            )
            if not found or found[1] not in PROBLEM_TYPES or found[1] in OF_FIELDS:
                continue
            with subtests.test(query, code=found[1]):
                names = re.findall(r"'(\w+)',", found["values"])
                assert names == [*PROBLEM_TYPES[found[1]].example.details]


def test_every_rule_that_can_be_overridden_is_a_rule_of_enrolling():
    overridable = {code for code, kind in PROBLEM_TYPES.items() if kind.overridable}

    # The model cannot import the registry, so it repeats the codes.
    assert {*get_args(OverridableRule)} == overridable
    assert overridable <= codes_in(sql_queries()["list_decisions"])
    assert overridable <= {*rules_for("enrollment")} & {*rules_for("roster")}


@pytest.mark.parametrize("subject", get_args(Subject))
def test_the_rules_for_every_subject_are_in_the_document(subject: Subject):
    documented = [{*operation.conflicts} for operation in OPERATIONS]

    assert any({*rules_for(subject)} <= codes for codes in documented), rules_for(subject)


def test_every_rule_of_an_operation_is_in_the_registry():
    for operation in OPERATIONS:
        assert {*operation.conflicts} <= PROBLEM_TYPES.keys(), operation.path


def test_every_problem_is_complete(subtests: pytest.Subtests):
    for code, kind in PROBLEM_TYPES.items():
        with subtests.test(code):
            assert kind.code == code
            assert (kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR) == (kind.family == "service")
            assert kind.title
            assert not kind.title.endswith(".")
            assert kind.advice.endswith(".")
            is_rule = kind.status in (409, 422) and kind.example.pointer is not None
            assert bool(kind.rule_for) == is_rule
            assert not kind.operator_only or kind.family == "service"


# The parts of a sentence in SQL: a text, or the value of a column, a parameter or a function.
TEXT = r"'(?:[^']|'')*'"
VALUE = r"\w+\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|:?\b[a-z_.]+\b(?:\s*->>\s*'\w+')?"


def sql_sentences() -> Iterator[str]:
    """A pattern for each text that the queries can write."""
    for sql in sql_queries().values():
        for sentence in re.findall(rf"(?:{TEXT}|{VALUE})(?:\s*\|\|\s*(?:{TEXT}|{VALUE}))*", sql):
            parts = [part[0] for part in re.finditer(rf"{TEXT}|{VALUE}", sentence)]
            yield "".join(
                re.sub("%[dsg]", ".+", re.escape(part[1:-1].replace("''", "'")))
                if part.startswith("'")
                else ".+"
                for part in parts
            )


def python_sentences() -> Iterator[str]:
    """A pattern for each text that the code can write."""
    for node in sources():
        if isinstance(node, ast.JoinedStr):
            parts = [[*map(re.escape, texts(part))] or [".+"] for part in node.values]
            yield "".join(part for (part,) in parts)
        else:
            yield from map(re.escape, texts(node))


def test_the_sentence_of_an_example_is_one_that_the_service_writes(subtests: pytest.Subtests):
    # Compiled, since `re` keeps few patterns.
    in_sql = [re.compile(text) for text in {*sql_sentences()} if len(text.replace(".+", "")) > 3]
    in_python = [
        re.compile(text) for text in {*python_sentences()} if len(text.replace(".+", "")) > 10
    ]

    for code, kind in PROBLEM_TYPES.items():
        with subtests.test(code):
            written = in_sql if kind.rule_for and code not in IN_PYTHON else in_python
            # A query may put a sentence together from two texts, of which the second is the full
            # stop.
            sentences = (kind.example.detail, kind.example.detail.rstrip("."))
            assert any(text.fullmatch(each) for text in written for each in sentences)
