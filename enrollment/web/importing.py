"""/import: a file with students, or a package of rosters; a preview; the import."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from enrollment.data.course import get_course
from enrollment.exchange.importing import faults_of
from enrollment.exchange.lists import MEDIA_TYPES, write_faults
from enrollment.exchange.marking import can_be_marked, write_marked
from enrollment.http.download import download
from enrollment.http.operation import REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.imports import ImportFault, ImportReport
from enrollment.problems.errors import Problem
from enrollment.web.chosen_term import choose_term
from enrollment.web.import_form import FIELDS, MULTIPART, Sent, import_query, read_sent, wrong
from enrollment.web.import_words import (
    ends,
    name_records,
    name_roster,
    what_is_confirmed,
    what_is_done,
)
from enrollment.web.refusal import is_shown, reasons
from enrollment.web.visit import Visit
from enrollment.web.words import link, rule

PATH = "/v1/imports"
# The fields beside which a page says what is wrong with them.
BESIDE = (
    *("file", "course", "replace", "source", "mode", "missing", "relink", "encoding", "columns"),
    *("reason", "confirm"),
)
# Why an import was refused is shown as faults of the file.
AS_FAULTS = ("unreadable_import", "import_has_errors", "too_many_removals")


def show_form(visit: Visit) -> Result:
    """Ask for the file; if the address has a course, for its roster."""
    values = dict.fromkeys(FIELDS, "")
    (course_id,) = visit.query.ids("course")[:1] or (0,)
    if course_id:
        course = get_course(visit.db, course_id)
        values |= {"kind": "roster", "course": course.label, "term": course.term or ""}
    else:
        values["term"] = choose_term(visit).code or ""
    return _form(visit, values)


def bring_in(visit: Visit) -> Result:
    """Preview a file, list its faults, or import the one that was previewed."""
    sent: Sent = visit.context.upload
    seen = visit.form.one("seen")
    if sent.is_new or visit.form.one("do") != "import" or not seen:
        return _preview(visit, sent)

    def act() -> str:
        query = _query(visit, sent)
        removed = visit.form.one("ends")
        if removed and visit.form.one("confirm") != removed:
            raise wrong("confirm", "Confirm how many records would end, or choose another file.")
        content, _ = visit.send_file(PATH, sent.upload, if_match=seen, **query)
        return link(f"/imports/{msgspec.json.decode(content)['id']}", done="imported")

    try:
        result = visit.once(act)
    except Problem as problem:
        if not is_shown(problem):
            raise
        return _preview(visit, sent, problem)
    visit.site.held.drop(visit.form.one("held"))
    return result


def _query(visit: Visit, sent: Sent) -> dict[str, Any]:
    """Return the options of the import. Raises why the file was not read, and invalid_query."""
    if sent.problem:
        raise sent.problem
    return import_query(visit)


def _preview(visit: Visit, sent: Sent, problem: Problem | None = None) -> Result:
    """Show what the import would do now, and why it was refused, if it was."""
    report, tag = None, ""
    try:
        query = _query(visit, sent)
        content, tag = visit.send_file(PATH, sent.upload, dry_run="true", **query)
        report = msgspec.json.decode(content, type=ImportReport)
    except Problem as found:
        if not is_shown(found):
            raise
        problem = problem or found
    faults = _faults(report, problem)
    is_list = sent.upload is not None and can_be_marked(sent.upload)
    if visit.form.one("do") == "faults" and faults:
        return download("faults.csv", MEDIA_TYPES["csv"], partial(write_faults, faults))
    if visit.form.one("do") == "marked" and faults and sent.upload and is_list:
        write = partial(write_marked, sent.upload, faults, "xlsx")
        return download("marked.xlsx", MEDIA_TYPES["xlsx"], write)
    values, held = visit.form.typed(FIELDS), sent.file_name
    return _form(visit, values, problem, report, tag, held=held, is_list=is_list)


def _faults(report: ImportReport | None, problem: Problem | None) -> Sequence[ImportFault]:
    """Return the faults of a file: those of the report, or those for which there is none."""
    if report:
        return report.faults
    return faults_of(problem) if problem else ()


def _form(
    visit: Visit,
    values: dict[str, str],
    problem: Problem | None = None,
    report: ImportReport | None = None,
    tag: str = "",
    *,
    held: str = "",
    is_list: bool = False,
) -> Result:
    errors = dict[str, list[str]]()
    faults = _faults(report, problem)
    is_shown_apart = problem and problem.code in (*AS_FAULTS, "precondition_failed")
    for reason in reasons(problem):
        # The page asks for the course by its code.
        field = (reason.parameter or "").removesuffix("_id")
        if field or not is_shown_apart:
            errors.setdefault(field if field in BESIDE else "", []).append(reason.detail)
    refused_by = report.refused_by if report else None
    return visit.page(
        "import",
        problem,
        values=values,
        every=choose_term(visit).every,
        errors=errors,
        report=report,
        roster=name_roster(visit, report) if report else "",
        refused_by=refused_by,
        refusal=rule(refused_by) if refused_by else "",
        ends=ends(report) if report else 0,
        confirmation=what_is_confirmed(report) if report else "",
        button=what_is_done(report.counts) if report else "",
        faults=faults,
        held=held,
        is_list=is_list,
        records=name_records(visit, report.changes) if report else [],
        tag=tag,
    )


PAGES = (
    Operation("GET", "/import", REGISTRARS, show_form),
    Operation("POST", "/import", REGISTRARS, bring_in, reader=read_sent, uploads=(MULTIPART,)),
)
