"""The API driven at random against the model: after every step, both tell the same story."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from enrollment.app import App
from enrollment.config import Config
from enrollment.http.authentication import Authenticator
from enrollment.metrics import Metrics
from enrollment.model.location import Location
from enrollment.model.types import Timestamp
from enrollment.storage.database import Database
from enrollment.storage.engine import open_database
from tests.support.client import Client
from tests.support.model import ChangeModel, CourseModel, Decision, ItemModel, Model

pytestmark = pytest.mark.slow

BUSY_TIMEOUT = 5.0

STUDENTS = st.integers(1, 4)
COURSES = st.sampled_from([1, 1, 1, 4, 4, 5, 2, 3, 6])
SEATS = st.sampled_from([1, 1, 1, 2, 0, None])
WAITS = st.sampled_from([True, True, False])
MONDAY = [{"weekday": 1, "from": "09:00", "to": "10:00"}]
# The second needs the first or the third; the third is taken together with the fourth, which meets
# when the fifth does, and of which the sixth is another section. Kept and given up in turn, they
# are where a set is checked as a whole. The fifth is open to a group, and counts as the first.
FIELDS: dict[int, dict[str, Any]] = {
    1: {"capacity": 1, "term": "NOW"},
    2: {"capacity": 1, "prerequisites": [{"any_of": ["C1", "C3"]}], "repeatable": True},
    3: {"capacity": 2, "corequisites": ["C4"], "repeatable": True},
    4: {"capacity": 3, "meetings": MONDAY, "repeatable": True},
    5: {
        "capacity": 1,
        "meetings": MONDAY,
        "repeatable": True,
        "open_to": ["SENIOR"],
        "counts_as": ["C1"],
        "term": "NOW",
    },
    6: {"capacity": 1, "code": "C4", "section": "02", "repeatable": True},
}


def new_model() -> Model:
    courses = {number: CourseModel(fields["capacity"]) for number, fields in FIELDS.items()}
    courses[1].repeatable, courses[1].in_term = False, True
    courses[2].prerequisites = (frozenset({1, 3}),)
    courses[5].counts_as = frozenset({1})
    courses[3].corequisites = frozenset({4})
    courses[4].conflicts = frozenset({5})
    courses[5].conflicts = frozenset({4})
    courses[5].for_group, courses[5].in_term = True, True
    courses[4].sections = frozenset({6})
    courses[6].sections = frozenset({4})
    return Model(courses, group={1, 2, 3})


def refusal(decisions: list[Decision]) -> int:
    """The status of a refusal: a body that names something twice contradicts itself."""
    codes = {code for decision in decisions for code in decision.codes}
    return 422 if codes & {"duplicate_course", "duplicate_student"} else 409


class Registration(RuleBasedStateMachine):
    def __init__(self, database: Database, config: Config) -> None:
        """The database has nothing but tokens."""
        super().__init__()
        app = App(database, Authenticator(database, config), Metrics(database), config)
        self.client = Client(app)
        self.ahead, self.now = timedelta(), Timestamp.now
        Timestamp.now = lambda: Timestamp.of(datetime.now(UTC) + self.ahead)  # type: ignore
        today = datetime.now(UTC).date()
        dates = {"start_on": "2020-01-01", "end_on": f"{today + timedelta(1)}"}
        self.client.term(code="NOW", **dates)
        for student in range(1, 5):
            self.client.student(groups=["senior"] if student < 4 else [])
        for number, fields in FIELDS.items():
            self.client.course(**{"code": f"C{number}"} | fields)
        self.model = new_model()
        self.holds: dict[int, int] = {}
        # What was known at each moment.
        self.past: dict[str, dict[tuple[int, int], str]] = {}

    def teardown(self) -> None:
        Timestamp.now = self.now  # type: ignore

    # One step: the same request, as a dry run and made, against the model that has made it.

    def send(self, method: str, path: str, body: Any, status: int, before: Model) -> Any:
        """What a dry run shows is what then happens; it leaves nothing behind."""
        tried = self.request(method, f"{path}?dry_run=true", body)
        left = tried.json.pop("events", None)
        assert self.client.events() == before.events
        answer = self.request(method, path, body)
        if answer.status_int < 300:
            new = self.model.events[len(before.events) :]
            shown = [
                (e["student_id"], e["course_id"], e["from_status"], e["to_status"]) for e in left
            ]
            assert shown == new
        assert answer.status_int == status, answer
        assert tried.status_int == (200 if status == 204 else status)
        return answer

    def request(self, method: str, path: str, body: Any) -> Any:
        if body is None:
            return self.client.delete(path, status="*")
        return getattr(self.client, f"{method.lower()}_json")(path, body, status="*")

    def expect(self, answer: Any, decisions: list[Decision], pointer: str) -> None:
        """Every reason, of every entry."""
        shown = [(reason["pointer"], reason["code"]) for reason in answer.json["errors"]]
        expected = [
            (
                "/instead_of" if code == "nothing_to_swap" else pointer.replace("%d", str(entry)),
                code,
            )
            for entry, decision in enumerate(decisions)
            for code in decision.codes
        ]
        assert sorted(shown) == sorted(expected)

    @initialize(course=COURSES, students=st.permutations([1, 2, 3, 4]))
    def rush(self, course: int, students: list[int]) -> None:
        for student in students:
            self.enroll(student, course, True, None)

    @rule(student=STUDENTS, course=COURSES)
    def come(self, student: int, course: int) -> None:
        """The most frequent request of all."""
        self.enroll(student, course, True, None)

    @rule(course=COURSES)
    def drop_all_in_turn(self, course: int) -> None:
        for student in self.model.of_course(course, "enrolled"):
            before = deepcopy(self.model)
            expected = self.drop(student, course, 204)
            self.send("DELETE", f"/v1/students/{student}/courses/{course}", None, expected, before)

    def drop(self, student: int, course: int, expected: int) -> int:
        """Drop a course in the model, if no other course is taken together with it. Return the
        status of the answer."""
        if self.model.is_needed_by_another(student, course):
            return 409
        self.model.end(student, [course], "dropped")
        self.model.settle([course], [student])
        return expected

    @rule(
        student=STUDENTS,
        course=COURSES,
        waitlist=WAITS,
        override=st.sampled_from([None, None, None, "course_full", "student_on_hold"]),
        instead_of=st.sampled_from([None, None, 1, 4, 5, 2, 3, 6]),
    )
    def enroll(
        self,
        student: int,
        course: int,
        waitlist: bool,
        override: str | None,
        instead_of: int | None = None,
    ) -> None:
        before = deepcopy(self.model)
        item = ItemModel(student, course, waitlist, instead_of=instead_of)
        body: dict[str, Any] = {"course_id": course, "instead_of": instead_of}
        overridden = [override] if override else []
        if override:
            body |= {"override": {"rules": overridden, "reason": "the dean agrees"}}
        decisions = self.model.decide([item], overridden=overridden)
        refused = self.is_refused(decisions, before)
        answer = self.send(
            "POST",
            f"/v1/students/{student}/courses",
            body | {"waitlist": waitlist},
            409 if refused else 201,
            before,
        )
        if refused:
            self.expect(answer, decisions, "/course_id")

    def is_refused(self, decisions: list[Decision], before: Model) -> bool:
        """Whether the request is refused, and then nothing has happened."""
        refused = any(decision.reasons for decision in decisions)
        if refused:
            self.model = deepcopy(before)
        else:
            self.model.carry_out(decisions)
            given_up = {other for decision in decisions for other in decision.given_up}
            self.model.settle(given_up, {decision.item.student for decision in decisions})
        return refused

    @rule(student=STUDENTS, course=COURSES)
    def swap(self, student: int, course: int) -> None:
        """The frequent case: a student who is in one course waits for another."""
        places = [c for c in self.model.of_student(student, "enrolled") if c != course]
        if places:
            self.enroll(student, course, True, None, places[0])

    @rule(
        student=STUDENTS,
        course=COURSES,
        status=st.sampled_from(["enrolled", "completed", "completed", "dropped"]),
        passed=st.sampled_from([True, True, False]),
    )
    def put(self, student: int, course: int, status: str, passed: bool) -> None:
        before, now = deepcopy(self.model), self.model.status.get((student, course))
        expected = 200 if now else 201
        if now == status == "completed":
            is_recorded = self.model.stacks[student, course][-1].passed == passed
            expected = 200 if is_recorded else 409
        elif now == status:
            pass
        elif status == "enrolled":
            decisions = self.model.decide([ItemModel(student, course)])
            if self.is_refused(decisions, before):
                expected = 409
        elif now in ("enrolled", "waitlisted") and status == "dropped":
            expected = self.drop(student, course, expected)
        elif now == "enrolled":
            self.model.end(student, [course], status, passed)
            self.model.settle([course], [student])
        else:
            expected = 409
        path = f"/v1/students/{student}/courses/{course}"
        outcome = {"passed": passed} if status == "completed" else {}
        self.send("PUT", path, {"status": status} | outcome, expected, before)

    @rule(student=STUDENTS, course=COURSES, index=st.integers(0, 3), position=st.integers(1, 4))
    def move(self, student: int, course: int, index: int, position: int) -> None:
        """Most often a student on the longest waitlist."""
        longest = max(self.model.courses, key=lambda number: len(self.model.waiting(number)))
        if index < len(self.model.waiting(longest)):
            student, course = self.model.waiting(longest)[index], longest
        before, queue = deepcopy(self.model), self.model.waiting(course)
        now, expected = self.model.status.get((student, course)), 200
        if now is None:
            expected = 404
        elif now != "waitlisted" or position > len(queue):
            expected = 409
        elif queue[position - 1] != student:
            self.model.reorder(student, course, position)
        path = f"/v1/students/{student}/courses/{course}/position"
        self.send("PUT", path, {"position": position, "reason": "asked"}, expected, before)

    def times(self) -> list[str]:
        """The time at which each event took effect, as those that it was made at."""
        return [event["recorded_at"] for event in self.client.walk("/v1/events?limit=1000")]

    @rule(student=STUDENTS, course=COURSES)
    def take_back(self, student: int, course: int) -> None:
        before, place = deepcopy(self.model), (student, course)
        stack, expected = self.model.stacks.get(place, []), 200
        if not stack or (not stack[1:] and self.model.is_over(course)):
            expected = 409
        elif not stack[1:]:
            self.model.move(student, course, "void")
        elif self.model.has_room(place, stack[-2].status):
            self.model.correct(place, stack[:-1])
        else:
            expected = 409
        if expected == 200:
            moved = self.model.settle([course], [student])
            # A promotion that would be made again at once is not taken back.
            if before.status[place] == "enrolled" and place in moved:
                self.model, expected = deepcopy(before), 409
        body = {"take_back": "latest_change", "reason": "an error"}
        path = f"/v1/students/{student}/courses/{course}/corrections"
        self.send("POST", path, body, expected, before)

    @rule(
        student=STUDENTS,
        course=COURSES,
        status=st.sampled_from(["enrolled", "completed", "dropped"]),
        passed=st.booleans(),
        early=st.booleans(),
    )
    def correct(self, student: int, course: int, status: str, passed: bool, early: bool) -> None:
        """The latest change, as early as the one before it if that is wanted."""
        before, place, times = deepcopy(self.model), (student, course), self.times()
        stack = self.model.stacks.get(place, [])
        below = stack[-2] if stack[1:] else None
        body = {"status": status, "correction": True, "reason": "an error"}
        body |= {"passed": passed} if status == "completed" else {}
        if below and below.status == status:
            is_refused = status == "completed" and below.passed != passed
            changes = stack[:-1]
        else:
            since = below.since if early and below else stack[-1].since if stack else 0
            body |= {"effective_at": times[since]} if early and stack else {}
            joined = len(self.model.events)
            was_enrolled = bool(stack) and stack[-1].was_enrolled
            changes = [*stack[:-1], ChangeModel(status, since, joined, passed, was_enrolled)]
            needed = {"completed": ["enrolled"], "dropped": ["enrolled", "waitlisted"]}
            if status == "enrolled":
                is_refused = not was_enrolled
            else:
                is_refused = not below or below.status not in needed[status]
        if not stack or is_refused or not self.model.has_room(place, status):
            expected = 409
        else:
            expected = 200
            old, new = stack[-1], changes[-1]
            is_same = (old.status, times[old.since]) == (status, times[new.since])
            if not is_same or (status == "completed" and old.passed != passed):
                self.model.correct(place, changes)
                self.model.settle([course], [student])
        self.send("PUT", f"/v1/students/{student}/courses/{course}", body, expected, before)

    @rule(student=STUDENTS, wanted=st.lists(st.tuples(COURSES, WAITS), max_size=4))
    def replace(self, student: int, wanted: list[tuple[int, bool]]) -> None:
        before, courses = deepcopy(self.model), {course for course, _ in wanted}
        items = [ItemModel(student, course, waitlist, kept=True) for course, waitlist in wanted]
        ended = [
            c for c in self.model.of_student(student, "enrolled", "waitlisted") if c not in courses
        ]
        given_up = [c for c in ended if self.model.status[student, c] == "enrolled"]
        self.model.end(student, ended, "dropped")
        decisions = self.model.decide(items, given_up=given_up)
        refused = self.is_refused(decisions, before)
        if not refused:
            self.model.settle(ended, [student])
        body = {"courses": [{"course_id": c, "waitlist": waitlist} for c, waitlist in wanted]}
        path = f"/v1/students/{student}/courses"
        answer = self.send("PUT", path, body, refusal(decisions) if refused else 200, before)
        if refused:
            self.expect(answer, decisions, "/courses/%d/course_id")

    @rule(student=STUDENTS)
    def take_together(self, student: int) -> None:
        self.replace(student, [(3, False), (4, False)])

    @rule(student=STUDENTS, given_up=st.sampled_from([1, 3, 4, 4, 4, 5]))
    def keep_the_others(self, student: int, given_up: int) -> None:
        places = self.model.of_student(student, "enrolled")
        self.replace(student, [(course, False) for course in places if course != given_up])

    @rule(
        course=COURSES,
        wanted=st.lists(st.tuples(STUDENTS, WAITS), max_size=6),
        mode=st.sampled_from(["all", "each"]),
    )
    def fill(self, course: int, wanted: list[tuple[int, bool]], mode: str) -> None:
        before = deepcopy(self.model)
        items = [ItemModel(student, course, waitlist) for student, waitlist in wanted]
        decisions = self.model.decide(items)
        for decision in decisions:
            duplicate = ("duplicate_course",)
            decision.reasons = [
                ("duplicate_student",) if reason == duplicate else reason
                for reason in decision.reasons
            ]
        welcome = [decision for decision in decisions if not decision.reasons]
        refused = self.is_refused(decisions if mode == "all" else welcome, before)
        students = [{"student_id": s, "waitlist": waitlist} for s, waitlist in wanted]
        status = refusal(decisions) if refused else 201 if mode == "all" else 207
        body = {"students": students, "mode": mode}
        answer = self.send("POST", f"/v1/courses/{course}/students", body, status, before)
        if refused:
            self.expect(answer, decisions, "/students/%d/student_id")
        else:
            shown = [[e["code"] for e in entry.get("errors", [])] for entry in answer.json["items"]]
            assert [sorted(codes) for codes in shown] == [sorted(v.codes) for v in decisions]

    @rule(
        course=COURSES,
        wanted=st.lists(
            st.tuples(STUDENTS, st.sampled_from(["enrolled", "completed", "dropped"])), max_size=5
        ),
        mode=st.sampled_from(["all", "each"]),
    )
    def change_roster(self, course: int, wanted: list[tuple[int, str]], mode: str) -> None:
        """Endings come before what begins, and those of the same status in the order of ids."""
        before, model = deepcopy(self.model), self.model
        codes: list[list[str]] = []
        for index, (student, status) in enumerate(wanted):
            earlier = [s for other, s in wanted[:index] if other == student]
            if earlier and {status, *earlier} != {"enrolled"}:
                codes.append(["duplicate_student"])
            elif status == "dropped" and model.is_needed_by_another(student, course):
                codes.append(["corequisite_missing"])
            elif status == "enrolled" or model.can_end(student, course, status):
                codes.append([])
            else:
                codes.append(["not_enrolled"])
        ended = []
        for status in ("completed", "dropped"):
            for student, index in sorted(
                (s, i) for i, (s, to) in enumerate(wanted) if to == status
            ):
                if mode == "all" or not codes[index]:
                    ended.append(student)
                    if model.status.get((student, course), status) != status:
                        model.move(student, course, status)
        begins = [i for i, (_, to) in enumerate(wanted) if to == "enrolled" and not codes[i]]
        decisions = model.decide([ItemModel(wanted[index][0], course) for index in begins])
        for index, decision in zip(begins, decisions, strict=True):
            codes[index] = [
                "duplicate_student" if code == "duplicate_course" else code
                for code in decision.codes
            ]
        if mode == "all" and any(codes):
            self.model = deepcopy(before)
        else:
            welcome = [decision for decision in decisions if not decision.reasons]
            model.carry_out(welcome)
            model.settle(students={decision.item.student for decision in welcome})
            model.settle([course] if ended else [], ended)
        refused = mode == "all" and any(codes)
        status = 422 if ["duplicate_student"] in codes else 409
        if not refused:
            status = 201 if mode == "all" else 207
        body = {"students": [{"student_id": s, "status": to} for s, to in wanted], "mode": mode}
        answer = self.send("POST", f"/v1/courses/{course}/students", body, status, before)
        if refused:
            shown = sorted(
                (int(reason["pointer"].split("/")[2]), reason["code"])
                for reason in answer.json["errors"]
            )
            assert shown == sorted((i, code) for i, found in enumerate(codes) for code in found)
        else:
            shown = [[e["code"] for e in entry.get("errors", [])] for entry in answer.json["items"]]
            assert [sorted(found) for found in shown] == [sorted(found) for found in codes]

    @rule(student=STUDENTS, course=COURSES)
    def make_void(self, student: int, course: int) -> None:
        before, place = deepcopy(self.model), (student, course)
        expected = 200
        if place in self.model.status and self.model.is_over(course):
            expected = 409
        elif place in self.model.status and not self.model.is_completed(place):
            self.model.move(student, course, "void")
            self.model.settle([course], [student])
        elif place not in self.model.void:
            expected = 409
        path = f"/v1/students/{student}/courses/{course}"
        self.send("PUT", path, {"status": "void", "reason": "an error"}, expected, before)

    @rule(course=COURSES, seats=st.integers(1, 3))
    def promote(self, course: int, seats: int) -> None:
        before = deepcopy(self.model)
        refused = not self.model.courses[course].manual or not self.model.has_seat(course)
        asked = [] if refused else self.model.promote(course, seats)
        promoted = [decision for decision in asked if not decision.reasons]
        given_up = {other for decision in promoted for other in decision.given_up}
        self.model.settle(given_up, {decision.item.student for decision in promoted})
        path = f"/v1/courses/{course}/promotions"
        answer = self.send("POST", path, {"seats": seats}, 409 if refused else 200, before)
        if not refused:
            shown = [(entry["student_id"], entry["status"]) for entry in answer.json["items"]]
            assert shown == [(v.item.student, 409 if v.reasons else 201) for v in asked]

    @rule(
        course=COURSES,
        capacity=SEATS,
        places=SEATS,
        manual=st.booleans(),
        left_out=st.sampled_from([None, None, "capacity", "waitlist_capacity", "promotion"]),
    )
    def change_course(
        self,
        course: int,
        capacity: int | None,
        places: int | None,
        manual: bool,
        left_out: str | None,
    ) -> None:
        before, model = deepcopy(self.model), self.model.courses[course]
        limits = (model.capacity is not None, model.waitlist_capacity is not None, model.manual)
        names = ("capacity", "waitlist_capacity", "promotion")
        body = {"code": f"C{course}", "title": "Databases", **FIELDS[course]}
        body |= {"capacity": capacity, "waitlist_capacity": places}
        body |= {"promotion": "manual" if manual else "automatic"}
        body |= {"status": "cancelled" if model.cancelled else "open"}
        body = {name: value for name, value in body.items() if name != left_out}
        path = f"/v1/courses/{course}"
        if self.model.waiting(course) and dict(zip(names, limits, strict=True)).get(left_out):
            answer = self.send("PUT", path, body, 409, before)
            assert [reason["pointer"] for reason in answer.json["errors"]] == [f"/{left_out}"]
            return
        model.capacity, model.waitlist_capacity = (
            body.get("capacity"),
            body.get("waitlist_capacity"),
        )
        model.manual = body.get("promotion") == "manual"
        students = {student for student, other in self.model.status if other == course}
        self.model.settle([course], students)
        self.send("PUT", path, body, 200, before)

    @rule(course=st.sampled_from([4, 4, 4, 1, 2, 3, 5, 6]))
    def cancel_or_reopen(self, course: int) -> None:
        before, model = deepcopy(self.model), self.model.courses[course]
        model.cancelled = not model.cancelled
        students = {student for student, other in self.model.status if other == course}
        self.model.settle([course], students)
        body = {"status": "cancelled" if model.cancelled else "open"}
        self.send("PATCH", f"/v1/courses/{course}", body, 200, before)

    @rule(student=STUDENTS, course=COURSES)
    @precondition(lambda self: not self.holds)
    def hold(self, student: int, course: int) -> None:
        """Whom it is most interesting to hold: who is first in a waitlist."""
        student = next(iter(self.model.waiting(course)), student)
        before, path = deepcopy(self.model), f"/v1/students/{student}/holds"
        self.model.held.add(student)
        answer = self.send("POST", path, {"reason": "unpaid fees"}, 201, before)
        self.holds[student] = answer.json["id"]

    @rule()
    @precondition(lambda self: self.holds)
    def release(self) -> None:
        before, (student, hold) = deepcopy(self.model), self.holds.popitem()
        self.model.held.discard(student)
        self.model.settle(students=[student])
        self.send("DELETE", f"/v1/students/{student}/holds/{hold}", None, 204, before)

    @rule(student=STUDENTS)
    @precondition(lambda self: not self.model.inactive)
    def leave(self, student: int) -> None:
        before = deepcopy(self.model)
        self.model.inactive.add(student)
        places = self.model.of_student(student, "enrolled", "waitlisted")
        ended = [course for course in places if not self.model.is_over(course)]
        self.model.end(student, ended, "dropped")
        self.model.settle(ended, [student])
        self.send("PATCH", f"/v1/students/{student}", {"status": "inactive"}, 200, before)

    @rule()
    @precondition(lambda self: self.model.inactive)
    def come_back(self) -> None:
        before, student = deepcopy(self.model), self.model.inactive.pop()
        self.model.settle(students=[student])
        self.send("PATCH", f"/v1/students/{student}", {"status": "active"}, 200, before)

    @rule(student=STUDENTS)
    @precondition(lambda self: not self.model.term_is_over and len(self.model.events) > 8)
    def end_the_term(self, student: int) -> None:
        """The clock goes on. The seat that comes free then is given to no one, and no one comes."""
        self.ahead = timedelta(days=3)
        self.model.term_is_over = True
        self.drop_all_in_turn(1)
        self.enroll(student, 1, True, None)

    @rule(student=STUDENTS)
    def join_or_leave_the_group(self, student: int) -> None:
        before = deepcopy(self.model)
        self.model.group ^= {student}
        self.model.settle(students=[student])
        body = {"groups": ["SENIOR", "2027"] if student in self.model.group else None}
        self.send("PATCH", f"/v1/students/{student}", body, 200, before)

    # After every step

    @invariant()
    def history_agrees(self) -> None:
        assert self.client.events() == self.model.events

    @invariant()
    def rosters_agree(self) -> None:
        for course, model in self.model.courses.items():
            items = self.client.walk(f"/v1/courses/{course}/students")
            shown = [(entry["student_id"], entry["status"], entry["position"]) for entry in items]
            queue = self.model.waiting(course)
            assert sorted(shown) == [
                (s, now, queue.index(s) + 1 if now == "waitlisted" else None)
                for (s, c), now in sorted(self.model.status.items())
                if c == course
            ]
            assert [s for s, now, _ in shown if now == "waitlisted"] == queue
            enrolled = len(self.model.of_course(course, "enrolled"))
            free = None if model.capacity is None else max(model.capacity - enrolled, 0)
            assert self.client.get(f"/v1/courses/{course}").json["seats"] == {
                "capacity": model.capacity,
                "enrolled": enrolled,
                "waitlisted": len(queue),
                "free": free,
            }

    @invariant()
    def past_agrees(self) -> None:
        """What was known at the time of the last event stays so in both lists. What was true then
        is so by the changes that stand now."""
        times = self.times()
        if times:
            self.past[times[-1]] = dict(self.model.status)
        moments = list(self.past)[:: max(len(self.past) // 3, 1)]
        true = {moment: self.model.true_at(times, moment) for moment in moments}
        for moment in moments:
            for name, expected in (("as_of", true), ("known_at", self.past)):
                shown = {
                    (entry["student_id"], entry["course_id"]): entry["status"]
                    for student in range(1, 5)
                    for entry in self.client.walk(f"/v1/students/{student}/courses?{name}={moment}")
                }
                assert shown == expected[moment]
        if self.past:
            moment = next(iter(self.past))
            shown = {
                (entry["student_id"], course): entry["status"]
                for course in FIELDS
                for entry in self.client.walk(f"/v1/courses/{course}/students?as_of={moment}")
            }
            assert shown == true[moment]


@pytest.fixture
def begin(
    location: Location, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Registration]]:
    """A function that begins again, with a new file, or on a server with one database whose rows
    are put back: a server plans each query again for each connection."""
    with ExitStack() as opened:
        if isinstance(location, Path):

            def open_again() -> Database:
                opened.close()
                file = shutil.copy(location, tmp_path / "begun.db")
                return opened.enter_context(closing(open_database(Path(file), BUSY_TIMEOUT)))

        else:
            database = opened.enter_context(closing(open_database(location, BUSY_TIMEOUT)))

            def open_again() -> Database:
                request.getfixturevalue("on_server").reset("template")
                return database

        yield lambda: Registration(open_again(), Config(database=location))


def test_registration(begin: Callable[[], Registration], location: Location):
    run_state_machine_as_test(
        begin,
        settings=settings(
            # A step waits for a server many times.
            max_examples=20 if isinstance(location, Path) else 15,
            stateful_step_count=30,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
