"""/courses: the courses of a term, with their seats."""

from enrollment.data import page
from enrollment.data.course import list_courses
from enrollment.http.operation import READERS_AND_STUDENTS, Operation
from enrollment.http.responses import Result
from enrollment.model.courses import Course
from enrollment.model.queries import CourseFilter
from enrollment.web.chosen_term import choose_term
from enrollment.web.paging import after, next_path
from enrollment.web.visit import Visit

PAGE = 100
# How many courses are looked for in all terms, if none of this one matches.
ELSEWHERE = 10
SHOWN = {
    "all": "All courses",
    "open": "With free seats",
    "full": "Full",
    "waiting": "With students waiting",
    "cancelled": "Cancelled",
}


def show_courses(visit: Visit) -> Result:
    """List the courses of a term."""
    terms, q = choose_term(visit), visit.query.one("q")
    show = visit.query.one("show")
    show = show if show in SHOWN else "all"
    found = page.list_catalog(visit.db, terms.code, q, show, PAGE, after(visit), count=True)
    return visit.page(
        "courses",
        terms=terms,
        q=q,
        show=show,
        shown=SHOWN,
        courses=found.items,
        total=found.total,
        elsewhere=_find_elsewhere(visit, q, terms.code) if q and not found.items else [],
        following=next_path(visit, found.next),
    )


def _find_elsewhere(visit: Visit, q: str, term: str | None) -> list[Course]:
    """The first courses that match, without those of this term."""
    found = list_courses(visit.db, CourseFilter(q=q, limit=ELSEWHERE)).items
    return [course for course in found if course.term != term]


PAGES = (Operation("GET", "/courses", READERS_AND_STUDENTS, show_courses),)
