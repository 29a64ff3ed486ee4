"""/students: find a student."""

from collections.abc import Sequence

from enrollment.data import page
from enrollment.data.keyset import KeysetPage
from enrollment.data.student import list_students
from enrollment.http.authentication import READERS
from enrollment.http.operation import Operation
from enrollment.http.responses import Result
from enrollment.model.queries import StudentFilter
from enrollment.model.records import Student
from enrollment.model.types import StudentStatus
from enrollment.web.chosen_term import choose_term
from enrollment.web.paging import after, next_path
from enrollment.web.visit import Visit, see_other

PAGE = 50
# A search that finds no one is tried again with the beginnings of its words.
BEGINNING = 3
STATUSES: Sequence[StudentStatus] = ("active", "inactive")


def show_students(visit: Visit) -> Result:
    """List the students that match. If there is just one, go to that student."""
    q = visit.query.one("q")
    status = next((known for known in STATUSES if known == visit.query.one("status")), None)
    found = _find(visit, q, status)
    if q and len(found.items) == 1 and not visit.query.one("after"):
        return see_other(f"/students/{found.items[0].id}")
    similar: list[Student] = []
    if q and not found.items:
        shorter = " ".join(word[:BEGINNING] for word in q.split())
        similar = _find(visit, shorter, None).items[:5]
    terms = choose_term(visit)
    return visit.page(
        "students",
        q=q,
        chosen=status,
        students=found.items,
        similar=similar,
        marks=page.list_marks(visit.db, [student.id for student in found.items], terms.code),
        terms=terms,
        following=next_path(visit, found.next),
    )


def _find(visit: Visit, q: str, status: StudentStatus | None) -> KeysetPage[Student]:
    wanted = StudentFilter(q=q, status=status, limit=PAGE)
    return list_students(visit.db, wanted, after(visit))


PAGES = (Operation("GET", "/students", READERS, show_students, is_page=True),)
