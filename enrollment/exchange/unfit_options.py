"""The options of an import that do not fit its file: they are refused, and not left out."""

from enrollment.model.import_options import ImportOptions
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem

# What each option is for. One that is granted with every file is for all: a package creates
# students, and so does a list without courses. So is one that says how a value is read where the
# file has it.
FOR_LISTS = ("course_id", "columns", "replace")
FOR_PACKAGES = ("mode", "missing", "relink")
UNUSED = ImportOptions()


def check_options(options: ImportOptions, *, is_list: bool) -> None:
    """Raise option_does_not_fit with every option that would change nothing about this file."""
    names, detail = FOR_LISTS, "Expected only for a list, not for a package of rosters"
    if is_list:
        names, detail = FOR_PACKAGES, "Expected only for a package of rosters, not for a list"
    details = {name: detail for name in names if getattr(options, name) != getattr(UNUSED, name)}
    if is_list and options.replace and options.course_id is None:
        details["replace"] = "Expected only for the roster of one course, and no course is given"
    violations = [
        Violation(parameter=name, code="option_does_not_fit", detail=detail)
        for name, detail in details.items()
    ]
    if violations:
        raise Problem.from_violations(violations)
