"""The lists as files for a spreadsheet: those of the API, for whoever has signed in."""

from functools import partial

from enrollment.exchange.lists import MEDIA_TYPES, ListFormat
from enrollment.http.authentication import READERS
from enrollment.http.operation import Operation
from enrollment.http.responses import Result
from enrollment.web.visit import Visit


def download_students(visit: Visit, kind: ListFormat) -> Result:
    """All students, or those with one status."""
    return visit.download(f"/v1/students.{kind}", status=visit.query.one("status"))


def download_roster(visit: Visit, course_id: int, kind: ListFormat) -> Result:
    """The students of a course, with those who have left it."""
    return visit.download(f"/v1/courses/{course_id}/students.{kind}")


def download_courses(visit: Visit, term_id: int, kind: ListFormat) -> Result:
    """The courses of a term with their seats."""
    return visit.download(f"/v1/terms/{term_id}/courses.{kind}")


PAGES = tuple(
    Operation(
        "GET",
        f"{path}.{kind}",
        READERS,
        partial(handler, kind=kind),
        is_page=True,
        download=media_type,
    )
    for path, handler in (
        ("/students", download_students),
        ("/courses/<course_id:id>/students", download_roster),
        ("/terms/<term_id:id>/courses", download_courses),
    )
    for kind, media_type in MEDIA_TYPES.items()
)
