"""The demo: a small college that looks real. The same seed makes the same college."""

import math
import random
from collections.abc import Iterator

from tqdm import tqdm

from enrollment.data.course import insert_course
from enrollment.data.eligibility import EnrollmentRequest
from enrollment.data.ending import StatusChange
from enrollment.data.enrollment import get_enrollment, put_enrollment, replace_enrollments
from enrollment.data.record_change import acting
from enrollment.data.student import insert_student, list_students
from enrollment.data.term import insert_term
from enrollment.model.courses import Course, CourseInput
from enrollment.model.queries import StudentFilter
from enrollment.model.records import Change, StudentInput, TermInput
from enrollment.model.types import Code, Credits, Date, PersonName, Timestamp
from enrollment.problems.errors import CommandError
from enrollment.storage.database import Database

TERMS = (
    ("2026-SPRING", "Spring 2026", "2026-01-19", "2026-05-08"),
    ("2026-FALL", "Fall 2026", "2026-08-31", "2026-12-18"),
)

SUBJECTS = {
    "ART": ("Art", "Drawing", "Sculpture", "Art of the Twentieth Century"),
    "BIO": ("Biology", "Genetics", "Ecology", "Cell Biology"),
    "CHM": ("Chemistry", "Organic Chemistry", "Physical Chemistry", "Biochemistry"),
    "CS": ("Programming", "Data Structures", "Databases", "Operating Systems"),
    "ECO": ("Economics", "Game Theory", "Public Finance", "Econometrics"),
    "ENG": ("Literature", "The Novel", "Poetry", "Creative Writing"),
    "HIS": ("History", "The Ancient World", "Modern Africa", "History of Science"),
    "MAT": ("Calculus", "Linear Algebra", "Probability", "Number Theory"),
    "MUS": ("Music", "Harmony", "Music of the World", "Conducting"),
    "PHI": ("Philosophy", "Logic", "Ethics", "Philosophy of Mind"),
    "PHY": ("Physics", "Electromagnetism", "Thermodynamics", "Quantum Mechanics"),
    "PSY": ("Psychology", "Perception", "Child Development", "Social Psychology"),
}

GIVEN_NAMES = (
    "Ada Alan Amina Ana Andrés Astrid Ben Bilal Carmen Chen Chiara Daniel Dina Elif Emil Emma "
    "Eva Femi Fatima Finn Grace Hana Hassan Hugo Ida Igor Ines Isaac Jamal Jana João Jonas Kofi "
    "Laila Lars Lea Leo Lin Lucía Luka Mae Maja Marek Maria Mateo Mei Mira Nadia Nils Noah Nora "
    "Olga Omar Oscar Paula Priya Rafael Ravi Rosa Sami Sara Sofia Tariq Tomás Uma Vera Viktor "
    "Wei Yara Yuki Zoë Zuri"
).split()

FAMILY_NAMES = (
    "Abara Adeyemi Ahmed Almeida Andersen Bakker Banerjee Becker Bianchi Brown Castillo Chen "
    "Cohen Costa Dahl Das Diallo Dubois Eriksen Evans Farouk Fernández Fischer Fontaine García "
    "Gupta Haddad Hansen Hoffmann Horvat Hughes Ito Ivanova Jansen Jensen Johnson Kaya Khan Kim "
    "Kowalski Kumar Larsen Lee Lindqvist Lopez Lovelace Maier Martin Mensah Meyer Mori Müller "
    "Nakamura Ndiaye Nguyen Nielsen Novak O'Brien Okafor Okonkwo Olsen Park Patel Pereira "
    "Petrov Popescu Quispe Rahman Reyes Rossi Ruiz Sato Schmidt Silva Singh Smith Sørensen "
    "Suzuki Takahashi Tan Torres Turing Usman Vargas Weber Williams Wilson Wong Yamada Yılmaz "
    "Young Zhang Zhou"
).split()

COURSES_PER_STUDENT = 4
SECTION_SIZE = 24


def fill(database: Database, students: int, seed: int) -> dict[str, int]:
    """Write a demo college in one transaction. Return the number of rows of each kind, such as
    `{"students": 500, "terms": 2, ...}`.

    Raises CommandError if there are students already.
    """
    chance = random.Random(seed)
    written = {"students": students, "terms": len(TERMS), "courses": 0, "enrollments": 0}
    with (
        tqdm(total=2 * students * len(TERMS), unit=" steps", disable=None, leave=False) as bar,
        database.write() as db,
        acting(db, "demo", Timestamp(f"{TERMS[0][2]}T08:00:00.000Z")),
    ):
        if list_students(db, StudentFilter(limit=1)).items:
            raise CommandError("the database already has students; demo fills only an empty one")
        now = Timestamp(f"{TERMS[0][2]}T08:00:00.000Z")
        people = [insert_student(db, fields, now).id for fields in _students(chance, students)]
        done: dict[int, set[str]] = {person: set() for person in people}
        for code, title, start_on, end_on in TERMS:
            begin = Change(at=Timestamp(f"{start_on}T08:00:00.000Z"), actor="demo")
            end = Change(
                at=Timestamp(f"{end_on}T16:00:00.000Z"), actor="demo", reason="end of term"
            )
            term = TermInput(
                code=Code(code), title=title, start_on=Date(start_on), end_on=Date(end_on)
            )
            insert_term(db, term, begin.at)
            offered = [
                insert_course(db, fields, begin.at) for fields in _courses(chance, code, students)
            ]
            # One card for each seat: so no course gets more students than it has seats.
            cards = [course for course in offered for _ in range(course.capacity or 0)]
            chance.shuffle(cards)
            taken = {person: _deal(cards, done[person]) for person in people}
            written["courses"] += len(offered)
            for person, courses in taken.items():
                requests = [EnrollmentRequest(person, course) for course in sorted(courses)]
                replace_enrollments(db, person, requests, begin, pointer="/%d")
                written["enrollments"] += len(courses)
                bar.update()
            for person, courses in taken.items():
                for course in sorted(courses):
                    present = get_enrollment(db, person, course)
                    if chance.random() < 0.06:
                        put_enrollment(db, present, StatusChange(person, course, "dropped"), begin)
                    elif code != TERMS[-1][0]:
                        put_enrollment(db, present, StatusChange(person, course, "completed"), end)
                bar.update()
    return written


def _deal(cards: list[Course], done: set[str]) -> set[int]:
    """Take cards for one student. Return the ids of the courses, each once, without those whose
    codes are in `done`; and add their codes to `done`."""
    hand = {card.id: card.code for card in (cards.pop() for _ in range(COURSES_PER_STUDENT))}
    new = {id for id, code in hand.items() if code not in done}
    done.update(hand.values())
    return new


def _students(chance: random.Random, count: int) -> Iterator[StudentInput]:
    for number in range(1, count + 1):
        yield StudentInput(
            given_name=PersonName(chance.choice(GIVEN_NAMES)),
            family_name=PersonName(chance.choice(FAMILY_NAMES)),
            email=f"student{number}@college.example",
        )


def _courses(chance: random.Random, term: str, students: int) -> Iterator[CourseInput]:
    """Make sections of every title: enough seats for all students, and a tenth more."""
    total = sum(len(titles) for titles in SUBJECTS.values())
    sections = math.ceil(students * COURSES_PER_STUDENT * 1.1 / SECTION_SIZE / total)
    for subject, titles in SUBJECTS.items():
        for level, title in enumerate(titles, start=1):
            for section in range(1, sections + 1):
                yield CourseInput(
                    code=Code(f"{subject}{level}01-{section}"),
                    title=title,
                    term=Code(term),
                    credits=Credits(chance.choice((3.0, 4.0, 7.5))),
                    capacity=SECTION_SIZE + chance.randint(-6, 6),
                )
