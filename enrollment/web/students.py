"""/students: find a student."""

import re
from collections.abc import Iterator, Sequence

from enrollment.data import page
from enrollment.data.keyset import KeysetPage
from enrollment.data.student import list_students
from enrollment.http.operation import READERS, Operation
from enrollment.http.responses import Result
from enrollment.model.queries import StudentFilter
from enrollment.model.records import Student
from enrollment.model.types import StudentStatus
from enrollment.web.chosen_term import choose_term
from enrollment.web.paging import after, next_path
from enrollment.web.visit import Visit, see_other
from enrollment.web.words import link

PAGE = 50
# A search that finds no one is tried again: with the zeros before a number that spreadsheets drop,
# up to this length; with "Muller" for "Mueller"; and with the beginnings of its words.
LONGEST_NUMBER = 10
BEGINNING = 3
SIMILAR = 5
STATUSES: Sequence[StudentStatus] = ("active", "inactive")


def show_students(visit: Visit) -> Result:
    """List the students that match. If there is just one, go to that student."""
    q = visit.query.one("q")
    status = next((known for known in STATUSES if known == visit.query.one("status")), None)
    found = _find(visit, q, status)
    if q and len(found.items) == 1 and not visit.query.one("after"):
        return see_other(link(f"/students/{found.items[0].id}", term=visit.query.one("term")))
    similar: list[Student] = []
    if q and not found.items:
        tries = (_find(visit, text, None).items for text in _spellings(q))
        similar = next(filter(None, tries), [])[:SIMILAR]
    terms = choose_term(visit)
    return visit.page(
        "students",
        q=q,
        chosen=status,
        students=found.items,
        total=found.total,
        similar=similar,
        marks=page.list_marks(visit.db, [student.id for student in found.items], terms.code),
        terms=terms,
        following=next_path(visit, found.next),
    )


def _find(visit: Visit, q: str, status: StudentStatus | None) -> KeysetPage[Student]:
    wanted = StudentFilter(q=q, status=status, limit=PAGE, count=True)
    return list_students(visit.db, wanted, after(visit))


def _spellings(q: str) -> Iterator[str]:
    """Other texts that someone may have meant."""
    if q.isdigit():
        yield from map(q.zfill, range(len(q) + 1, LONGEST_NUMBER + 1))
    yield re.sub("(?i)(?<=[aou])e", "", q)
    yield " ".join(word[:BEGINNING] for word in q.split())


PAGES = (Operation("GET", "/students", READERS, show_students),)
