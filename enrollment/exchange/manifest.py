"""The manifest of a package: its version, and whether each file is all there is or what changed."""

from collections.abc import Iterable
from typing import NamedTuple

from enrollment.exchange.columns import MODES, NOT_KEPT, TABLES
from enrollment.exchange.faults import Faults
from enrollment.exchange.text import Row

NAME = "manifest.csv"
MANIFEST_VERSION = "1.0"
VERSIONS = ("1.1", "1.2")
# What names the system, the better name first.
SOURCE = ("source.systemCode", "source.systemName")


class Manifest(NamedTuple):
    """What a manifest says: the version of OneRoster if it is one that is known, the mode of each
    file, and which system wrote them."""

    version: str | None
    modes: dict[str, str]
    source: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it says that every file is absent: nothing has changed."""
        return {*self.modes.values()} == {"absent"}


def read_manifest(rows: Iterable[Row], faults: Faults) -> Manifest:
    """Read a manifest, and show what is odd in it."""
    version, modes, source = None, {}, {}
    for number, cells in rows:
        name, value = ([cell.strip() for cell in cells] + ["", ""])[:2]
        if number == 1 or not name:
            continue
        if name == "manifest.version" and value != MANIFEST_VERSION:
            text = f"{name} is {value or 'blank'}, and was read as {MANIFEST_VERSION}."
            faults.add("mended_value", text, NAME, number, name, value)
        elif name == "oneroster.version":
            version = value if value in VERSIONS else None
            if version is None:
                text = f"{name} is none of {', '.join(VERSIONS)}: the columns decide."
                faults.add("mended_value", text, NAME, number, name, value)
        elif name in SOURCE and value:
            source[name] = value
        elif name.startswith("file."):
            file = name.removeprefix("file.")
            mode = value.lower()
            if file not in TABLES and file not in NOT_KEPT:
                faults.add("unknown_file", f"OneRoster has no file {file}.", NAME, number, name)
            elif mode in MODES:
                modes[file] = mode
            else:
                text = f"The mode of {file} is {value or 'blank'}: what is there is read as bulk."
                faults.add("mended_value", text, NAME, None, name, value)
    return Manifest(version, modes, next((source[name] for name in SOURCE if name in source), None))
