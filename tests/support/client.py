"""A client of the application: WebTest, with methods for what tests do most."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from webtest import TestApp, TestResponse

from enrollment.app import App
from enrollment.data.integrity import list_history_mismatches
from enrollment.http.authentication import Authenticator
from enrollment.metrics import Metrics
from tests.support.tokens import TOKENS


class Client(TestApp):
    """A client with the admin token, or with another one.

    `status` is the HTTP status that the response must have, else the test fails.
    """

    def __init__(self, app: Any, token: str = TOKENS["admin"]) -> None:
        super().__init__(app, extra_environ={"HTTP_AUTHORIZATION": f"Bearer {token}"})
        self.numbers = count(1)

    def student(self, **fields: Any) -> int:
        """Create a student. Return its id."""
        number = next(self.numbers)
        defaults = {"given_name": "Ada", "family_name": f"Lovelace {number}"}
        return self.post_json("/v1/students", defaults | fields, status=201).json["id"]

    def term(self, **fields: Any) -> str:
        """Create a term. Return its code."""
        defaults = {"code": "2026-FALL", "title": "Fall 2026"}
        defaults |= {"start_on": "2026-08-31", "end_on": "2999-12-18"}
        return self.post_json("/v1/terms", defaults | fields, status=201).json["code"]

    def course(self, **fields: Any) -> int:
        """Create a course. Return its id."""
        defaults = {"code": f"COURSE{next(self.numbers)}", "title": "Databases"}
        return self.post_json("/v1/courses", defaults | fields, status=201).json["id"]

    def enroll(self, student: int, course: int, status: int = 201, **fields: Any) -> TestResponse:
        body = {"course_id": course} | fields
        return self.post_json(f"/v1/students/{student}/courses", body, status=status)

    def complete(self, student: int, course: int) -> None:
        """Enroll a student in a course, and complete it."""
        self.enroll(student, course)
        self.put_status(student, course, "completed")

    def put_status(
        self,
        student: int,
        course: int,
        to: str,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> TestResponse:
        path = f"/v1/students/{student}/courses/{course}"
        return self.put_json(path, {"status": to} | fields, headers=headers, status=status)

    def want(self, student: int, courses: list[int], status: int = 200) -> TestResponse:
        """Set the courses of a student: these and no others."""
        body = {"courses": [{"course_id": course} for course in courses]}
        return self.put_json(f"/v1/students/{student}/courses", body, status=status)

    def hold(self, student: int, reason: str = "unpaid fees") -> int:
        """Place a hold on a student. Return its id."""
        path = f"/v1/students/{student}/holds"
        return self.post_json(path, {"reason": reason}, status=201).json["id"]

    def of_student(self, student: int, name: str = "phone") -> "Client":
        """A client with a new token of this student."""
        body = {"name": name, "role": "student", "student_id": student}
        return Client(self.app, self.post_json("/v1/tokens", body, status=201).json["token"])

    def status(self, student: int, course: int) -> str:
        """The status of an enrollment, such as "waitlisted"."""
        return self.get(f"/v1/students/{student}/courses/{course}").json["status"]

    def events(self) -> list[tuple[int, int, str | None, str]]:
        """The whole history: student, course, from which status, to which."""
        names = ("student_id", "course_id", "from_status", "to_status")
        items = self.get("/v1/events?limit=1000").json["items"]
        return [tuple(item[name] for name in names) for item in items]

    def walk(self, path: str) -> list[dict[str, Any]]:
        """The items of this page of a list and of every page after it."""
        items, link = [], path
        while link:
            answer = self.get(link)
            items += answer.json["items"]
            link = answer.headers.get("Link", "").partition(">")[0][1:]
            assert bool(link) == bool(answer.json["next"])
        return items


def with_settings(app: App, **settings: Any) -> App:
    """Another service on the same database, with other settings."""
    database, config = app.database, replace(app._config, **settings)
    return App(database, Authenticator(database, config), Metrics(database), config)


def mismatches(app: App) -> list[str]:
    """The enrollments that differ from their history: there should be none."""
    with app.database.read() as db:
        return list_history_mismatches(db)


def today() -> str:
    """The date in UTC, which is where the school of the tests is."""
    return datetime.now(UTC).date().isoformat()


def broken(answer: TestResponse) -> list[tuple[str, str]]:
    """The pointer (or the parameter) and the code of every reason in a problem."""
    assert answer.content_type == "application/problem+json"
    reasons = answer.json["errors"]
    return [(reason.get("pointer", reason.get("parameter")), reason["code"]) for reason in reasons]
