"""The records of the OneRoster interface: which are wanted, in which order, and how many there are.

A list has one part or two: what is of this school, and what only another system has. Around the
named query of a part stand conditions and an order; their columns are those of `COLUMNS` alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from enrollment.data.export import Fields, fields_of
from enrollment.model.oneroster import Condition, Selection
from enrollment.storage.connection import Connection, Row
from enrollment.storage.queries import queries, to_json

SQL = queries("oneroster")
OF_ALL = {"sourcedId": "shown_id", "status": "shown_status", "dateLastModified": "updated_at"}
# The fields of each kind of record that can be searched and sorted by, and their columns.
COLUMNS: dict[str, dict[str, str]] = {
    "orgs": OF_ALL
    | {"name": "name", "type": "type", "identifier": "identifier", "parent.sourcedId": "parent_id"},
    "academicSessions": OF_ALL
    | {
        "title": "title",
        "type": "type",
        "startDate": "start_date",
        "endDate": "end_date",
        "schoolYear": "school_year",
        "parent.sourcedId": "parent_id",
    },
    "courses": OF_ALL | {"title": "title", "courseCode": "course_code", "org.sourcedId": "org_id"},
    "classes": OF_ALL
    | {
        "title": "title",
        "classCode": "class_code",
        "classType": "class_type",
        "location": "location",
        "course.sourcedId": "course_id",
        "school.sourcedId": "school_id",
    },
    "users": OF_ALL
    | {
        "enabledUser": "shown_enabled",
        "username": "shown_username",
        "givenName": "shown_given",
        "familyName": "shown_family",
        "identifier": "shown_identifier",
        "email": "shown_email",
        "role": "shown_role",
        "roles.role": "shown_role",
    },
    "enrollments": OF_ALL
    | {
        "role": "shown_role",
        "user.sourcedId": "user_id",
        "class.sourcedId": "shown_class",
        "school.sourcedId": "shown_school",
    },
}
# The conditions besides those of a filter, by their names, around their parameters.
NARROWED = {
    "ordinal": "ordinal = :{}",
    "id": "id = :{}",
    "student_id": "student_id = :{}",
    "course_id": "course_id = :{}",
    "user_id": "user_id = :{}",
    "school_id": "shown_school = :{}",
    "org_id": "replace(',' || orgs || ',', ',' || :{0} || ',', '') <> ',' || orgs || ','",
    "status": "shown_status = :{}",
}
OPERATORS = dict.fromkeys((">", ">=", "<", "<=", "="), "{0} {1} lower(:{2})") | {
    "!=": "{0} <> lower(:{2})",
    "~": "{0} LIKE '%' || lower(:{2}) || '%' ESCAPE '!'",
}


class Part(NamedTuple):
    """A part of a list: its query, the parameters of that, and the conditions of `NARROWED`."""

    query: Any
    parameters: Mapping[str, Any]
    narrowed: Mapping[str, Any]


def list_page(
    db: Connection, many: str, parts: Sequence[Part], wanted: Selection
) -> tuple[list[tuple[int, Fields]], int]:
    """Return the rows of a page of records of a kind, each with the number of its part, and how
    many all pages have."""
    places, total = _list_places(db, parts, wanted, COLUMNS[many])
    rows: dict[tuple[int, int], Fields] = {}
    for number, part in enumerate(parts):
        ordinals = [ordinal for of_part, ordinal in places if of_part == number]
        if ordinals:
            found = db.execute(
                f"SELECT * FROM ({_text(part)}) AS listed"
                " WHERE ordinal IN (SELECT CAST(value AS bigint) FROM json_each(:ordinals))",
                {**part.parameters, "ordinals": to_json(ordinals)},
            )
            rows |= {(number, row["ordinal"]): fields_of(row) for row in found}
    return [(place[0], rows[place]) for place in places], total


def _list_places(
    db: Connection, parts: Sequence[Part], wanted: Selection, columns: Mapping[str, str]
) -> tuple[list[tuple[int, int]], int]:
    """Return where the records of a page are, in their order: in which part, and there under which
    number; and how many all pages have."""
    parameters: dict[str, Any] = {"limit": wanted.limit, "offset": wanted.offset}
    for number, condition in enumerate(wanted.conditions):
        parameters[f"value{number}"] = _operand(condition)
    sort = f"lower(coalesce({columns[wanted.sort]}, ''))" if wanted.sort else ""
    listed = []
    for number, part in enumerate(parts):
        narrowed, only = _narrowed(part, number)
        parameters |= {**part.parameters, **only}
        place = f"{sort} AS sort_key, " if sort else ""
        conditions = [*narrowed, *_conditions(wanted, columns)]
        listed.append(
            f"SELECT {place}{number} AS part, ordinal FROM ({_text(part)}) AS listed"
            f" WHERE {' AND '.join(conditions) or 'true'}"
        )
    every = " UNION ALL ".join(listed)
    direction = " DESC" if wanted.is_descending else ""
    order = [f"sort_key{direction}"] if sort else []
    # A part alone is in the order of its index.
    order += ["part", "ordinal"] if len(parts) > 1 else ["ordinal"]
    page = f"{every} ORDER BY {', '.join(order)} LIMIT :limit OFFSET :offset"
    # MATERIALIZED keeps the joins out of the count that only columns need which are not read.
    count = f"WITH every AS MATERIALIZED ({every}) SELECT count(*) FROM every"
    (total,) = db.execute(count, parameters).fetchone()
    return [(row["part"], row["ordinal"]) for row in db.execute(page, parameters)], total


def list_classes_of(db: Connection, parts: Sequence[Part]) -> set[str]:
    """Return the ids of the classes of the enrollments of these parts."""
    found = set()
    for number, part in enumerate(parts):
        conditions, only = _narrowed(part, number)
        where = " AND ".join(conditions)
        sql = f"SELECT shown_class FROM ({_text(part)}) AS listed WHERE {where}"
        rows = db.execute(sql, {**part.parameters, **only})
        found |= {row["shown_class"] for row in rows}
    return found


def list_roles(db: Connection, ids: Sequence[str]) -> list[Fields]:
    """List the roles of these users of other systems."""
    return [fields_of(row) for row in SQL.list_roles(db, ids=to_json(ids))]


def find_record(db: Connection, kind: str, sourced_id: str) -> Row | None:
    """Return what stands here for a record of another system, or None."""
    row: Row | None = SQL.get_record(db, kind=kind, sourced_id=sourced_id)
    return row


def find_place(db: Connection, event_id: int) -> Row | None:
    """Return the student and the course of an event, or None."""
    row: Row | None = SQL.get_place(db, event_id=event_id)
    return row


def parts_of(
    many: str, parameters: Mapping[str, Any], narrowed: Mapping[str, Any], *, with_others: bool
) -> list[Part]:
    """Return the parts of the users or enrollments; `with_others`, what only others have is one."""
    of_kind = {
        "users": (SQL.list_students, SQL.list_people),
        "enrollments": (SQL.list_stretches, SQL.list_kept_enrollments),
    }
    listed = of_kind[many] if with_others else of_kind[many][:1]
    return [Part(query, parameters, narrowed) for query in listed]


def records(listed: Sequence[Any]) -> Part:
    """Return a part that has these records."""
    return Part(SQL.list_records, {"records": to_json(listed)}, {})


def _text(part: Part) -> str:
    text: str = part.query.sql
    return text.rstrip().rstrip(";")


def _narrowed(part: Part, number: int) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions of a part, and their parameters, which are those of this part alone."""
    only = {f"{name}_{number}": value for name, value in part.narrowed.items()}
    conditions = [
        NARROWED[name].format(parameter)
        for name, parameter in zip(part.narrowed, only, strict=True)
    ]
    return conditions, only


def _conditions(wanted: Selection, columns: Mapping[str, str]) -> list[str]:
    texts = [
        OPERATORS[operator].format(f"lower(coalesce({columns[field]}, ''))", operator, f"value{n}")
        for n, (field, operator, _) in enumerate(wanted.conditions)
    ]
    return [f"({(' OR ' if wanted.is_either else ' AND ').join(texts)})"] if texts else []


def _operand(condition: Condition) -> str:
    if condition.operator != "~":
        return condition.value
    escaped = condition.value
    for character in "!%_":
        escaped = escaped.replace(character, f"!{character}")
    return escaped
