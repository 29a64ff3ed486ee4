"""The demo: a small college that looks real. The same seed makes the same college.

The first term has its grades, the second waits for them, and the last is the present one. Students
ask for more than they can have, and the rules decide, as they do in the service.
"""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from tqdm import tqdm

from enrollment.data.bulk import change_roster
from enrollment.data.course import insert_course
from enrollment.data.hold import insert_hold, release_hold
from enrollment.data.record_change import acting
from enrollment.data.student import insert_student, list_students
from enrollment.data.term import insert_term
from enrollment.maintenance.demo_college import (
    HOLD_REASONS,
    HOURS,
    NAMES,
    SEMESTERS,
    SUBJECTS,
    Semester,
)
from enrollment.model.courses import CourseInput, Meeting, Prerequisite
from enrollment.model.queries import StudentFilter
from enrollment.model.records import Change, Hold, HoldInput, StudentInput, TermInput
from enrollment.model.requests import BulkEnrollmentItem
from enrollment.model.types import Code, Credits, Date, PersonName, Timestamp
from enrollment.problems.errors import CommandError
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database
from enrollment.storage.queries import to_json

GRADED, *_, PRESENT = SEMESTERS
MAX_CREDITS = Credits(15)
# Few go on to this level: the one before has no grades yet, so a registrar overrides the rule.
AHEAD = 3
# Of all students: those who go ahead, and those with a hold. Of each course: those who drop it.
GOING_AHEAD, ON_HOLD, DROPPING = 0.1, 0.03, 0.05
# How many students ask for a section of each level.
SECTION_SIZES = (60, 30, 20)
# Of the students who ask for a section, how many can have a seat.
SEATS = (0.6, 0.8, 1.0, 1.2)
# How many sections one instructor has: so few that no two of them meet at the same time.
TEACHING_LOAD = 3


class Section(NamedTuple):
    """A course to be, and the students who ask for a seat."""

    course: CourseInput
    level: int
    asking: Sequence[int]


def fill(database: Database, students: int, seed: int) -> dict[str, int]:
    """Write a demo college in one transaction. Return the number of rows of each kind, such as
    `{"students": 500, "terms": 3, ...}`.

    Raises CommandError if there are students already.
    """
    chance = random.Random(seed)
    written = {"students": students, "terms": len(SEMESTERS), "courses": 0, "enrollments": 0}
    steps = students * sum(bool(level) for semester in SEMESTERS for level in semester.levels)
    with (
        tqdm(total=students + steps, unit=" steps", disable=None, leave=False) as bar,
        database.write() as db,
    ):
        if list_students(db, StudentFilter(limit=1)).items:
            raise CommandError("the database already has students; demo fills only an empty one")
        people = []
        begin = _on(GRADED.enroll_on)
        with acting(db, begin.actor, begin.at):
            for fields in _students(chance, students):
                people.append(insert_student(db, fields, begin.at).id)
                bar.update()
        # What each student likes, the favorite first.
        liked = {person: chance.sample([*SUBJECTS], len(SUBJECTS)) for person in people}
        for semester in SEMESTERS:
            holds = _place_holds(db, chance, people, semester) if semester is PRESENT else []
            sections = _open(db, semester, _sections(chance, semester, liked))
            seated = {}
            for course_id, section in sections.items():
                seated[course_id], waiting = _enroll(db, course_id, section, semester)
                written["enrollments"] += len(seated[course_id]) + waiting
                bar.update(len(section.asking))
            _release(db, holds[1::2], semester)
            _end(db, chance, seated, semester)
            written["courses"] += len(sections)
    return written


def _open(db: Connection, semester: Semester, sections: Iterable[Section]) -> dict[int, Section]:
    """Add a term with its courses. Return the sections by the ids of the courses."""
    begin = _on(semester.enroll_on)
    term = TermInput(
        code=Code(semester.code),
        title=semester.title,
        start_on=Date(semester.start_on),
        end_on=Date(semester.end_on),
        max_credits=MAX_CREDITS,
    )
    with acting(db, begin.actor, begin.at):
        insert_term(db, term, begin.at)
        return {insert_course(db, section.course, begin.at).id: section for section in sections}


def _enroll(
    db: Connection, course_id: int, section: Section, semester: Semester
) -> tuple[list[int], int]:
    """Enroll those whom the rules let in. Return them, and how many are on the waitlist now."""
    change = _on(semester.enroll_on)
    if section.level == AHEAD:
        change = _on(
            semester.enroll_on,
            overridden=to_json(["prerequisite_missing"]),
            override_reason="the grades of the last term are to come",
        )
    items = [
        BulkEnrollmentItem(student_id=person, waitlist=semester is PRESENT)
        for person in section.asking
    ]
    results = change_roster(db, course_id, items, "each", change, pointer="")
    enrollments = [result.enrollment for result in results if result.enrollment]
    seated = [item.student_id for item in enrollments if item.status == "enrolled"]
    return seated, len(enrollments) - len(seated)


def _end(
    db: Connection, chance: random.Random, seated: dict[int, list[int]], semester: Semester
) -> None:
    """Some drop a course, and others are promoted. If the term has its grades, the rest complete
    it."""
    for course_id, people in seated.items():
        leaving = [person for person in people if chance.random() < DROPPING]
        items = [BulkEnrollmentItem(student_id=person, status="dropped") for person in leaving]
        if items:
            change = _on(semester.drop_on, reason="dropped in the second week")
            change_roster(db, course_id, items, "each", change, pointer="")
    if semester is GRADED:
        for course_id, people in seated.items():
            # Those who dropped it are refused.
            items = [BulkEnrollmentItem(student_id=person, status="completed") for person in people]
            change = _on(semester.end_on, reason="end of term")
            change_roster(db, course_id, items, "each", change, pointer="")


def _place_holds(
    db: Connection, chance: random.Random, people: Sequence[int], semester: Semester
) -> list[Hold]:
    """Place holds on some students before a term."""
    begin = _on(semester.enroll_on)
    with acting(db, begin.actor, begin.at):
        return [
            insert_hold(db, person, HoldInput(reason=chance.choice(HOLD_REASONS)), begin)
            for person in chance.sample(people, math.ceil(len(people) * ON_HOLD))
        ]


def _release(db: Connection, holds: Sequence[Hold], semester: Semester) -> None:
    """Release holds when the term has begun: too late for these students to enroll."""
    begin = _on(semester.start_on)
    with acting(db, begin.actor, begin.at):
        for hold in holds:
            release_hold(db, hold.student_id, hold.id, begin)


def _students(chance: random.Random, count: int) -> Iterator[StudentInput]:
    pools = [(given.split(), family.split()) for given, family, _ in NAMES]
    shares = [share for *_, share in NAMES]
    for number in range(1, count + 1):
        ((given, family),) = chance.choices(pools, shares)
        yield StudentInput(
            number=str(10_000 + number),
            given_name=PersonName(chance.choice(given)) if given else None,
            family_name=PersonName(chance.choice(family)),
            email=f"student{number}@college.example",
        )


def _sections(
    chance: random.Random, semester: Semester, liked: dict[int, list[str]]
) -> Iterator[Section]:
    """Make as many sections of each course as the students ask for."""
    asking = defaultdict(list)
    for person, subjects in liked.items():
        for subject, level in zip(subjects, semester.levels, strict=False):
            if level and (level != AHEAD or chance.random() < GOING_AHEAD):
                asking[subject, level].append(person)
    # Counts all sections of the term: so each hour of a room is given away once.
    number = 0
    for (subject, level), people in sorted(asking.items()):
        count = math.ceil(len(people) / SECTION_SIZES[level - 1])
        for first in range(count):
            if first % TEACHING_LOAD == 0:
                instructor = " ".join(chance.choice(names.split()) for names in NAMES[0][:2])
            some = people[first::count]
            yield Section(
                CourseInput(
                    code=Code(f"{subject}{level}01"),
                    section=Code(f"{first + 1:02}"),
                    title=SUBJECTS[subject].titles[level - 1],
                    term=Code(semester.code),
                    instructor=instructor,
                    credits=Credits(SUBJECTS[subject].credits),
                    capacity=math.ceil(len(some) * chance.choice(SEATS)),
                    prerequisites=_prerequisites(subject, level),
                    meetings=_meetings(subject, number),
                ),
                level,
                some,
            )
            number += 1


def _prerequisites(subject: str, level: int) -> list[Prerequisite]:
    return [Prerequisite(code=Code(f"{subject}{level - 1}01"))] if level > 1 else []


def _meetings(subject: str, number: int) -> list[Meeting]:
    floor, hour = divmod(number, len(HOURS))
    days, begin, end = HOURS[hour]
    room = f"{SUBJECTS[subject].building} {101 + floor}"
    return [Meeting(weekday=day, from_time=begin, to_time=end, room=room) for day in days]


def _on(day: str, **details: Any) -> Change:
    """Return a change on the morning of this day."""
    return Change(at=Timestamp(f"{day}T08:00:00.000Z"), actor="demo", **details)
