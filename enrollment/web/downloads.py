"""Lists as files for a spreadsheet. Those that the API has are made by it."""

from collections.abc import Callable
from functools import partial

from enrollment.exchange.lists import MEDIA_TYPES, ListFormat
from enrollment.http.operation import READERS, Operation
from enrollment.http.responses import Result
from enrollment.web.visit import Visit


def file_pages(path: str, handler: Callable[..., Result]) -> tuple[Operation, ...]:
    """Return the pages of a list as a file: one for each format, which the handler takes as
    `kind`."""
    return tuple(
        Operation(
            "GET", f"{path}.{kind}", READERS, partial(handler, kind=kind), download=media_type
        )
        for kind, media_type in MEDIA_TYPES.items()
    )


def download_students(visit: Visit, kind: ListFormat) -> Result:
    """All students, or those with one status."""
    return visit.download(f"/v1/students.{kind}", status=visit.query.one("status"))


def download_roster(visit: Visit, course_id: int, kind: ListFormat) -> Result:
    """The students of a course, with those who have left it."""
    return visit.download(f"/v1/courses/{course_id}/students.{kind}")


def download_courses(visit: Visit, term_id: int, kind: ListFormat) -> Result:
    """The courses of a term with their seats."""
    return visit.download(f"/v1/terms/{term_id}/courses.{kind}")


PAGES = (
    *file_pages("/students", download_students),
    *file_pages("/courses/<course_id:id>/students", download_roster),
    *file_pages("/terms/<term_id:id>/courses", download_courses),
)
