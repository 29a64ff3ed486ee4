"""The reader: what is wrong in the files of other systems is shown, all of it and at its place."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from enrollment.data.staging import REFERENCES, Staging
from enrollment.exchange.check import Report, check_path
from enrollment.exchange.columns import TABLES, USERS_1_1
from enrollment.exchange.faults import Faults
from enrollment.exchange.formats import read_files
from enrollment.exchange.lists import write_rows
from enrollment.exchange.reading import Options, Record
from enrollment.exchange.source_files import open_path
from enrollment.storage.scratch import scratch
from tests.exchange.packages import CASES, case, expected, package, workbook

# What only shows against the data that is there before.
NEEDS_A_DATABASE = {
    "class-list-xlsx": {("class 9b.xlsx", 8, "Student name")},
    "delta-after-clean-1.2": {("enrollments.csv", 4, "sourcedId")},
    "rules-broken-after-clean-1.2": {("enrollments.csv", 11, None), ("enrollments.csv", 12, None)},
    "shrunk-bulk-after-clean-1.2": {("enrollments.csv", None, None), ("users.csv", None, None)},
}
HEADER = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role\n"


def told(report: Report) -> set[tuple[str, int | None, str | None]]:
    return {(fault.file, fault.row, fault.column) for fault in report.faults}


def codes(report: Report) -> dict[str, tuple[str, int | None, str | None]]:
    return {fault.code: (fault.file, fault.row, fault.column) for fault in report.faults}


def records(path: Path, options: Options = Options()) -> list[Record]:  # noqa: B008
    found: list[Record] = []
    faults = Faults()
    with open_path(path, faults) as files:
        read_files(files, found.append, faults, options)
    return found


# The cases


@pytest.mark.parametrize("name", CASES)
def test_every_fault_of_a_case_is_shown_where_it_is(name: str, tmp_path: Path):
    report = check_path(case(name, tmp_path))

    wanted = {tuple(place) for place in expected(name)["told"]} - NEEDS_A_DATABASE.get(name, set())
    assert wanted - told(report) == set()


@pytest.mark.parametrize("name", ["clean-1.1", "clean-1.2", "formula-cells"])
def test_nothing_is_shown_of_what_is_right(name: str, tmp_path: Path):
    report = check_path(case(name, tmp_path))

    assert (report.faults, report.refused) == ([], False)
    assert report.format == ("oneroster-1.1" if name == "clean-1.1" else "oneroster-1.2")


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_refused_if_it_can_not_be_meant(name: str, tmp_path: Path):
    refused = name == "excel-mangled"

    assert check_path(case(name, tmp_path)).refused == refused


def test_the_cells_of_a_row_are_kept_by_the_names_of_the_standard(tmp_path: Path):
    (row,) = [
        record.content
        for record in records(case("headers-reordered", tmp_path))
        if record.content["sourcedId"] == "u-s1"
    ]

    assert row == {
        "sourcedId": "u-s1",
        "enabledUser": "true",
        "orgSourcedIds": "org-s",
        "role": "student",
        "username": "amara.d",
        "userIds": "{LDAP:amara}",
        "givenName": "Amara",
        "familyName": "Diallo",
        "identifier": "00412",
        "email": "amara.d@linden.example",
        "agentSourcedIds": "u-g1",
        "metadata.ext_bus": "4",
    }


def test_one_day_settles_the_order_of_all_days_of_a_file(tmp_path: Path):
    days = {
        record.row: record.content.get("beginDate")
        for record in records(case("misspelt-headers", tmp_path))
        if record.kind == "enrollments"
    }

    # 7/09/2026 comes before 24/08/2026, which can be read in one way only.
    assert (days[6], days[7]) == ("2026-09-07", "2026-08-24")


def test_a_list_keeps_the_zeros_that_its_cells_show(tmp_path: Path):
    people = records(case("class-list-xlsx", tmp_path))

    assert [person.content.get("number") for person in people if person.is_sound] == [
        "00412",
        "00413",
        "00414",
        "00415",
    ]
    assert people[0].content["family_name"] == "Diallo"
    assert people[0].content["given_name"] == "Amara"


def test_a_list_in_german_from_a_spreadsheet_is_read(tmp_path: Path):
    people = records(case("class-list-german", tmp_path))

    assert [person.content["number"] for person in people] == expected("class-list-german")[
        "numbers"
    ]


def test_the_tables_of_references_name_columns_of_the_standard():
    for kind, places in REFERENCES.items():
        columns = TABLES[kind].columns.keys() | USERS_1_1.columns.keys()
        assert places.keys() <= columns
        assert set(places.values()) <= TABLES.keys()


# Single faults


@pytest.mark.parametrize(
    ("file", "content", "code", "row", "column"),
    [
        ("users", "", "empty_file", None, None),
        ("enrollments", HEADER, "empty_file", None, None),
        ("enrollments", HEADER + "e,,,c,s,u,stu\0dent\n", "unreadable_file", 2, None),
        ("enrollments", HEADER + 'e,,,c,s,"u,student\n' * 3, "unclosed_quote", 2, None),
        ("enrollments", HEADER + 'e,,,c,s,u,student\nf,,,c,s,"u', "unclosed_quote", 3, None),
        ("enrollments", HEADER + "e,,,c,s,u,student,more\n", "ragged_row", 2, None),
        ("enrollments", HEADER + "e,,,c,s\n", "ragged_row", 2, None),
        ("enrollments", HEADER + "e,,,c,s,,student\n", "missing_value", 2, "userSourcedId"),
        ("enrollments", HEADER + "e,,,c,s,u,pupil\n", "invalid_value", 2, "role"),
        ("enrollments", HEADER + "e,gone,,c,s,u,student\n", "invalid_value", 2, "status"),
        (
            "enrollments",
            HEADER + "e,active,2026-13-01T25:00:00Z,c,s,u,student\n",
            "invalid_value",
            2,
            "dateLastModified",
        ),
        ("enrollments", HEADER.replace("role", "rolle"), "renamed_column", 1, "rolle"),
        ("enrollments", HEADER.replace("userS", "S"), "missing_column", None, "userSourcedId"),
        ("enrollments", HEADER.replace("role", "role,role"), "unknown_column", 1, "role"),
        ("courses", "sourcedId," + "," * 10_000, "unreadable_file", 1, None),
        ("courses", "sourcedId,title\n" + "x" * 2_000_000, "unreadable_file", 2, None),
        ("courses", 'sourcedId,title\nc,"' + "x\n" * 50, "unclosed_quote", 2, None),
        ("courses", 'sourcedId,title\nc,"' + "x" * 200_000 + '"', "unclosed_quote", 2, None),
        ("courses", "sourcedId,title\nc,MÃ¼ller\n", "garbled_text", 2, "title"),
        ("courses", "sourcedId,title\n2.026E+11,Art\n", "mangled_id", 2, "sourcedId"),
        ("courses", "sourcedId,title\nc d,Art\n", "invalid_value", 2, "sourcedId"),
    ],
)
def test_a_fault_has_its_code_and_its_place(
    file: str, content: str, code: str, row: int | None, column: str | None, tmp_path: Path
):
    report = check_path(package(tmp_path, **{file: content}))

    assert (f"{file}.csv", row, column) in [
        (fault.file, fault.row, fault.column) for fault in report.faults if fault.code == code
    ]


def test_of_two_unknown_columns_of_one_name_the_first_is_kept(tmp_path: Path):
    orgs = "sourcedId,name,type,room,room\norg-s,School,school,7,8\n"
    path = package(tmp_path, orgs=orgs)

    details = [fault.detail for fault in check_path(path).faults if fault.column == "room"]
    assert "There are two columns room, and the second is left out." in details
    (school,) = [record for record in records(path) if record.kind == "orgs"]
    assert school.content["metadata.room"] == "7"


def test_a_day_that_can_be_two_is_an_error_unless_the_order_is_given(tmp_path: Path):
    text = "sourcedId,title,type,startDate,endDate,schoolYear\nt,Term,term,3/4/2026,5/6/2026,2026\n"
    path = package(tmp_path, academicSessions=text)

    places = {(fault.code, fault.row, fault.column) for fault in check_path(path).faults}
    assert ("ambiguous_date", 2, "startDate") in places
    (day,) = [
        record.content["startDate"]
        for record in records(path, Options(date_order="mdy"))
        if record.kind == "academicSessions"
    ]
    assert day == "2026-03-04"


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2026-08-30T22:00:00Z", "Europe/Berlin", "2026-08-31"),
        ("2026-08-31 00:00:00.000+02:00", "Europe/Berlin", "2026-08-31"),
        ("2026-08-31T02:00:00Z", "America/New_York", "2026-08-30"),
        ("2026-08-31T00:00:00Z", "America/New_York", "2026-08-31"),
        ("2026-08-31T00:00:00.000+00:00", "America/New_York", "2026-08-31"),
        ("2026-08-30T22:00:00", "Europe/Berlin", "2026-08-30"),
        ("2026-08-30T22:00:00Z", None, "2026-08-30"),
    ],
    ids=[
        "before midnight",
        "with an offset",
        "after midnight",
        "midnight",
        "midnight with an offset",
        "no offset",
        "no zone",
    ],
)
def test_a_time_with_an_offset_is_the_day_where_the_school_is(
    text: str, zone: str | None, day: str, tmp_path: Path
):
    rows = "sourcedId,title,type,startDate,endDate,schoolYear\nt,Term,term,{},2027-01-31,2027\n"
    path = package(tmp_path, academicSessions=rows.format(text))

    found = records(path, Options(zone=ZoneInfo(zone) if zone else None))

    assert [row.content["startDate"] for row in found if row.kind == "academicSessions"] == [day]


def test_a_session_that_ends_before_it_starts_is_an_error(tmp_path: Path):
    text = (
        "sourcedId,title,type,startDate,endDate,schoolYear\nt,Term,term,2026-08-01,2026-08-01,2026"
    )
    report = check_path(package(tmp_path, academicSessions=text))

    assert codes(report)["ends_before_start"] == ("academicSessions.csv", 2, "endDate")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_marks_and_nuls_show_the_encoding(encoding: str, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes("number;name\n00412;Ekström, Björn\n".encode(encoding))

    assert [person.content for person in records(path)] == [
        {"number": "00412", "family_name": "Ekström", "given_name": "Björn"}
    ]


def test_the_encoding_that_is_given_is_used_for_what_is_not_utf_8(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes("number,name\n1,Иванов Иван\n2,ИВАНОВ Иван\n".encode("cp1251"))

    assert records(path, Options("cp1251"))[1].content["family_name"] == "ИВАНОВ"
    assert not check_path(path, Options("cp1251")).refused
    # Windows-1252 has no letter for some bytes.
    path.write_bytes(b"number,name\n1,\x81\x8d\n")
    assert codes(check_path(path))["unreadable_file"] == ("list.csv", None, None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_of_the_header(delimiter: str, tmp_path: Path):
    path = tmp_path / "list.csv"
    cells = ["number", "family name", "given name"], ["00412", '"Diallo; junior, x|y"', "Amara"]
    path.write_text("\r\n".join(delimiter.join(row) for row in cells))

    (person,) = records(path)
    assert person.content["family_name"] == "Diallo; junior, x|y"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_do_anywhere(end: str, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes(f"number,surname{end}1,A{end}{end}2,B".encode())

    assert [(person.row, person.content["number"]) for person in records(path)] == [
        (2, "1"),
        (4, "2"),
    ]


def test_the_apostrophe_that_guards_a_formula_is_taken_off_again(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("number,surname,given name\n'-7,'=A,'t Hooft\n")

    assert records(path)[0].content == {
        "number": "-7",
        "family_name": "=A",
        "given_name": "'t Hooft",
    }


@pytest.mark.parametrize("cell", ['="00412"', '"=""00412"""', "'00412"])
def test_what_keeps_the_zeros_of_a_number_in_a_spreadsheet_is_taken_off(cell: str, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text(f"number,surname\n{cell},Diallo\n")

    (person,) = records(path)

    assert (person.content["number"], check_path(path).faults) == ("00412", [])


def test_a_number_of_a_csv_that_was_saved_as_a_workbook_has_no_apostrophe(tmp_path: Path):
    path = workbook(tmp_path / "list.xlsx", ["number", "surname"], ["'00412", "'t Hooft"])

    assert records(path)[0].content == {"number": "00412", "family_name": "'t Hooft"}


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "#DIV/0!", "#NV", "#¡VALOR!", "#####"])
def test_what_a_spreadsheet_shows_in_place_of_a_value_is_an_error(cell: str, tmp_path: Path):
    path = workbook(
        tmp_path / "list.xlsx", ["number", "surname"], ["1", cell], [cell, "Diallo"], ["3", "#1"]
    )

    faults = check_path(path).faults

    places = [(fault.row, fault.column, fault.severity) for fault in faults]
    assert places == [(2, "surname", "error"), (3, "number", "error")]
    assert all(cell in fault.detail for fault in faults)


def test_a_person_who_stands_twice_in_a_list_is_an_error(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("number,surname\na1,Diallo\nA1,Ekström\n")

    assert codes(check_path(path))["number_taken"] == ("list.csv", 3, "number")


@pytest.mark.parametrize(
    ("cell", "code", "severity"),
    [
        ("1,234", "mangled_number", "warning"),
        ("412.0", "mangled_number", "warning"),
        ("2026-03-01", "mangled_number", "warning"),
        ("8/24/26", "mangled_number", "warning"),
        ("1-Mar", "mangled_number", "warning"),
        ("S 12", "invalid_value", "error"),
        ("Ä12", "invalid_value", "error"),
        ("1" * 33, "invalid_value", "error"),
    ],
)
def test_a_number_that_may_be_another_or_is_none_is_shown(
    cell: str, code: str, severity: str, tmp_path: Path
):
    path = tmp_path / "list.csv"
    path.write_text(f"number;surname\n{cell};Diallo\n")

    (fault,) = check_path(path).faults
    assert (fault.code, fault.severity, fault.column) == (code, severity, "number")
    assert cell in fault.detail


@pytest.mark.parametrize("header", ["surname", "name"])
def test_a_name_has_the_limit_of_the_api(header: str, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text(f"number;{header}\n1;{'x' * 101}{', A' * (header == 'name')}\n")

    assert codes(check_path(path))["invalid_value"] == ("list.csv", 2, header)
    users = f"sourcedId,familyName,givenName,role\nu,{'x' * 101},A,student\n"
    report = check_path(package(tmp_path, users=users))
    assert codes(report)["invalid_value"] == ("users.csv", 2, "familyName")


def test_what_shows_nothing_is_taken_off_a_cell(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text(
        "number;surname;given name\n"
        "\u202a00412\u202c;\ufeffDe\tMarco\u200b;\u200e\n413;\u200b;Awa\n414;\ufffe;Bo\n"
    )

    people, faults = records(path), check_path(path).faults

    assert people[0].content == {"number": "00412", "family_name": "De Marco"}
    assert [(fault.row, fault.detail) for fault in faults] == [
        (4, "The name has characters that no one can read."),
    ]


def test_cells_beyond_the_header_are_shown(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("number,surname,\n1,De Marco, Chiara\n2,Diallo,\n")

    (fault,) = check_path(path).faults
    assert (fault.code, fault.severity, fault.row) == ("ragged_row", "warning", 2)


@pytest.mark.parametrize(
    "header",
    [
        "StudentID,LastName,FirstName,EMail",
        "Matr.-Nr.,Name,Vorname,E-Mail-Adresse",
        "Schüler-Nr.,Zuname,Vorname,Mail",
        "N° étudiant,Nom de famille,Prénom,Adresse e-mail",
        "Matricule,Nom,Prénom,Courriel",
        "Número de matrícula,Apellido(s),Nombre,Correo electrónico",
        "Matrícula,Sobrenome,Nome,E-mail",
        "Matricola,Cognome,Nome,Posta elettronica",
        "学号,姓,名,メール",
        "学生番号,姓,名,メール",
        "Elevnummer,Efternamn,First,email",
        "student_no,Efternavn,given_name,e_mail",
        "Admission No,Nazwisko,First Name,E-Mail",
        "Roll No.,Last,First,E-mail Address",
    ],
)
def test_the_headers_of_schools_are_known(header: str, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text(f"{header}\n1,Rossi,Anna,a@x.example\n")

    report = check_path(path)
    assert report.faults == []
    assert [*report.files[0].columns.values()] == ["number", "family_name", "given_name", "email"]


def test_a_second_column_of_a_field_is_left_out(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("number,surname,Mail,E-Mail,Room\n1,Diallo,a@x.example,b@x.example,12\n")

    assert [fault.detail for fault in check_path(path).faults] == [
        "The column E-Mail is left out: the column Mail is read for it.",
        "The column Room is not known, and is left out.",
    ]
    assert records(path)[0].content["email"] == "a@x.example"


def test_what_a_list_is_about_can_stand_above_its_header(tmp_path: Path):
    path = tmp_path / "list.csv"
    above = "Autumn 2026\n\nCourse,CS101,Term,2026-FALL\n"
    path.write_text(f"{above}Student ID,Last name,First name\n1,Diallo,Amara\n2,Last,First\n")

    assert [(record.row, record.content["family_name"]) for record in records(path)] == [
        (5, "Diallo"),
        (6, "Last"),
    ]
    assert check_path(path).faults == []


def test_blanks_within_a_name_are_one(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("number,surname,given name\n1,De\u00a0Marco,Ann  Marie\n")

    assert [*records(path)[0].content.values()] == ["1", "De Marco", "Ann Marie"]


def test_an_option_that_names_no_column_is_shown(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("number,surname,Klasse\n1,Diallo,7a\n")

    (fault,) = check_path(path, Options(columns={"klase": "ignore", "klasse": "ignore"})).faults
    assert (fault.code, fault.severity, fault.row) == ("missing_column", "warning", 1)
    assert "no column klase" in fault.detail


def test_a_list_without_a_header_is_refused_with_what_is_expected(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("00412,Diallo\n" * 30)

    report = check_path(path)

    assert report.refused
    assert codes(report)["unknown_format"] == ("list.csv", None, None)
    # What it has in place of a header shows whether the delimiter was found.
    assert report.faults[0].value == "00412, Diallo"


def test_a_workbook_shows_what_a_spreadsheet_has_lost(tmp_path: Path):
    path = workbook(
        tmp_path / "list.xlsx",
        ["Number", "Surname"],
        [12345678901234567890, "Diallo"],
        [True, "TRUE"],
    )

    places = {(fault.code, fault.row, fault.column) for fault in check_path(path).faults}
    assert ("precision_lost", 2, "Number") in places
    assert ("invalid_value", 3, "Surname") in places
    (fault,) = check_path(workbook(path, [1000000000000000, "Diallo"])).faults
    assert fault.value == "1000000000000000, Diallo"


@pytest.mark.parametrize(
    ("number", "number_format", "shown"),
    [
        (40, "[$-407]00000", "00040"),
        (40, "[$-409,1]00000", "00040"),
        (40, "00000_)", "00040"),
        (412, "00000", "00412"),
        (412, '"S-"0000', "S-0412"),
        (123456, "\\S\\-0000", "S-123456"),
        (12345678, "000-00-0000", "012-34-5678"),
        (412, '0000"/B";-0', "0412/B"),
        (412, "#0000", "0412"),
        (412.0, "0.00", "412"),
        (412, "#,##0", "412"),
        (412, "General", "412"),
    ],
)
def test_a_number_of_a_workbook_is_read_as_it_is_shown(
    number: float, number_format: str, shown: str, tmp_path: Path
):
    path, book = tmp_path / "list.xlsx", Workbook()
    book.active.append(["Number", "Surname"])
    book.active.append([number, "Diallo"])
    book.active["A2"].number_format = number_format
    book.save(path)

    assert records(path)[0].content["number"] == shown


def test_the_escapes_of_a_workbook_are_read_and_written(tmp_path: Path):
    path = workbook(
        tmp_path / "list.xlsx",
        ["Number", "Surname", "Given name", "Course"],
        ["1", "Diallo_x000D_\nBa", "A_x005F_x0041_", "_xD83D__xDE00__x0000_1_xD83D_"],
    )

    content = records(path)[0].content

    assert content["family_name"] == "Diallo Ba"
    assert content["given_name"] == "A_x0041_"
    assert content["course"] == "\N{GRINNING FACE} 1\ufffd"
    with path.open("wb") as target:
        write_rows("List", [*content], [[*content.values()]], "xlsx", target)
    assert records(path)[0].content == content


def test_a_formula_without_a_stored_value_is_an_error(tmp_path: Path):
    path = workbook(
        tmp_path / "list.xlsx",
        ["Number", "Surname"],
        ["=1+1", "Diallo"],
        [],
        ["3", '="Katz"'],
        ["4", "Lind"],
    )

    report = check_path(path)

    assert [(fault.row, fault.column, fault.value) for fault in report.faults] == [
        (2, "Number", "=1+1"),
        (4, "Surname", '="Katz"'),
    ]
    assert report.faults[0].detail == (
        "The workbook has a formula here, but not its value."
        " Open it in the spreadsheet program, and save it there."
    )


def test_a_formula_with_the_value_of_an_empty_text_is_blank(tmp_path: Path):
    path = workbook(tmp_path / "list.xlsx", ["Number", "Surname", "Email"], ["1", "Katz", "=B2"])
    with zipfile.ZipFile(path) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b'<c r="C2"><f>' in members[sheet]
    members[sheet] = members[sheet].replace(b'<c r="C2"><f>', b'<c r="C2" t="str"><f>')
    with zipfile.ZipFile(path, "w") as opened:
        for name, content in members.items():
            opened.writestr(name, content)

    assert check_path(path).faults == []
    assert records(path)[0].content == {"number": "1", "family_name": "Katz"}


def test_a_hidden_sheet_is_not_read_in_place_of_the_first_visible_one(tmp_path: Path):
    path, book = tmp_path / "list.xlsx", Workbook()
    book.active.append(["Number", "Surname"])
    book.active.sheet_state = "hidden"
    book.create_sheet("Cover").append(["Our school"])
    for row in (["Number", "Surname"], ["1", "Diallo"]):
        book.create_sheet("List").append(row)
    book.save(path)

    (fault,) = [fault for fault in check_path(path).faults if fault.severity == "refusal"]
    assert fault.code == "unknown_format"
    assert "Only the first visible sheet is read: put the list there." in fault.detail
    book.move_sheet("Cover", 2)
    book["List"].append(["1", "Diallo"])
    book.save(path)
    assert [person.content["number"] for person in records(path)] == ["1"]


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        # The rows 10 and 11 are blank.
        ((3, 10, 11), "1 hidden row was read: row 3."),
        ((2, 3, 4, 6, 10), "4 hidden rows were read: rows 2-4, 6."),
        ((2, 4, 6, 8, 9, 12, 14), "7 hidden rows were read: rows 2, 4, 6, 8-9, 12 and others."),
        ((), None),
    ],
)
def test_hidden_rows_are_read_and_shown(tmp_path: Path, hidden: Sequence[int], said: str | None):
    path, book = tmp_path / "list.xlsx", Workbook()
    book.active.append(["Number", "Surname"])
    for number in (2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14):
        book.active.cell(number, 1, str(number))
        book.active.cell(number, 2, "Diallo")
    for number in hidden:
        book.active.row_dimensions[number].hidden = True
    book.save(path)

    shown = [fault.detail for fault in check_path(path).faults]

    advice = " If a filter hides rows that do not belong to the list, delete them."
    assert shown == ([said + advice] if said else [])
    assert len(records(path)) == 11


def test_the_numbers_of_hidden_rows_can_be_decimals_or_left_out(tmp_path: Path):
    path, changed = workbook(tmp_path / "list.xlsx", ["Number", "Surname"]), tmp_path / "other.xlsx"
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1.0"><c t="str"><v>Number</v></c><c t="str"><v>Surname</v></c></row>'
        '<row r="3.0" hidden="true"><c><v>1</v></c><c t="str"><v>Diallo</v></c></row>'
        '<row hidden="1"><c><v>2</v></c><c t="str"><v>Katz</v></c></row>'
        "</sheetData></worksheet>"
    )
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            is_sheet = name.endswith("sheet1.xml")
            new.writestr(name, sheet if is_sheet else old.read(name))

    (fault,) = check_path(changed).faults

    assert fault.detail.startswith("2 hidden rows were read: rows 3-4.")


def test_a_day_with_a_year_of_two_digits_is_refused_with_what_is_taken(tmp_path: Path):
    text = "sourcedId,title,type,startDate,endDate,schoolYear\nt,T,term,8/31/26,12/20/2026,2027\n"
    report = check_path(package(tmp_path, academicSessions=text))

    details = [fault.detail for fault in report.faults if fault.column == "startDate"]
    assert "31/08/2026 or 8/31/2026, the year in four digits" in details[0]


def test_faults_are_in_the_order_of_the_rows(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("number,surname\na1,Diallo\nA1,Ekström\n5 5,Katz\n")

    assert [fault.row for fault in check_path(path).faults] == [3, 4]


def test_faults_are_counted_beyond_those_that_are_kept(tmp_path: Path):
    path = package(tmp_path, enrollments=HEADER + "e,gone,,c,s,u,student\n" * 3000)

    report = check_path(path)

    (kind,) = [
        kind for kind in report.summary if (kind.code, kind.column) == ("invalid_value", "status")
    ]
    assert (kind.count, kind.example.row) == (3000, 2)
    assert len([fault for fault in report.faults if fault.severity == "error"]) == 1000


def test_no_password_is_shown(tmp_path: Path):
    report = check_path(case("bulk-with-status", tmp_path))

    assert codes(report)["not_kept"][2] == "password"
    assert "changeme" not in repr(report)


def test_a_row_is_not_missed_in_a_delta(tmp_path: Path):
    """What a delta names may be known from before."""
    report = check_path(case("delta-after-clean-1.2", tmp_path))

    assert "unresolved_reference" not in codes(report)


@pytest.mark.parametrize("kind", ["enrollments", "users"])
def test_no_rows_take_the_square_of_their_time(kind: str, tmp_path: Path):
    """All rows are of one id, one person and one class: each is held against the first only."""
    users = "sourcedId,familyName,identifier,email\n" + "u,Diallo,1,a@b\n" * 20_000
    enrollments = HEADER + "e,,,c,org-s,u,student\n" * 20_000
    path = package(tmp_path, **{kind: {"users": users, "enrollments": enrollments}[kind]})
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return steps > 20

    with scratch() as db, open_path(path, Faults()) as files:
        staging = Staging(db)
        read_files(files, lambda record: staging.add(*record), Faults())
        # In units of a million operations of SQLite, not in seconds. The square would be 400.
        db.set_progress_handler(count, 1_000_000)
        assert len(list(staging.list_faults(TABLES))) >= 19_999


@pytest.mark.parametrize("cell", [True, False])
def test_a_number_that_is_true_or_false_is_an_error(cell: bool, tmp_path: Path):
    path = workbook(tmp_path / "list.xlsx", ["Number", "Surname"], [cell, "Diallo"])

    (fault,) = check_path(path).faults

    assert (fault.code, fault.row) == ("invalid_value", 2)
