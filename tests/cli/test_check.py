"""The command `enrollment check`."""

import json
from pathlib import Path

from enrollment.cli.main import main
from tests.exchange.packages import case
from tests.support.command import Captured


def test_files_without_faults_succeed(tmp_path: Path, capsys: Captured):
    assert main(["check", str(case("clean-1.1", tmp_path))]) == 0
    assert capsys.readouterr() == (
        "format    oneroster-1.1\n"
        "read      orgs.csv: 2 rows, bulk, utf-8\n"
        "read      academicSessions.csv: 4 rows, bulk, utf-8\n"
        "read      courses.csv: 3 rows, bulk, utf-8\n"
        "read      classes.csv: 4 rows, bulk, utf-8\n"
        "read      users.csv: 7 rows, bulk, utf-8\n"
        "read      enrollments.csv: 9 rows, bulk, utf-8\n",
        "",
    )


def test_warnings_alone_succeed(tmp_path: Path, capsys: Captured):
    assert main(["check", str(case("zip-with-folder", tmp_path))]) == 0
    assert "warning   readme.txt: readme.txt is no file of a roster." in capsys.readouterr().out


def test_errors_and_refusals_fail(tmp_path: Path, capsys: Captured):
    path = case("shared-email", tmp_path)
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr().err == (f"enrollment: {path} has rows that cannot be brought in\n")

    path = case("excel-mangled", tmp_path)
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr().err == f"enrollment: {path} cannot be brought in as it is\n"


def test_the_report_is_printed_as_json(tmp_path: Path, capsys: Captured):
    main(["check", "--json", str(case("class-list-xlsx", tmp_path))])

    report = json.loads(capsys.readouterr().out)
    assert report["format"] == "list"
    assert report["files"][0]["columns"] == {
        "Student ID": "number",
        "Student name": "name",
        "Email address": "email",
    }
    assert report["counts"] == {"refusal": 0, "error": 1, "warning": 4}
    assert sum(kind["count"] for kind in report["summary"]) == 5
    assert report["faults"][0].keys() == {
        "file",
        "row",
        "column",
        "value",
        "code",
        "severity",
        "detail",
    }
