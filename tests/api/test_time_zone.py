"""A date in place of a time is a day where the school is: --time-zone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from enrollment.app import App
from enrollment.config import Config
from enrollment.problems.errors import UsageError
from tests.support.browser import Browser
from tests.support.client import Client, broken, with_settings

COURSE = {"code": "CS101", "title": "Databases"}


@pytest.fixture
def client_in(app: App) -> Callable[[str], Client]:
    return lambda zone: Client(with_settings(app, time_zone=ZoneInfo(zone)))


# The day is March 29, 2026, when summer time begins in Europe at 1:00 in UTC.
@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("UTC", "2026-03-29", "2026-03-29T00:00:00.000Z", "2026-03-30T00:00:00.000Z"),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"),
        ("America/New_York", "2026-03-29", "2026-03-29T04:00:00.000Z", "2026-03-30T04:00:00.000Z"),
        ("Asia/Kathmandu", "2026-03-29", "2026-03-28T18:15:00.000Z", "2026-03-29T18:15:00.000Z"),
        # Summer time begins at midnight: the day begins at 1:00.
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00.000Z", "2026-03-29T21:00:00.000Z"),
        # It ends at midnight: the hour before midnight comes twice.
        ("America/Asuncion", "2024-03-23", "2024-03-23T03:00:00.000Z", "2024-03-24T04:00:00.000Z"),
    ],
)
def test_a_window_of_days_is_stored_from_start_to_end(
    client_in: Callable[[str], Client], zone: str, day: str, start: str, end: str
):
    client = client_in(zone)

    id = client.course(**COURSE, enroll_from=day, enroll_until=day, drop_until=day)

    stored = client.get(f"/v1/courses/{id}").json
    assert (stored["enroll_from"], stored["enroll_until"]) == (start, end)
    assert stored["drop_until"] == end


def test_a_time_with_its_offset_is_the_same_everywhere(client_in: Callable[[str], Client]):
    client = client_in("Europe/Berlin")

    id = client.course(**COURSE, enroll_from="2026-08-01T08:00:00-04:00")

    assert client.get(f"/v1/courses/{id}").json["enroll_from"] == "2026-08-01T12:00:00.000Z"


@pytest.mark.parametrize(
    ("zone", "as_of", "expected"),
    [
        ("UTC", "2020-01-04", 0),
        ("UTC", "2020-01-05", 1),
        # It was in the evening of the 4th there.
        ("America/New_York", "2020-01-03", 0),
        ("America/New_York", "2020-01-04", 1),
        ("America/New_York", "2020-01-05T03:00:00Z", 1),
        ("America/New_York", "2020-01-04T21:59:59-05:00", 0),
    ],
)
def test_as_of_a_day_is_the_end_of_it(
    client_in: Callable[[str], Client], zone: str, as_of: str, expected: int
):
    client = client_in(zone)
    course = client.course(term=client.term())
    client.enroll(client.student(), course, effective_at="2020-01-05T03:00:00Z")

    assert len(client.walk(f"/v1/courses/{course}/students?as_of={as_of}")) == expected
    census = client.get(f"/v1/terms/1/census?as_of={as_of}").json
    assert census["totals"]["enrolled"] == expected
    assert census["as_of"].endswith("Z")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York"])
def test_the_day_that_is_not_over_is_that_of_the_school(
    client_in: Callable[[str], Client], zone: str
):
    client, today = client_in(zone), datetime.now(ZoneInfo(zone)).date()
    path = f"/v1/courses/{client.course()}/students?as_of="

    client.get(f"{path}{today}", status=200)
    client.get(f"{path}{today + timedelta(days=2)}", status=422)


def test_since_and_until_a_day_include_it(client_in: Callable[[str], Client], app: App):
    client = client_in("America/New_York")
    with app.database.write() as db:
        # In the evening of the 1st there.
        db.execute("INSERT INTO acting (actor, at) VALUES ('A #1', '2019-01-02T03:00:00.000Z')")
        db.execute("INSERT INTO student (given_name, family_name) VALUES ('Ada', 'L')")
        db.execute("DELETE FROM acting")

    for query, found in (
        ("since=2019-01-01&until=2019-01-01", 1),
        ("since=2019-01-02&until=2019-01-02", 0),
        ("until=2018-12-31", 0),
    ):
        assert len(client.walk(f"/v1/changes?{query}")) == found


@pytest.mark.parametrize(
    ("zone", "field", "day"),
    [
        ("UTC", "enroll_from", "2026-02-30"),
        ("Asia/Tokyo", "enroll_from", "0001-01-01"),
        ("UTC", "enroll_until", "9999-12-31"),
    ],
)
def test_a_day_that_is_not_or_is_out_of_range_is_refused(
    client_in: Callable[[str], Client], zone: str, field: str, day: str
):
    answer = client_in(zone).post_json("/v1/courses", COURSE | {field: day}, status=422)

    assert broken(answer) == [(f"/{field}", "invalid_value")]


@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("America/New_York", "0001-01-01T00:00:00Z"),
        ("Asia/Tokyo", "0001-01-01T00:00:00Z"),
        ("Asia/Tokyo", "9999-12-31T23:59:00Z"),
    ],
)
def test_a_time_at_the_end_of_the_calendar_is_shown_and_exported(
    client_in: Callable[[str], Client], zone: str, time: str
):
    client = client_in(zone)
    term = client.term(start_on="0001-01-01", end_on="9999-12-31")
    course, student = client.course(term=term, drop_until=time), client.student()
    client.enroll(student, course, effective_at=min(time, "2020-01-01T00:00:00Z"))
    browser = Browser(client.app)

    for page in ("terms/1", "terms/1/census", f"courses/{course}/edit", f"students/{student}"):
        browser.get(f"/{page}", status=200)
    client.get("/v1/oneroster.zip", status=200)


@pytest.mark.parametrize("name", ["", "Berlin", "Europe", "/etc/passwd", "../UTC", "x" * 300, "\0"])
def test_an_unknown_time_zone_is_refused(name: str):
    with pytest.raises(UsageError, match=r"--time-zone is .*, expected the IANA name"):
        Config.read({"time_zone": name}, {})


def test_the_times_of_a_roster_are_those_of_the_school(client_in: Callable[[str], Client]):
    client = client_in("Europe/Berlin")
    course = client.course(**COURSE)
    client.enroll(client.student(), course, effective_at="2026-09-01T08:00:00Z")

    assert ",2026-09-01 10:00:00," in client.get(f"/v1/courses/{course}/students.csv").text
