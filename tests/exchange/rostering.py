"""JSON schemas of the OneRoster interface, 1.2 and 1.1, as its description says."""

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"type": "array", "items": TEXT}
DAY: Schema = {"type": "string", "format": "date"}
YES_OR_NO: Schema = {"enum": ["true", "false"]}
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


def closed(required: Schema, **optional: Schema) -> Schema:
    """An object with these fields and no others."""
    properties = required | optional
    return {
        "type": "object",
        "properties": properties,
        "required": [*required],
        "additionalProperties": False,
    }


def word(*words: str) -> Schema:
    return {"anyOf": [{"enum": [*words]}, {"type": "string", "pattern": "^ext:"}]}


def ref(kind: str) -> Schema:
    href = {"type": "string", "format": "uri", "pattern": "^https?://"}
    return closed({"href": href, "sourcedId": TEXT, "type": {"const": kind}})


def refs(kind: str, least: int = 0) -> Schema:
    return {"type": "array", "items": ref(kind), "minItems": least}


def record(required: Schema, **optional: Schema) -> Schema:
    common: Schema = {
        "sourcedId": {"type": "string", "pattern": r"^[0-9A-Za-z./@_-]{1,255}$"},
        "status": {"enum": ["active", "tobedeleted"]},
        "dateLastModified": {"type": "string", "pattern": TIME},
    }
    return closed(common | required, metadata={"type": "object"}, **optional)


ORG_TYPES = word("department", "school", "district", "local", "state", "national")
NEW_ROLES = word(
    *("aide", "counselor", "districtAdministrator", "guardian", "parent", "principal", "proctor"),
    *("relative", "siteAdministrator", "student", "systemAdministrator", "teacher"),
)
OLD_ROLES = word(
    *("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher")
)
USER: Schema = {
    "userIds": {"type": "array", "items": closed({"type": TEXT, "identifier": TEXT})},
    "username": TEXT,
    "middleName": TEXT,
    "identifier": TEXT,
    "email": TEXT,
    "sms": TEXT,
    "phone": TEXT,
    "agents": refs("user"),
    "grades": TEXTS,
}
NAMES: Schema = {"enabledUser": YES_OR_NO, "givenName": TEXT, "familyName": TEXT}
ROLE = closed(
    {"roleType": {"enum": ["primary", "secondary"]}, "role": NEW_ROLES, "org": ref("org")},
    beginDate=DAY,
    endDate=DAY,
)
SCHEMAS: dict[str, Schema] = {
    "org": record({"name": TEXT, "type": ORG_TYPES, "identifier": TEXT}, parent=ref("org")),
    "academicSession": record(
        {
            "title": TEXT,
            "startDate": DAY,
            "endDate": DAY,
            "type": word("gradingPeriod", "semester", "schoolYear", "term"),
            "schoolYear": {"type": "string", "pattern": r"^\d{4}$"},
        },
        parent=ref("academicSession"),
    ),
    "course": record(
        {"title": TEXT, "courseCode": TEXT, "org": ref("org")},
        schoolYear=ref("academicSession"),
        grades=TEXTS,
        subjects=TEXTS,
        subjectCodes=TEXTS,
    ),
    "class": record(
        {
            "title": TEXT,
            "classType": word("homeroom", "scheduled"),
            "course": ref("course"),
            "school": ref("org"),
            "terms": refs("academicSession", 1),
        },
        classCode=TEXT,
        location=TEXT,
        grades=TEXTS,
        subjects=TEXTS,
        subjectCodes=TEXTS,
        periods=TEXTS,
    ),
    "enrollment": record(
        {
            "user": ref("user"),
            "class": ref("class"),
            "school": ref("org"),
            "role": word("administrator", "proctor", "student", "teacher"),
        },
        primary=YES_OR_NO,
        beginDate=DAY,
        endDate=DAY,
    ),
}
USERS = {
    "v1p2": record(
        NAMES | {"roles": {"type": "array", "items": ROLE, "minItems": 1}},
        **USER,
        userMasterIdentifier=TEXT,
        preferredFirstName=TEXT,
        preferredMiddleName=TEXT,
        preferredLastName=TEXT,
        pronouns=TEXT,
        primaryOrg=ref("org"),
    ),
    "v1p1": record(NAMES | {"role": OLD_ROLES, "orgs": refs("org", 1)}, **USER),
}
ERROR = closed(
    {
        "imsx_codeMajor": {"const": "failure"},
        "imsx_severity": {"const": "error"},
        "imsx_description": TEXT,
        "imsx_CodeMinor": closed(
            {
                "imsx_codeMinorField": {
                    "type": "array",
                    "minItems": 1,
                    "items": closed(
                        {
                            "imsx_codeMinorFieldName": {"const": "TargetEndSystem"},
                            "imsx_codeMinorFieldValue": {
                                "enum": [
                                    "invalid_filter_field",
                                    "invalid_selection_field",
                                    "invaliddata",
                                    "unauthorisedrequest",
                                    "forbidden",
                                    "server_busy",
                                    "unknownobject",
                                    "internal_server_error",
                                ]
                            },
                        }
                    ),
                }
            }
        ),
    }
)
# The records of each list, and what one of them is called.
LISTS = {
    "orgs": "org",
    "academicSessions": "academicSession",
    "courses": "course",
    "classes": "class",
    "users": "user",
    "enrollments": "enrollment",
}


def check(schema: Schema, value: Any) -> None:
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)


def schema_of(path: str, body: dict[str, Any]) -> Schema:
    """The schema of a response, which is one record or a list of them."""
    (name,) = body
    kind = LISTS.get(name, name)
    version = "v1p1" if "/v1p1/" in path else "v1p2"
    one = USERS[version] if kind == "user" else SCHEMAS[kind]
    return closed({name: {"type": "array", "items": one} if name in LISTS else one})


def code_of(body: dict[str, Any]) -> str:
    """The minor code of an error."""
    check(ERROR, body)
    (field,) = body["imsx_CodeMinor"]["imsx_codeMinorField"]
    code: str = field["imsx_codeMinorFieldValue"]
    return code
