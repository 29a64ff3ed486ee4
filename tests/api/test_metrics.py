"""/metrics: what the service counts, read by the parser of the official library."""

import platform
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from enrollment.app import App
from enrollment.model.location import Location
from tests.support.client import Client, with_settings
from tests.support.engine import locked, version_of
from tests.support.server import serving

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
Numbers = dict[tuple[str, ...], float]


def parse(page: str) -> Numbers:
    """Each number by its name and the values of its labels, in the order of their names."""
    return {
        (
            sample.name.removeprefix("enrollment_"),
            *(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def read(client: Client) -> Numbers:
    return parse(client.get("/metrics", status=200).text)


def only(name: str, numbers: Numbers) -> Numbers:
    """Those of this name, by their labels."""
    return {key[1:]: number for key, number in numbers.items() if key[0] == name}


def test_requests_are_counted_by_route_method_and_status(client: Client):
    student = client.student()
    client.get(f"/v1/students/{student}", status=200)
    client.head(f"/v1/students/{student}", status=200)
    client.get("/v1/students/99", status=404)
    client.post_json("/v1/students", {}, status=422)

    numbers = read(client)

    route = "/v1/students/{student_id}"
    assert numbers["http_requests_total", "GET", route, "200"] == 1
    assert numbers["http_requests_total", "HEAD", route, "200"] == 1
    assert numbers["http_requests_total", "GET", route, "404"] == 1
    assert numbers["http_requests_total", "POST", "/v1/students", "201"] == 1
    assert numbers["http_requests_total", "POST", "/v1/students", "422"] == 1
    assert numbers["http_request_duration_seconds_count", route] == 3
    assert numbers["http_request_duration_seconds_bucket", "+Inf", route] == 3
    assert 0 < numbers["http_request_duration_seconds_sum", route] < 60


def test_the_versions_that_run_are_labels_of_a_metric(client: Client):
    with client.app.database.read() as db:
        name, engine = version_of(db)
    labels = {"python": platform.python_version(), name: engine, "version": version("enrollment")}

    builds = only("build_info", read(client))

    assert builds == {tuple(value for _, value in sorted(labels.items())): 1}


def test_what_clients_invent_makes_no_new_label(client: Client):
    client.lint = False
    for number in range(3):
        client.get(f"/v1/invented/{number}", status=404)
        client.request("/v1/students", method=f"INVENTED{number}", status=405)
        client.get("/", headers={"Host": f"host-{number}.example"}, status=421)

    assert only("http_requests_total", read(client)) == {
        ("GET", "unknown", "404"): 3,
        ("GET", "unknown", "421"): 3,
        ("other", "unknown", "405"): 3,
    }


def test_what_became_of_enrollments_is_counted(client: Client):
    course, (first, second, third) = client.course(capacity=1), [client.student() for _ in range(3)]
    client.enroll(first, course)
    client.enroll(second, course, waitlist=True)
    client.enroll(third, course, 409)
    client.delete(f"/v1/students/{first}/courses/{course}?dry_run=true", status=200)
    assert only("changes_total", read(client)) == {
        ("none", "enrolled"): 1,
        ("none", "waitlisted"): 1,
    }

    client.put_status(first, course, "dropped")
    client.put_status(second, course, "completed")

    assert only("changes_total", read(client)) == {
        ("none", "enrolled"): 1,
        ("none", "waitlisted"): 1,
        ("enrolled", "dropped"): 1,
        ("waitlisted", "enrolled"): 1,
        ("enrolled", "completed"): 1,
    }


def test_what_was_before_this_application_is_not_counted_again(app: App, client: Client):
    client.enroll(client.student(), client.course())

    other = with_settings(app)
    assert only("changes_total", read(Client(other))) == {}
    assert only("changes_total", read(client)) == {("none", "enrolled"): 1}


def test_refusals_are_counted_by_rule(client: Client):
    full, closed = client.course(capacity=0), client.course(status="closed", capacity=0)
    students = [client.student(), client.student()]
    client.want(students[0], [full, closed], 409)
    items = [{"student_id": student} for student in students]
    client.post_json(
        f"/v1/courses/{full}/students", {"mode": "each", "students": items}, status=207
    )
    client.get("/v1/students/99", status=404)

    assert only("refusals_total", read(client)) == {
        ("course_full",): 4,
        ("course_not_open",): 1,
        ("student_not_found",): 1,
    }


# In one of the two, the date is always another one than in UTC.
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_a_term_ends_with_its_last_day_at_the_school(app: App, zone: str):
    client = Client(with_settings(app, time_zone=ZoneInfo(zone)))
    today = datetime.now(ZoneInfo(zone)).date()
    for days, capacity in ((0, 1), (1, 10)):
        end = (today - timedelta(days)).isoformat()
        client.course(term=client.term(code=f"T{days}", end_on=end), capacity=capacity)

    assert read(client)["seats_capacity",] == 1


def test_seats_are_those_of_open_courses_whose_term_has_not_ended(client: Client):
    future = client.term(code="FUTURE", start_on="2998-01-01", end_on="2999-12-31")
    past = client.term(code="PAST", start_on="2020-01-01", end_on="2020-12-31")
    students = [client.student(), client.student()]
    for term, capacity in ((future, 1), (None, 1), (past, 1), (future, None)):
        late = "2099-01-01T00:00:00Z"
        course = client.course(term=term, capacity=capacity, enroll_until=late)
        for student in students:
            client.enroll(student, course, waitlist=True)
    client.course(term=future, capacity=7, status="closed")

    numbers = read(client)

    assert numbers["seats_capacity",] == 2
    assert numbers["seats_taken",] == 2
    assert numbers["waitlisted",] == 2


def test_the_sizes_are_those_of_the_files(client: Client, database_file: Path):
    client.student()

    numbers = read(client)

    wal = database_file.with_name("enrollment.db-wal")
    assert numbers["database_bytes",] == database_file.stat().st_size > 0
    assert numbers["wal_bytes",] == wal.stat().st_size > 0


def test_a_request_that_waits_for_the_database_is_counted_once(location: Location, tmp_path: Path):
    with serving(location, "--busy-timeout", "0.1", folder=tmp_path) as server:
        with locked(location):
            assert server.post("/v1/students", STUDENT).status == 503
        assert server.post("/v1/students", STUDENT).status == 201
        assert server.get("/v1/events?wait=1").status == 200

        numbers = parse(server.get("/metrics").body.decode())

    assert only("http_requests_total", numbers) == {
        ("GET", "/", "200"): 1,
        ("POST", "/v1/students", "503"): 1,
        ("POST", "/v1/students", "201"): 1,
        ("GET", "/v1/events", "200"): 1,
    }
    assert numbers["refusals_total", "database_busy"] == 1
    assert numbers["http_request_duration_seconds_bucket", "0.5", "/v1/events"] == 0
