"""Fixtures: browsers in which a registrar or a student has signed in."""

import pytest

from enrollment.app import App
from tests.support.browser import Browser
from tests.support.client import Client
from tests.support.tokens import STUDENT_TOKEN, add_student_token


@pytest.fixture
def browser(app: App) -> Browser:
    """A browser of a registrar."""
    return Browser(app)


@pytest.fixture
def ada(client: Client) -> int:
    """A student."""
    return client.student(given_name="Ada", family_name="Lovelace", number="2024-0117")


@pytest.fixture
def own_browser(app: App, ada: int) -> Browser:
    """A browser of that student."""
    add_student_token(app.database, ada)
    return Browser(app, STUDENT_TOKEN)


@pytest.fixture
def small_college(small_college: Client) -> Client:
    """A client of the small college, where a file was imported of which each row was left out."""
    small_college.post(
        "/v1/imports?errors=skip",
        b"Last name,First name\nDiallo,Amara\n",
        content_type="text/csv",
        status=201,
    )
    return small_college
