"""FastAPI with SQLAlchemy's ORM and pydantic models; `uvicorn --workers 2`."""

import hashlib
import json
import os
import secrets
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AliasPath, BaseModel, ConfigDict, Field
from sqlalchemy import JSON, ForeignKey, create_engine, event, func, select, tuple_
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    sessionmaker,
)
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.benchmarks.contenders import rules


class RequestId:
    """Sends an id with each response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = secrets.token_hex(8)
            await send(message)

        await self.app(scope, receive, send_with_id)


engine = create_engine(f"sqlite:///{os.environ['DATABASE']}", connect_args={"timeout": 5})
Reading = sessionmaker(engine, expire_on_commit=False)
Writing = sessionmaker(engine.execution_options(immediate=True), expire_on_commit=False)
app = FastAPI()
app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
app.add_middleware(RequestId)


# https://docs.sqlalchemy.org/en/20/dialects/sqlite.html: transactions are begun by name.
@event.listens_for(engine, "connect")
def _connect(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for pragma in "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON":
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(engine, "begin")
def _begin(connection: Any) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


class Base(DeclarativeBase):
    pass


class Token(Base):
    __tablename__ = "token"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    lookup: Mapped[str]
    digest: Mapped[str]
    expires_at: Mapped[str | None]
    revoked_at: Mapped[str | None]


class Student(Base):
    __tablename__ = "student"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    updated_at: Mapped[str]
    number: Mapped[str | None]
    given_name: Mapped[str | None]
    family_name: Mapped[str]
    email: Mapped[str | None]
    status: Mapped[str]
    max_credits: Mapped[float | None]
    groups: Mapped[list[str]] = mapped_column(JSON)
    family_sort: Mapped[str]
    given_sort: Mapped[str]


class Course(Base):
    __tablename__ = "course"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    section: Mapped[str | None]
    label: Mapped[str]
    title: Mapped[str]
    term: Mapped[str | None]
    credits: Mapped[float]
    instructor: Mapped[str | None]
    capacity: Mapped[int | None]
    status: Mapped[str]
    meetings: Mapped[list["Meeting"]] = relationship(
        order_by=lambda: (Meeting.weekday, Meeting.from_time), lazy="raise"
    )


class Meeting(Base):
    __tablename__ = "course_meeting"
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    from_time: Mapped[str] = mapped_column(primary_key=True)
    to_time: Mapped[str]
    room: Mapped[str | None]
    start_on: Mapped[str | None]
    end_on: Mapped[str | None]
    every: Mapped[int]


class Enrollment(Base):
    __tablename__ = "student_course"
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), primary_key=True)
    status: Mapped[str]
    queue_number: Mapped[int] = mapped_column(default=0)
    enrolled_at: Mapped[str | None] = mapped_column(default=None)
    waitlisted_at: Mapped[str | None] = mapped_column(default=None)
    completed_at: Mapped[str | None] = mapped_column(default=None)
    dropped_at: Mapped[str | None] = mapped_column(default=None)
    passed: Mapped[bool | None] = mapped_column(default=None)
    grade: Mapped[str | None] = mapped_column(default=None)
    changed_at: Mapped[str]
    changed_by: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)


class Standing(Base):
    """An enrollment with the position on the waitlist: a view, to read."""

    __tablename__ = "enrollment"
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), primary_key=True)
    status: Mapped[str]
    queue_number: Mapped[int]
    position: Mapped[int | None]
    enrolled_at: Mapped[str | None]
    waitlisted_at: Mapped[str | None]
    completed_at: Mapped[str | None]
    dropped_at: Mapped[str | None]
    passed: Mapped[bool | None]
    grade: Mapped[str | None]
    instead_of: Mapped[int | None]
    version: Mapped[int]
    student: Mapped[Student] = relationship(lazy="raise")
    course: Mapped[Course] = relationship(lazy="raise")


class EnrollmentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    student_id: int
    course_id: int
    status: str
    position: int | None = None
    enrolled_at: str | None
    waitlisted_at: str | None
    completed_at: str | None
    dropped_at: str | None
    passed: bool | None
    grade: str | None
    instead_of: int | None = None
    version: int


class MeetingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    weekday: int
    from_time: Annotated[str, Field(serialization_alias="from")]
    to_time: Annotated[str, Field(serialization_alias="to")]
    room: str | None
    start_on: str | None
    end_on: str | None
    every: int


def of(*path: str) -> Any:
    """A field that is found by this path of attributes."""
    return Field(validation_alias=AliasPath(*path))


class CourseOut(EnrollmentOut):
    code: Annotated[str, of("course", "code")]
    section: Annotated[str | None, of("course", "section")]
    label: Annotated[str, of("course", "label")]
    title: Annotated[str, of("course", "title")]
    term: Annotated[str | None, of("course", "term")]
    credits: Annotated[float, of("course", "credits")]
    instructor: Annotated[str | None, of("course", "instructor")]
    meetings: Annotated[list[MeetingOut], of("course", "meetings")]


class RosterOut(EnrollmentOut):
    number: Annotated[str | None, of("student", "number")]
    given_name: Annotated[str | None, of("student", "given_name")]
    family_name: Annotated[str, of("student", "family_name")]
    email: Annotated[str | None, of("student", "email")]


class StudentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    version: int
    updated_at: str
    number: str | None
    given_name: str | None
    family_name: str
    email: str | None
    status: str
    max_credits: float | None
    groups: list[str]


Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next: str | None = None


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    course_id: Annotated[int, Field(ge=1)]


class WantedSet(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    courses: Annotated[list[Wanted], Field(max_length=100)]


Limit = Annotated[int, Query(ge=1, le=1000)]


def actor(
    request: Request, given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]
) -> str:
    text = given.credentials
    found = select(Token).where(Token.lookup == rules.lookup(text), Token.revoked_at.is_(None))
    with Reading() as session:
        token = session.scalar(found)
    if token is None or not rules.is_valid(token, text):
        raise HTTPException(401, "The token is not known here.")
    allowed = rules.READ_ROLES if request.method == "GET" else rules.WRITE_ROLES
    if token.role not in allowed:
        raise HTTPException(403, f"The role {token.role} may not do this.")
    return f"{token.name} #{token.id}"


Actor = Annotated[str, Depends(actor)]


@app.get("/v1/students/{id}/courses", response_model=Page[CourseOut])
def list_courses(id: int, request: Request, actor: Actor) -> Response:
    with Reading() as session:
        items = _courses(session, id)
        if not items:
            _student(session, id)
    return _tagged(request, Page[CourseOut](items=items))


@app.get("/v1/courses/{id}/students", response_model=Page[RosterOut])
def list_roster(id: int, request: Request, actor: Actor, limit: Limit = 100) -> Response:
    place = (Standing.status, Standing.queue_number, Standing.student_id)
    query = (
        select(Standing)
        .options(joinedload(Standing.student))
        .where(Standing.course_id == id)
        .order_by(*place)
        .limit(limit + 1)
    )
    with Reading() as session:
        rows = session.scalars(query).all()
        if not rows and session.get(Course, id) is None:
            raise HTTPException(404, f"There is no course {id}.")
    last = rows[limit - 1] if len(rows) > limit else None
    following = json.dumps([last.status, last.queue_number, last.student_id]) if last else None
    items = [RosterOut.model_validate(row) for row in rows[:limit]]
    return _tagged(request, Page[RosterOut](items=items, next=following))


@app.get("/v1/students", response_model=Page[StudentOut])
def list_students(
    request: Request, actor: Actor, limit: Limit = 100, cursor: str = '["", "", 0]'
) -> Response:
    place = (Student.family_sort, Student.given_sort, Student.id)
    query = select(Student).where(tuple_(*place) > json.loads(cursor)).order_by(*place)
    with Reading() as session:
        rows = session.scalars(query.limit(limit + 1)).all()
    items = [StudentOut.model_validate(row) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    following = json.dumps([last.family_sort, last.given_sort, last.id]) if last else None
    return _tagged(request, Page[StudentOut](items=items, next=following))


@app.post("/v1/students/{id}/courses", status_code=201, response_model=EnrollmentOut)
def enroll(
    id: int, body: Wanted, request: Request, response: Response, actor: Actor
) -> EnrollmentOut:
    with Writing.begin() as session:
        enrollment = _enroll(session, _student(session, id), body.course_id, rules.now(), actor)
        session.flush()
        created = EnrollmentOut.model_validate(enrollment)
    response.headers["ETag"] = f'"{created.version}"'
    response.headers["Location"] = f"{request.url.path}/{body.course_id}"
    return created


@app.put("/v1/students/{id}/courses", response_model=Page[CourseOut])
def enroll_exactly(id: int, body: WantedSet, request: Request, actor: Actor) -> Response:
    wanted, now = [course.course_id for course in body.courses], rules.now()
    query = select(Enrollment).where(
        Enrollment.student_id == id, Enrollment.status.in_(["enrolled", "waitlisted"])
    )
    with Writing.begin() as session:
        student = _student(session, id)
        places = {place.course_id: place for place in session.scalars(query)}
        for course_id in places.keys() - set(wanted):
            place = places[course_id]
            place.status, place.dropped_at = "dropped", now
            place.changed_at, place.changed_by, place.version = now, actor, place.version + 1
        for course_id in wanted:
            if course_id not in places or places[course_id].status != "enrolled":
                _enroll(session, student, course_id, now, actor)
        session.flush()
        return _tagged(request, Page[CourseOut](items=_courses(session, id)))


def _enroll(session: Session, student: Student, course_id: int, now: str, actor: str) -> Enrollment:
    """The schema's triggers count the seats again, and write the event."""
    course = session.get(Course, course_id)
    if course is None:
        raise HTTPException(409, f"There is no course {course_id}.")
    enrollment = session.get(Enrollment, (student.id, course_id))
    taken = select(func.count()).where(
        Enrollment.course_id == course_id, Enrollment.status == "enrolled"
    )
    status, seats = enrollment and enrollment.status, session.scalar(taken)
    if broken := rules.broken_rule(student, course, status, seats):
        raise HTTPException(409, broken)
    if enrollment is None:
        enrollment = Enrollment(student_id=student.id, course_id=course_id, version=0)
        session.add(enrollment)
    enrollment.status, enrollment.enrolled_at = "enrolled", now
    enrollment.changed_at, enrollment.changed_by = now, actor
    enrollment.version += 1
    return enrollment


def _student(session: Session, id: int) -> Student:
    student = session.get(Student, id)
    if student is None:
        raise HTTPException(404, f"There is no student {id}.")
    return student


def _courses(session: Session, student_id: int) -> list[CourseOut]:
    query = (
        select(Standing)
        .options(joinedload(Standing.course).selectinload(Course.meetings))
        .where(Standing.student_id == student_id)
        .order_by(Standing.course_id)
        .limit(100)
    )
    return [CourseOut.model_validate(standing) for standing in session.scalars(query)]


def _tagged(request: Request, page: Page[Any]) -> Response:
    body = page.model_dump_json(by_alias=True)
    headers = {"ETag": f'"{hashlib.md5(body.encode()).hexdigest()}"'}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
