"""Bad archives and workbooks: each is refused, with a fault, and within a bounded memory."""

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from enrollment.exchange import source_files
from enrollment.exchange.check import Report, check_path
from tests.exchange.packages import FIXTURES, workbook, zipped

# In KiB. The interpreter and openpyxl need about 60 MB.
MOST_MEMORY = 160 * 1024


def codes(report: Report) -> list[str]:
    return [fault.code for fault in report.faults if fault.severity == "refusal"]


def clean_zip() -> bytes:
    files = (FIXTURES / "clean-1.2").glob("*.csv")
    return zipped(**{path.name: path.read_bytes() for path in files})


def encrypted(archive: bytes) -> bytes:
    """Set the flag of encryption in every header of an archive."""
    data = bytearray(archive)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := data.find(signature, start + 1)) >= 0:
            data[start + place] |= 1
    return bytes(data)


def test_an_archive_is_read_as_the_folder_is(tmp_path: Path):
    path = tmp_path / "roster"
    path.write_bytes(clean_zip())

    report = check_path(path)

    assert (report.format, report.faults) == ("oneroster-1.2", [])
    assert {file.file: file.rows for file in report.files}["enrollments.csv"] == 9


BAD = {
    "300 MB in 300 KB": lambda: zipped(users_csv=b"0" * 300 * 1024 * 1024),
    "50 MB in 50 KB": lambda: zipped(users_csv=b"0" * 50 * 1024 * 1024),
    "1001 files": lambda: zipped(**{f"f{n}_csv": b"" for n in range(1001)}),
    "a password": lambda: encrypted(clean_zip()),
    "the end is missing": lambda: clean_zip()[:-100],
    "the directory is missing": lambda: clean_zip()[:1000],
    "a start of an archive": lambda: b"PK\x03\x04" + b"x" * 1000,
    "an old workbook": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000,
    "a name twice": lambda: zipped(**{"a/users_csv": b"x", "b/Users_csv": b"x"}),
    "no sheets": lambda: zipped(**{"[Content_Types]_xml": b"<x>"}),
    "an empty archive": lambda: zipped(),
    "strange files": lambda: zipped(a_txt=b"", b_txt=b""),
    "nothing": lambda: b"",
    "noise": lambda: bytes(range(256)) * 100,
    "a PDF": lambda: b"%PDF-1.7\n1 0 obj",
    "a picture": lambda: b"\x89PNG\r\n",
    "a web page": lambda: b"<HTML><table>",
    "OpenDocument": lambda: zipped(mimetype=b"application", content_xml=b"<x>"),
}
CODES = ["expands_too_far"] * 3 + ["unreadable_file"] * 7 + ["unknown_format"] * 2
CODES += ["empty_file"] + ["unreadable_file"] * 5


@pytest.mark.parametrize(("name", "code"), [*zip(BAD, CODES, strict=True)])
def test_a_bad_file_is_refused(name: str, code: str, tmp_path: Path):
    path = tmp_path / "upload"
    path.write_bytes(BAD[name]())

    assert code in codes(check_path(path))


def test_a_file_of_another_kind_is_called_what_it_is(tmp_path: Path):
    path = tmp_path / "class.csv"
    for name, said in (
        ("nothing", "class.csv is empty."),
        ("a PDF", "class.csv is a PDF. Save the list itself as CSV or .xlsx."),
        ("OpenDocument", "class.csv is an OpenDocument file. Save it as CSV or .xlsx."),
    ):
        path.write_bytes(BAD[name]())
        assert [fault.detail for fault in check_path(path).faults] == [said]


def test_a_damaged_member_is_refused_and_the_others_are_read(tmp_path: Path):
    data = bytearray(clean_zip())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        member = archive.getinfo("users.csv")
    data[member.header_offset + 60] ^= 0xFF
    path = tmp_path / "roster.zip"
    path.write_bytes(data)

    report = check_path(path)

    assert ("users.csv", "unreadable_file") in [(fault.file, fault.code) for fault in report.faults]
    assert {file.file: file.rows for file in report.files}["enrollments.csv"] == 9


def test_a_size_that_is_a_lie_is_not_believed(tmp_path: Path):
    """A member that says it is small is read no further than that."""
    archive = zipped(users_csv=b"sourcedId\n" + b"0\n" * 20_000_000)
    directory = archive.rindex(b"PK\x01\x02")
    data = bytearray(archive)
    data[directory + 24 : directory + 28] = struct.pack("<I", 1000)
    path = tmp_path / "roster.zip"
    path.write_bytes(data)

    assert "unreadable_file" in codes(check_path(path))


@pytest.mark.parametrize("inner", ["a zip", "a workbook"])
def test_a_zip_inside_of_a_zip_is_called_so(inner: str, tmp_path: Path):
    rows = [["Number", "Name"], ["1", "Diallo"]]
    content = (
        clean_zip() if inner == "a zip" else workbook(tmp_path / "list.xlsx", *rows).read_bytes()
    )
    path = tmp_path / "outer.zip"
    path.write_bytes(zipped(inner_zip=content))

    (fault, *_) = check_path(path).faults

    assert (fault.code, fault.detail) == (
        "unreadable_file",
        "inner.zip is a zip or a workbook inside of a zip or a folder. Take it out, and bring it in"
        " by itself.",
    )


def test_a_zip_beside_the_files_of_a_package_is_left_out(tmp_path: Path):
    path = tmp_path / "roster.zip"
    path.write_bytes(clean_zip())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("photos.zip", clean_zip())

    report = check_path(path)

    assert not report.refused
    assert [(fault.file, fault.code) for fault in report.faults] == [("photos.zip", "unknown_file")]


def test_a_workbook_in_strict_open_xml_is_called_so(tmp_path: Path):
    plain = workbook(tmp_path / "plain.xlsx", ["Number", "Name"], ["1", "Diallo"])
    path = tmp_path / "list.xlsx"
    names = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            for common, strict in (
                (names, b"http://purl.oclc.org/ooxml/officeDocument/relationships"),
                (
                    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                    b"http://purl.oclc.org/ooxml/spreadsheetml/main",
                ),
            ):
                content = content.replace(common, strict)
            new.writestr(name, content)

    (fault,) = check_path(path).faults

    assert (fault.code, fault.detail) == (
        "unreadable_file",
        "list.xlsx is a workbook in Strict Open XML. Save it as Excel Workbook (.xlsx).",
    )


def test_names_that_lead_out_of_the_archive_lead_nowhere(tmp_path: Path):
    path = tmp_path / "roster.zip"
    path.write_bytes(zipped(**{"../../users_csv": b"sourcedId,familyName\nu,Diallo\n"}))
    before = sorted(tmp_path.rglob("*"))

    report = check_path(path)

    assert report.files[0].file == "users.csv"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_in_a_folder_is_left_out(tmp_path: Path):
    (tmp_path / "roster").mkdir()
    (tmp_path / "secret.csv").write_text("sourcedId,familyName\nu,Secret\n")
    (tmp_path / "roster/users.csv").symlink_to(tmp_path / "secret.csv")

    report = check_path(tmp_path / "roster")

    assert report.files == []
    assert "Secret" not in repr(report)


def test_a_workbook_of_too_many_columns_is_refused(tmp_path: Path):
    path = workbook(tmp_path / "list.xlsx", ["number", "surname", *["x"] * 10_000])

    assert codes(check_path(path)) == ["unreadable_file"]


def test_an_entity_bomb_in_a_workbook_is_refused(tmp_path: Path):
    path = workbook(tmp_path / "list.xlsx", ["number", "surname"], ["1", "Diallo"])
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "0123456789">{entities}]>'
    target = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename.endswith("sheet1.xml"):
                content = content.replace(b"<worksheet", f"{bomb}<worksheet".encode(), 1)
                content = content.replace(b"<v>1</v>", b"<v>&e9;</v>")
                content = content.replace(b"<t>Diallo</t>", b"<t>&e9;</t>")
                content = content.replace(b"<sheetData>", b"<sheetData>&e9;", 1)
            new.writestr(member, content)
    path.write_bytes(target.getvalue())

    assert codes(check_path(path)) == ["unreadable_file"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rows", "one line", "faults", "columns"])
def test_a_large_file_needs_little_memory(kind: str, tmp_path: Path):
    """Many rows, one line, many columns, or nothing but faults."""
    header = b"sourcedId,status,dateLastModified,title,courseCode,orgSourcedId\n"
    start, unit = {
        "rows": (header, b"c-%d,,,Algebra,ALG1,org-1\n"),
        "one line": (header, b"xxxxxxxxxxxxxxxxxxxxxx,%d"),
        "faults": (header, b"2.026E+11,x,%d,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,x\n"),
        "columns": (b"sourcedId,title", b",a strange column %d"),
    }[kind]
    size = 10 if kind in ("rows", "faults") else 100
    path = tmp_path / "courses.csv"
    with path.open("wb") as stream:
        stream.write(start)
        count = 0
        while stream.tell() < size * source_files.MEGABYTE:
            stream.write(b"".join(unit % n for n in range(count, count + 10_000)))
            count += 10_000

    assert peak_memory_of_a_check(path) < MOST_MEMORY


def peak_memory_of_a_check(path: Path) -> int:
    """Check a file in a process of its own, and return the most memory that it had, in KiB."""
    script = """
import sys
from enrollment.cli.main import main
assert main(["check", sys.argv[1]]) in (0, 1)
lines = open("/proc/self/status").read().splitlines()
print([line.split()[1] for line in lines if line.startswith("VmHWM")][0], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1])
