"""Cells: what each kind of column may hold, and what is corrected that people and spreadsheets make
of it."""

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from enrollment.exchange.columns import OLD_WORDS, OPEN_WORDS, Column
from enrollment.exchange.dates import LOCAL_DATE, parse_date, read_time
from enrollment.exchange.text import CONTROL
from enrollment.model.decoding import decode_name
from enrollment.model.imports import Severity
from enrollment.model.text import NAME_LENGTH, UNSEEN
from enrollment.model.types import TITLE_LENGTH, Email, StudentNumber

LEGAL_ID = re.compile(r"[0-9A-Za-z./@_-]{1,255}")
# What a spreadsheet makes of an id of twelve digits or more: several ids become one.
SCIENTIFIC = re.compile(r"-?\d(?:[.,]\d+)?E\+\d+")
# What it makes of "1-3".
MADE_A_DATE = re.compile(r"(?i)\d{1,2}-[a-z]{3}|[a-z]{3}-\d{2}")
# What it makes of the number of a student: groups of digits, decimals or a day.
MADE_A_FIGURE = re.compile(
    r"\d{1,3}(?:[.,]\d{3})+|\d+[.,]0+|\d{4}-\d\d-\d\d|\d{1,2}([./])\d{1,2}\1\d{2,4}"
)
YES, NO = {"true", "1", "yes", "y"}, {"false", "0", "no", "n"}
# The largest whole number that a cell of a spreadsheet holds exactly has 15 digits.
MOST_DIGITS = 15
SOME_DATES = "2026-08-31, 31/08/2026 or 8/31/2026, the year in four digits"
# The kinds of columns whose cells may have another form than that of the standard, without a fault:
# times, and in files of other systems days (local_date) and words for yes and no (flag).
IN_ANY_FORM = {"moment", "local_date", "flag"}


class Read(NamedTuple):
    """A cell as it was read, and a fault if there is one: its code, a sentence, and its severity
    if that of the code does not fit."""

    value: str
    code: str | None = None
    detail: str = ""
    severity: Severity | None = None


def read_cell(column: Column, text: str, order: str | None) -> Read:
    """Read a cell that is not empty. `order` is that of days and months: "dmy", "mdy" or None."""
    value = text.strip(UNSEEN)
    if CONTROL.search(value):
        value = " ".join(CONTROL.sub(" ", value).split())
    if is_garbled(value):
        sentence = "The letters were garbled on the way: the encoding was wrong."
        return Read(value, "garbled_text", sentence)
    if not value:
        return Read("")
    read = READERS[column.kind](column, value, order)
    if read.code is None and read.value != text and column.kind not in IN_ANY_FORM:
        return Read(read.value, "mended_value", f"Read as {read.value}.")
    return read


def is_garbled(text: str) -> bool:
    """Whether a text is UTF-8 that was decoded as Windows-1252, such as `MÃ¼ller`."""
    if text.isascii():
        return False
    for encoding in ("cp1252", "latin-1"):
        try:
            text.encode(encoding).decode()
        except UnicodeError:
            continue
        return True
    return False


def _id(column: Column, value: str, order: str | None) -> Read:
    if SCIENTIFIC.fullmatch(value):
        sentence = (
            f"A spreadsheet has changed {column.name}: several ids may hide behind {value}."
            " Export the file again, and do not save it in a spreadsheet."
        )
        return Read(value, "mangled_id", sentence)
    if len(value) > 255:
        return Read(value, "invalid_value", f"{column.name} has more than 255 characters.")
    if not LEGAL_ID.fullmatch(value):
        sentence = f"{column.name} has characters that OneRoster does not allow in an id."
        return Read(value, "invalid_value", sentence, "warning")
    return Read(value)


def _ids(column: Column, value: str, order: str | None) -> Read:
    items = [item.strip() for item in value.split(",") if item.strip()]
    for item in items:
        read = _id(column, item, order)
        if read.code:
            return read._replace(value=",".join(items))
    return Read(",".join(items))


def _text(column: Column, value: str, order: str | None) -> Read:
    return Read(value)


def _list(column: Column, value: str, order: str | None) -> Read:
    items = [item.strip() for item in value.split(",")]
    if any(MADE_A_DATE.fullmatch(item) for item in items):
        sentence = f"A spreadsheet may have made a date of {column.name}."
        return Read(value, "invalid_value", sentence, "warning")
    return Read(",".join(items))


def _name(column: Column, value: str, order: str | None) -> Read:
    # Two names that look the same are the same.
    value = " ".join(value.split())
    if value.upper() in ("TRUE", "FALSE", "WAHR", "FALSCH", "VRAI", "FAUX"):
        sentence = "A spreadsheet may have changed the name."
        return Read(value, "invalid_value", sentence, "warning")
    try:
        decode_name(value)
    except ValueError:
        if len(value) > NAME_LENGTH:
            sentence = f"The name has more than {NAME_LENGTH} characters."
        else:
            sentence = "The name has characters that no one can read."
        return Read("", "invalid_value", sentence)
    return Read(value)


def _title(column: Column, value: str, order: str | None) -> Read:
    if len(value) > TITLE_LENGTH:
        sentence = f"{column.name} has {len(value)} characters: the first {TITLE_LENGTH} are taken."
        return Read(value, "invalid_value", sentence, "warning")
    return Read(value)


def _number(column: Column, value: str, order: str | None) -> Read:
    try:
        msgspec.convert(value, StudentNumber)
    except msgspec.ValidationError:
        sentence = (
            f"{value} is no number of a student: expected at most 32 letters, digits and signs of"
            " ASCII, without spaces."
        )
        return Read("", "invalid_value", sentence)
    if MADE_A_FIGURE.fullmatch(value) or MADE_A_DATE.fullmatch(value):
        sentence = f"A spreadsheet may have made {value} of another number. Make the column text."
        return Read(value, "mangled_number", sentence)
    return Read(value)


def _email(column: Column, value: str, order: str | None) -> Read:
    try:
        msgspec.convert(value, Email)
    except msgspec.ValidationError:
        return Read("", "email_not_kept", f"{value} is no email address, and is left out.")
    if not value.isascii():
        sentence = f"{value} has letters beyond ASCII. It is kept; many systems can't write to it."
        return Read(value, "invalid_value", sentence, "warning")
    return Read(value)


def _date(column: Column, value: str, order: str | None) -> Read:
    day = parse_date(value, order)
    if day:
        return Read(day.isoformat())
    if order is None and LOCAL_DATE.fullmatch(value) and parse_date(value, "dmy"):
        return Read("", "ambiguous_date", f"{value} can be two days: say which order, dmy or mdy.")
    return Read("", "invalid_value", f"{column.name} is no date: expected {SOME_DATES}.")


def _moment(column: Column, value: str, order: str | None) -> Read:
    text = read_time(value, order)
    if text is None:
        sentence = f"{column.name} is no time, and is left out."
        return Read("", "invalid_value", sentence, "warning")
    return Read(text)


def _yes_or_no(column: Column, value: str, order: str | None) -> Read:
    if value.lower() in YES | NO:
        return Read("true" if value.lower() in YES else "false")
    return Read("", "invalid_value", f"{column.name} is neither true nor false.")


def _word(column: Column, value: str, order: str | None) -> Read:
    for word in column.words:
        if word.lower() == value.lower():
            return Read(word)
    if value.lower() in OLD_WORDS and OLD_WORDS[value.lower()] in column.words:
        return Read(OLD_WORDS[value.lower()])
    if column.name in OPEN_WORDS:
        if value.startswith("ext:"):
            return Read(value)
        expected = ", ".join(column.words)
        sentence = f"{value} is no {column.name} of OneRoster: {expected}, or ext: and a word."
        return Read(value, "invalid_value", sentence, "warning")
    return Read("", "invalid_value", f"{column.name} is none of {', '.join(column.words)}.")


def _seat(column: Column, value: str, order: str | None) -> Read:
    """Read the role of an enrollment: an unknown one may be that of a student."""
    read = _word(column, value, order)
    return read._replace(severity="error") if read.severity == "warning" else read


def _secret(column: Column, value: str, order: str | None) -> Read:
    return Read("", "not_kept", f"{column.name} is not kept.")


READERS: dict[str, Callable[[Column, str, str | None], Read]] = {
    "id": _id,
    "ids": _ids,
    "text": _text,
    "title": _title,
    "number": _number,
    "list": _list,
    "name": _name,
    "email": _email,
    "date": _date,
    "local_date": _date,
    "moment": _moment,
    "yes_or_no": _yes_or_no,
    "flag": _yes_or_no,
    "word": _word,
    "seat": _seat,
    "secret": _secret,
}
