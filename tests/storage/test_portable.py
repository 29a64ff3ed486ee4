"""The text of the queries: SQLite and PostgreSQL can both read it.

json_each, json_object and json_group_array are in both under one name or can be; they stay.
"""

import re
from collections.abc import Iterator

import pytest

from enrollment.storage.queries import resource_dir

FILES = [path for path in sorted(resource_dir("sql").glob("*.sql")) if path.stem != "schema"]
# An argument of a function, with at most two levels of parentheses in it.
ARGUMENT = r"(?:[^(),]|\((?:[^()]|\([^()]*\))*\))+"
# What only SQLite reads, and what both read instead.
NOT_PORTABLE = {
    r"\biif\(": "CASE",
    r"\b(?:format|printf)\(": "||, with CAST(... AS text)",
    r"\bIS (?:NOT )?(?!NOT\b|NULL\b|DISTINCT\b)[:\w'(]": "IS [NOT] DISTINCT FROM",
    r"\bchar\(": "a parameter",
    rf"\b(?:max|min)\({ARGUMENT},": "CASE",
    r"\bCROSS JOIN (?:(?!\b(?:JOIN|WHERE|SELECT)\b)[^;])*?\bON\b": "CROSS JOIN ... WHERE",
    r"\b(?:instr|total|ifnull|date|datetime|strftime|julianday)\(": "LIKE, sum, coalesce, substr",
    r"\bCOLLATE\b": "lower()",
    r"\bLIMIT -": "no limit",
    r"(?<!\w)\+(?=[a-z_.]*(?:status|code|term)\b)": "coalesce(..., ''): a text has no sign",
}


def findings(text: str) -> Iterator[tuple[int, str, str]]:
    """The line, the construct and what to write instead."""
    hidden = re.sub(r"--.*|'(?:[^']|'')*'", lambda found: "'" + "x" * (len(found[0]) - 1), text)
    for pattern, instead in NOT_PORTABLE.items():
        for found in re.finditer(pattern, hidden):
            line = text.count("\n", 0, found.start()) + 1
            yield line, " ".join(text[found.start() : found.end()].split()), instead


def test_no_query_has_a_construct_that_only_sqlite_reads():
    assert [
        f"sql/{path.name}:{line}: {construct} (write: {instead})"
        for path in FILES
        for line, construct, instead in findings(path.read_text())
    ] == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT iif(a, b, c)",
        "SELECT format('%d', a)",
        "SELECT a WHERE b IS :c",
        "SELECT a WHERE b IS NOT :c",
        "SELECT a WHERE b IS 'c'",
        "SELECT a WHERE b IS NOT c.d",
        "SELECT a WHERE b < :b || char(0x10FFFF)",
        "SELECT max(a, b)",
        "SELECT min(coalesce(a, (SELECT b)), c)",
        "FROM a CROSS JOIN b ON b.id = a.id",
        "FROM a CROSS JOIN b AS c\n    ON c.id = (SELECT 1)",
        "SELECT total(a)",
        "SELECT a COLLATE NOCASE",
        "SELECT a WHERE +present_status = 'b'",
    ],
)
def test_a_construct_that_only_sqlite_reads_is_found(sql: str):
    assert [line for line, _, _ in findings("-- iif(\n" + sql)] == [2]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT max(a), min(coalesce(a, b)), count(*)",
        "SELECT 'iif(', 'a IS :b' -- format(",
        "SELECT a WHERE b IS NULL OR b IS NOT NULL OR b IS DISTINCT FROM :c",
        "SELECT a WHERE b IS NOT DISTINCT FROM :c",
        "FROM a CROSS JOIN b LEFT JOIN c ON c.id = b.id WHERE b.id = a.id",
        "FROM a CROSS JOIN b WHERE b.id = a.id; SELECT x FROM d JOIN e ON e.id = d.id",
        "SELECT a WHERE +b = 1 AND c + status_count > 0",
    ],
)
def test_a_construct_that_both_read_is_left_alone(sql: str):
    assert list(findings(sql)) == []
