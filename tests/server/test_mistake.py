"""The real server where its code has a mistake: the request that meets it fails, and no other."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import enrollment
from enrollment.model.location import Location
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.storage.queries import resource_dir
from tests.support.server import Reply, serving

CLIENTS, REQUESTS = 16, 320
# A branch of the rules whose code has no row in PROBLEM_TYPES.
UNREGISTERED = """
    UNION ALL
    SELECT item, 'never_registered', course || ' is new.', json_object('course', course)
    FROM candidate
    WHERE course = 'NEW'
"""
# Behind the branch of a rule that stands in the middle.
PLACE = re.compile(r"(?<=WHERE :now >= enroll_until\n)")


def copy_with_a_mistake(to: Path) -> None:
    """The whole package, where `python -m enrollment` finds it first."""
    shutil.copytree(Path(enrollment.__file__).parent, to / "enrollment")
    for name in ("sql", "migrations"):
        shutil.copytree(resource_dir(name), to / name)
    rules = to / "sql" / "rule.sql"
    text, places = PLACE.subn(UNREGISTERED, rules.read_text())
    assert places == 1
    rules.write_text(text)


def test_a_code_that_is_not_registered_fails_its_request_alone(location: Location, tmp_path: Path):
    assert "never_registered" not in PROBLEM_TYPES
    copy_with_a_mistake(tmp_path)
    with serving(location, folder=tmp_path) as server, ThreadPoolExecutor(CLIENTS) as pool:
        assert server.post("/v1/courses", {"code": "NEW", "title": "Databases"}).status == 201
        student = {"given_name": "Ada", "family_name": "Lovelace"}
        assert server.post("/v1/students", student).status == 201

        def send(number: int) -> Reply:
            if number % 16 == 0:
                return server.post("/v1/students/1/courses", {"course_id": 1})
            return server.post("/v1/students", student)

        replies = list(pool.map(send, range(REQUESTS)))

        failures, rest = replies[::16], [r for n, r in enumerate(replies) if n % 16]
        assert {reply.status for reply in rest} == {201}
        assert {(reply.status, reply.json["code"]) for reply in failures} == {
            (500, "internal_error")
        }
        log = server.log.read_text()
        for failure in failures:
            assert f"request {failure.json['request_id']} failed" in log
        assert "LookupError: the SQL returned the code 'never_registered'" in log
        # Nothing of a request that failed is left, and everything of the others is.
        assert server.get("/v1/students/1/courses").json["items"] == []
        assert len(server.get("/v1/students?limit=1000").json["items"]) == 1 + len(rest)
        assert server.stop() == 0
