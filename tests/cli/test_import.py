"""The commands `enrollment import` and `enrollment imports`."""

import csv
import io
import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.cli.main import main
from enrollment.model.location import Location
from enrollment.storage.engine import open_database
from tests.exchange.packages import case
from tests.support.command import Captured, run_command

LIST = "Student ID,Last name,First name\n00412,Diallo,Amara\n"


@pytest.fixture(autouse=True)
def people(here: Path) -> Path:
    path = here / "people.csv"
    path.write_text(LIST)
    return path


def test_a_list_is_imported_and_undone(capsys: Captured):
    assert main(["import", "people.csv", "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        "read      people.csv: 1 row\nstudents  1 created\ndry run   nothing was changed\n"
    )
    assert main(["import", "people.csv", "--reason", "new year"]) == 0
    assert capsys.readouterr().out.endswith("students  1 created\nimported  default, import 1\n")
    assert main(["imports"]) == 0
    assert capsys.readouterr().out.endswith("  default  people.csv\n")
    assert main(["imports", "undo", "1", "--dry-run"]) == 0
    assert main(["imports", "undo", "1"]) == 0
    out = capsys.readouterr().out
    assert out == "reversed  1\nkept      0\nconflicts 0\ndry run   nothing was changed\n" + (
        "reversed  1\nkept      0\nconflicts 0\n"
    )
    assert main(["imports", "undo", "1"]) == 1
    assert "import 1 was undone at" in capsys.readouterr().err.lower()


def test_a_list_is_read_from_another_program():
    for verb in ("check", "import"):
        ended = run_command(verb, "/dev/stdin", input=LIST)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "read      stdin: 1 row" in ended.stdout

    assert ended.stdout.endswith("students  1 created\nimported  default, import 1\n")


def test_what_is_at_fault_is_shown_and_nothing_is_done(people: Path, capsys: Captured):
    people.write_text(LIST + "00413,,Björn\n")

    assert main(["import", "people.csv", "--report", "faults.csv"]) == 1

    shown = capsys.readouterr()
    assert "error     people.csv, row 3, Last name: The family name is blank.\n" in shown.out
    assert shown.err == (
        "enrollment: people.csv: Rows of the file have errors. Correct the rows, or leave them out"
        " with --errors skip.\n"
    )
    with Path("faults.csv").open(encoding="utf-8-sig", newline="") as text:
        assert [row[1] for row in csv.reader(text)] == ["Row", "3"]
    assert main(["imports", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["import", "people.csv", "--errors", "skip"]) == 0


def test_what_is_wrong_with_many_rows_alike_is_shown_once(people: Path, capsys: Captured):
    people.write_text(LIST + "".join(f"{row},Katz,Ben,beyond\n" for row in range(1, 151)))

    assert main(["import", "people.csv", "--dry-run"]) == 0

    lines = [line for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert len(lines) == 1
    assert lines[0].startswith("warning   people.csv, row 3 (and 149 more): The header has 3 cells")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_far_an_import_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
):
    path = str(case("clean-1.2", tmp_path))
    assert main(["import", path, "--dry-run"]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr", terminal := Terminal())

    assert main(["import", path]) == 0

    assert "reading: 0 rows" in terminal.getvalue()
    assert "enrolling: 100%" in terminal.getvalue()
    # Nothing is left of it.
    assert terminal.getvalue().rpartition("\r")[0].endswith(" ")


def test_a_list_is_written_with_its_faults(people: Path, capsys: Captured):
    people.write_text(LIST + "00413,,Björn\n")

    assert main(["import", "people.csv", "--marked", "marked.csv"]) == 1

    with Path("marked.csv").open(encoding="utf-8-sig", newline="") as text:
        assert [row[3:] for row in csv.reader(text)] == [
            ["What is wrong"],
            [],
            ["error: Last name: The family name is blank."],
        ]
    assert stat.S_IMODE(Path("marked.csv").stat().st_mode) == 0o600
    people.write_text(LIST + "2.026E+11,Diallo,Amara\n")
    assert main(["import", "people.csv", "--marked", "marked.xlsx"]) == 1
    assert Path("marked.xlsx").read_bytes()[:2] == b"PK"
    capsys.readouterr()
    assert main(["import", "people.csv", "--marked", "marked.xlsx"]) == 1
    assert "marked.xlsx exists already" in capsys.readouterr().err
    assert main(["import", "people.csv", "--marked", "marked.ods"]) == 2


def test_a_package_is_not_marked(tmp_path: Path, capsys: Captured):
    path = case("clean-1.2", tmp_path)

    assert main(["import", str(path), "--marked", "marked.csv"]) == 1

    assert "only a list is marked" in capsys.readouterr().err
    assert not Path("marked.csv").exists()
    assert main(["imports"]) == 0
    assert capsys.readouterr().out == ""


def test_mode_and_relink_are_flags(tmp_path: Path, capsys: Captured):
    path = case("clean-1.2", tmp_path)
    assert main(["import", str(path)]) == 0
    for file in path.glob("*.csv"):
        file.write_text(file.read_text().replace("u-s2", "u-new"))
    capsys.readouterr()

    assert main(["import", str(path), "--mode", "delta", "--dry-run"]) == 1
    assert "A row of a delta needs a status." in capsys.readouterr().out
    assert main(["import", str(path), "--relink"]) == 0
    out = capsys.readouterr().out
    assert "This is Björn Ekström, who had the id u-s2 there." in out
    assert "students  4 unchanged\n" in out
    assert main(["import", str(path), "--mode", "absent"]) == 2
    assert main(["check", str(path), "--mode", "delta"]) == 1


def test_a_report_names_the_course_of_a_roster(location: Location, capsys: Captured):
    assert main(["import", "people.csv"]) == 0
    with closing(open_database(location, 1)) as database, database.write() as db:
        db.execute("INSERT INTO course (code, title) VALUES ('CS1', 'Databases')")

    assert main(["import", "people.csv", "--course-id", "1"]) == 0

    assert "course    1\n" in capsys.readouterr().out
    assert main(["imports", "show", "2"]) == 0
    assert "course    1\n" in capsys.readouterr().out


def test_a_package_is_not_the_roster_of_one_course(tmp_path: Path, capsys: Captured):
    path = case("clean-1.2", tmp_path)

    assert main(["import", str(path), "--course-id", "1"]) == 2

    assert "--course-id: Expected only for a list" in capsys.readouterr().err
    assert main(["imports"]) == 0
    assert capsys.readouterr().out == ""


def test_flags_that_would_change_nothing_are_refused(capsys: Captured):
    assert main(["import", "people.csv", "--replace", "--missing", "keep"]) == 2

    assert capsys.readouterr().err == (
        "enrollment: --missing: Expected only for a package of rosters, not for a list;"
        " --replace: Expected only for the roster of one course, and no course is given\n"
    )
    assert main(["imports"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["export", "a.zip", "--history", "--since", "2026-01-01"]) == 1
    assert capsys.readouterr().err == (
        "enrollment: A delta has no history: leave out history, or since.\n"
    )
    assert not Path("a.zip").exists()


def test_an_export_can_have_the_ids_of_one_source(tmp_path: Path):
    path = case("clean-1.2", tmp_path)
    assert main(["import", str(path)]) == 0
    for file in path.glob("*.csv"):
        file.write_text(file.read_text().replace("u-s2", "u-new"))
    assert main(["import", str(path), "--source", "office"]) == 0

    for flags, id in ([], "u-s2"), (["--as", "office"], "u-new"):
        assert main(["export", f"of-{id}", *flags]) == 0
        assert f"\n{id}," in (Path(f"of-{id}") / "users.csv").read_text()


def test_an_export_says_what_it_leaves_out(tmp_path: Path, capsys: Captured):
    path = case("clean-1.2", tmp_path)
    assert main(["import", str(path)]) == 0
    users = (path / "users.csv").read_text()
    (path / "users.csv").write_text(users.replace("Ilona,Varga", "Ilona,Veress"))
    assert main(["import", str(path), "--source", "office"]) == 0
    capsys.readouterr()

    assert main(["export", "roster"]) == 0

    assert capsys.readouterr().out.endswith(
        "left out  1 user: another system has these ids for others\nexported  roster\n"
    )


def test_a_report_is_for_its_owner_and_never_overwrites(capsys: Captured):
    assert main(["import", "people.csv", "--report", "report.json"]) == 0

    report = Path("report.json")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert json.loads(report.read_text())["counts"]["students"]["created"] == 1
    assert main(["import", "people.csv", "--report", "report.json"]) == 1
    assert capsys.readouterr().err == "enrollment: report.json exists already\n"
    assert main(["imports", "show", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == 1


@pytest.mark.parametrize("flag", ["--report", "--marked"])
def test_an_import_is_undone_if_its_report_cannot_be_written(flag: str, capsys: Captured):
    assert main(["import", "people.csv", flag, "no folder/report.csv"]) == 1

    shown = capsys.readouterr()
    assert shown.err == "enrollment: no folder/report.csv: No such file or directory\n"
    assert main(["imports"]) == 0
    assert capsys.readouterr().out == ""


def test_a_mangled_package_is_refused(tmp_path: Path, capsys: Captured):
    path = case("excel-mangled", tmp_path / "there")

    assert main(["import", str(path)]) == 1

    shown = capsys.readouterr()
    assert "refusal   users.csv, row 4, sourcedId: " in shown.out
    assert shown.err == f"enrollment: {path}: The file cannot be brought in as it is.\n"


def test_a_report_says_why_a_file_is_refused_as_a_whole(people: Path, capsys: Captured):
    people.write_text(LIST + "2.026E+11,Diallo,Amara\n")

    for flags in (["--report", "r.json"], ["--report", "r.csv"], ["--json", "--dry-run"]):
        assert main(["import", "people.csv", *flags]) == 1

    lines = capsys.readouterr().out.splitlines()
    report = json.loads(Path("r.json").read_text())
    assert json.loads(lines[-1]) == report
    assert report["refused_by"] == "unreadable_import"
    assert [file["rows"] for file in report["files"]] == [2]
    (fault,) = report["faults"]
    assert (fault["code"], fault["row"]) == ("mangled_id", 3)
    assert lines[:-1] == 2 * [f"refusal   people.csv, row 3, Student ID: {fault['detail']}"]
    assert [(kind["code"], kind["count"]) for kind in report["summary"]] == [("mangled_id", 1)]
    assert stat.S_IMODE(Path("r.json").stat().st_mode) == 0o600
    with Path("r.csv").open(encoding="utf-8-sig", newline="") as text:
        assert [row[1] for row in csv.reader(text)] == ["Row", "3"]


def test_every_import_is_listed(database_file: Path, capsys: Captured):
    main(["import", "people.csv"])
    columns = "source, format, digest, made_at, made_by, after_change, last_change, after_event"
    columns += ", last_event, report"
    with closing(sqlite3.connect(database_file)) as db, db:
        db.execute(
            "WITH RECURSIVE number AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM number LIMIT 1000)"
            f" INSERT INTO import ({columns}) SELECT {columns} FROM import, number"
        )
    capsys.readouterr()

    assert main(["imports"]) == 0

    assert len(capsys.readouterr().out.splitlines()) == 1_001
