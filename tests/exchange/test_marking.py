"""A list that is sent back: its own cells, with what is wrong behind each row."""

import csv
import io
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from enrollment.exchange.check import check_path
from enrollment.exchange.lists import ListFormat
from enrollment.exchange.marking import mark, write_marked
from enrollment.exchange.upload import Upload, reading_options
from enrollment.model.import_options import ImportOptions
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from tests.exchange.imports import CHANGE, one
from tests.exchange.packages import case, workbook


def marked(
    database: Database, path: Path, kind: ListFormat = "csv", **options: Any
) -> list[list[Any]]:
    """Mark a list, and return its cells."""
    wanted, target = ImportOptions(**options), io.BytesIO()
    with closing(Upload.of_path(path, reading_options(wanted, UTC))) as upload:
        with pytest.raises(ZeroDivisionError), database.write() as db:
            write_marked(upload, mark(db, upload, wanted, CHANGE), kind, target)
            raise ZeroDivisionError
        has_semicolons = path.suffix == ".csv" and b";" in path.read_bytes()
        delimiter = ";" if has_semicolons else ","
    if kind == "xlsx":
        book = load_workbook(target)
        return [list(row) for row in book.active.iter_rows(values_only=True)]
    return list(csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig")), delimiter=delimiter))


def test_each_row_comes_back_as_it_was_with_its_faults_behind_it(
    database: Database, tmp_path: Path
):
    path = tmp_path / "list.csv"
    path.write_text("Class 9b\n\nNumber,Surname,Room\n00412,Diallo,1\n413,,2\nTotal,2\n")

    assert marked(database, path) == [
        ["Class 9b"],
        [],
        [
            "Number",
            "Surname",
            "Room",
            "What is wrong: warning: Room: The column Room is not known, and is left out.",
        ],
        ["00412", "Diallo", "1"],
        ["413", "", "2", "error: Surname: The family name is blank."],
        ["Total", "2", "", "warning: The row counts others, and is left out."],
    ]
    assert one(database, "SELECT count(*) FROM student") == 0


def test_what_only_shows_in_view_of_the_records_is_marked(database: Database, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("Number;Course\n1;CS1\n")

    header, row = marked(database, path)

    assert (header, row[:2]) == (["Number", "Course", "What is wrong"], ["1", "CS1"])
    assert row[2].startswith("error: Course: There is no course with this code.")


def test_a_list_that_was_marked_is_read_and_marked_again(database: Database, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("Number,Surname\n1,\n2,\n")
    cells = marked(database, path)
    cells[1][1] = "Diallo"
    with path.open("w", newline="") as text:
        csv.writer(text).writerows(cells)

    assert check_path(path).faults == []
    assert marked(database, path) == [
        ["Number", "Surname", "What is wrong"],
        ["1", "Diallo", ""],
        ["2", "", "error: Surname: The family name is blank."],
    ]


def test_formulas_are_guarded_once_and_read_as_before(database: Database, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("Number,Surname,Given name\n1,=A1,'=B1\n2,,'t\n''7,,\n")

    cells = marked(database, path)

    assert cells[1][1:3] == ["'=A1", "'=B1"]
    assert cells[2][2] == "'t"
    assert cells[3][0] == "''7"


def test_a_workbook_keeps_its_zeros(database: Database, tmp_path: Path):
    rows = marked(database, case("class-list-xlsx", tmp_path), "xlsx")

    numbers = [row[0] for row in rows if row[0]]
    assert {"00412", "00413", "00414"} <= {*numbers}
    faults = [row[-1] for row in rows if row[-1]]
    assert faults[0].startswith("What is wrong")
    assert any("has lost some" in fault for fault in faults)


def test_many_columns_fit_a_workbook(database: Database, tmp_path: Path):
    path = tmp_path / "list.csv"
    more = "".join(f",c{number}" for number in range(60))
    path.write_text(f"Number,Surname{more}\n1,\n")

    header, row = marked(database, path, "xlsx")

    assert (len(header), row[-1]) == (63, "error: Surname: The family name is blank.")


def test_ids_that_a_spreadsheet_has_changed_are_marked(database: Database, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("Number,Surname\n2.026E+11,Diallo\n")

    assert marked(database, path)[1][2].startswith("refusal: Number: A spreadsheet has changed")


@pytest.mark.parametrize("content", ['Number,Surname\n1,A\n2,"B\n', "hello", "a,b\n1,2\n"])
def test_what_can_not_be_read_to_its_end_is_not_sent_back(
    content: str, database: Database, tmp_path: Path
):
    path = tmp_path / "list.csv"
    path.write_text(content)

    with pytest.raises(Problem, match="no list, or not all of its rows can be read"):
        marked(database, path)


def test_a_package_is_no_list(database: Database, tmp_path: Path):
    wanted = ImportOptions()
    with (
        closing(
            Upload.of_path(case("clean-1.2", tmp_path), reading_options(wanted, UTC))
        ) as upload,
        database.write() as db,
        pytest.raises(Problem, match="It is no list"),
    ):
        mark(db, upload, wanted, CHANGE)


def test_cells_of_a_workbook_are_text(database: Database, tmp_path: Path):
    path = workbook(tmp_path / "list.xlsx", ["Number", "Surname"], [1, "=1+1"], [2, None])

    cells = marked(database, path, "xlsx")

    assert cells[2] == ["2", None, "error: Surname: The family name is blank."]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_cell_that_was_refused_is_refused_when_the_marked_list_comes_back(
    database: Database, tmp_path: Path, kind: ListFormat
):
    path = workbook(
        tmp_path / "list.xlsx", ["Number", "Surname"], ["=A9+1", "A"], [2026000000000123456, "B"]
    )

    cells = marked(database, path, kind)

    assert [row[0] for row in cells[1:]] == ["#VALUE!", "#VALUE!"]
    again = workbook(tmp_path / "again.xlsx", *cells)
    assert [(fault.row, fault.code) for fault in check_path(again).faults] == [
        (2, "invalid_value"),
        (3, "invalid_value"),
    ]
