"""The student whom a field of a form names: by number, by email or, as #6, by id."""

from enrollment.data import page
from enrollment.web.refusal import wrong_field
from enrollment.web.visit import Visit
from enrollment.web.words import not_one


def read_student(visit: Visit, field: str) -> int:
    """Return the id of the student. Raises invalid_body if the field names none, or several."""
    named = visit.form.one(field)
    found = page.find_students(visit.db, [named])[named] if named else []
    if len(found) == 1:
        return found[0]
    detail = not_one(named, found) if named else "Expected a number, an email or an id"
    raise wrong_field(field, detail)
