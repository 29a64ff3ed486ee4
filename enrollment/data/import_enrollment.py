"""The enrollments that an import begins and ends. The rules are those of sql/eligibility.sql."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, get_args

from msgspec.json import decode
from msgspec.structs import replace

from enrollment.data.eligibility import EnrollmentRequest, decide, rules_to_json
from enrollment.data.import_row import Rules, Wanted, insert_source_records
from enrollment.model.records import Change
from enrollment.model.results import Violation
from enrollment.model.types import OverridableRule
from enrollment.storage.connection import Connection
from enrollment.storage.dialect import analyze_on_server
from enrollment.storage.queries import queries, to_json

SQL = queries("import_enrollment")
ROW = queries("import_row")
# How many enrollments are decided on at once. The seats that they take count for the next ones.
BATCH = 2000
SEAT_RULES = {"course_full", "waitlist_full"}
# Decide on seats alone.
NOT_SEATS = to_json([rule for rule in get_args(OverridableRule) if rule not in SEAT_RULES])


class Decided(NamedTuple):
    """A row and the rules that it breaks."""

    stretch_id: int
    violations: list[Violation]


def bring_in_enrollments(db: Connection, import_id: int, wanted: Wanted, change: Change) -> None:
    """Begin and end what the rows of a package speak of. Where all enrollments are there, others
    are dropped."""
    source, ends = wanted.source, "enrollments" in wanted.whole_kinds
    SQL.update_deleted_references(db)
    SQL.insert_unresolved_faults(db, source=source)
    SQL.insert_gone_faults(db, now=change.at)
    ROW.update_unresolved_unwanted(db)
    SQL.insert_stretches(db, source=source, key=wanted.key, now=change.at)
    analyze_on_server(db, "stretch")
    if ends:
        has_sessions = "academicSessions" in wanted.whole_kinds
        SQL.insert_missing_stretches(db, source=source, has_sessions=has_sessions)
    # Who keeps what is missing from a bulk file keeps these too.
    if ends or "enrollments" in wanted.delta_kinds:
        SQL.insert_moved_stretches(db)
    SQL.insert_ending_stretches(db, source=source)
    SQL.insert_gone_stretches(db, source=source, today=change.today)
    _apply(db, wanted, change)
    _correct_outcomes(db, change)
    SQL.update_adopted(db)
    SQL.update_adopted_same(db)
    SQL.insert_planned_stretches(db)
    SQL.insert_date_faults(db, now=change.at)
    if "enrollments" in wanted.delta_kinds:
        SQL.insert_later_end_faults(db, now=change.at)
    SQL.insert_outcome_faults(db)
    insert_source_records(db, import_id, source, "enrollments")
    SQL.update_records_of_others(db, import_id=import_id)
    place = {"import_id": import_id, "source": source, "kind": "enrollments"}
    ROW.insert_ended_records(db, **place)
    if ends:
        ROW.insert_missing_kept_records(db, **place)
    ROW.update_records_superseded(db, import_id=import_id)


def find_listed_courses(db: Connection, header: str) -> None:
    """Find the course that each row of a list names, in the column with this header, and leave out
    those that name none."""
    SQL.update_listed_courses(db)
    SQL.insert_listed_course_faults(db, header=header)
    ROW.update_faulty_unwanted(db)


def bring_in_roster(db: Connection, wanted: Wanted, change: Change) -> None:
    """Enroll the students of a list in a course, or each in the course that the row names, if any.
    With `replaces`, students who are in the course and not in the list are dropped."""
    SQL.insert_listed_stretches(db, course_id=wanted.course_id)
    analyze_on_server(db, "stretch")
    if wanted.replaces:
        SQL.insert_replaced_stretches(db, course_id=wanted.course_id)
    _apply(db, wanted, change)
    SQL.insert_listed_faults(db)


def _apply(db: Connection, wanted: Wanted, change: Change) -> None:
    """Begin and end enrollments, round after round."""
    SQL.insert_leaving_stretches(db, source=wanted.source, today=change.today)
    SQL.update_stretches_same(db)
    SQL.update_stretch_actions(db, is_list=wanted.is_list)
    if not wanted.is_list:
        SQL.update_stretches_held(db, source=wanted.source)
    _check_what_stays(db, change, wanted.rules)
    SQL.update_stretch_rounds(db)
    for number in range(1, SQL.get_last_round(db)["round"] + 1):
        # Seats that become free can be taken in the same import.
        _end(db, number, change)
        rest = [*_begin_eligible(db, number, wanted, change)]
        if wanted.rules == "record":
            _begin_against_rules(db, number, rest, change)
        else:
            _note_rules(db, rest)
        analyze_on_server(db, "student_course", "student_course_event")
        _end(db, number, change)


def _end(db: Connection, number: int, change: Change) -> None:
    """Complete or drop those that end in this round."""
    acts = {"now": change.at, "actor": change.actor, "reason": change.reason}
    for status in ("completed", "dropped"):
        SQL.update_ended(db, round=number, status=status, **acts)


def _correct_outcomes(db: Connection, change: Change) -> None:
    """Correct what has ended in another way than the source says now. No rule forbids that: the
    student was enrolled before, and needs no seat."""
    SQL.update_stretches_corrected(db)
    SQL.insert_correction_faults(db)
    _end(db, 0, change)


def _check_what_stays(db: Connection, change: Change, rules: Rules) -> None:
    """Check the enrollments that lose a course which is taken at the same time, as a drop does."""
    broken: list[Decided] = []
    for student_id, group in groupby(SQL.list_left_alone(db), key=itemgetter("student_id")):
        rows = list(group)
        staying = [*dict.fromkeys(row["staying_id"] for row in rows)]
        requests = [
            EnrollmentRequest(student_id, course_id, allow_existing=True)
            for course_id in (*staying, *decode(rows[0]["begun"]))
        ]
        dropped = [*dict.fromkeys(row["dropped_id"] for row in rows)]
        decisions = decide(db, requests, change, dropped=dropped)
        found = {decision.course_id: decision.violations for decision in decisions[: len(staying)]}
        broken += [Decided(row["stretch_id"], found[row["staying_id"]]) for row in rows]
    against: dict[int, list[Violation]] = {}
    for stretch_id, violations in broken:
        if violations:
            against.setdefault(stretch_id, []).extend(violations)
    _insert_decisions(db, against)
    if rules == "refuse":
        _note_rules(db, broken)
        SQL.delete_stretches_decided(db)
    else:
        SQL.update_stretches_against(db)
        _note_set_aside(db, against)
    SQL.delete_decisions(db)


def _begin_eligible(
    db: Connection, number: int, wanted: Wanted, change: Change
) -> Iterator[Decided]:
    """Enroll those who break no rule, and yield the others with the rules. Students who wait claim
    the seats before them."""
    rows = [tuple(row) for row in SQL.list_stretches_to_begin(db, round=number)]
    first = SQL.list_waiting_first(db, round=number, replaces=wanted.replaces)
    waiting = [tuple(row) for row in first]
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        requests = [
            EnrollmentRequest(student_id, course_id, allow_existing=True)
            for student_id, course_id in dict.fromkeys((*waiting, *(row[1:] for row in batch)))
        ]
        decisions = {
            decision[:2]: decision.violations
            for decision in decide(db, requests, change, lists_students=True)
        }
        decided = [Decided(row[0], decisions[row[1:]]) for row in batch]
        _begin(db, number, {item.stretch_id: [] for item in decided if not item.violations}, change)
        wanted.progress(len(batch), len(rows))
        yield from (item for item in decided if item.violations)


def _begin_against_rules(
    db: Connection, number: int, rest: Sequence[Decided], change: Change
) -> None:
    """Enroll all the same, each with the rules that this breaks. Which seats are left is decided
    again: those who were refused for another reason take some too."""
    rows = {row["id"]: tuple(row) for row in SQL.list_stretches_to_begin(db, round=number)}
    own = replace(change, overridden=NOT_SEATS)
    for start in range(0, len(rest), BATCH):
        batch = rest[start : start + BATCH]
        pairs = [rows[item.stretch_id] for item in batch]
        requests = [
            EnrollmentRequest(student_id, course_id, allow_existing=True)
            for _, student_id, course_id in pairs
        ]
        against = {}
        for item, seats in zip(batch, decide(db, requests, own, lists_students=True), strict=True):
            counted = {violation.code for violation in seats.violations}
            others = [found for found in item.violations if found.code not in counted]
            against[item.stretch_id] = others + seats.violations
        _begin(db, number, against, change)
        _note_set_aside(db, against)


def _begin(
    db: Connection, number: int, against: Mapping[int, Sequence[Violation]], change: Change
) -> None:
    """Enroll these, each with the rules that are set aside."""
    _insert_decisions(db, against)
    SQL.update_stretches_decided(db)
    acts = {"now": change.at, "actor": change.actor, "reason": change.reason}
    SQL.insert_begun(db, round=number, **acts)
    SQL.update_stretches_begun(db, round=number)
    SQL.delete_decisions(db)


def _insert_decisions(db: Connection, against: Mapping[int, Sequence[Violation]]) -> None:
    decisions = [
        (stretch_id, rules_to_json([*dict.fromkeys(violation.code for violation in violations)]))
        for stretch_id, violations in against.items()
    ]
    SQL.insert_decisions(db, decisions=to_json(decisions))


def _note_rules(db: Connection, rest: Sequence[Decided]) -> None:
    """Note each rule that these rows break as an error of the row."""
    faults = [
        (item.stretch_id, violation.code, violation.detail)
        for item in rest
        for violation in item.violations
    ]
    SQL.insert_rule_faults(db, faults=to_json(faults))


def _note_set_aside(db: Connection, against: Mapping[int, Sequence[Violation]]) -> None:
    """Note the rules that each of these rows breaks, and that are set aside, as a warning."""
    faults = [
        (stretch_id, " ".join(dict.fromkeys(violation.detail for violation in violations)))
        for stretch_id, violations in against.items()
    ]
    SQL.insert_override_faults(db, faults=to_json(faults))
