"""Small packages of one school, for tests of what a later one changes."""

from tests.exchange.packages import zipped

TIME = "2026-10-01T00:00:00.000Z"
HEADERS = {
    "orgs": "sourcedId,status,dateLastModified,name,type",
    "academicSessions": "sourcedId,status,dateLastModified,title,type,startDate,endDate,schoolYear",
    "courses": "sourcedId,status,dateLastModified,title,courseCode,orgSourcedId",
    "classes": "sourcedId,status,dateLastModified,title,courseSourcedId,classCode,classType,"
    "schoolSourcedId,termSourcedIds",
    "users": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,"
    "familyName,identifier",
    "enrollments": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,"
    "userSourcedId,role,beginDate,endDate,metadata.outcome",
}


def place(
    user: str, class_: str = "k1", begin: str = "2026-09-01", end: str = "", how: str = ""
) -> str:
    """The cells of an enrollment after its id."""
    return f"{class_},o1,{user},student,{begin},{end},{how}"


def user(
    name: str, number: str | None = None, *, role: str = "student", enabled: str = "true"
) -> str:
    """The cells of a user, whose number is the id unless another one is given."""
    return f"{enabled},o1,{role},{name},{name},F{name},{name if number is None else number}"


def class_(name: str, term: str = "t1") -> str:
    return f"Math {name},c1,MATH1-{name},scheduled,o1,{term}"


def package(mode: str, tables: dict[str, dict[str, str]], gone: frozenset[str]) -> bytes:
    """A package of these rows by their ids. In a delta, those that are gone are to be deleted."""
    members = {"manifest_csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"}
    for name, header in HEADERS.items():
        members["manifest_csv"] += f"file.{name},{mode if name in tables else 'absent'}\n"
        if name in tables:
            lines = [header]
            for id, cells in tables[name].items():
                status = "tobedeleted" if id in gone else "active"
                lines.append(f"{id},{f'{status},{TIME}' if mode == 'delta' else ','},{cells}")
            members[f"{name}_csv"] = "\n".join(lines) + "\n"
    return zipped(**{name: text.encode() for name, text in members.items()})


def bulk(places: dict[str, str] | None, students: int = 8, **others: dict[str, str]) -> bytes:
    """All there is: two classes of one term, students, and the enrollments of these users, or
    no file of enrollments. `others` are rows of the tables beside these, or in their place."""
    tables = {
        "orgs": {"o1": "School,school"},
        "academicSessions": {
            "t0": "Spring 2026,term,2026-02-01,2026-07-01,2026",
            "t1": "Fall 2026,term,2026-09-01,2027-01-31,2027",
        },
        "courses": {"c1": "Math,MATH1,o1"},
        "classes": {name: class_(name) for name in ("k1", "k2")},
        "users": {f"u{n}": user(f"u{n}") for n in range(1, students + 1)},
    }
    if places is not None:
        tables["enrollments"] = filled(places)
    merged = {name: rows | others.get(name, {}) for name, rows in tables.items()}
    return package("bulk", merged, frozenset())


def delta(
    *,
    gone: str = "",
    users: str | dict[str, str] = "",
    classes: str = "",
    places: dict[str, str] | None = None,
    **others: dict[str, str],
) -> bytes:
    """What has changed: users, classes and enrollments, and rows of `others`. `gone` are the ids to
    be deleted."""
    tables = {
        "users": {name: user(name) for name in users.split()} if isinstance(users, str) else users,
        "classes": {name: class_(name) for name in classes.split()},
        "enrollments": filled(places or {}),
    }
    tables |= others
    return package(
        "delta", {name: cells for name, cells in tables.items() if cells}, frozenset(gone.split())
    )


def filled(places: dict[str, str]) -> dict[str, str]:
    """The cells of enrollments: for a user alone, those of the class k1."""
    return {id: cells if "," in cells else place(cells) for id, cells in places.items()}
