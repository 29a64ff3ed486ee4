"""Merge patches (RFC 7396): what is sent is changed, and everything else stays."""

from typing import Any

import pytest

from tests.support.client import Client, broken

COURSE = {
    "code": "CS101",
    "title": "Databases",
    "credits": 5,
    "capacity": 2,
    "prerequisites": [{"code": "CS1", "concurrent": True}],
    "meetings": [{"weekday": 1, "from": "09:00", "to": "10:00"}],
}
RECORDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "students",
        {"given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.org"},
        {"email": None},
    ),
    (
        "terms",
        {"code": "FALL", "title": "Fall", "start_on": "2026-08-31", "end_on": "2026-12-18"},
        {"max_credits": 30.0},
    ),
    ("courses", COURSE, {"capacity": 3}),
]


@pytest.mark.parametrize(("kind", "record", "patch"), RECORDS, ids=[kind for kind, *_ in RECORDS])
def test_only_what_is_sent_is_changed(
    client: Client, kind: str, record: dict[str, Any], patch: dict[str, Any]
):
    before = client.post_json(f"/v1/{kind}", record, status=201).json

    client.patch_json(f"/v1/{kind}/1", patch, status=200)

    after = client.get(f"/v1/{kind}/1").json
    changed = {name for name in after if before[name] != after[name]}
    assert changed - {"version", "updated_at", "seats"} == patch.keys()
    assert {name: after[name] for name in patch} == patch
    assert after["version"] == 2


def test_null_stands_for_the_default(client: Client):
    course = client.course(**COURSE)

    client.patch_json(f"/v1/courses/{course}", {"credits": None, "meetings": None}, status=200)

    after = client.get(f"/v1/courses/{course}").json
    assert (after["credits"], after["meetings"], after["title"]) == (0, [], "Databases")


def test_a_person_with_one_name_loses_the_other(client: Client):
    student = client.student(given_name="Ada", family_name="Sukarno")

    changed = client.patch_json(f"/v1/students/{student}", {"given_name": None}, status=200).json

    assert (changed["given_name"], changed["family_name"]) == (None, "Sukarno")


def test_what_is_required_cannot_be_null(client: Client):
    course = client.course(**COURSE)

    answer = client.patch_json(f"/v1/courses/{course}", {"title": None, "seat": 1}, status=422)

    assert broken(answer) == [("/seat", "unknown_name"), ("/title", "invalid_value")]


def test_a_patch_is_checked_as_the_whole_record(client: Client):
    client.term(start_on="2026-08-31", end_on="2026-12-18")

    answer = client.patch_json("/v1/terms/1", {"end_on": "2026-08-01"}, status=422)

    assert broken(answer) == [("/end_on", "ends_before_start")]


def test_a_patch_has_a_media_type_of_its_own(client: Client):
    student, patch = client.student(), b'{"given_name": "Augusta"}'
    path, merge_patch = f"/v1/students/{student}", "application/merge-patch+json"

    client.patch(path, patch, content_type=merge_patch, status=200)

    client.put(path, patch, content_type=merge_patch, status=415)
    assert client.get(path).json["given_name"] == "Augusta"
