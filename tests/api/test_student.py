"""/v1/students"""

import pytest

from tests.support.client import Client, broken

ADA = {"given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.org"}


def test_a_created_student_is_given_an_id_a_version_and_a_location(client: Client):
    answer = client.post_json("/v1/students", ADA, status=201)

    assert answer.json == {"id": 1, "version": 1, **ADA, "status": "active", "max_credits": None}
    assert answer.headers["Location"] == "/v1/students/1"
    assert answer.headers["ETag"] == '"1"'
    assert client.get("/v1/students/1").json == answer.json


def test_a_student_needs_no_email(client: Client):
    client.student(email=None)
    client.student()

    assert [item["email"] for item in client.walk("/v1/students")] == [None, None]


def test_a_replaced_student_has_the_defaults_of_what_was_left_out(client: Client):
    client.post_json("/v1/students", {**ADA, "status": "inactive"}, status=201)

    fields = {"given_name": "Augusta Ada", "family_name": "King"}
    answer = client.put_json("/v1/students/1", fields, status=200)

    defaults = {"email": None, "status": "active", "max_credits": None}
    student = {"id": 1, "version": 2, **fields, **defaults}
    assert answer.json == {**student, "dropped": []}
    assert client.get("/v1/students/1").json == student


def test_a_deleted_student_is_gone_and_the_id_is_not_given_again(client: Client):
    student = client.student()

    client.delete(f"/v1/students/{student}", status=204)

    assert client.get(f"/v1/students/{student}", status=404).json["code"] == "student_not_found"
    assert client.student() == student + 1


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_student_who_is_not_there_is_not_found(client: Client, method: str):
    answer = getattr(client, method)("/v1/students/7", status=404)

    assert answer.json["code"] == "student_not_found"
    assert answer.json["detail"] == "There is no student 7."


def test_replacing_a_student_who_is_not_there_is_not_found(client: Client):
    assert client.put_json("/v1/students/7", ADA, status=404).json["code"] == "student_not_found"


def test_email_taken(client: Client):
    client.student(email="ada@example.org")
    other = client.student(email="grace@example.org")

    created = client.post_json("/v1/students", {**ADA, "email": "ADA@example.org"}, status=409)
    replaced = client.put_json(f"/v1/students/{other}", ADA, status=409)

    assert broken(created) == broken(replaced) == [("/email", "email_taken")]
    assert created.json["errors"][0]["details"] == {"student_id": 1}
    assert len(client.walk("/v1/students")) == 2


def test_a_student_keeps_the_email_when_replaced(client: Client):
    client.student(email="ada@example.org")

    client.put_json("/v1/students/1", {**ADA, "email": "Ada@Example.org"}, status=200)


def test_student_has_enrollments(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    client.put_status(student, course, "dropped")

    answer = client.delete(f"/v1/students/{student}", status=409)

    assert broken(answer) == [("", "student_has_enrollments")]
    assert client.status(student, course) == "dropped"


@pytest.fixture
def people(client: Client) -> Client:
    for number, (family_name, given_name, status) in enumerate(
        [
            ("Lovelace", "Ada", "active"),
            ("Hopper", "Grace", "active"),
            ("lovett", "Ben", "inactive"),
            ("Hopper", "Edward", "inactive"),
            ("Ōe", "Kenzaburō", "active"),
            ("Hopper", "Grace", "active"),
        ],
        start=1,
    ):
        email = f"{given_name[:2].lower()}{number}@example.org"
        client.student(family_name=family_name, given_name=given_name, status=status, email=email)
    return client


def ids(client: Client, query: str) -> list[int]:
    return [item["id"] for item in client.walk(f"/v1/students?{query}")]


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 100])
def test_students_are_listed_by_name_whatever_the_length_of_the_page(people: Client, limit: int):
    assert ids(people, f"limit={limit}") == [4, 2, 6, 1, 3, 5]


@pytest.mark.parametrize("limit", [1, 100])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("family_name=LOVE", [1, 3]),
        ("family_name=%C5%8C", [5]),
        ("family_name=Hopper&given_name=g", [2, 6]),
        ("given_name=g", [2, 6]),
        ("status=inactive", [4, 3]),
        ("family_name=love&status=active", [1]),
        ("email=gr", [2, 6]),
        ("email=GR2@example.org", [2]),
        ("email=be&status=active", []),
        ("email=ed&family_name=hop", [4]),
        ("family_name=x", []),
        ("family_name=%25", []),
    ],
)
def test_students_are_found_by_how_their_fields_begin(
    people: Client, query: str, found: list[int], limit: int
):
    assert ids(people, f"{query}&limit={limit}") == found
