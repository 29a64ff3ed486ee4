"""The rules of enrollment in plain Python, written a second time to compare the service with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor

Place = tuple[int, int]
Reason = tuple[str, ...]


@dataclass
class CourseModel:
    capacity: int | None
    waitlist_capacity: int | None = None
    manual: bool = False
    repeatable: bool = True
    # Of each set, one is enough.
    prerequisites: tuple[frozenset[int], ...] = ()
    # The courses as which this one counts.
    counts_as: frozenset[int] = frozenset()
    corequisites: frozenset[int] = frozenset()
    conflicts: frozenset[int] = frozenset()
    # The other sections of the same course.
    sections: frozenset[int] = frozenset()
    # Whether the course is open only to the students of one group.
    for_group: bool = False
    # Whether the course is in the term, which ends one day.
    in_term: bool = False
    # A cancelled course takes no time and meets nothing.
    cancelled: bool = False


@dataclass(frozen=True)
class ItemModel:
    """What a request asks for one student and one course."""

    student: int
    course: int
    waitlist: bool = False
    kept: bool = False
    # The course that the student gives up for the seat.
    instead_of: int | None = None


@dataclass
class Decision:
    """The result of an item: the status that it gives, or every reason against it, in order."""

    item: ItemModel
    status: str | None
    reasons: list[Reason]
    is_new: bool = False
    # Whether no rule but that of the seats is broken.
    meets_rules: bool = False

    @property
    def codes(self) -> list[str]:
        return [reason[0] for reason in self.reasons]

    @property
    def given_up(self) -> set[int]:
        """The course that the student gives up now."""
        other = self.item.instead_of
        return {other} if other and self.status == "enrolled" else set()


@dataclass(frozen=True)
class ChangeModel:
    """A change that stands: the status, the event since whose time it holds, the place on the
    waitlist, whether the student has passed, and whether the change made the student enrolled, as
    it is or before it was corrected. The place is the event that gave it, or if the student was
    moved, between two others."""

    status: str
    since: int
    joined: int | Fraction
    passed: bool = True
    was_enrolled: bool = False


@dataclass
class Model:
    courses: dict[int, CourseModel]
    term_is_over: bool = False
    inactive: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    # The students of the group.
    group: set[int] = field(default_factory=set)
    status: dict[Place, str] = field(default_factory=dict)
    # The enrollments that are void. They have no status.
    void: set[Place] = field(default_factory=set)
    # The changes of each enrollment that stand, since it was last void.
    stacks: dict[Place, list[ChangeModel]] = field(default_factory=dict)
    # The enrollments that were void once.
    was_void: set[Place] = field(default_factory=set)
    queues: dict[int, list[int]] = field(default_factory=dict)
    # The course that each student gives up for a seat in another, if that was said when the student
    # joined the waitlist.
    swaps: dict[Place, int | None] = field(default_factory=dict)
    # Every place on the waitlist of a course that was ever given.
    given: dict[int, set[int | Fraction]] = field(default_factory=dict)
    events: list[tuple[int, int, str | None, str]] = field(default_factory=list)
    # The reasons in the last event of a waitlisted student who was skipped.
    skipped_for: dict[Place, list[Reason]] = field(default_factory=dict)

    # Looking

    def of_course(self, course: int, status: str) -> list[int]:
        return sorted(s for (s, c), now in self.status.items() if c == course and now == status)

    def of_student(self, student: int, *statuses: str) -> list[int]:
        return sorted(c for (s, c), now in self.status.items() if s == student and now in statuses)

    def waiting(self, course: int) -> list[int]:
        return self.queues.get(course, [])

    def is_completed(self, place: Place) -> bool:
        return any(change.status == "completed" for change in self.stacks.get(place, []))

    def not_cancelled(self, courses: Iterable[int]) -> set[int]:
        """Those of the courses that are not cancelled."""
        return {course for course in courses if not self.courses[course].cancelled}

    def is_over(self, course: int) -> bool:
        return self.term_is_over and self.courses[course].in_term

    def has_passed(self, place: Place) -> bool:
        return any(
            change.status == "completed" and change.passed for change in self.stacks.get(place, [])
        )

    # Judging

    def decide(
        self,
        items: Sequence[ItemModel],
        *,
        given_up: Iterable[int] = (),
        overridden: Iterable[str] = (),
    ) -> list[Decision]:
        """Give free seats to waitlisted students, then check the items. If an item is refused, the
        caller must discard the model, because a refused request changes nothing."""
        promoted = self.settle({item.course for item in items})
        items = [
            replace(item, kept=True, instead_of=None)
            if (item.student, item.course) in promoted
            else item
            for item in items
        ]
        new = [
            item
            for index, item in enumerate(items)
            if not self.is_settled(item) and not item_before(items, index)
        ]
        decisions: list[Decision] = []
        for index, item in enumerate(items):
            now = set(self.of_student(item.student, "enrolled"))
            now |= {
                other.course
                for other in new
                if other.student == item.student and not self.will_wait(other, overridden)
            }
            now = self.not_cancelled(now)
            there = self.is_settled(item)
            reasons: list[Reason] = []
            if item.instead_of and item.instead_of not in self.of_student(item.student, "enrolled"):
                reasons.append(("nothing_to_swap",))
            if item_before(items, index):
                reasons.append(("duplicate_course",))
            elif not there:
                waits = self.will_wait(item, overridden)
                reasons += self.against(
                    item.student, item.course, now, waits=waits, given_up=item.instead_of
                )
            elif not item.kept:
                reasons.append((f"already_{self.status[item.student, item.course]}",))
            elif item.course in now and self.status[item.student, item.course] == "enrolled":
                lost_courses = self.not_cancelled(given_up)
                dropped = {other for course in lost_courses for other in self.any_section(course)}
                lost = self.courses[item.course].corequisites & dropped
                reasons += self.missing(item.student, lost, now)
            reasons = [reason for reason in reasons if reason[0] not in overridden]
            if item in new and not item_before(items, index):
                decisions.append(self.seat(item, reasons, decisions, overridden))
            else:
                status = self.status.get((item.student, item.course))
                decisions.append(Decision(item, status, reasons))
        return decisions

    def seat(
        self,
        item: ItemModel,
        reasons: list[Reason],
        before: Sequence[Decision],
        overridden: Iterable[str],
    ) -> Decision:
        """Give an item a seat, a place on the waitlist or neither, after the items before it in the
        request."""
        course, queue = self.courses[item.course], self.waiting(item.course)
        others = [v for v in before if v.item.course == item.course and v.is_new and v.meets_rules]
        came = [v for v in others if v.status == "enrolled"]
        left = [v for v in came if v.item.student in queue]
        taken = len(self.of_course(item.course, "enrolled")) + len(came)
        held = self.held_for(item)
        if course.manual:
            # They take seats that are held for those who wait.
            taken -= len(left)
        waiting = len(queue) - len(left) + len([v for v in others if v.status == "waitlisted"])
        decision = Decision(item, "enrolled", reasons, is_new=True, meets_rules=not reasons)
        full = course.capacity is not None and taken + held >= course.capacity
        if full and "course_full" not in overridden:
            decision.status = "waitlisted" if item.waitlist else None
            allowed = course.waitlist_capacity
            if not item.waitlist:
                decision.reasons.append(("course_full",))
            elif allowed is not None and waiting >= allowed:
                decision.reasons.append(("waitlist_full",))
        return decision

    def will_wait(self, item: ItemModel, overridden: Iterable[str]) -> bool:
        course, taken = self.courses[item.course], len(self.of_course(item.course, "enrolled"))
        full = course.capacity is not None and taken + self.held_for(item) >= course.capacity
        return item.waitlist and full and "course_full" not in overridden

    def held_for(self, item: ItemModel) -> int:
        """The number of free seats that are held for those who wait ahead of the student."""
        queue = self.waiting(item.course)
        if not self.courses[item.course].manual:
            return 0
        return queue.index(item.student) if item.student in queue else len(queue)

    def is_settled(self, item: ItemModel) -> bool:
        now = self.status.get((item.student, item.course))
        return now == "enrolled" or (item.waitlist and now == "waitlisted")

    def has_passed_one(self, student: int, courses: Iterable[int]) -> bool:
        return any(self.has_passed((student, course)) for course in courses)

    def meeting(self, course: int) -> set[int]:
        """The courses that meet a requirement of this one."""
        return {course} | {c for c, model in self.courses.items() if course in model.counts_as}

    def equals(self, course: int) -> set[int]:
        """The courses of which one that was completed makes this one a repeat."""
        return self.courses[course].counts_as | self.meeting(course)

    def same_in_term(self, course: int) -> set[int]:
        """The courses that no one takes beside this one: its other sections, and in the term those
        of which one counts as the other."""
        own = self.courses[course]
        return own.sections | {
            other
            for other, model in self.courses.items()
            if (other in own.counts_as or course in model.counts_as)
            and model.in_term == own.in_term
        }

    def any_section(self, course: int) -> frozenset[int]:
        return self.courses[course].sections | {course}

    def against(
        self,
        student: int,
        number: int,
        now: set[int],
        *,
        waits: bool = False,
        given_up: int | None = None,
    ) -> list[Reason]:
        """The reasons, apart from seats, against a new enrollment of a student who will be in the
        courses `now`. `waits` is whether the student will be waitlisted. The course `given_up` is
        none of those any more; unless the student waits, courses that need it are reasons too."""
        course = self.courses[number]
        reasons: list[Reason] = []
        if given_up in now:
            now = now - {given_up}
            for other in now - {number} if not waits else ():
                lost = self.courses[other].corequisites & self.any_section(given_up)
                reasons += self.missing(student, lost, now)
        if not course.repeatable and self.has_passed_one(student, self.equals(number)):
            reasons.append(("already_completed",))
        if not waits:
            reasons += [
                ("another_section", str(c)) for c in sorted(self.same_in_term(number) & now)
            ]
        if student in self.inactive:
            reasons.append(("student_inactive",))
        if student in self.held:
            reasons.append(("student_on_hold",))
        if course.cancelled:
            reasons.append(("course_not_open",))
        if self.is_over(number):
            reasons.append(("term_ended",))
        if course.for_group and student not in self.group:
            reasons.append(("group_required",))
        reasons += self.missing(student, course.corequisites, now)
        reasons += [
            ("prerequisite_missing", str(sorted(choice)))
            for choice in course.prerequisites
            if not self.has_passed_one(
                student, {other for one in choice for other in self.meeting(one)}
            )
        ]
        conflicts = set() if course.cancelled else course.conflicts & now
        return reasons + [("time_conflict", str(c)) for c in sorted(conflicts)]

    def missing(self, student: int, needed: Iterable[int], now: set[int]) -> list[Reason]:
        return [
            ("corequisite_missing", str(other))
            for other in sorted(needed)
            if not any(c in now or self.has_passed((student, c)) for c in self.any_section(other))
        ]

    def is_needed_by_another(self, student: int, course: int) -> bool:
        """Whether the student takes the course, and another one is taken together with it."""
        now = self.not_cancelled(self.of_student(student, "enrolled"))
        return course in now and any(
            self.missing(
                student, self.courses[other].corequisites & self.any_section(course), now - {course}
            )
            for other in now - {course}
        )

    # Changing

    def move(
        self,
        student: int,
        course: int,
        status: str,
        passed: bool = True,
        instead_of: int | None = None,
    ) -> None:
        place, event = (student, course), len(self.events)
        before = self.status.get(place)
        self.events.append((student, course, "void" if place in self.void else before, status))
        self.void.discard(place)
        self.skipped_for.pop(place, None)
        if status == "void":
            self.void.add(place)
            self.was_void.add(place)
            self.stand(place, [])
        elif before != status:
            change = ChangeModel(status, event, event, passed, status == "enrolled")
            if status == "waitlisted":
                self.swaps[place] = instead_of
                self.given.setdefault(course, set()).add(event)
            self.stand(place, [*self.stacks.get(place, []), change])

    def reorder(self, student: int, course: int, position: int) -> None:
        """Move a waitlisted student directly in front of whoever has the position then, or to the
        end."""
        place, others = (student, course), [s for s in self.waiting(course) if s != student]
        places = [self.stacks[other, course][-1].joined for other in others]
        following = places[position - 1] if position <= len(places) else None
        given = self.given[course]
        low = max((p for p in given if following is None or p < following), default=Fraction(-1))
        high = floor(low) + 1 if following is None else following
        joined = Fraction(low + high) / 2
        given.add(joined)
        self.events.append((*place, "waitlisted", "waitlisted"))
        self.skipped_for.pop(place, None)
        *before, last = self.stacks[place]
        self.stand(place, [*before, replace(last, joined=joined)])

    def stand(self, place: Place, changes: list[ChangeModel]) -> None:
        """These are the changes of an enrollment that stand."""
        (student, course), queue = place, self.queues.setdefault(place[1], [])
        if student in queue:
            queue.remove(student)
        self.stacks[place] = changes
        self.status.pop(place, None)
        if changes:
            self.status[place] = changes[-1].status
            if changes[-1].status == "waitlisted":
                queue.append(student)
                queue.sort(key=lambda waiting: self.stacks[waiting, course][-1].joined)

    def has_room(self, place: Place, status: str) -> bool:
        """Whether a correction can give this status."""
        course = self.courses[place[1]]
        if status == self.status[place]:
            return True
        if status == "waitlisted":
            places = course.waitlist_capacity
            return places is None or len(self.waiting(place[1])) < places
        return status != "enrolled" or self.has_seat(place[1])

    def correct(self, place: Place, changes: list[ChangeModel]) -> None:
        """Let these changes stand. The event follows what held before the last of them."""
        before = changes[-2].status if changes[1:] else "void" if place in self.was_void else None
        self.events.append((*place, before, changes[-1].status))
        self.skipped_for.pop(place, None)
        self.stand(place, changes)

    def true_at(self, times: Sequence[str], moment: str) -> dict[Place, str]:
        """What was true at a moment, by the changes that stand; times are those of the events."""
        found = {}
        for place, changes in self.stacks.items():
            held = [change.status for change in changes if times[change.since] <= moment]
            if held:
                found[place] = held[-1]
        return found

    def carry_out(self, decisions: Sequence[Decision]) -> None:
        for student, other in sorted((v.item.student, o) for v in decisions for o in v.given_up):
            self.end(student, [other], "dropped")
        for decision in decisions:
            item = decision.item
            if self.status.get((item.student, item.course)) != decision.status:
                assert decision.status is not None
                self.move(item.student, item.course, decision.status, instead_of=item.instead_of)

    def can_end(self, student: int, course: int, status: str) -> bool:
        now = self.status.get((student, course))
        return now in (status, "enrolled") or (now, status) == ("waitlisted", "dropped")

    def end(self, student: int, courses: Iterable[int], status: str, passed: bool = True) -> None:
        for course in sorted(courses):
            self.move(student, course, status, passed)

    def settle(self, courses: Iterable[int] = (), students: Iterable[int] = ()) -> set[Place]:
        moved: set[Place] = set()
        courses, students = set(courses), set(students)
        while True:
            waited = {c for s in students for c in self.of_student(s, "waitlisted")}
            asked = [c for c in sorted(courses | waited) if self.gives_seats(c)]
            decisions = [v for course in asked for v in self.promote(course) if not v.reasons]
            if not decisions:
                return moved
            moved |= {(decision.item.student, decision.item.course) for decision in decisions}
            courses = {other for decision in decisions for other in decision.given_up}
            students = {decision.item.student for decision in decisions}

    def gives_seats(self, course: int) -> bool:
        return not self.courses[course].manual and self.has_seat(course)

    def has_seat(self, course: int) -> bool:
        capacity = self.courses[course].capacity
        return capacity is None or len(self.of_course(course, "enrolled")) < capacity

    def promote(self, course: int, seats: int | None = None) -> list[Decision]:
        """Promote waitlisted students one by one. The events of skipped students come first."""
        asked: list[Decision] = []
        free = seats
        taken = len(self.of_course(course, "enrolled"))
        for student in self.waiting(course):
            capacity = self.courses[course].capacity
            if free == 0 or (capacity is not None and taken >= capacity):
                break
            places = self.of_student(student, "enrolled")
            now = self.not_cancelled({*places, course})
            other = self.swaps.get((student, course))
            other = other if other in places else None
            reasons = self.against(student, course, now, given_up=other)
            status = None if reasons else "enrolled"
            asked.append(Decision(ItemModel(student, course, instead_of=other), status, reasons))
            taken += not reasons
            free = None if free is None else free - (not reasons)
        for decision in sorted(asked, key=lambda decision: decision.item.student):
            place = (decision.item.student, course)
            if decision.reasons and self.skipped_for.get(place) != decision.reasons:
                self.move(*place, "waitlisted")
                self.skipped_for[place] = decision.reasons
        self.carry_out([decision for decision in asked if not decision.reasons])
        return asked


def item_before(items: Sequence[ItemModel], index: int) -> bool:
    """Whether an earlier item in the list has the same student and course."""
    item = items[index]
    return any((w.student, w.course) == (item.student, item.course) for w in items[:index])
