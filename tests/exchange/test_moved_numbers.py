"""Numbers of students and labels of courses that change hands within one package."""

from pathlib import Path

import pytest

from enrollment.model.imports import ImportReport
from enrollment.storage.database import Database
from tests.exchange.imports import export, import_path, rows, undo

NUMBERS = "SELECT number FROM student ORDER BY id"


def stays_and_goes_back(
    database: Database, path: Path, report: ImportReport, before: bytes
) -> None:
    """The package is as it was imported; undone, all is as it was before."""
    assert report.faults == import_path(database, path).report.faults == []
    undo(database, report.id + 1)
    undone = undo(database, report.id)
    assert (undone.kept, undone.conflicts) == (0, 0)
    assert export(database) == before


def renumber(path: Path, file: str, **replaced: str) -> None:
    """Replace numbers in a file, all at once."""
    lines = (path / f"{file}.csv").read_text().splitlines()
    for place, line in enumerate(lines):
        for id, (old, new) in ((id, text.split(">")) for id, text in replaced.items()):
            if line.startswith(f"{id.replace('_', '-')},"):
                assert old in line
                lines[place] = line.replace(old, new)
    (path / f"{file}.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("changed", "numbers"),
    [
        (
            {"u_s1": "00412>9", "u_s2": "00413>00412", "u_s3": "00414>00413"},
            ["9", "00412", "00413", "00415"],
        ),
        (
            {"u_s1": "00412>00413", "u_s2": "00413>00414", "u_s3": "00414>9"},
            ["00413", "00414", "9", "00415"],
        ),
        (
            {"u_s1": "00412>00413", "u_s2": "00413>00412"},
            ["00413", "00412", "00414", "00415"],
        ),
        ({"u_s1": "00412>", "u_s2": "00413>00412"}, [None, "00412", "00414", "00415"]),
        ({"u_s1": "00412>9", "u_g1": "Diallo,,>Diallo,,00412"}, ["9", "00413", "00414", "00415"]),
    ],
    ids=["who gives comes first", "who takes comes first", "a swap", "given up", "by no student"],
)
def test_numbers_change_hands_at_once_and_go_back_with_an_undo(
    changed: dict[str, str], numbers: list[str | None], database: Database, path: Path
):
    before = export(database)
    renumber(path, "users", **changed)

    report, _ = import_path(database, path)

    assert [number for (number,) in rows(database, NUMBERS)] == numbers
    stays_and_goes_back(database, path, report, before)


def test_a_new_student_gets_a_number_that_comes_free(database: Database, path: Path):
    renumber(path, "users", u_s1="00412>9")
    text = (path / "users.csv").read_text()
    row = next(line for line in text.splitlines() if line.startswith("u-s4"))
    new = row.replace("u-s4", "u-s5").replace("00415", "00412").replace("Dilan", "Ben")
    (path / "users.csv").write_text(f"{text}{new}\n")
    enrollment = "e-20,,,cls-art-1,org-s,u-s5,student,,2026-08-24,\n"
    with (path / "enrollments.csv").open("a") as file:
        file.write(enrollment)

    report, _ = import_path(database, path)

    assert [number for (number,) in rows(database, NUMBERS)][::4] == ["9", "00412"]
    assert [fault.code for fault in report.faults] == []
    assert undo(database, report.id).conflicts == 0
    assert [number for (number,) in rows(database, NUMBERS)][::4] == ["00412"]


def test_a_number_of_someone_who_keeps_it_blocks_those_behind_and_every_line_is_true(
    database: Database, path: Path
):
    with database.write() as db:
        db.execute("INSERT INTO student (number, family_name) VALUES ('9', 'Katz')")
    renumber(path, "users", u_s1="00412>9", u_s2="00413>00412")

    for _ in range(2):
        report, _ = import_path(database, path)
        assert report.changes == []
        assert [(fault.code, fault.detail) for fault in report.faults] == [
            ("number_taken", "The number is that of Katz, and is not taken."),
            ("number_taken", "The number is that of Amara Diallo, and is not taken."),
        ]
    with database.write() as db:
        db.execute("UPDATE student SET number = NULL, version = version + 1 WHERE id = 5")
        db.execute("UPDATE student SET number = '7', version = version + 1 WHERE id = 2")
    report, _ = import_path(database, path)

    assert [number for (number,) in rows(database, NUMBERS)][:2] == ["9", "00412"]
    assert [(fault.row, fault.code) for fault in report.faults] == [(5, "local_change_overwritten")]


@pytest.mark.parametrize("by", ["a registrar", "another source"])
def test_numbers_that_were_swapped_here_stay(by: str, database: Database, path: Path):
    swap = {"u_s1": "00412>00413", "u_s2": "00413>00412"}
    back = {"u_s1": "00413>00412", "u_s2": "00412>00413"}
    if by == "a registrar":
        with database.write() as db:
            for number, id in ((None, 1), ("00412", 2), ("00413", 1)):
                sql = "UPDATE student SET number = :number, version = version + 1 WHERE id = :id"
                db.execute(sql, {"number": number, "id": id})
    else:
        import_path(database, path, source="another")
        renumber(path, "users", **swap)
        import_path(database, path, source="another")
        renumber(path, "users", **back)

    for _ in range(3):
        report, _ = import_path(database, path)
        assert report.changes == []
        assert "number_taken" not in [fault.code for fault in report.faults]

    for changed in (swap, back):
        renumber(path, "users", **changed)
        import_path(database, path)
    assert [number for (number,) in rows(database, NUMBERS)][:2] == ["00412", "00413"]


def test_a_new_class_gets_a_label_that_comes_free(database: Database, path: Path):
    before = export(database)
    text = (path / "classes.csv").read_text()
    renumber(path, "classes", cls_art_1="ART1-1>ART1-2")
    new = next(line for line in text.splitlines() if line.startswith("cls-art-1"))
    with (path / "classes.csv").open("a") as file:
        file.write(new.replace("cls-art-1", "cls-art-2") + "\n")

    report, _ = import_path(database, path)

    labels = rows(database, "SELECT id, label FROM course WHERE code = 'ART1' ORDER BY id")
    assert labels == [(4, "ART1-2"), (5, "ART1-1")]
    stays_and_goes_back(database, path, report, before)


def test_an_undo_leaves_a_number_to_the_student_who_has_it_by_now(database: Database, path: Path):
    renumber(path, "users", u_s1="00412>9", u_s2="bjorn.e@>bjorn@")
    report, _ = import_path(database, path)
    with database.write() as db:
        db.execute("UPDATE student SET number = '00412', version = version + 1 WHERE id = 2")

    undone = undo(database, report.id, keeps_conflicts=True)

    assert [(item.record_id, item.outcome) for item in undone.items] == [
        (1, "conflict"),
        (2, "reversed"),
    ]
    assert [number for (number,) in rows(database, NUMBERS)][:2] == ["9", "00412"]
