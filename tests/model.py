"""The rules of enrolment once more, in plain Python, for the service to be held against."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Place = tuple[int, int]
Reason = tuple[str, ...]


@dataclass
class CourseModel:
    capacity: int | None
    waitlist_capacity: int | None = None
    manual: bool = False
    repeatable: bool = True
    prerequisites: frozenset[int] = frozenset()
    corequisites: frozenset[int] = frozenset()
    conflicts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class WishModel:
    student: int
    course: int
    waitlist: bool = False


@dataclass
class Verdict:
    """What becomes of a wish: a status, or the reasons against it in their order."""

    wish: WishModel
    status: str | None
    reasons: list[Reason]

    @property
    def codes(self) -> list[str]:
        return [reason[0] for reason in self.reasons]


@dataclass
class Model:
    courses: dict[int, CourseModel]
    inactive: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    status: dict[Place, str] = field(default_factory=dict)
    completed: set[Place] = field(default_factory=set)
    queues: dict[int, list[int]] = field(default_factory=dict)
    events: list[tuple[int, int, str | None, str]] = field(default_factory=list)
    told: dict[Place, list[Reason]] = field(default_factory=dict)

    # Looking

    def of_course(self, course: int, status: str) -> list[int]:
        return sorted(s for (s, c), now in self.status.items() if c == course and now == status)

    def of_student(self, student: int, *statuses: str) -> list[int]:
        return sorted(c for (s, c), now in self.status.items() if s == student and now in statuses)

    def waiting(self, course: int) -> list[int]:
        return self.queues.get(course, [])

    # Judging

    def judge(
        self,
        wishes: Sequence[WishModel],
        purpose: str,
        *,
        given_up: Iterable[int] = (),
        overridden: Iterable[str] = (),
    ) -> list[Verdict]:
        settled = [self.is_settled(wish) for wish in wishes]
        mentions = [wish_before(wishes, index) for index in range(len(wishes))]
        new = [
            wish
            for wish, there, again in zip(wishes, settled, mentions, strict=True)
            if not there and not again
        ]
        seats: dict[int, int] = {}
        places: dict[int, int] = {}
        verdicts = []
        for wish, there, again in zip(wishes, settled, mentions, strict=True):
            student, number, course = wish.student, wish.course, self.courses[wish.course]
            now = set(self.of_student(student, "enrolled"))
            now |= {other.course for other in new if other.student == student}
            reasons: list[Reason] = []
            if again:
                reasons.append(("duplicate_course",))
            elif there:
                if purpose != "replace":
                    reasons.append((f"already_{self.status[student, number]}",))
                elif self.status[student, number] == "enrolled":
                    reasons += self.missing(student, course.corequisites & set(given_up), now)
            else:
                reasons += self.against(student, number, now)
            reasons = [reason for reason in reasons if reason[0] not in overridden]
            status: str | None = self.status.get((student, number)) if there else "enrolled"
            if not there and not again:
                taken = len(self.of_course(number, "enrolled")) + seats.get(number, 0)
                held = len(self.waiting(number)) if course.manual and purpose != "promote" else 0
                full = course.capacity is not None and taken + held >= course.capacity
                waiting = len(self.waiting(number)) + places.get(number, 0)
                allowed = course.waitlist_capacity
                welcome = not reasons
                if full and "course_full" not in overridden:
                    status = "waitlisted" if wish.waitlist else None
                    if not wish.waitlist:
                        reasons.append(("course_full",))
                    elif allowed is not None and waiting >= allowed:
                        reasons.append(("waitlist_full",))
                    places[number] = places.get(number, 0) + (welcome and wish.waitlist)
                seats[number] = seats.get(number, 0) + welcome
            verdicts.append(Verdict(wish, status, reasons))
        return verdicts

    def is_settled(self, wish: WishModel) -> bool:
        now = self.status.get((wish.student, wish.course))
        return now == "enrolled" or (wish.waitlist and now == "waitlisted")

    def against(self, student: int, number: int, now: set[int]) -> list[Reason]:
        """What but the seats speaks against a new enrolment of who will be in the courses `now`."""
        course = self.courses[number]
        reasons: list[Reason] = []
        if not course.repeatable and (student, number) in self.completed:
            reasons.append(("already_completed",))
        if student in self.inactive:
            reasons.append(("student_inactive",))
        if student in self.held:
            reasons.append(("student_on_hold",))
        reasons += self.missing(student, course.corequisites, now)
        reasons += [
            ("prerequisite_missing", str(other))
            for other in sorted(course.prerequisites)
            if (student, other) not in self.completed
        ]
        return reasons + [("time_conflict", str(c)) for c in sorted(course.conflicts & now)]

    def missing(self, student: int, needed: Iterable[int], now: set[int]) -> list[Reason]:
        return [
            ("corequisite_missing", str(other))
            for other in sorted(needed)
            if other not in now and (student, other) not in self.completed
        ]

    # Changing

    def move(self, student: int, course: int, status: str) -> None:
        before = self.status.get((student, course))
        self.events.append((student, course, before, status))
        self.told.pop((student, course), None)
        if before == status:
            return
        queue = self.queues.setdefault(course, [])
        if before == "waitlisted":
            queue.remove(student)
        if status == "waitlisted":
            queue.append(student)
        if status == "completed":
            self.completed.add((student, course))
        self.status[student, course] = status

    def carry_out(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            wish = verdict.wish
            if self.status.get((wish.student, wish.course)) != verdict.status:
                assert verdict.status is not None
                self.move(wish.student, wish.course, verdict.status)

    def end(self, student: int, courses: Iterable[int], status: str) -> None:
        for course in sorted(courses):
            self.move(student, course, status)

    def settle(self, courses: Iterable[int], student: int | None = None) -> None:
        asked = set(courses)
        if student is not None:
            asked |= set(self.of_student(student, "waitlisted"))
        for course in [c for c in sorted(asked) if not self.courses[c].manual and self.has_seat(c)]:
            self.promote(course)

    def has_seat(self, course: int) -> bool:
        capacity = self.courses[course].capacity
        return capacity is None or len(self.of_course(course, "enrolled")) < capacity

    def promote(self, course: int, seats: int | None = None) -> list[Verdict]:
        """One by one, as a registrar would: who is passed over is told so before anyone moves."""
        asked: list[Verdict] = []
        free = seats
        taken = len(self.of_course(course, "enrolled"))
        for student in self.waiting(course):
            capacity = self.courses[course].capacity
            if free == 0 or (capacity is not None and taken >= capacity):
                break
            now = set(self.of_student(student, "enrolled")) | {course}
            reasons = self.against(student, course, now)
            status = None if reasons else "enrolled"
            asked.append(Verdict(WishModel(student, course), status, reasons))
            taken += not reasons
            free = None if free is None else free - (not reasons)
        for verdict in sorted(asked, key=lambda verdict: verdict.wish.student):
            place = (verdict.wish.student, course)
            if verdict.reasons and self.told.get(place) != verdict.reasons:
                self.move(*place, "waitlisted")
                self.told[place] = verdict.reasons
        self.carry_out([verdict for verdict in asked if not verdict.reasons])
        return asked


def wish_before(wishes: Sequence[WishModel], index: int) -> bool:
    """Whether the same place was wished for before in the list."""
    wish = wishes[index]
    return any((w.student, w.course) == (wish.student, wish.course) for w in wishes[:index])
