"""The records of the OneRoster interface, made of the cells of an export: OneRoster 1.2, and 1.1,
which differs in its users. What is blank is left out."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from enrollment.data.export import Fields
from enrollment.exchange.headers import METADATA

Version = Literal["v1p2", "v1p1"]
PATHS: dict[Version, str] = {
    "v1p2": "/ims/oneroster/rostering/v1p2",
    "v1p1": "/ims/oneroster/v1p1",
}
# When something has changed that has no time of its own: a school never does.
NEVER = "2000-01-01T00:00:00.000Z"
# The roles of 1.1, for those that only 1.2 has.
OLD_ROLES = dict.fromkeys(
    ("counselor", "districtAdministrator", "principal", "siteAdministrator", "systemAdministrator"),
    "administrator",
)
COMMON = ("sourcedId", "status", "dateLastModified", "metadata")


class Field(NamedTuple):
    """A field of a record: the column of a file that it is made of."""

    column: str
    is_list: bool = False
    # What the ids in the column are those of, if the field is a reference.
    type: str | None = None
    # The only version that has the field.
    version: Version | None = None
    # What stands in for a blank cell, where a record must have what a row of a file need not.
    stand_in: str = ""


class Kind(NamedTuple):
    """A kind of record: what one is called in a response, and its fields."""

    one: str
    fields: dict[str, Field]

    def of(self, version: Version) -> dict[str, Field]:
        """The fields of this kind in a version, besides those that all records have."""
        return {
            name: field for name, field in self.fields.items() if field.version in (None, version)
        }


def _texts(names: str) -> dict[str, Field]:
    return {name: Field(name) for name in names.split()}


def _lists(names: str) -> dict[str, Field]:
    return {name: Field(name, is_list=True) for name in names.split()}


# The kinds by what many are called in a response.
KINDS = {
    "orgs": Kind(
        "org",
        _texts("name type")
        | {
            "identifier": Field("identifier", stand_in="sourcedId"),
            "parent": Field("parentSourcedId", type="org"),
        },
    ),
    "academicSessions": Kind(
        "academicSession",
        _texts("title type startDate endDate schoolYear")
        | {"parent": Field("parentSourcedId", type="academicSession")},
    ),
    "courses": Kind(
        "course",
        {
            "title": Field("title"),
            "courseCode": Field("courseCode", stand_in="sourcedId"),
            "schoolYear": Field("schoolYearSourcedId", type="academicSession"),
            "org": Field("orgSourcedId", type="org"),
        }
        | _lists("grades subjects subjectCodes"),
    ),
    "classes": Kind(
        "class",
        _texts("title classCode classType location")
        | {
            "course": Field("courseSourcedId", type="course"),
            "school": Field("schoolSourcedId", type="org"),
            "terms": Field("termSourcedIds", is_list=True, type="academicSession"),
        }
        | _lists("grades subjects subjectCodes periods"),
    ),
    "users": Kind(
        "user",
        _texts(
            "username enabledUser givenName familyName middleName identifier email sms phone"
            " userIds"
        )
        | {
            "grades": Field("grades", is_list=True),
            "agents": Field("agentSourcedIds", is_list=True, type="user"),
            "role": Field("role", version="v1p1"),
            "orgs": Field("orgSourcedIds", version="v1p1"),
            "userMasterIdentifier": Field("userMasterIdentifier", version="v1p2"),
            "pronouns": Field("pronouns", version="v1p2"),
            "preferredFirstName": Field("preferredGivenName", version="v1p2"),
            "preferredMiddleName": Field("preferredMiddleName", version="v1p2"),
            "preferredLastName": Field("preferredFamilyName", version="v1p2"),
            "primaryOrg": Field("primaryOrgSourcedId", type="org", version="v1p2"),
            "roles": Field("roles", version="v1p2"),
        },
    ),
    "enrollments": Kind(
        "enrollment",
        {
            "user": Field("userSourcedId", type="user"),
            "class": Field("classSourcedId", type="class"),
            "school": Field("schoolSourcedId", type="org"),
        }
        | _texts("role primary beginDate endDate"),
    ),
}
# A role is no record of its own, but a part of a user.
ROLE = _texts("roleType role beginDate endDate") | {"org": Field("orgSourcedId", type="org")}
COLLECTIONS = {kind.one: many for many, kind in KINDS.items()}


class Records:
    """Makes records of cells. `base` is the address of the service, without a path."""

    def __init__(self, base: str, version: Version) -> None:
        self._root, self._version = f"{base}{PATHS[version]}", version
        self._fields = {many: kind.of(version) for many, kind in KINDS.items()}

    def make(self, many: str, cells: Fields, **own: Any) -> Fields:
        """Return a record of a kind. `own` are the fields that are no cells."""
        metadata = {
            name.removeprefix(METADATA): value
            for name, value in cells.items()
            if name.startswith(METADATA) and value
        }
        common = {
            "sourcedId": cells["sourcedId"],
            "status": cells["status"],
            "dateLastModified": cells["dateLastModified"] or NEVER,
            "metadata": metadata,
        }
        return _present(common | self._values(self._fields[many], cells) | own)

    def user(self, cells: Fields, roles: Sequence[Fields]) -> Fields:
        """Return a user. The first of the roles is the primary one."""
        ids = list(_user_ids(cells))
        if self._version == "v1p2":
            made = [_present(self._values(ROLE, role)) for role in roles]
            return self.make("users", cells, userIds=ids, roles=made)
        role = roles[0]["role"]
        orgs = [
            self._ref("org", id) for id in dict.fromkeys(each["orgSourcedId"] for each in roles)
        ]
        role = OLD_ROLES.get(role, role)
        return self.make("users", cells, userIds=ids, role=role, orgs=orgs)

    def _values(self, fields: dict[str, Field], cells: Fields) -> Fields:
        """Return the fields whose cells are not blank."""
        return {
            name: self._value(field, text)
            for name, field in fields.items()
            if (text := cells.get(field.column) or cells.get(field.stand_in))
        }

    def _value(self, field: Field, text: str) -> Any:
        if field.is_list:
            items = _split(text)
            return [self._ref(field.type, item) for item in items] if field.type else items
        return self._ref(field.type, text) if field.type else text

    def _ref(self, type: str, sourced_id: str) -> Fields:
        href = f"{self._root}/{COLLECTIONS[type]}/{quote(sourced_id, safe='@')}"
        return {"href": href, "sourcedId": sourced_id, "type": type}


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _user_ids(cells: Fields) -> Iterator[dict[str, str]]:
    """Yield the ids of a user elsewhere: in a file, each is `{type:id}`."""
    for text in _split(cells.get("userIds")):
        type, _, identifier = text.strip("{}").partition(":")
        if identifier:
            yield {"type": type, "identifier": identifier}


def _present(record: Fields) -> Fields:
    return {name: value for name, value in record.items() if value not in (None, "", [], {})}
