"""The student whom a field of a form names: by number, by email or, as #6, by id."""

from enrollment.data import page
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.web.visit import Visit
from enrollment.web.words import not_one


def read_student(visit: Visit, field: str) -> int:
    """Return the id of the student. Raises invalid_body if the field names none, or several."""
    named = visit.form.one(field)
    found = page.find_students(visit.db, [named])[named] if named else []
    if len(found) == 1:
        return found[0]
    detail = not_one(named, found) if named else "Expected a number, an email or an id"
    wrong = [Violation(pointer=f"/{field}", code="invalid_value", detail=detail)]
    raise Problem("invalid_body", "1 field is invalid.", wrong)
