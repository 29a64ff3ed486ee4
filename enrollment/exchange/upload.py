"""What is to be brought in: files that were read, with all that is wrong with them alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import tzinfo
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Self
from unicodedata import normalize

import msgspec

from enrollment.data.import_row import no_progress
from enrollment.data.staging import Staging
from enrollment.exchange.faults import CODES, Faults
from enrollment.exchange.formats import read_files
from enrollment.exchange.list_words import IGNORED, LIST_WORDS
from enrollment.exchange.plain_list import list_rows
from enrollment.exchange.reading import Options, Record
from enrollment.exchange.source_files import MOST_BYTES, SourceFile, name_of, open_file, open_path
from enrollment.exchange.spelling import fold, spell
from enrollment.exchange.text import Row, is_encoding
from enrollment.model.import_options import ImportOptions
from enrollment.model.results import Violation
from enrollment.model.types import StudentNumber
from enrollment.problems.errors import Problem
from enrollment.storage.scratch import scratch

# Rows that say what another says are left out, and so are those at fault.
LEFT_OUT = {"duplicate_row", "overlapping"}
CHUNK = 1024 * 1024


class Upload:
    """Files that were read into a scratch database. Close it when the import is over."""

    def __init__(
        self,
        name: str,
        digest: str,
        options: Options,
        source: Callable[[Faults], AbstractContextManager[list[SourceFile]]],
        progress: Callable[[int], object] = no_progress,
    ) -> None:
        """Read the files of a source, which stays open until this is closed."""
        self.name = name
        # The SHA-256 of the files, one after the other.
        self.digest = digest
        self.options = options
        self.faults = Faults()
        # The file, if it is a list.
        self.list: SourceFile | None = None
        with ExitStack() as opened:
            self.staging = Staging(opened.enter_context(scratch()))
            self._read(opened.enter_context(source(self.faults)), progress)
            # Removes what was read.
            self.close = opened.pop_all().close

    @classmethod
    def of_content(
        cls,
        name: str,
        content: bytes,
        options: Options,
        progress: Callable[[int], object] = no_progress,
    ) -> Self:
        """Read a file that was sent."""
        source = partial(open_file, SourceFile(name, partial(BytesIO, content)))
        return cls(name, sha256(content).hexdigest(), options, source, progress)

    @classmethod
    def of_path(
        cls, path: Path, options: Options, progress: Callable[[int], object] = no_progress
    ) -> Self:
        """Read a folder, an archive, a file or a pipe. `progress` is called with how many rows more
        were read. Raises OSError."""
        if path.exists() and not path.is_dir() and not path.is_file():
            # It can be read only once. What is too large is refused, however large it is.
            with path.open("rb") as stream:
                content = stream.read(MOST_BYTES + 1)
            return cls.of_content(name_of(path), content, options, progress)
        return cls(name_of(path), _digest(path), options, partial(open_path, path), progress)

    def _read(self, files: list[SourceFile], progress: Callable[[int], object]) -> None:
        """Read the files, and leave out the rows at fault."""

        def stage(record: Record) -> None:
            # Texts are stored in one form, however they were sent.
            for name, text in record.content.items():
                if not text.isascii():
                    record.content[name] = normalize("NFC", text)
            self.staging.add(*record, *_person(record))
            progress(1)

        self.understood = read_files(files, stage, self.faults, self.options)
        if self.understood.format == "list":
            (self.list,) = files
        left_out = []
        for id, fault in self.staging.list_faults(self.understood.kinds("bulk")):
            self.faults.add(**self.understood.shown(fault))
            if fault.code in LEFT_OUT or (fault.severity or CODES[fault.code]) != "warning":
                left_out.append(id)
        self.staging.leave_out(left_out)

    def list_rows(self) -> Iterator[Row]:
        """The rows of the list as they came, blank ones too."""
        assert self.list
        return list_rows(self.list, self.understood.files[0].encoding, Faults())


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of all files of a folder. Raises OSError."""
    digest = sha256()
    for part in sorted(path.iterdir()) if path.is_dir() else [path]:
        if part.is_file():
            with part.open("rb") as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
    return digest.hexdigest()


def _person(record: Record) -> tuple[str | None, str | None]:
    """Return the number of a student, and by what a list names a person: rows with the same number,
    or else the same address and given name, are of one. A family shares an address."""
    if record.kind not in ("users", "list"):
        return None, None
    cells = record.content
    number = _number(cells.get("identifier") or cells.get("number"))
    if record.kind == "users":
        return number, None
    if number:
        return number, number.lower()
    name = fold(cells.get("given_name") or cells.get("family_name") or cells.get("name", ""))
    return None, f"{cells['email'].lower()} {name}" if "email" in cells else None


def _number(text: str | None) -> str | None:
    """Return the number of a student, or None if this is none that can be kept."""
    try:
        return msgspec.convert(text, StudentNumber)
    except msgspec.ValidationError:
        return None


def reading_options(query: ImportOptions, zone: tzinfo) -> Options:
    """Return how files are read, in the zone of the school. Raises unreadable_import."""
    columns, violations = {}, []
    for item in filter(None, query.columns.split(",")):
        header, _, field = item.rpartition("=")
        columns[spell(header)] = field
        if not header or field not in (*LIST_WORDS, IGNORED):
            known = ", ".join([*sorted(LIST_WORDS), IGNORED])
            violations.append(_invalid("columns", f"Expected HEADER=FIELD, a field of: {known}"))
    if query.encoding and not is_encoding(query.encoding):
        detail = "Expected the name of an encoding, such as cp1251"
        violations.append(_invalid("encoding", detail))
    if violations:
        raise Problem("unreadable_import", violations[0].detail, violations)
    return Options(
        query.encoding or None, query.date_order or None, query.mode or None, columns, zone
    )


def _invalid(parameter: str, detail: str) -> Violation:
    return Violation(parameter=parameter, code="invalid_value", detail=detail)
