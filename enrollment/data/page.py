"""What the pages show beside single records: counts, schedules and the catalog."""

from typing import Any, NamedTuple

from msgspec.json import decode

from enrollment.data.course import decode_meetings
from enrollment.data.keyset import LAST_CHARACTER, KeysetPage, KeysetPosition, list_page
from enrollment.data.search import split_words
from enrollment.model.courses import Meeting, StudentCourse
from enrollment.storage.connection import Connection, Row
from enrollment.storage.queries import as_bool, queries, to_json

SQL = queries("page")


class RecordEnd(NamedTuple):
    """Why the record of a student is not used any more: when it was merged into another one and
    whose that is, and when its data was erased. What did not happen is None."""

    merged_at: str | None
    into_id: int | None
    # None if the other record was deleted since.
    family_name: str | None
    given_name: str | None
    erased_at: str | None


class Scheduled(StudentCourse, frozen=True, kw_only=True):
    """A course of a student, with its own status, who waits, and until when students drop it."""

    course_status: str
    waiting: int
    # A time, or the last day.
    drop_until: str | None


class Offered(NamedTuple):
    """A course of a term, with its seats."""

    id: int
    version: int
    code: str
    label: str
    title: str
    term: str | None
    instructor: str | None
    credits: float
    capacity: int | None
    waitlist_capacity: int | None
    promotion: str
    enroll_from: str | None
    enroll_until: str | None
    status: str
    enrolled: int
    waitlisted: int
    meetings: list[Meeting]


class CourseFacts(NamedTuple):
    """What the page of a course shows beside its record. The times are those of the course, else of
    its term."""

    term_title: str | None
    enroll_from: str | None
    enroll_until: str | None
    # A time, or the last day of the term.
    drop_until: str | None
    # What the course requires, but no course has as its code or counts as.
    unknown_codes: list[str]


class Code(NamedTuple):
    """A code of courses of a term, to copy into another term."""

    code: str
    title: str
    sections: int
    # How many of the sections are in the other term already.
    present: int


class Person(NamedTuple):
    """A student by name."""

    id: int
    number: str | None
    given_name: str | None
    family_name: str


class Marks(NamedTuple):
    """What a list of students shows of each."""

    credits: float
    holds: int


class LateDrop(NamedTuple):
    """A course that its student cannot drop any more, so that only a registrar does."""

    student_id: int
    course_id: int
    label: str
    drop_until: str


class WindowPreview(NamedTuple):
    """What it changes if a term opens or closes enrollment."""

    # In how many courses students can enroll then who could not before; or no longer can.
    changed: int
    # The labels, by id, of the courses that stay as they are: they have times of their own.
    staying: dict[int, str]


def get_start_counts(db: Connection, term: str | None, since: str) -> Row:
    """Return the numbers of the start page. `since` is when today began."""
    counts: Row = SQL.get_start_counts(db, term=term, since=since)
    return counts


def get_term_counts(db: Connection, term_id: int, start: str) -> Row:
    """Return the numbers of a term now. `start` is the time since which drops are counted."""
    counts: Row = SQL.get_term_counts(db, term_id=term_id, start=start)
    return counts


def preview_window(
    db: Connection, term_id: int, now: str, window: tuple[str | None, str | None], *, opens: bool
) -> WindowPreview:
    """Return what it changes if a term opens or closes enrollment by this window."""
    start, end = window
    parameters = {"enroll_from": start, "enroll_until": end, "opens": opens}
    rows = SQL.list_window_changes(db, term_id=term_id, now=now, **parameters)
    staying = {row["id"]: row["label"] for row in rows if not row["has_changed"]}
    return WindowPreview(len(rows) - len(staying), staying)


def list_marks(db: Connection, student_ids: list[int], term: str | None) -> dict[int, Marks]:
    """Return the credits of these students in a term, and their holds."""
    rows = SQL.list_student_marks(db, ids=to_json(student_ids), term=term)
    return {row["student_id"]: Marks(row["credits"], row["holds"]) for row in rows}


def find_students(db: Connection, names: list[str]) -> dict[str, list[int]]:
    """Return the ids of the students with these numbers, emails, or ids such as #6, by name.
    Several students can share an email."""
    found: dict[str, list[int]] = {name: [] for name in names}
    for row in SQL.list_students_named(db, names=to_json([*found])):
        if row["student_id"]:
            found[row["name"]].append(row["student_id"])
    return found


def list_people(db: Connection, student_ids: list[int]) -> dict[int, Person]:
    """Return the names of these students, by id."""
    rows = SQL.list_people(db, ids=to_json(student_ids)) if student_ids else ()
    return {row["id"]: Person(*row) for row in rows}


def get_record_end(db: Connection, student_id: int) -> RecordEnd:
    """Return what ended the use of the record of a student who exists."""
    return RecordEnd(*SQL.get_record_end(db, student_id=student_id))


def list_labels(db: Connection, course_ids: list[int]) -> dict[int, str]:
    """Return the labels of these courses, by id."""
    return dict(SQL.list_labels(db, ids=to_json(course_ids)) if course_ids else ())


def list_seats_since(db: Connection, event_id: int, limit: int) -> list[tuple[int, int]]:
    """List the seats that students got from a waitlist after an event: the ids of the student and
    of the course."""
    return [(*row,) for row in SQL.list_seats_since(db, after_id=event_id, limit=limit)]


def find_token_of_student(db: Connection, student_id: int, now: str) -> int | None:
    """Return the id of a valid token of a student, or None if there is none."""
    found: int | None = SQL.get_token_of_student(db, student_id=student_id, now=now)["id"]
    return found


def list_schedule(db: Connection, student_id: int) -> list[Scheduled]:
    """List the courses of a student, the latest term first."""
    rows = SQL.list_schedule(db, student_id=student_id)
    return [_scheduled(**dict(row)) for row in rows]


def list_late_drops(
    db: Connection, pairs: list[tuple[int, int]], now: str, today: str
) -> list[LateDrop]:
    """List those of these enrollments, each a student's id and a course's, which the student cannot
    drop any more."""
    rows = SQL.list_late_drops(db, pairs=to_json(pairs), at=now, today=today)
    return [LateDrop(*row) for row in rows]


def list_catalog(
    db: Connection,
    term: str | None,
    q: str,
    show: str,
    limit: int,
    after: KeysetPosition | None = None,
    *,
    count: bool = False,
) -> KeysetPage[Offered]:
    """List the courses of a term by code and section; with `count`, those of all pages are counted
    too. `show` is all, open, full, waiting or cancelled."""
    parameters = {
        "term": term,
        "words": to_json(split_words(db, q)),
        "last": LAST_CHARACTER,
        "show": show,
        "limit": limit,
        "count": count,
    }
    start = {"code": "", "label": "", "id": 0}
    return list_page(db, SQL.list_catalog, _offered, parameters, start=start, after=after)


def get_course_facts(db: Connection, course_id: int) -> CourseFacts:
    """Return what the page of a course that exists shows beside its record."""
    facts = dict(SQL.get_course_facts(db, course_id=course_id))
    return CourseFacts(**facts | {"unknown_codes": decode(facts["unknown_codes"])})


def has_courses_without_term(db: Connection) -> bool:
    """Whether a course has no term."""
    return bool(SQL.get_course_without_term(db))


def list_codes_to_copy(db: Connection, source: str, target: str) -> list[Code]:
    """List the codes of the courses of a term that can be copied into another one."""
    return [Code(*row) for row in SQL.list_codes_to_copy(db, source=source, target=target)]


def _scheduled(passed: int | None, meetings: str, **row: Any) -> Scheduled:
    return Scheduled(**row, passed=as_bool(passed), meetings=decode_meetings(meetings))


def _offered(meetings: str, **row: Any) -> Offered:
    return Offered(**row, meetings=decode_meetings(meetings))
