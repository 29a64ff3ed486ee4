"""The files and columns of OneRoster 1.1 and 1.2, and the words of plain lists."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple


class Column(NamedTuple):
    """A column: its name in OneRoster, what its cells hold (`cells.READERS` says how each kind is
    read), and whether a row needs it: "here" to be understood, "there" only by the standard."""

    name: str
    kind: str
    needed: Literal["here", "there"] | None = None
    # The words that may stand in it, unless any may.
    words: tuple[str, ...] = ()


class Table(NamedTuple):
    """A file of a package: its name without `.csv`, its columns by their headers, and the headers
    of other versions with those that they stand for."""

    name: str
    columns: dict[str, Column]
    renamed: Mapping[str, str]


# Columns of older versions, by their names since.
OLD_COLUMNS = {
    "grade": "grades",
    "userId": "userIds",
    "agents": "agentSourcedIds",
    "schoolYearId": "schoolYearSourcedId",
    "termSourcedId": "termSourcedIds",
    "termId": "termSourcedIds",
    "orgSourcedId": "orgSourcedIds",
    "courseId": "courseSourcedId",
    "schoolId": "schoolSourcedId",
    "classId": "classSourcedId",
    "subject": "subjects",
}


def make_table(
    name: str, text: str, renamed: Mapping[str, str] = MappingProxyType({}), **words: str
) -> Table:
    """Make a table of `column:kind`, or `header=column:kind` where the file has another name for
    the column. A `*` after it: a row needs it. A `+`: only the standard does, and it can be done
    without."""
    columns = {}
    for item in text.split():
        names, _, kind = item.partition(":")
        header, _, column = names.rpartition("=")
        needed = {"*": "here", "+": "there"}.get(kind[-1])
        known = tuple(words.get(column, "").split())
        columns[header or column] = Column(
            column,
            kind.rstrip("*+"),
            needed,  # type: ignore[arg-type]
            known,
        )
    return Table(name, columns, renamed)


def _table(name: str, text: str, **words: str) -> Table:
    """Make a table of OneRoster, in the order of the standard."""
    every = "sourcedId:id* status:word dateLastModified:moment "
    return make_table(name, every + text, OLD_COLUMNS, status=STATUSES, **words)


STATUSES = "active tobedeleted"
ORG_TYPES = "department school district local state national"
SESSION_TYPES = "gradingPeriod semester schoolYear term"
ENROLLMENT_ROLES = "administrator proctor student teacher aide"
USER_ROLES = (
    "administrator aide counselor districtAdministrator guardian parent principal proctor relative"
    " siteAdministrator student systemAdministrator teacher"
)
# In the order in which rows can be checked against rows: a file after those that it refers to.
TABLES = {
    table.name: table
    for table in (
        _table(
            "orgs",
            "name:text+ type:word+ identifier:text parentSourcedId:id",
            type=ORG_TYPES,
        ),
        _table(
            "academicSessions",
            "title:title* type:word+ startDate:date* endDate:date* parentSourcedId:id"
            " schoolYear:text+",
            type=SESSION_TYPES,
        ),
        _table(
            "courses",
            "schoolYearSourcedId:id title:text* courseCode:text grades:list orgSourcedId:id+"
            " subjects:list subjectCodes:list",
        ),
        _table(
            "classes",
            "title:title* grades:list courseSourcedId:id+ classCode:text classType:word+"
            " location:text schoolSourcedId:id+ termSourcedIds:ids+ subjects:list"
            " subjectCodes:list periods:list",
            classType="homeroom scheduled",
        ),
        _table(
            "users",
            "enabledUser:yes_or_no+ username:text+ userIds:text givenName:name+ familyName:name*"
            " middleName:name identifier:text email:email sms:text phone:text agentSourcedIds:ids"
            " grades:list password:secret userMasterIdentifier:text preferredGivenName:name"
            " preferredMiddleName:name preferredFamilyName:name primaryOrgSourcedId:id"
            " pronouns:text",
        ),
        _table(
            "roles",
            "userSourcedId:id* roleType:word+ role:word* beginDate:date endDate:date"
            " orgSourcedId:id+ userProfileSourcedId:text",
            roleType="primary secondary",
            role=USER_ROLES,
        ),
        _table(
            "enrollments",
            "classSourcedId:id* schoolSourcedId:id+ userSourcedId:id* role:seat* primary:yes_or_no"
            " beginDate:date endDate:date",
            role=ENROLLMENT_ROLES,
        ),
    )
}
# In 1.1 a user has one role and many orgs, and there is no roles.csv.
USERS_1_1 = _table(
    "users",
    "enabledUser:yes_or_no+ orgSourcedIds:ids+ role:word* username:text+ userIds:text"
    " givenName:name+ familyName:name* middleName:name identifier:text email:email sms:text"
    " phone:text agentSourcedIds:ids grades:list password:secret",
    role=USER_ROLES,
)
# Words that take `ext:` words beside them.
OPEN_WORDS = {"type", "role", "classType"}
# Words of older versions, and of universities for those who teach.
OLD_WORDS = {"inactive": "tobedeleted"} | dict.fromkeys(
    ("adjunct", "faculty", "instructor", "lecturer", "professor"), "teacher"
)
# Files of the standard that hold nothing a roster needs.
NOT_KEPT = set(
    "categories classResources courseResources demographics lineItemLearningObjectiveIds lineItems"
    " lineItemScoreScales resources resultLearningObjectiveIds results resultScoreScales"
    " scoreScales userProfiles userResources".split()
)
MODES = ("absent", "bulk", "delta")
