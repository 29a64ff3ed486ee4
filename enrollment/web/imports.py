"""/imports: what was imported, the report of each import, and its undo."""

from typing import Any

from enrollment.data import imports
from enrollment.exchange.lists import MEDIA_TYPES
from enrollment.http.conditional import etag_of
from enrollment.http.operation import READERS, REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.queries import Pagination
from enrollment.problems.errors import Problem
from enrollment.web.downloads import download_same
from enrollment.web.forms import submit
from enrollment.web.import_words import name_records, name_roster, name_undone
from enrollment.web.paging import after, next_path
from enrollment.web.refusal import is_shown
from enrollment.web.visit import Visit
from enrollment.web.words import link

PAGE = 100


def show_imports(visit: Visit) -> Result:
    """List the imports."""
    found = imports.list_imports(visit.db, Pagination(limit=PAGE), after(visit))
    following = next_path(visit, found.next)
    return visit.page("imports", imports=found.items, following=following)


def show_import(
    visit: Visit,
    import_id: int,
    problem: Problem | None = None,
    undone: dict[str, Any] | None = None,
) -> Result:
    """Show the report of an import, and offer its undo."""
    report = imports.get_import(visit.db, import_id)
    return visit.page(
        "import_report",
        problem,
        report=report,
        roster=name_roster(visit, report),
        faults=report.faults,
        records=name_records(visit, report.changes),
        seen=etag_of(report),
        undone=undone,
        items=name_undone(visit, undone["items"]) if undone else [],
    )


def undo(visit: Visit, import_id: int) -> Result:
    """Preview an undo, or undo the import."""
    path, form = f"/v1/imports/{import_id}", visit.form
    query = {"reason": form.one("reason"), "conflicts": "keep" if form.one("keep") else ""}

    def act() -> str:
        visit.send("DELETE", path, if_match=form.one("seen"), query=query)
        return link(f"/imports/{import_id}", done="undone")

    def preview(problem: Problem | None = None) -> Result:
        try:
            undone = visit.send("DELETE", path, dry_run=True, query=query)
        except Problem as found:
            if not is_shown(found):
                raise
            return show_import(visit, import_id, problem or found)
        return show_import(visit, import_id, problem, undone)

    return submit(visit, act, preview) if form.one("do") == "undo" else preview()


ONE = "/imports/<import_id:id>"
PAGES = (
    Operation("GET", "/imports", READERS, show_imports),
    Operation("GET", ONE, READERS, show_import),
    Operation("GET", f"{ONE}/faults.csv", READERS, download_same, download=MEDIA_TYPES["csv"]),
    Operation("POST", f"{ONE}/undo", REGISTRARS, undo),
)
