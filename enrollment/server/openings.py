"""Windows of enrollment that open: free seats go to those who wait, though no request says so."""

from contextlib import suppress

from enrollment.config import Config
from enrollment.data.waitlist import list_opened_courses, promote_eligible
from enrollment.model.records import Change
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database


class Openings:
    """Promotes students in the courses that have opened since the last time. The first time, it
    looks at all that are open: one may have opened while nothing served."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._zone = config.time_zone
        self._since = Timestamp("")

    def promote(self) -> None:
        """Promote those who are eligible now. While the database can't be used, nothing happens,
        and the next call does it."""
        change = Change(at=Timestamp.now(), actor="serve", zone=self._zone)
        with suppress(Problem):
            with self._database.read() as db:
                courses = list_opened_courses(db, self._since, change.at)
            if courses:
                with self._database.write() as db:
                    promote_eligible(db, change, course_ids=courses)
            self._since = change.at
