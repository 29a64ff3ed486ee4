"""Windows of enrollment that open: free seats then go to waitlisted students, without a request."""

from contextlib import suppress
from datetime import tzinfo

from enrollment.data.waitlist import list_opened_courses, promote_eligible
from enrollment.model.records import Change
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database


def promote_in_opened_courses(database: Database, zone: tzinfo) -> None:
    """Promote waitlisted students in the courses that have opened, if nothing happened there since.
    While the database can't be used, nothing is done, and the next call does it."""
    change = Change(at=Timestamp.now(), actor="serve", zone=zone)
    with suppress(Problem):
        with database.read() as db:
            courses = list_opened_courses(db, change.at)
        if courses:
            with database.write() as db:
                promote_eligible(db, change, course_ids=courses)
