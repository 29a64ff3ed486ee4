"""/v1/students"""

import unicodedata
from typing import Any

import pytest

from tests.support.client import Client, broken

ADA = {"given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.org"}


def test_a_created_student_is_given_an_id_a_version_and_a_location(client: Client):
    answer = client.post_json("/v1/students", ADA, status=201)

    created = answer.json
    assert created.pop("possible_duplicates") == []
    assert created == {
        "id": 1,
        "version": 1,
        "updated_at": created["updated_at"],
        "number": None,
        **ADA,
        "status": "active",
        "max_credits": None,
        "groups": [],
    }
    assert answer.headers["Location"] == "/v1/students/1"
    assert answer.headers["ETag"] == '"1"'
    assert client.get("/v1/students/1").json == created


def test_a_student_needs_no_email(client: Client):
    client.student(email=None)
    client.student()

    assert [item["email"] for item in client.walk("/v1/students")] == [None, None]


def test_a_replaced_student_has_the_defaults_of_what_was_left_out(client: Client):
    client.post_json("/v1/students", {**ADA, "number": "7", "status": "inactive"}, status=201)

    fields = {"given_name": "Augusta Ada", "family_name": "King"}
    answer = client.put_json("/v1/students/1", fields, status=200)

    defaults: dict[str, Any] = {"number": None, "email": None, "status": "active"}
    defaults |= {"max_credits": None}
    defaults |= {"groups": [], "updated_at": answer.json["updated_at"]}
    student = {"id": 1, "version": 2, **fields, **defaults}
    assert answer.json == {**student, "dropped": []}
    assert client.get("/v1/students/1").json == student


def test_number_taken(client: Client):
    client.student(number="S-1041a")
    other = client.student(number="S-2")

    created = client.post_json("/v1/students", {**ADA, "number": "s-1041A"}, status=409)
    replaced = client.put_json(f"/v1/students/{other}", {**ADA, "number": "S-1041A"}, status=409)

    assert broken(created) == broken(replaced) == [("/number", "number_taken")]
    assert created.json["errors"][0]["details"] == {"student_id": 1}
    assert created.json["errors"][0]["detail"] == "Ada Lovelace 1 has the number S-1041a."
    assert len(client.walk("/v1/students")) == 2


def test_a_student_keeps_the_number_when_replaced(client: Client):
    client.student(number="a1")

    answer = client.put_json("/v1/students/1", {**ADA, "number": "A1"}, status=200)

    assert answer.json["number"] == "A1"


def test_many_students_have_no_number(client: Client):
    client.student()
    client.student(number=None)

    assert [item["number"] for item in client.walk("/v1/students")] == [None, None]


def test_students_share_an_email_and_all_of_them_are_found_by_it(client: Client):
    for number in range(3):
        client.student(email="Parents@example.org" if number else "parents@Example.org")
    client.student(email="others@example.org")

    assert ids(client, "email=parents@example.org") == [1, 2, 3]


def test_a_new_student_is_answered_with_the_students_who_may_be_the_same(client: Client):
    client.student(given_name="José", family_name="Núñez", email="jose@example.org")
    client.student(given_name="Ana", family_name="Núñez", email="Parents@example.org")
    client.student(given_name="jose", family_name="NUNEZ")
    fields = {"given_name": "Jose", "family_name": "Nuñez", "email": "parents@example.org"}

    answer = client.post_json("/v1/students?dry_run=true", fields, status=201).json
    again = client.post_json("/v1/students", fields, status=201).json

    expected = [
        {"student_id": 1, "same_email": False, "same_name": True},
        {"student_id": 2, "same_email": True, "same_name": False},
        {"student_id": 3, "same_email": False, "same_name": True},
    ]
    assert answer["possible_duplicates"] == again["possible_duplicates"] == expected
    assert "possible_duplicates" not in client.get("/v1/students/4").json


def test_a_student_without_email_has_no_namesakes_among_those_without(client: Client):
    client.student(given_name=None, family_name="Sukarno")

    fields = {"given_name": "Sukarno", "family_name": "Sukarno"}
    answer = client.post_json("/v1/students", fields, status=201)

    assert answer.json["possible_duplicates"] == []


def test_at_most_20_possible_duplicates_are_named(client: Client):
    for _ in range(21):
        client.student(given_name="Jan", family_name="Novák")

    answer = client.post_json("/v1/students", {"given_name": "Jan", "family_name": "Novak"})

    assert [item["student_id"] for item in answer.json["possible_duplicates"]] == [*range(1, 21)]


def test_a_person_can_have_one_name(client: Client):
    student = client.student(given_name=None, family_name="Sukarno")

    assert client.get(f"/v1/students/{student}").json["given_name"] is None
    assert ids(client, "family_name=suk") == [student]


@pytest.mark.parametrize(
    "name",
    [
        "क्षितिज",
        "Ngũgĩ wa Thiong'o",
        "王小明",
        "e\N{COMBINING ACUTE ACCENT}" + "x\N{COMBINING TILDE}\N{COMBINING DOT BELOW}" * 99,
        "x" * 100,
        "بهاره\N{ZERO WIDTH NON-JOINER}ای",
    ],
    ids=["marks", "latin", "han", "100-with-marks", "100", "with-a-joiner"],
)
def test_a_name_can_be_of_any_script_and_of_100_characters_as_a_reader_counts(
    client: Client, name: str
):
    student = client.student(given_name=name, family_name=name)

    found = client.get(f"/v1/students/{student}").json
    assert found["given_name"] == found["family_name"] == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("escape", ["\u0301", "\\u0301"])
def test_a_name_is_stored_in_nfc(client: Client, escape: str):
    body = f'{{"given_name": "Jose{escape}", "family_name": "Nu\N{COMBINING ACUTE ACCENT}n"}}'

    answer = client.post(
        "/v1/students", body.encode(), content_type="application/json", status=201
    ).json

    assert (answer["given_name"], answer["family_name"]) == ("Jos\xe9", "N\xfan")
    assert ids(client, "family_name=nu%CC%81n") == [1]


@pytest.mark.parametrize(
    "email", ["ada@example.org", "用户@例子.广告", "δοκιμή@παράδειγμα.δοκιμή", "o'neil+x@b"]
)
def test_an_email_can_have_letters_beyond_ascii(client: Client, email: str):
    student = client.student(email=email)

    assert client.get(f"/v1/students/{student}").json["email"] == email


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
        client.student(
            family_name=family_name,
            given_name=given_name,
            status=status,
            email=f"{given_name[:2].lower()}{number}@example.org",
            number=f"S{7 - number}",
        )
    return client


def ids(client: Client, query: str) -> list[int]:
    return [item["id"] for item in client.walk(f"/v1/students?{query}")]


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 100])
def test_students_are_listed_by_name_whatever_the_length_of_the_page(people: Client, limit: int):
    assert ids(people, f"limit={limit}") == [4, 2, 6, 1, 3, 5]


def test_a_letter_stands_with_its_base(client: Client):
    names = ["Zorn", "Özil", "ozawa", "O'Brien", "Ødegård", "Łuk", "Luk", "Sukarno", "Šuk", "Æsop"]
    for name in names:
        client.student(given_name=None, family_name=name)

    assert [item["family_name"] for item in client.walk("/v1/students?limit=3")] == [
        *["Æsop", "Łuk", "Luk", "O'Brien", "Ødegård", "ozawa", "Özil", "Šuk", "Sukarno", "Zorn"]
    ]


@pytest.mark.parametrize("limit", [1, 100])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("family_name=LOVE", [1, 3]),
        ("family_name=%C5%8C", [5]),
        ("family_name=oE", [5]),
        ("given_name=KENZABURO", [5]),
        ("family_name=Hopper&given_name=g", [2, 6]),
        ("given_name=g", [2, 6]),
        ("status=inactive", [4, 3]),
        ("family_name=love&status=active", [1]),
        ("email=gr", [2, 6]),
        ("email=GR2@example.org", [2]),
        ("email=be&status=active", []),
        ("email=ed&family_name=hop", [4]),
        ("number=s", [6, 5, 4, 3, 2, 1]),
        ("number=S4", [3]),
        ("number=s&email=gr&given_name=grace", [6, 2]),
        ("number=s&status=inactive", [4, 3]),
        ("family_name=x", []),
        ("family_name=%25", []),
    ],
)
def test_students_are_found_by_how_their_fields_begin(
    people: Client, query: str, found: list[int], limit: int
):
    assert ids(people, f"{query}&limit={limit}") == found
