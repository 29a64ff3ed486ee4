"""The records of the OneRoster interface, made of the cells of an export: OneRoster 1.2, and 1.1,
which differs in its users. What is blank is left out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
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
OLD_ROLES = {
    "counselor": "administrator",
    "districtAdministrator": "administrator",
    "principal": "administrator",
    "siteAdministrator": "administrator",
    "systemAdministrator": "administrator",
}
# The collection of each type of record that a reference leads to.
COLLECTIONS = {
    "academicSession": "academicSessions",
    "class": "classes",
    "course": "courses",
    "org": "orgs",
    "user": "users",
}
COMMON = ("sourcedId", "status", "dateLastModified", "metadata")


class Kind(NamedTuple):
    """A kind of record: what it is called in a response, one and many, and its fields."""

    one: str
    many: str
    names: tuple[str, ...]

    def fields(self, version: Version) -> set[str]:
        """The fields that a record of this kind can have in this version."""
        of_the_other = OF_1_2 if version == "v1p1" else OF_1_1
        return {*COMMON, *self.names} - (of_the_other if self.many == "users" else set())


OF_1_1 = {"role", "orgs"}
OF_1_2 = {
    "roles",
    "primaryOrg",
    "userMasterIdentifier",
    "preferredFirstName",
    "preferredMiddleName",
    "preferredLastName",
    "pronouns",
}
KINDS = {
    kind.many: kind
    for kind in (
        Kind("org", "orgs", ("name", "type", "identifier", "parent")),
        Kind(
            "academicSession",
            "academicSessions",
            ("title", "type", "startDate", "endDate", "schoolYear", "parent"),
        ),
        Kind(
            "course",
            "courses",
            ("title", "schoolYear", "courseCode", "grades", "subjects", "subjectCodes", "org"),
        ),
        Kind(
            "class",
            "classes",
            (
                *("title", "classCode", "classType", "location", "grades", "subjects"),
                *("subjectCodes", "periods", "course", "school", "terms"),
            ),
        ),
        Kind(
            "user",
            "users",
            (
                *("username", "userIds", "enabledUser", "givenName", "familyName", "middleName"),
                *("identifier", "email", "sms", "phone", "grades", "agents", *OF_1_1, *OF_1_2),
            ),
        ),
        Kind(
            "enrollment",
            "enrollments",
            ("user", "class", "school", "role", "primary", "beginDate", "endDate"),
        ),
    )
}


class Records:
    """Makes records of cells. `base` is the address of the service, without a path."""

    def __init__(self, base: str, version: Version) -> None:
        self._root, self._version = f"{base}{PATHS[version]}", version

    def of(self, many: str) -> Callable[[Fields], Fields]:
        """Return the function that makes a record of this kind of its cells."""
        made: dict[str, Callable[[Fields], Fields]] = {
            "orgs": self._org,
            "academicSessions": self._session,
            "courses": self._course,
            "classes": self._class,
            "enrollments": self._enrollment,
        }
        return made[many]

    def user(self, cells: Fields, roles: Sequence[Fields]) -> Fields:
        """Return a user. The first of the roles is the primary one."""
        names = ("username", "enabledUser", "givenName", "familyName", "middleName", "identifier")
        record = _common(cells) | _texts(cells, *names, "email", "sms", "phone")
        record |= {
            "userIds": list(_user_ids(cells)),
            "grades": _list(cells, "grades"),
            "agents": self._refs("user", _list(cells, "agentSourcedIds")),
        }
        if self._version == "v1p1":
            role = roles[0]["role"]
            orgs = dict.fromkeys(role["orgSourcedId"] for role in roles)
            return _present(
                record | {"role": OLD_ROLES.get(role, role), "orgs": self._refs("org", orgs)}
            )
        record |= _texts(cells, "userMasterIdentifier", "pronouns")
        return _present(
            record
            | {
                "preferredFirstName": cells.get("preferredGivenName"),
                "preferredMiddleName": cells.get("preferredMiddleName"),
                "preferredLastName": cells.get("preferredFamilyName"),
                "primaryOrg": self._ref("org", cells.get("primaryOrgSourcedId")),
                "roles": [self._role(role) for role in roles],
            }
        )

    def _role(self, cells: Fields) -> Fields:
        texts = _texts(cells, "roleType", "role", "beginDate", "endDate")
        return _present(texts | {"org": self._ref("org", cells["orgSourcedId"])})

    def _org(self, cells: Fields) -> Fields:
        parent = self._ref("org", cells.get("parentSourcedId"))
        # It must have an identifier here; in a file, it need not.
        identifier = cells.get("identifier") or cells["sourcedId"]
        own = {"identifier": identifier, "parent": parent}
        return _present(_common(cells) | _texts(cells, "name", "type") | own)

    def _session(self, cells: Fields) -> Fields:
        names = ("title", "type", "startDate", "endDate", "schoolYear")
        parent = self._ref("academicSession", cells.get("parentSourcedId"))
        return _present(_common(cells) | _texts(cells, *names) | {"parent": parent})

    def _course(self, cells: Fields) -> Fields:
        own = {
            # It must have a code here; in a file, it need not.
            "courseCode": cells.get("courseCode") or cells["sourcedId"],
            "schoolYear": self._ref("academicSession", cells.get("schoolYearSourcedId")),
            "org": self._ref("org", cells.get("orgSourcedId")),
        }
        lists = {name: _list(cells, name) for name in ("grades", "subjects", "subjectCodes")}
        return _present(_common(cells) | _texts(cells, "title") | own | lists)

    def _class(self, cells: Fields) -> Fields:
        names = ("grades", "subjects", "subjectCodes", "periods")
        own = {
            "course": self._ref("course", cells.get("courseSourcedId")),
            "school": self._ref("org", cells.get("schoolSourcedId")),
            "terms": self._refs("academicSession", _list(cells, "termSourcedIds")),
        }
        lists = {name: _list(cells, name) for name in names}
        texts = _texts(cells, "title", "classCode", "classType", "location")
        return _present(_common(cells) | texts | own | lists)

    def _enrollment(self, cells: Fields) -> Fields:
        own = {
            "user": self._ref("user", cells["userSourcedId"]),
            "class": self._ref("class", cells["classSourcedId"]),
            "school": self._ref("org", cells["schoolSourcedId"]),
        }
        names = ("role", "primary", "beginDate", "endDate")
        return _present(_common(cells) | own | _texts(cells, *names))

    def _ref(self, type: str, sourced_id: str | None) -> Fields | None:
        if not sourced_id:
            return None
        href = f"{self._root}/{COLLECTIONS[type]}/{quote(sourced_id, safe='@')}"
        return {"href": href, "sourcedId": sourced_id, "type": type}

    def _refs(self, type: str, ids: Iterable[str]) -> list[Fields | None]:
        return [self._ref(type, sourced_id) for sourced_id in ids]


def _common(cells: Fields) -> Fields:
    metadata = {
        name.removeprefix(METADATA): value
        for name, value in cells.items()
        if name.startswith(METADATA) and value
    }
    return {
        "sourcedId": cells["sourcedId"],
        "status": cells["status"],
        "dateLastModified": cells["dateLastModified"] or NEVER,
        "metadata": metadata,
    }


def _texts(cells: Fields, *names: str) -> Fields:
    return {name: cells.get(name) for name in names}


def _list(cells: Fields, name: str) -> list[str]:
    return [part.strip() for part in (cells.get(name) or "").split(",") if part.strip()]


def _user_ids(cells: Fields) -> Iterator[dict[str, Any]]:
    """Yield the ids of a user elsewhere: in a file, each is `{type:id}`."""
    for text in _list(cells, "userIds"):
        type, _, identifier = text.strip("{}").partition(":")
        if identifier:
            yield {"type": type, "identifier": identifier}


def _present(record: Fields) -> Fields:
    return {name: value for name, value in record.items() if value not in (None, "", [], {})}
