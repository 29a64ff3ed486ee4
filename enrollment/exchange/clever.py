"""Clever: a term and a course of the catalog stand in each row of a section, and teachers beside
them. Students and teachers have ids of their own kinds."""

from collections.abc import Callable, Iterator
from typing import Any

from enrollment.exchange.cells import LEGAL_ID
from enrollment.exchange.columns import make_table
from enrollment.exchange.dialect import Dialect, made_id
from enrollment.exchange.reading import Reading, Record
from enrollment.model.days import day_after, school_year

# What is said of a person and never kept.
SECRETS = " ".join(
    f"{name}:secret"
    for name in (
        "Gender DOB Race Hispanic_Latino Home_language Ell_status Frl_status IEP_status"
        " Student_street Student_city Student_state Student_zip Contact_relationship Contact_type"
        " Contact_name Contact_phone Contact_phone_type Contact_email Contact_sis_id Password"
        " Unweighted_gpa Weighted_gpa"
    ).split()
)
NAMES = "Last_name=familyName:name* First_name=givenName:name Middle_name=middleName:name"
# A section can have ten teachers.
OTHER_TEACHERS = [f"Teacher_{number}_id" for number in range(2, 11)]
# The files, each with the kind of OneRoster that its rows are above all.
TABLES = {
    "schools": make_table(
        "orgs",
        "School_id=sourcedId:id* School_name=name:text+ School_number=identifier:text",
    ),
    "teachers": make_table(
        "users",
        f"School_id=orgSourcedId:id Teacher_id=sourcedId:id* Teacher_number=identifier:text {NAMES}"
        " State_teacher_id=metadata.State_teacher_id:text Teacher_email=email:email"
        " Title=metadata.Title:text Username=username:text Password:secret",
    ),
    "students": make_table(
        "users",
        f"School_id=orgSourcedId:id Student_id=sourcedId:id* Student_number=identifier:text {NAMES}"
        " State_id=metadata.State_id:text Grade=grades:list Student_email=email:email"
        f" Username=username:text {SECRETS}",
    ),
    "sections": make_table(
        "classes",
        "School_id=schoolSourcedId:id Section_id=sourcedId:id* Teacher_id=userSourcedId:id"
        f" {' '.join(f'{name}:id' for name in OTHER_TEACHERS)}"
        " Name=title:text Section_number=classCode:text Grade=grades:list Course_name:text"
        " Course_number:text Course_description=metadata.Course_description:text"
        " Period=periods:list Subject=subjects:list Term_name:text Term_start=startDate:local_date"
        " Term_end=endDate:local_date",
    ),
    "enrollments": make_table(
        "enrollments",
        "School_id=schoolSourcedId:id Section_id=classSourcedId:id* Student_id=userSourcedId:id*",
    ),
}


class _Translator:
    """Makes rows of OneRoster of those of a package: each term and course of the catalog once."""

    def __init__(self, reading: Reading) -> None:
        self._faults = reading.faults
        self._made: set[str] = set()

    def __call__(self, name: str, record: Record) -> Iterator[Record]:
        """Yield what a row of a file becomes."""
        rows: Callable[[Record], Iterator[Record]] = getattr(self, f"_of_{name}")
        return rows(record)

    def _of_schools(self, record: Record) -> Iterator[Record]:
        yield record._replace(content=record.content | {"type": "school"})

    def _of_teachers(self, record: Record) -> Iterator[Record]:
        if "sourcedId" in record.content:
            record.content["sourcedId"] = _teacher(record.content["sourcedId"])
        return self._person(record, "teacher")

    def _of_students(self, record: Record) -> Iterator[Record]:
        return self._person(record, "student")

    def _person(self, record: Record, role: str) -> Iterator[Record]:
        """A person at two schools has two rows, and so two roles."""
        school, user = record.content.pop("orgSourcedId", None), record.content.get("sourcedId")
        yield record
        if user and school:
            content = {"userSourcedId": user, "role": role, "orgSourcedId": school}
            yield _made(record, "roles", made_id("roles", user, school, role), content)

    def _of_sections(self, record: Record) -> Iterator[Record]:
        cells = record.content
        named = {name: cells.pop(name, None) for name in ("userSourcedId", *OTHER_TEACHERS)}
        session, course = self._session(record), self._course(record)
        for made in filter(None, (session, course)):
            if record.is_sound and made.content["sourcedId"] not in self._made:
                self._made.add(made.content["sourcedId"])
                yield made
        if session:
            cells["termSourcedIds"] = session.content["sourcedId"]
        if course:
            cells["courseSourcedId"] = course.content["sourcedId"]
        yield record
        for teacher in dict.fromkeys(filter(None, named.values())):
            content = {"schoolSourcedId": cells.get("schoolSourcedId"), "role": "teacher"}
            yield _place(record, cells.get("sourcedId"), _teacher(teacher), content)

    def _session(self, record: Record) -> Record | None:
        """Return the term of a section. Terms of one name that start on one day are one."""
        cells = record.content
        name, first, last = (
            cells.pop(each, None) for each in ("Term_name", "startDate", "endDate")
        )
        if not (name and first and last):
            if name:
                text = f"{name} has no first and last day: the section is in no term."
                self._faults.add(
                    "missing_value", text, record.file, record.row, "Term_start", severity="warning"
                )
            return None
        shown = name.replace(" ", "-")
        id = f"{shown if LEGAL_ID.fullmatch(shown) else made_id(name)}-{first}"
        content = {
            "title": name,
            "type": "term",
            "startDate": first,
            "endDate": day_after(last),
            "schoolYear": school_year(first),
        }
        return _made(record, "academicSessions", id, content)

    def _course(self, record: Record) -> Record | None:
        """Return the course of the catalog that a section is of."""
        cells = record.content
        name, number = cells.pop("Course_name", None), cells.pop("Course_number", None)
        parts = (name, cells.get("classCode"))
        cells.setdefault("title", " - ".join(filter(None, parts)) or cells.get("sourcedId", ""))
        if not number and "classCode" in cells:
            # The number of a section alone is the code of none.
            cells["metadata.Section_number"] = cells.pop("classCode")
        if not (name or number):
            return None
        school = cells.get("schoolSourcedId")
        content = {"title": name or number, "courseCode": number, "orgSourcedId": school}
        return _made(record, "courses", made_id("courses", school, number or name), content)

    def _of_enrollments(self, record: Record) -> Iterator[Record]:
        cells = record.content
        yield _place(record, cells.get("classSourcedId"), cells.get("userSourcedId"), cells)


def _teacher(id: str) -> str:
    """Return the id of a teacher: a student can have the same."""
    return f"teacher-{id}"


def _place(record: Record, section: str | None, user: str | None, cells: Any) -> Record:
    """Return the enrollment of someone in a section."""
    content = {"role": "student"} | cells | {"classSourcedId": section, "userSourcedId": user}
    return _made(record, "enrollments", made_id(section, user, content["role"]), content)


def _made(record: Record, kind: str, id: str, cells: Any) -> Record:
    """Return a row that is made of another."""
    content = {name: value for name, value in ({"sourcedId": id} | cells).items() if value}
    return record._replace(kind=kind, content=content)


CLEVER = Dialect(
    format="clever",
    tables=TABLES,
    needed=TABLES,
    kinds={
        "orgs": {"schools"},
        "academicSessions": {"sections"},
        "courses": {"sections"},
        "classes": {"sections"},
        "users": {"students", "teachers"},
        "roles": {"students", "teachers"},
        "enrollments": {"sections", "enrollments"},
    },
    translator=_Translator,
)
