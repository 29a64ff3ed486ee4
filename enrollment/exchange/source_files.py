"""Where files come from: a folder, a zip, one file. They are opened within limits."""

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from enrollment.exchange.faults import Faults

MEGABYTE = 1024 * 1024
# What all files of an archive, or a workbook, may have unpacked; and how many there may be.
MOST_BYTES = 256 * MEGABYTE
MOST_FILES = 1000
# How many times its own size a larger archive may unpack to. Rosters pack ten to thirty times.
MOST_EXPANSION = 100
EXPANSION_COUNTS_FROM = 10 * MEGABYTE

ZIP, EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
# What says of a workbook which kind of Open XML it is, and what it says of the strict kind.
RELATIONS, STRICT = "_rels/.rels", b"http://purl.oclc.org/ooxml/"
# What holds no rows that can be read, by its first bytes, in small letters.
WEB_PAGE = "a web page or XML. If it opens in a spreadsheet, save it as .xlsx there"
PICTURE = "a picture. Save the list itself as CSV or .xlsx"
OTHERS = {
    b"\xd0\xcf\x11\xe0": "protected by a password, or in the format before .xlsx. Save it as .xlsx"
    " without a password",
    b"%pdf": "a PDF. Save the list itself as CSV or .xlsx",
    b"\x89png": PICTURE,
    b"\xff\xd8\xff": PICTURE,
    b"{\\rt": "a text document. Save the list as CSV or .xlsx",
    b"<!do": WEB_PAGE,
    b"<htm": WEB_PAGE,
    b"<?xm": WEB_PAGE,
}
# What systems add to folders and archives by themselves.
ADDED_BY_SYSTEMS = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}


class Damaged(Exception):
    """A file of an archive can't be read."""


class SourceFile(NamedTuple):
    """One file to read. It can be opened again and again."""

    name: str
    open: Callable[[], BinaryIO]
    is_workbook: bool = False


@contextmanager
def open_path(path: Path, faults: Faults) -> Iterator[list[SourceFile]]:
    """Open a folder, an archive or a file, and yield the files to read.

    Raises OSError if it can't be read at all.
    """
    if path.is_dir():
        yield list(_in_folder(path, faults))
        return
    with open_file(_file_at(path), faults) as files:
        yield files


@contextmanager
def open_file(file: SourceFile, faults: Faults) -> Iterator[list[SourceFile]]:
    """Yield the files of an archive, or the one file if it is none. The content decides, not the
    name."""
    with file.open() as stream:
        yield list(_files(file, stream, faults))


def name_of(path: Path) -> str:
    """Return the name of a file as text. A name is bytes, and those that are no text are shown with
    backslashes."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def _file_at(path: Path) -> SourceFile:
    return SourceFile(name_of(path), lambda: path.open("rb"))


def _files(file: SourceFile, stream: BinaryIO, faults: Faults) -> Iterator[SourceFile]:
    """Yield the files of this one. An archive is read from the stream."""
    name, size = file.name, stream.seek(0, io.SEEK_END)
    stream.seek(0)
    start = stream.read(4)
    other = next((kind for mark, kind in OTHERS.items() if start.lower().startswith(mark)), None)
    if size > MOST_BYTES:
        text = f"{name} has more than {MOST_BYTES // MEGABYTE} MB."
        faults.add("expands_too_far", text, name)
    elif size == 0:
        faults.add("empty_file", f"{name} is empty.", name, severity="refusal")
    elif other:
        faults.add("unreadable_file", f"{name} is {other}.", name)
    elif start in (ZIP, EMPTY_ZIP):
        yield from _in_archive(file, stream, size, faults)
    else:
        yield file


@contextmanager
def reports_damage(file: SourceFile, faults: Faults) -> Iterator[None]:
    """Note a fault if the archive turns out to be damaged when the file is read."""
    try:
        yield
    except Damaged:
        text = f"{file.name} is damaged, or packed in a way that can't be read."
        faults.add("unreadable_file", text, file.name)


class _Member(io.RawIOBase):
    """A file of an archive, which raises Damaged for whatever is wrong with it: what the library
    raises depends on how it is packed, and on which byte is wrong."""

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        try:
            self._stream = archive.open(member)
        except Exception as error:
            raise Damaged from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            content = self._stream.read(len(buffer))
        except Exception as error:
            raise Damaged from error
        buffer[: len(content)] = content
        return len(content)


def _in_folder(folder: Path, faults: Faults) -> Iterator[SourceFile]:
    total = 0
    for path in sorted(folder.iterdir()):
        if _is_added_by_a_system(path.name):
            continue
        name = name_of(path)
        # A link could lead anywhere, and a pipe never ends.
        if path.is_symlink() or not path.is_file():
            faults.add("unknown_file", f"{name} is not a file, and left out.", name)
            continue
        total += path.stat().st_size
        if total > MOST_BYTES:
            text = f"The files have more than {MOST_BYTES // MEGABYTE} MB."
            faults.add("expands_too_far", text, name)
            return
        yield _file_at(path)


def _in_archive(
    file: SourceFile, stream: BinaryIO, size: int, faults: Faults
) -> Iterator[SourceFile]:
    name = file.name
    try:
        archive = zipfile.ZipFile(stream)
        members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        faults.add("unreadable_file", f"{name} is a damaged or incomplete archive.", name)
        return
    # A member is never read further than its size in this directory, so the sum is a limit.
    total = sum(member.file_size for member in members)
    if len(members) > MOST_FILES:
        faults.add("expands_too_far", f"{name} has more than {MOST_FILES} files.", name)
        return
    if total > MOST_BYTES or total > EXPANSION_COUNTS_FROM + MOST_EXPANSION * size:
        text = f"{name} would unpack to {total // MEGABYTE} MB, which is no roster."
        faults.add("expands_too_far", text, name)
        return
    if any(member.flag_bits & 0x1 for member in members):
        faults.add("unreadable_file", f"{name} is protected by a password.", name)
        return
    if any(member.filename == "[Content_Types].xml" for member in members):
        if _is_strict(archive):
            text = f"{name} is a workbook in Strict Open XML. Save it as Excel Workbook (.xlsx)."
            faults.add("unreadable_file", text, name)
            return
        yield file._replace(is_workbook=True)
        return
    if any(member.filename == "mimetype" for member in members):
        text = f"{name} is an OpenDocument file. Save it as CSV or .xlsx."
        faults.add("unreadable_file", text, name)
        return
    seen: set[str] = set()
    for member in members:
        # Only the last part of the name counts. No file is ever written under it.
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if any(map(_is_added_by_a_system, path.parts)):
            continue
        if path.name.lower() in seen:
            text = f"{path.name} is in the archive twice."
            faults.add("unreadable_file", text, path.name)
            continue
        seen.add(path.name.lower())
        yield SourceFile(path.name, partial(_open_member, archive, member))


def _is_strict(archive: zipfile.ZipFile) -> bool:
    """Whether a workbook has the names of Strict Open XML, which the library does not know."""
    try:
        with archive.open(RELATIONS) as stream:
            return STRICT in stream.read(MEGABYTE)
    except Exception:
        # What the library raises depends on which byte is wrong. It is damaged when it is read.
        return False


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO:
    return io.BufferedReader(_Member(archive, member))


def _is_added_by_a_system(part: str) -> bool:
    return part in ADDED_BY_SYSTEMS or part.startswith("._")
