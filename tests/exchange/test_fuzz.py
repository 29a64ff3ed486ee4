"""Whatever the bytes are, a check ends with a report."""

import io
import random
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.exchange.check import check_path
from tests.exchange.packages import FIXTURES

pytestmark = pytest.mark.slow

FILES = sorted(path for path in FIXTURES.glob("*/*") if path.suffix in (".csv", ".xlsx", ".zip"))
PIECES = [b"\0", b'"', b"\r", b"\n", b",", b";", b"\xff", b"\xc3\xbc", b"'=", b"2.0E+9", b"46272"]
PIECES += [
    b"99/99/9999",
    b"0000-00-00",
    b"\xe2\x80\xa8",
    b"9" * 400,
    b"TRUE",
    b"null",
    b"-",
    b"tobedeleted",
    b"#N/A",
    b'="0"',
    b"_xD83D_",
    b"_x0000_",
]


def check(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        report = check_path(path)
    assert report.refused == (report.counts["refusal"] > 0)
    assert report.format or report.refused


@given(st.binary(max_size=300), st.sampled_from(["users.csv", "list.csv", "a.zip", "manifest.csv"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes, name: str):
    check(name, content)


@given(st.sampled_from(FILES), st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_a_file_that_was_changed_anywhere_is_read_or_refused(file: Path, seed: int):
    chance, content = random.Random(seed), bytearray(file.read_bytes())
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(content) + 1)
        end = place + chance.choice([0, 1, 5, 50])
        content[place:end] = chance.choice([*PIECES, bytes(content[place:end]) * 2])
    check(file.name, bytes(content))


@given(st.sampled_from([f for f in FILES if f.name.endswith(".xlsx")]), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_a_workbook_that_was_changed_inside_is_read_or_refused(file: Path, seed: int):
    chance, target = random.Random(seed), io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            content = bytearray(old.read(member))
            if chance.random() < 0.4:
                place = chance.randrange(len(content) + 1)
                content[place : place + chance.choice([0, 1, 9, 90])] = chance.choice(PIECES)
            if chance.random() > 0.05:
                new.writestr(member, bytes(content))
    check(file.name, target.getvalue())
