"""A replay of the change feed. It builds every state, checks each step, and checks that each answer
to a client is the answer of some serial order."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple

from enrollment.data.waitlist import PROMOTED
from enrollment.problems.registry import PROBLEM_TYPES

Pair = tuple[int, int]
Event = dict[str, Any]

PASSED_OVER = "passed over: "
IN = ("enrolled", "waitlisted")
STEPS = {(old, new) for old in (None, "completed", "dropped") for new in IN} | {
    ("waitlisted", "enrolled"),
    ("waitlisted", "waitlisted"),
    ("waitlisted", "dropped"),
    ("enrolled", "completed"),
    ("enrolled", "dropped"),
}
# The service cuts a time to the millisecond: a change was made at the time that is recorded, or
# less than this later. All processes read the same clock.
TICK = 0.001


class Exchange(NamedTuple):
    """A request and its answer. `sent` and `received` are Unix times in seconds. No two bodies have
    the same reason."""

    method: str
    path: str
    body: Any
    status: int
    answer: Any
    sent: float
    received: float

    @property
    def about(self) -> tuple[str, ...]:
        """The path without its version, in parts."""
        return tuple(self.path.split("/")[2:])

    @property
    def wishes(self) -> list[Pair]:
        """Each student (0: whoever it is) and course that the request names, in its order."""
        match self.about:
            case ("courses", course, "students") if self.body:
                return [(item["student_id"], int(course)) for item in self.body["students"]]
            case ("courses", course, "promotions" | "students"):
                return [(0, int(course))]
            case ("students", student, "courses", course, *_):
                return [(int(student), int(course))]
            case ("students", student, "courses"):
                items = self.body.get("courses", [self.body])
                return [(int(student), item["course_id"]) for item in items]
        raise ValueError(f"{self.path} is about no enrollment")

    @property
    def given_up(self) -> Pair | None:
        """The student and the course of the enrollment that the request gives up for another."""
        other = (self.body or {}).get("instead_of")
        return (int(self.about[1]), other) if other else None

    @property
    def enrollments(self) -> list[dict[str, Any]]:
        """The enrollments in the answer; none if the request was refused."""
        if self.status not in (200, 201, 207):
            return []
        items = self.answer.get("items", [self.answer])
        return [item.get("enrollment", item) for item in items if "errors" not in item]


class Holds:
    """The holds that clients placed and released. Each hold has a reason of its own. When it began
    and ended is known only as far as the clients saw it."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._spans: list[tuple[int, str, Exchange, Exchange]] = []
        placed: dict[str, Exchange] = {}
        for exchange in exchanges:
            assert exchange.status == (201 if exchange.method == "POST" else 204), exchange
            if exchange.method == "POST":
                placed[f"{exchange.path}/{exchange.answer['id']}"] = exchange
            else:
                place = placed.pop(exchange.path)
                student, reason = int(place.about[1]), place.body["reason"]
                self._spans.append((student, reason, place, exchange))
        assert not placed, f"no one has released {list(placed)}"

    def perhaps(self, student: int, begin: float, end: float) -> set[str]:
        """The reasons of the holds that may have been in force at some time from begin to end."""
        return {
            reason
            for holder, reason, place, release in self._spans
            if holder == student and place.sent < end + TICK and begin <= release.received
        }

    def surely(self, student: int, moment: float) -> set[str]:
        """The reasons of the holds that were certainly in force at that moment."""
        return {
            reason
            for holder, reason, place, release in self._spans
            if holder == student and place.received < moment and moment + TICK <= release.sent
        }


class Place(NamedTuple):
    status: str
    version: int
    reason: str | None
    # Of a waitlisted student: the course to give up.
    instead_of: int | None = None


class State(NamedTuple):
    """Every enrollment after some event. A queue has the waitlisted students of a course, the first
    one first."""

    places: dict[Pair, Place]
    queues: Mapping[int, tuple[int, ...]]

    def status(self, student: int, course: int) -> str | None:
        place = self.places.get((student, course))
        return place and place.status

    def waiting(self, course: int) -> tuple[int, ...]:
        return self.queues.get(course, ())

    def enrolled(self, course: int) -> int:
        return sum(c == course and p.status == "enrolled" for (_, c), p in self.places.items())

    def after(self, event: Event) -> "State":
        student, course = pair = event["student_id"], event["course_id"]
        version = self.places[pair].version + 1 if pair in self.places else 1
        other = event.get("instead_of")
        place = Place(event["to_status"], version, event["reason"], other)
        queue = self.waiting(course)
        if event.get("position"):
            others = [other for other in queue if other != student]
            others.insert(event["position"] - 1, student)
            # Why the student was skipped holds on.
            place, queue = place._replace(reason=self.places[pair].reason), tuple(others)
        elif place.status != "waitlisted":
            queue = tuple(other for other in queue if other != student)
        elif student not in queue:
            queue = (*queue, student)
        return State(self.places | {pair: place}, {**self.queues, course: queue})

    def shows(self, enrollment: dict[str, Any]) -> bool:
        """Whether the service would answer with this enrollment in this state."""
        student, course = pair = enrollment["student_id"], enrollment["course_id"]
        queue, place = self.waiting(course), self.places.get(pair)
        position = queue.index(student) + 1 if student in queue else None
        told = tuple(enrollment[name] for name in ("status", "version", "position"))
        return place is not None and told == (place.status, place.version, position)


def current(events: Iterable[Mapping[str, Any]]) -> dict[Pair, tuple[str, int]]:
    """The status and the version of every enrollment after all events, each of which follows on
    those before."""
    places: dict[Pair, tuple[str, int]] = {}
    for number, event in enumerate(events, 1):
        assert event["id"] == number, f"event {number} is missing"
        pair = event["student_id"], event["course_id"]
        status, version = places.get(pair, (None, 0))
        assert event["from_status"] == status, f"event {number} does not follow on {status}"
        places[pair] = event["to_status"], version + 1
    return places


class Replay:
    """A feed, and the answers that clients got meanwhile. `courses` has the fields of each course,
    which never change."""

    def __init__(
        self,
        events: Sequence[Event],
        courses: Mapping[int, Mapping[str, Any]],
        exchanges: Iterable[Exchange],
    ) -> None:
        by_subject: dict[bool, list[Exchange]] = {True: [], False: []}
        for exchange in exchanges:
            by_subject["holds" in exchange.about].append(exchange)
        self.events, self.courses, self.exchanges = events, courses, by_subject[False]
        self.holds = Holds(by_subject[True])
        self.times = [datetime.fromisoformat(event["recorded_at"]).timestamp() for event in events]
        self.states = [State({}, {})]
        for event in events:
            self.states.append(self.states[-1].after(event))
        self.receipts, self.seen = self._list_receipts()

    # Steps

    def check_steps(self) -> None:
        """Every event might follow on the state before it, and leaves one that may be."""
        current(self.events)
        ends = (*self.times[1:], inf)
        for event, begin, end, (before, after) in zip(
            self.events, self.times, ends, pairwise(self.states), strict=True
        ):
            self._check_step(event, begin, before)
            course = event["course_id"]
            seats, places = (self.courses[course][key] for key in ("capacity", "waitlist_capacity"))
            assert after.enrolled(course) <= seats, f"oversold by {event}"
            waiting = len(after.waiting(course))
            assert places is None or waiting <= places, f"too many wait since {event}"
            # What is recorded at one time may be one request's, which is not done yet.
            if begin < end:
                self._check_no_seat_is_left(after, event, end)

    def _check_no_seat_is_left(self, state: State, event: Event, end: float) -> None:
        """Who waited until the end beside a free seat could not be given it. (At the very end, no
        one is on hold any more.)"""
        for course, fields in self.courses.items():
            if not self._is_manual(course) and state.enrolled(course) < fields["capacity"]:
                for student in state.waiting(course):
                    named = self._read_holds(student, state.places[student, course].reason, event)
                    assert named <= self.holds.perhaps(student, end, end), (
                        f"{student} waits, and a seat is free: {event}"
                    )

    def _check_step(self, event: Event, moment: float, before: State) -> None:
        student, course, reason = event["student_id"], event["course_id"], event["reason"] or ""
        step = event["from_status"], event["to_status"]
        free = before.enrolled(course) < self.courses[course]["capacity"]
        assert step in STEPS, f"no such step: {event}"
        if event.get("position"):
            assert step == ("waitlisted", "waitlisted"), f"moved from where? {event}"
            assert event["position"] <= len(before.waiting(course)), f"moved where? {event}"
            return
        assert (step == ("waitlisted", "waitlisted")) == reason.startswith(PASSED_OVER), event
        if step == ("waitlisted", "waitlisted"):
            assert free, f"passed over for no seat: {event}"
            self._check_passed_over(student, event, moment, reason)
        elif step[1] in IN:
            assert not self.holds.surely(student, moment), f"on hold, and yet: {event}"
        if reason == PROMOTED and step == ("enrolled", "dropped"):
            swaps = [before.places[student, c].instead_of for c in self._waits_for(before, student)]
            assert course in swaps, f"given up for nothing: {event}"
        elif reason == PROMOTED:
            assert step == ("waitlisted", "enrolled"), f"promoted from where? {event}"
            other = before.places[student, course].instead_of
            assert not other or before.status(student, other) != "enrolled", f"kept both: {event}"
        elif step[1] in IN and step[0] != "waitlisted":
            full = self._taken(before, student, course) >= self.courses[course]["capacity"]
            assert full == (step[1] == "waitlisted"), f"full: {full}, and yet: {event}"
        elif step == ("waitlisted", "enrolled"):
            # Who waits may come, where more seats are free than are held for those ahead.
            assert self._taken(before, student, course) < self.courses[course]["capacity"], event
        if step[1] == "enrolled" and (reason == PROMOTED or not self._is_manual(course)):
            queue = before.waiting(course)
            for other in queue[: queue.index(student)] if student in queue else queue:
                told = before.places[other, course].reason
                self._check_passed_over(other, event, moment, told)

    def _waits_for(self, state: State, student: int) -> list[int]:
        return [course for course in self.courses if student in state.waiting(course)]

    def _check_passed_over(
        self, student: int, event: Event, moment: float, told: str | None
    ) -> None:
        """Who was not eligible at that moment has been told so, and by which holds."""
        named = self._read_holds(student, told, event)
        kept_by = self.holds.perhaps(student, moment, moment)
        assert self.holds.surely(student, moment) <= named <= kept_by, (
            f"{student} was kept by {kept_by}, is told {told!r}, and yet: {event}"
        )

    def _read_holds(self, student: int, told: str | None, event: Event) -> set[str]:
        """The holds for which, as is told, the student was passed over."""
        begin, _, reasons = (told or "").partition(PASSED_OVER)
        assert (begin, bool(reasons)) == ("", True), f"{student} is told {told!r}, and yet: {event}"
        sentence = "student_on_hold: The student is on hold: "
        return {part.partition(sentence)[2] for part in reasons.split("; ")}

    def _is_manual(self, course: int) -> bool:
        return self.courses[course]["promotion"] == "manual"

    def _taken(self, state: State, student: int, course: int) -> int:
        """The number of seats that the student cannot get: taken, or held for those ahead."""
        queue = state.waiting(course)
        ahead = queue.index(student) if student in queue else len(queue)
        held = ahead if self._is_manual(course) else 0
        return state.enrolled(course) + held

    # Answers

    def check_answers(self) -> None:
        """Every event is one request's own, which told of it, or follows by itself; and each answer
        is true of a state between its request and its receipt, after the request's own events."""
        assert self.times == sorted(self.times)
        own = self._match_deletions()
        by_reason: dict[str, list[Event]] = {}
        for event in self.events:
            by_reason.setdefault(event["reason"], []).append(event)
        for index, exchange in enumerate(self.exchanges):
            reason = (exchange.body or {}).get("reason")
            if reason:
                own[index] = by_reason.get(reason, [])
            self._check_answer(exchange, own.get(index, []))
        explained = {event["id"] for events in own.values() for event in events}
        assert sum(map(len, own.values())) == len(explained)
        promoted: Counter[tuple[int, int, int]] = Counter()
        for event in self.events:
            is_promotion = event["reason"] == PROMOTED and event["to_status"] == "enrolled"
            if is_promotion and self._is_manual(event["course_id"]):
                pair = event["student_id"], event["course_id"]
                promoted[*pair, self.states[event["id"]].places[pair].version] += 1
            elif event["reason"] != PROMOTED and event["from_status"] != event["to_status"]:
                assert event["id"] in explained, f"no one asked for {event}"
        acknowledged = Counter(
            (item["student_id"], item["course_id"], item["version"])
            for exchange in self.exchanges
            if "promotions" in exchange.about
            for item in exchange.enrollments
        )
        assert promoted == acknowledged

    def _match_deletions(self) -> dict[int, list[Event]]:
        """A deletion gives no reason: the event of one lies between its request and its receipt.
        The one that ends first is taken first: so if there is a matching, it is found."""
        pending = [
            index
            for index, exchange in enumerate(self.exchanges)
            if exchange.method == "DELETE" and exchange.status == 204
        ]
        pending.sort(key=lambda index: self.exchanges[index].received)
        own: dict[int, list[Event]] = {}
        for event in self.events:
            if event["reason"] is None:
                pair = event["student_id"], event["course_id"]
                fitting = (
                    index
                    for index in pending
                    if self.exchanges[index].wishes == [pair]
                    and self._may_own(self.exchanges[index], event)
                )
                index = next(fitting, None)
                assert index is not None, f"no one asked for {event}"
                pending.remove(index)
                own[index] = [event]
        return own

    def _list_receipts(self) -> tuple[list[float], list[int]]:
        """When something was received, and how many events were surely committed then: events are
        committed in the order of their ids, so whatever shows one shows that all before it were.

        The time that an event bears is no such moment: it is on disk only later, with others.
        """
        made = {
            (*pair, state.places[pair].version): event["id"]
            for event, state in zip(self.events, self.states[1:], strict=True)
            for pair in [(event["student_id"], event["course_id"])]
        }
        by_reason = {event["reason"]: event["id"] for event in self.events}
        receipts, seen = [], []
        for exchange in sorted(self.exchanges, key=lambda exchange: exchange.received):
            shown = [
                made.get((item["student_id"], item["course_id"], item["version"]), 0)
                for item in exchange.enrollments
            ]
            if exchange.body and "reason" in exchange.body:
                shown.append(by_reason.get(exchange.body["reason"], 0))
            receipts.append(exchange.received)
            seen.append(max([*shown, *seen[-1:]], default=0))
        return receipts, seen

    def _window(self, exchange: Exchange) -> range:
        """After how many events the request may have been answered: no fewer than were seen by
        anyone before it was sent, and no more than were recorded until it was answered."""
        before = bisect_left(self.receipts, exchange.sent)
        earliest = self.seen[before - 1] if before else 0
        return range(earliest, bisect_right(self.times, exchange.received) + 1)

    def _may_own(self, exchange: Exchange, event: Event) -> bool:
        """Whether the request may have left the event."""
        recorded = self.times[event["id"] - 1]
        return event["id"] in self._window(exchange)[1:] and recorded + TICK > exchange.sent

    def _check_answer(self, exchange: Exchange, own: Sequence[Event]) -> None:
        window = self._window(exchange)
        assert all(self._may_own(exchange, event) for event in own), f"not in time: {exchange}"
        told = {
            (item["student_id"], item["course_id"], item["status"], item["version"])
            for item in exchange.enrollments
        }
        for event in own:
            pair = event["student_id"], event["course_id"]
            place = self.states[event["id"]].places[pair]
            known = exchange.status == 204 or (*pair, place.status, place.version) in told
            is_swap = pair == exchange.given_up and place.status == "dropped"
            assert known or is_swap, f"{event} is not told by {exchange}"
        match exchange.about, exchange.status:
            case ("students", _, "courses"), 200:
                places = {(s, c) for s, c, status, _ in told if status in IN}
                assert places == set(exchange.wishes), exchange
            case ("students", _, "courses", _, "position"), 200:
                assert len(own) <= 1, exchange
                assert exchange.answer["position"] == exchange.body["position"], exchange
            case (("courses", *_), 200) | (("students", _, "courses", _), 200 | 204):
                assert len(own) <= 1, exchange
            case _, 201 | 207:
                kept = [e for e in own if (e["student_id"], e["course_id"]) != exchange.given_up]
                assert len(kept) == len(told), exchange
                at_once = exchange.given_up and exchange.answer["status"] == "enrolled"
                assert len(own) == len(told) + bool(at_once), exchange
            case _:
                assert exchange.status in (404, 409), exchange
                assert not own, exchange
        last = max((event["id"] for event in own), default=0)
        moments = range(max(window.start, last), window.stop)
        fits = any(self._fits(exchange, self.states[moment]) for moment in moments)
        assert fits, f"true at no time: {exchange}"

    def _fits(self, exchange: Exchange, state: State) -> bool:
        """Whether the service would give this answer in this state."""
        if exchange.method == "GET":
            ((_, course),) = exchange.wishes
            there = sum(other == course for _, other in state.places)
            return there == len(exchange.enrollments) and all(
                map(state.shows, exchange.enrollments)
            )
        if exchange.status in (204, 404):
            ((student, course),) = exchange.wishes
            told = "dropped" if exchange.status == 204 else exchange.answer["code"]
            return told == (state.status(student, course) or "enrollment_not_found")
        if exchange.status == 409:
            violations = [(0, fault) for fault in exchange.answer["errors"]]
            assert violations, f"refused for no reason: {exchange}"
            assert exchange.answer["code"] == violations[0][1]["code"], exchange
        else:
            items = exchange.answer.get("items", [])
            violations = [(item["student_id"], f) for item in items for f in item.get("errors", [])]
        if "promotions" in exchange.about and exchange.status == 200:
            ((_, course),) = exchange.wishes
            granted, left = len(exchange.enrollments), set(state.waiting(course))
            assert granted <= exchange.body["seats"], exchange
            full = state.enrolled(course) == self.courses[course]["capacity"]
            if not (
                full or granted == exchange.body["seats"] or left == {s for s, _ in violations}
            ):
                return False
        return all(map(state.shows, exchange.enrollments)) and all(
            self._refuses(fault, exchange, state, student) for student, fault in violations
        )

    def _refuses(self, fault: dict[str, Any], exchange: Exchange, state: State, asked: int) -> bool:
        assert PROBLEM_TYPES[fault["code"]].status == 409, fault
        pointer, body = fault.get("pointer", ""), exchange.body or {}
        number = next((int(part) for part in pointer.split("/") if part.isdigit()), 0)
        student, course = exchange.wishes[number]
        status, fields = state.status(student, course), self.courses[course]
        # Of all or none, those who are named before would have taken what is there.
        before = number if body.get("mode") == "all" else 0
        promotes = "promotions" in exchange.about
        taken = state.enrolled(course) if promotes else self._taken(state, student, course)
        is_full = taken + before >= fields["capacity"]
        match fault["code"]:
            case "course_full":
                return is_full
            case "waitlist_full":
                waiting = len(state.waiting(course)) + before
                return is_full and waiting >= fields["waitlist_capacity"]
            case "already_enrolled" | "already_waitlisted":
                return fault["code"] == f"already_{status}"
            case "nothing_to_swap":
                return state.status(student, body["instead_of"]) != "enrolled"
            case "not_waitlisted":
                return status != "waitlisted"
            case "no_such_position":
                return body["position"] > len(state.waiting(course))
            case "not_enrolled":
                may_wait = body.get("status") != "completed"
                return status != "enrolled" and not (may_wait and status == "waitlisted")
            case "student_on_hold":
                kept_by = self.holds.perhaps(asked or student, exchange.sent, exchange.received)
                return fault["details"]["reason"] in kept_by
        return False
