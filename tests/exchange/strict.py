"""A strict validator of OneRoster 1.2 CSV packages. It shares no table with the exporter."""

import csv
import io
import re
import zipfile
from typing import Any

HEADERS = {
    "academicSessions": (
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear"
    ),
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    "courses": (
        "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,"
        "subjects,subjectCodes"
    ),
    "classes": (
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"
        "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods"
    ),
    "users": (
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,"
        "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,"
        "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns"
    ),
    "roles": (
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,"
        "orgSourcedId,userProfileSourcedId"
    ),
    "enrollments": (
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,"
        "primary,beginDate,endDate"
    ),
}
NEEDED = {
    "academicSessions": "sourcedId title type startDate endDate schoolYear",
    "orgs": "sourcedId name type",
    "courses": "sourcedId title orgSourcedId",
    "classes": "sourcedId title courseSourcedId classType schoolSourcedId termSourcedIds",
    "users": "sourcedId enabledUser username givenName familyName",
    "roles": "sourcedId userSourcedId roleType role orgSourcedId",
    "enrollments": "sourcedId classSourcedId schoolSourcedId userSourcedId role",
}
REFERENCES = {
    "parentSourcedId": None,
    "schoolYearSourcedId": "academicSessions",
    "orgSourcedId": "orgs",
    "schoolSourcedId": "orgs",
    "primaryOrgSourcedId": "orgs",
    "courseSourcedId": "courses",
    "classSourcedId": "classes",
    "userSourcedId": "users",
    "agentSourcedIds": "users",
    "termSourcedIds": "academicSessions",
}
WORDS = {
    ("academicSessions", "type"): "gradingPeriod|semester|schoolYear|term",
    ("orgs", "type"): "department|school|district|local|state|national",
    ("classes", "classType"): "homeroom|scheduled",
    ("users", "enabledUser"): "true|false",
    ("roles", "roleType"): "primary|secondary",
    ("enrollments", "primary"): "true|false|",
}
MANIFEST = (
    "academicSessions categories classes classResources courseResources courses demographics"
    " enrollments lineItemLearningObjectiveIds lineItems lineItemScoreScales orgs resources"
    " resultLearningObjectiveIds results resultScoreScales roles scoreScales userProfiles"
    " userResources users"
).split()
DAY = r"\d{4}-\d\d-\d\d"
MOMENT = rf"{DAY}T\d\d:\d\d:\d\d\.\d{{3}}Z"

Rows = list[dict[str, str]]


def validate(archive: bytes, roles: str = "student") -> dict[str, Rows]:
    """Return the rows of each file. Fails on anything that the standard does not allow, and on
    roles that are not expected."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        texts = {name: opened.read(name).decode() for name in opened.namelist()}
    modes = _manifest(texts.pop("manifest.csv"))
    assert {name for name, mode in modes.items() if mode != "absent"} == {
        name.removesuffix(".csv") for name in texts
    }
    tables = {}
    for name, text in texts.items():
        table = name.removesuffix(".csv")
        tables[table] = _rows(table, text)
        for row in tables[table]:
            _check_row(table, row, modes[table], roles)
        ids = [row["sourcedId"] for row in tables[table]]
        assert ids == sorted({*ids}), f"{name}: ids are not unique and in order"
    if "delta" not in modes.values():
        for table, rows in tables.items():
            _check_references(table, rows, tables)
    return tables


def _manifest(text: str) -> dict[str, str]:
    header, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    values = dict(lines)
    assert header == ["propertyName", "value"]
    assert (values["manifest.version"], values["oneroster.version"]) == ("1.0", "1.2")
    assert [name for name in values if name.startswith("file.")] == [
        f"file.{name}" for name in sorted(MANIFEST, key=str.lower)
    ]
    assert {*values} - {f"file.{name}" for name in MANIFEST} == {
        "manifest.version",
        "oneroster.version",
        "source.systemName",
        "source.systemCode",
    }
    return {name: values[f"file.{name}"] for name in MANIFEST}


def _rows(table: str, text: str) -> Rows:
    assert not text.startswith("\ufeff")
    assert text.endswith("\r\n")
    # No cell has a line break, so the lines are the rows.
    assert text.count("\n") == text.count("\r\n") == text.count("\r")
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert len(rows) == text.count("\n") - 1
    standard = HEADERS[table].split(",")
    assert header[: len(standard)] == standard
    own = header[len(standard) :]
    assert own == sorted(own)
    assert all(name.startswith("metadata.") for name in own)
    assert rows, f"{table} has no rows"
    return [dict(zip(header, row, strict=True)) for row in rows]


def _check_row(table: str, row: dict[str, str], mode: str, roles: str) -> None:
    assert re.fullmatch("[0-9A-Za-z./@_-]{1,255}", row["sourcedId"])
    if mode == "bulk":
        assert (row["status"], row["dateLastModified"]) == ("", "")
    else:
        assert row["status"] in ("active", "tobedeleted")
        assert re.fullmatch(MOMENT, row["dateLastModified"])
    for column in NEEDED[table].split():
        assert row[column], f"{table} {row['sourcedId']}: {column} is blank"
    for column, value in row.items():
        assert value == value.strip()
        assert value.isprintable()
        if column.endswith("Date"):
            assert re.fullmatch(f"({DAY})?", value)
        if column == "role":
            assert re.fullmatch(roles, value)
        if (table, column) in WORDS:
            assert re.fullmatch(WORDS[table, column], value), (table, column, value)
    for first, last in (("startDate", "endDate"), ("beginDate", "endDate")):
        assert not row.get(last) or row.get(first, "") <= row[last]


def _check_references(table: str, rows: Rows, tables: dict[str, Any]) -> None:
    known = {name: {row["sourcedId"] for row in found} for name, found in tables.items()}
    for row in rows:
        for column, target in REFERENCES.items():
            for value in filter(None, row.get(column, "").split(",")):
                assert value in known[target or table], f"{table}: no {column} {value}"
