"""Imports: files are brought in as a whole or not at all, and a report says what that did."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple, NoReturn

from msgspec import convert
from msgspec.structs import asdict, replace

from enrollment.data import imports
from enrollment.data.course import find_course
from enrollment.data.export import get_school
from enrollment.data.import_row import Progress, Wanted, no_progress
from enrollment.data.imports import Applied
from enrollment.exchange.faults import Faults
from enrollment.exchange.unfit_options import check_options
from enrollment.exchange.upload import Upload
from enrollment.model.import_options import ImportOptions
from enrollment.model.imports import (
    REMOVED_AS,
    ImportedFile,
    ImportFault,
    ImportFaultCount,
    ImportReport,
    Refusal,
    Removals,
    UnreadableImport,
)
from enrollment.model.records import Change
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection

# The source of the lists that name none. That of a package is its format without the version.
NO_SOURCE = "default"
# Columns that only a roster uses, and columns that a roster uses for new students only.
OF_COURSES, CHANGING = {"term", "outcome", "grade"}, {"groups"}
# Which file has the records of each kind.
FILES = {"students": "users", "courses": "classes", "enrollments": "enrollments"}


class Made(NamedTuple):
    """An import within its transaction, and what its preview is known by."""

    report: ImportReport
    tag: str


def bring_in(
    db: Connection,
    upload: Upload,
    options: ImportOptions,
    change: Change,
    *,
    check_tag: Callable[[str], bool],
    progress: Progress = no_progress,
) -> Made:
    """Bring in files that were read.

    `check_tag` takes the tag of what is done. It raises if someone has seen something else, and
    returns whether they have seen just this, which confirms how much is removed. A dry run gets a
    report that says what would be refused. Raises unreadable_import, option_does_not_fit,
    unknown_course, import_has_errors, too_many_removals.
    """
    faults = deepcopy(upload.faults)
    if faults.refuse or upload.understood.format is None:
        detail = "The file cannot be brought in as it is."
        raise Problem("unreadable_import", detail, violations_of(faults))
    wanted = _wanted(db, upload, options)._replace(progress=progress)
    head = {
        "source": wanted.source,
        "format": upload.understood.format,
        "file_name": upload.name or None,
        "digest": upload.digest,
    }
    if wanted.is_list:
        _note_unused_columns(upload, wanted, faults)
    import_id = imports.insert_import(db, head, replace(change, reason=options.reason))
    own = replace(change, reason=f"import {import_id}")
    applied = imports.apply_import(db, import_id, wanted, upload.staging, own)
    for fault in applied.faults:
        faults.add(**upload.understood.shown(fault))
    is_confirmed = check_tag(applied.tag)
    refusal = _refused_by(upload, applied, options, faults, is_confirmed=is_confirmed)
    _note_removals(applied.removals, faults, upload)
    if refusal and not options.dry_run:
        _raise(refusal, applied, faults)
    imports.update_report(db, import_id, _report(upload, applied, options, faults))
    return Made(replace(imports.get_import(db, import_id), refused_by=refusal), applied.tag)


def _wanted(db: Connection, upload: Upload, options: ImportOptions) -> Wanted:
    format, _, _ = str(upload.understood.format).partition("-")
    is_list = format == "list"
    check_options(options, is_list=is_list)
    if options.course_id is not None and find_course(db, options.course_id) is None:
        detail = f"There is no course {options.course_id}."
        violation = Violation(
            parameter="course_id",
            code="unknown_course",
            detail=detail,
            details={"course_id": options.course_id},
        )
        raise Problem.from_violations([violation])
    unnamed = NO_SOURCE if is_list else format
    ends = options.missing == "drop"
    headers = {
        name: header for file in upload.understood.files for header, name in file.columns.items()
    }
    return Wanted(
        source=options.source or (upload.understood.source or unnamed)[:100],
        key=get_school(db).key,
        is_list=is_list,
        rules=options.rules or ("refuse" if is_list else "record"),
        whole_kinds=frozenset(upload.understood.kinds("bulk") if ends else ()),
        delta_kinds=frozenset(upload.understood.kinds("delta")),
        course_id=options.course_id,
        course_column=headers.get("course") if is_list else None,
        creates=options.create,
        replaces=options.replace,
        relinks=options.relink,
    )


def _note_unused_columns(upload: Upload, wanted: Wanted, faults: Faults) -> None:
    """Note the columns of a list that say nothing here: outcomes are those of a course, and a
    roster changes no student."""
    (file,) = upload.understood.files
    text = "counts for new students only" if wanted.is_roster else "is left out: it needs a course"
    for header, name in file.columns.items():
        if name in (CHANGING if wanted.is_roster else OF_COURSES):
            faults.add("not_kept", f"The column {header} {text}.", file.file, None, header)


def _refused_by(
    upload: Upload,
    applied: Applied,
    options: ImportOptions,
    faults: Faults,
    *,
    is_confirmed: bool,
) -> Refusal | None:
    """Return what stands in the way of the import."""
    if faults.counts["error"] and options.errors == "refuse":
        return "import_has_errors"
    # A file without rows says that all is gone, and is more likely to be broken; one without any
    # student of the source is more likely to be another system's. A row that is left out may be
    # that of a student whom a roster drops.
    removals = asdict(applied.removals)
    empties = any(
        removals[name].removed and file.rows == 0
        for name, kind in FILES.items()
        for file in upload.understood.files
        if file.kind in (kind, "list")
    )
    replaces = 0 < removals["students"].removed == removals["students"].of
    doubts = options.replace and removals["enrollments"].removed > 0 and faults.counts["error"] > 0
    exceeds = any(removal.removed > removal.limit for removal in removals.values())
    removed = sum(removal.removed for removal in removals.values())
    is_confirmed = is_confirmed or (options.removals is not None and removed <= options.removals)
    is_large = exceeds or empties or replaces or doubts
    return "too_many_removals" if is_large and not is_confirmed else None


def _note_removals(removals: Removals, faults: Faults, upload: Upload) -> None:
    """Note for each file how much it no longer has."""
    names = {file.kind: file.file for file in upload.understood.files}
    for name, removal in asdict(removals).items():
        if removal.removed:
            file = names.get(FILES[name]) or upload.understood.files[0].file
            text = f"{removal.removed} of {removal.of} {name}: {REMOVED_AS[name]},"
            faults.add("missing_rows", f"{text} since the files no longer have them.", file)


def _raise(refusal: Refusal, applied: Applied, faults: Faults) -> NoReturn:
    violations = violations_of(faults, refusal)
    if refusal == "import_has_errors":
        count = faults.counts["error"]
        some = f"are {count} errors" if count > 1 else "is 1 error"
        detail = f"There {some} in the rows."
        raise Problem("import_has_errors", detail, violations)
    parts = [
        f"{removal.removed} of {removal.of} {name} would be {REMOVED_AS[name]}"
        for name, removal in asdict(applied.removals).items()
        if removal.removed
    ]
    raise Problem("too_many_removals", f"{' and '.join(parts)}.", violations)


def violations_of(faults: Faults, code: Refusal = "unreadable_import") -> list[Violation]:
    """Return what stands in the way, each with its place in the files."""
    return [
        Violation(
            pointer="",
            code=code,
            detail=fault.detail,
            details=asdict(fault),
        )
        for fault in faults
        if fault.severity != "warning" or fault.code == "missing_rows"
    ]


def faults_of(problem: Problem) -> list[ImportFault]:
    """Return the faults for which files were refused: those of `violations_of`."""
    details = [violation.details for violation in problem.violations]
    return [ImportFault(**fault) for fault in details if "severity" in fault]


def unreadable(upload: Upload) -> UnreadableImport:
    """Return the report of files for which `bring_in` raises unreadable_import."""
    return UnreadableImport(refused_by="unreadable_import", **_found(upload, upload.faults))


def _report(
    upload: Upload, applied: Applied, options: ImportOptions, faults: Faults
) -> dict[str, Any]:
    """Return what is kept of an import, besides its changes, which the history has."""
    return _found(upload, faults) | {
        "course_id": options.course_id,
        "counts": applied.counts,
        "removals": applied.removals,
        "set_aside": applied.set_aside,
    }


def _found(upload: Upload, faults: Faults) -> dict[str, Any]:
    """Return what files were taken for, and what is wrong with them."""
    return {
        "files": convert(upload.understood.files, list[ImportedFile], from_attributes=True),
        "summary": convert(faults.summary(), list[ImportFaultCount], from_attributes=True),
        "faults": [*faults],
    }
