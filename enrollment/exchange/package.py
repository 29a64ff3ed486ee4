"""A package of OneRoster: which files it has, and what is read as what."""

from collections.abc import Sequence

from enrollment.exchange.columns import NOT_KEPT, TABLES, USERS_1_1
from enrollment.exchange.faults import Faults
from enrollment.exchange.manifest import NAME, Manifest, read_manifest
from enrollment.exchange.reading import Reading, Understood
from enrollment.exchange.source_files import SourceFile, reports_damage
from enrollment.exchange.table import read_table
from enrollment.exchange.text import find_encoding, read_rows

# Beside those of the standard, files of other systems that are no part of a roster.
LEFT_OUT = {f"{name}.csv".lower() for name in (*NOT_KEPT, "relationships", "userFlags", "staff")}


def read_package(files: Sequence[SourceFile], reading: Reading) -> Understood:
    """Read the files of a package, those that others refer to first."""
    named = {file.name.lower(): file for file in files}
    faults = reading.faults
    manifest = _manifest(named.pop(NAME, None), reading)
    version = manifest.version or ("1.2" if "roles.csv" in named else "1.1")
    understood = Understood(format="oneroster-1.1", files=[], source=manifest.source)
    if version != "1.1":
        understood.format = "oneroster-1.2"
    for name, table in TABLES.items():
        file = named.pop(f"{name}.csv".lower(), None)
        if file is None:
            if reading.options.mode != "delta" and _is_missed(name, version, manifest):
                faults.add("missing_file", f"There is no {name}.csv.", f"{name}.csv")
            continue
        mode = reading.options.mode or manifest.modes.get(name, "bulk")
        if mode == "absent":
            mode = "bulk"
            text = f"{NAME} says that {file.name} is absent. It was read as bulk."
            faults.add("unknown_file", text, file.name)
        understood.modes[name] = mode
        # In 1.1, a user has a role, and there is no roles.csv.
        used = USERS_1_1 if version == "1.1" and name == "users" else table
        understood.files.append(read_table(file, used, mode, reading))
    for file in named.values():
        note_left_out(file, faults)
    if not understood.files and not manifest.is_empty:
        faults.add("unknown_format", f"There is no file beside {NAME}.", NAME)
    return understood


def _manifest(file: SourceFile | None, reading: Reading) -> Manifest:
    faults = reading.faults
    if file is None:
        faults.add("missing_file", f"There is no {NAME}: every file was read as bulk.", NAME)
        return Manifest(None, {})
    with reports_damage(file, faults):
        encoding = find_encoding(file, reading.options.encoding, faults)
        if encoding:
            return read_manifest(read_rows(file, encoding, faults), faults)
    return Manifest(None, {})


def _is_missed(name: str, version: str, manifest: Manifest) -> bool:
    """Whether a file should be there: all of a bulk package, or those that a manifest names."""
    if manifest.modes.get(name, "absent") != "absent":
        return True
    is_delta = "delta" in manifest.modes.values() or manifest.is_empty
    return not is_delta and not (version == "1.1" and name == "roles")


def note_left_out(file: SourceFile, faults: Faults) -> None:
    """Note that a file is no part of what is read."""
    if file.name.lower() in LEFT_OUT:
        faults.add("not_kept", f"{file.name} holds nothing that is kept here.", file.name)
    else:
        faults.add("unknown_file", f"{file.name} is no file of a roster.", file.name)
