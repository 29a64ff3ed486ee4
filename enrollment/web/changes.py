"""/changes: who changed what and when. The filters stand in the address."""

from collections.abc import Iterator
from typing import Any

from enrollment.data.change_list import (
    Changed,
    ChangeScope,
    list_actors,
    list_changes,
    read_changes,
)
from enrollment.data.course import get_course
from enrollment.data.export import Fields
from enrollment.data.student import get_student
from enrollment.exchange.lists import CHANGES, ListFormat, list_file
from enrollment.http.download import download
from enrollment.http.operation import READERS, Operation
from enrollment.http.query import read_texts
from enrollment.http.responses import Result
from enrollment.model.queries import EventFilter
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.web.downloads import file_pages
from enrollment.web.history import correction, moved, record_change, rules_set_aside
from enrollment.web.paging import after, next_path
from enrollment.web.visit import Visit
from enrollment.web.words import Words, actor

PAGE = 100
# The filters of the page, as the filter of events in the API names them.
FILTERS = {
    "student": "student_id",
    "course": "course_id",
    "actor": "actor",
    "from": "since",
    "to": "until",
}


def show_changes(visit: Visit) -> Result:
    """List changes, the newest first."""
    typed = visit.query.typed((*FILTERS, "only"))
    try:
        scope = _scope(visit)
    except Problem as problem:
        return _page(visit, typed, ChangeScope(), problem=problem)
    actors = list_actors(visit.db, scope.actor) if scope.actor else []
    if scope.actor in actors or len(actors) == 1:
        # Half a name is enough if no one else has it.
        actors = [scope.actor if scope.actor in actors else actors[0]]
        scope = scope._replace(actor=actors[0])
    if len(actors) > 1:
        return _page(visit, typed, scope, actors=actors)
    found = list_changes(visit.db, scope, PAGE, after(visit))
    return _page(visit, typed, scope, found.items, following=next_path(visit, found.next))


def download_changes(visit: Visit, kind: ListFormat) -> Result:
    """All the changes that the page lists, as a file."""
    rows = _rows(read_changes(visit.db, _scope(visit)), visit.words)
    return download(*list_file(CHANGES, rows, kind, visit.context.zone))


def _scope(visit: Visit) -> ChangeScope:
    """Read the filters. A day in them is one where the school is. Raises invalid_query."""
    given = {field: visit.query.one(name) for name, field in FILTERS.items()}
    wanted = read_texts(given, EventFilter, visit.context.zone)
    if wanted.since and wanted.until and wanted.until <= wanted.since:
        wrong = Violation(
            parameter="until", code="invalid_value", detail="The end is before the start"
        )
        raise Problem("invalid_query", "1 parameter is invalid.", [wrong])
    fields = {field: getattr(wanted, field) for field in FILTERS.values()}
    return ChangeScope(**fields, only_overrides=visit.query.one("only") == "overrides")


def _page(
    visit: Visit,
    typed: dict[str, str],
    scope: ChangeScope,
    changes: list[Changed] | None = None,
    problem: Problem | None = None,
    **values: Any,
) -> Result:
    names = {field: name for name, field in FILTERS.items()}
    errors = {
        names.get(reason.parameter or "", ""): reason.detail
        for reason in (problem.violations if problem else ())
    }
    shown = {"actors": [], "following": None} | values
    return visit.page(
        "change_list",
        problem,
        typed=typed,
        student=_find(visit, get_student, scope.student_id),
        course=_find(visit, get_course, scope.course_id),
        scope=scope,
        changes=changes,
        errors=errors,
        kept={**typed, "actor": scope.actor},
        **shown,
    )


def _find(visit: Visit, get: Any, record_id: int | None) -> Any:
    """The record, or None if it has been deleted: what it was is still listed."""
    try:
        return get(visit.db, record_id) if record_id else None
    except Problem:
        return None


def _rows(changes: Iterator[Changed], words: Words) -> Iterator[Fields]:
    for change in changes:
        yield change._asdict() | {
            "actor": actor(change.actor),
            "label": change.label or change.course_id,
            "change": moved(change)
            if change.subject == "enrollment"
            else record_change(change, words),
            "reason": words.why(change.reason),
            "overridden": rules_set_aside(change),
            "correction": correction(change),
        }


PAGES = (
    Operation("GET", "/changes", READERS, show_changes),
    *file_pages("/changes", download_changes),
)
