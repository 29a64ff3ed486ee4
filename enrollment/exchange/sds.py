"""Microsoft School Data Sync 2.1: files with the names of OneRoster and columns of their own, in
which roles and enrollments have no ids."""

from collections.abc import Iterator

from enrollment.exchange.columns import (
    ENROLLMENT_ROLES,
    ORG_TYPES,
    SESSION_TYPES,
    USER_ROLES,
    make_table,
)
from enrollment.exchange.dialect import Dialect, made_id
from enrollment.exchange.reading import Record

TABLES = (
    make_table("orgs", "sourcedId:id* name:text+ type:word+ parentSourcedId:id", type=ORG_TYPES),
    make_table(
        "academicSessions",
        "sourcedId:id* title:text* type:word+ schoolYear:text+ startDate:local_date*"
        " endDate:local_date*",
        type=SESSION_TYPES,
    ),
    make_table(
        "courses",
        "sourcedId:id* orgSourcedId:id+ title:text* courseCode:text schoolYearSourcedId:id"
        " subjects:list grades:list",
        {"code": "courseCode", "subject": "subjects", "grade": "grades"},
    ),
    make_table(
        "classes",
        "sourcedId:id* schoolSourcedId:id title:text* classCode:text termSourcedIds:ids"
        " courseSourcedId:id",
        {
            "orgSourcedId": "schoolSourcedId",
            "code": "classCode",
            "sessionSourcedIds": "termSourcedIds",
        },
    ),
    make_table(
        "users",
        "sourcedId:id* username:text+ givenName:name familyName:name* password:secret"
        " activeDirectoryMatchId=metadata.activeDirectoryMatchId:text email:email phone:text"
        " sms:text",
    ),
    make_table(
        "roles",
        "userSourcedId:id* orgSourcedId:id+ role:word*"
        " sessionSourcedId=metadata.sessionSourcedId:text grade=metadata.grade:text"
        " isPrimary=roleType:flag beginDate:local_date endDate:local_date",
        {"roleStartDate": "beginDate", "roleEndDate": "endDate"},
        role=USER_ROLES,
    ),
    make_table(
        "enrollments",
        "classSourcedId:id* userSourcedId:id* role:seat*",
        role=ENROLLMENT_ROLES,
    ),
)
# What makes a row without an id the one that it is.
KEYS = {
    "roles": ("userSourcedId", "orgSourcedId", "role", "metadata.sessionSourcedId"),
    "enrollments": ("classSourcedId", "userSourcedId", "role"),
}
ROLE_TYPES = {"true": "primary", "false": "secondary"}


def _translate(name: str, record: Record) -> Iterator[Record]:
    """Yield a row with an id, as OneRoster has it."""
    content = record.content
    if name in KEYS:
        id = made_id(name, *(content.get(column) for column in KEYS[name]))
        content = {"sourcedId": id} | content
    if "roleType" in content:
        content["roleType"] = ROLE_TYPES[content["roleType"]]
    yield record._replace(content=content)


SDS = Dialect(
    format="sds-2.1",
    tables={table.name: table for table in TABLES},
    needed={"orgs", "users", "roles"},
    kinds={table.name: {table.name} for table in TABLES},
    translator=lambda reading: _translate,
)
