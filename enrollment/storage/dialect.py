"""The queries of `sql/` are written for SQLite and PostgreSQL alike. What is left to exchange for
PostgreSQL is here: a few words, and the parameters, of which it must know the types."""

import re
from functools import cache

# The types of parameters, by their names. A parameter whose name is not here is a text.
NAMES_BY_TYPE = {
    # The case of A-Z does not count.
    "citext": """
        after_code after_email after_label after_number code code_end email email_end
        instructor instructor_end label new_code number number_end section source term title
        title_end
    """,
    "bigint": """
        after_change after_course_id after_event after_id after_queue_number after_student_id
        before_id capacity corrects course_id event_id first_id id import_id incoming_id into_id
        last_change last_event last_id limit line nth offset ordinal place_of position
        queue_number restores round staged_id status_code student_id subject_id term_id token_id
        waitlist_capacity
    """,
    "double precision": "credits max_credits",
    "boolean": """
        active alone before_passed by_student creates eligible_only has_sessions has_sources
        is_deleted is_list is_sound lists_students names_grade only_overrides opens passed promoted
        recheck relinks repeatable reserves_seats seats waiting with_cancelled with_history
        with_tokens
    """,
    "bytea": "body",
}
TYPES = {name: type_ for type_, names in NAMES_BY_TYPE.items() for name in names.split()}
WORDS = {"json_object(": "json_build_object(", "json_array(": "json_build_array("}
# What stands in quotes or in a comment has no parameters.
TOKEN = re.compile(r"'(?:[^']|'')*'|--[^\n]*|(?<![:\w]):([a-z]\w*)|\bjson_(?:object|array)\(|%")


@cache
def to_postgresql(sql: str) -> str:
    """Return a query of `sql/` as psycopg takes it: `:name` becomes `%(name)s::type`.

    The type is that of the name, without a number at its end: a query that is put together of
    several can have `:student_id_1`.
    """
    return TOKEN.sub(_exchanged, sql)


def _exchanged(token: re.Match[str]) -> str:
    text, name = token[0], token[1]
    if name:
        return f"%({name})s::{TYPES.get(re.sub(r'_?[0-9]+$', '', name), 'text')}"
    if text.startswith("--"):
        return ""
    # psycopg takes %% for %.
    return WORDS.get(text) or text.replace("%", "%%")
