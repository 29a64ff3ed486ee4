"""Packages and lists for tests: the cases in fixtures/, and small ones made on the spot."""

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


def case(name: str, folder: Path) -> Path:
    """Copy a case, without its expected.json, and return its folder, or its one file."""
    copy = folder / name
    shutil.copytree(FIXTURES / name, copy)
    (copy / "expected.json").unlink()
    files = list(copy.iterdir())
    return files[0] if len(files) == 1 else copy


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / name / "expected.json").read_text())
    return found


def package(folder: Path, **files: str | bytes) -> Path:
    """Copy the clean package of 1.2, with other contents for these files."""
    copy = case("clean-1.2", folder)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (copy / f"{name}.csv").write_bytes(data)
    return copy


def zipped(**members: bytes) -> bytes:
    """Return an archive of these members, whose names have _ for the last dot."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(".".join(name.rsplit("_", 1)), content)
    return target.getvalue()


def workbook(path: Path, *rows: list[Any]) -> Path:
    """Write a workbook of one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path
