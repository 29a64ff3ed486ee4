"""Cells: what each kind of column may hold, and what is corrected that people and spreadsheets make
of it."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from enrollment.exchange.columns import OLD_WORDS, OPEN_WORDS, Column
from enrollment.exchange.list_words import SOME_STATUSES, STATUS_WORDS
from enrollment.exchange.spelling import by_spelling, spell
from enrollment.model.imports import Severity
from enrollment.model.types import Email

LEGAL_ID = re.compile(r"[0-9A-Za-z./@_-]{1,255}")
# What a spreadsheet makes of an id of twelve digits or more: several ids become one.
SCIENTIFIC = re.compile(r"-?\d(?:[.,]\d+)?E\+\d+")
# What it makes of "1-3".
MADE_A_DATE = re.compile(r"(?i)\d{1,2}-[a-z]{3}|[a-z]{3}-\d{2}")
LOCAL_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
SERIAL = re.compile(r"\d{5}")
# The day before the first of a spreadsheet, which counts a 29 February 1900 that never was.
BEFORE_THE_FIRST = date(1899, 12, 30)
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?)?",
)
YES, NO = {"true", "1", "yes", "y"}, {"false", "0", "no", "n"}
# The largest whole number that a cell of a spreadsheet holds exactly has 15 digits.
MOST_DIGITS = 15
# The kinds of columns whose cells may have another form than that of the standard, without a fault.
IN_ANY_FORM = {"moment", "local_date", "flag", "list_status"}
LIST_STATUSES = by_spelling(STATUS_WORDS)


class Read(NamedTuple):
    """A cell as it was read, and a fault if there is one: its code, a sentence, and its severity
    if that of the code does not fit."""

    value: str
    code: str | None = None
    detail: str = ""
    severity: Severity | None = None


def read_cell(column: Column, text: str, order: str | None) -> Read:
    """Read a cell that is not blank. `order` is that of days and months: "dmy", "mdy" or None."""
    value = text.strip()
    if "\n" in value or "\r" in value:
        value = " ".join(value.split())
    if is_garbled(value):
        sentence = f"The letters of {column.name} were garbled on the way: the encoding was wrong."
        return Read(value, "garbled_text", sentence)
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
    if value.upper() in ("TRUE", "FALSE", "WAHR", "FALSCH", "VRAI", "FAUX"):
        sentence = f"A spreadsheet may have changed {column.name}."
        return Read(value, "invalid_value", sentence, "warning")
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
    return Read("", "invalid_value", f"{column.name} is no date: expected YYYY-MM-DD.")


def parse_date(value: str, order: str | None) -> date | None:
    """Return the day that a text is: ISO, with or without a time, the number of a spreadsheet, or
    in the order of its parts that is given. None: it is no day, or the order would have to be
    guessed."""
    try:
        if moment := MOMENT.fullmatch(value):
            return date.fromisoformat(moment[1])
        if SERIAL.fullmatch(value):
            return BEFORE_THE_FIRST + timedelta(int(value))
        if local := LOCAL_DATE.fullmatch(value):
            first, _, second, year = local.groups()
            orders = [order] if order else ["dmy", "mdy"]
            found = {_local(first, second, year, each) for each in orders} - {None}
            return found.pop() if len(found) == 1 else None
    except ValueError:
        pass
    return None


def _local(first: str, second: str, year: str, order: str) -> date | None:
    day, month = (first, second) if order == "dmy" else (second, first)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def order_shown_by(value: str) -> Literal["dmy", "mdy"] | None:
    """Return the order of day and month that a text shows, if it can be read in one way only."""
    local = LOCAL_DATE.fullmatch(value.strip())
    if not local:
        return None
    first, _, second, _ = local.groups()
    if int(first) > 12 >= int(second):
        return "dmy"
    return "mdy" if int(second) > 12 >= int(first) else None


def _moment(column: Column, value: str, order: str | None) -> Read:
    text = _time_text(value, order)
    if text is None:
        sentence = f"{column.name} is no time, and is left out."
        return Read("", "invalid_value", sentence, "warning")
    return Read(text)


def _time_text(value: str, order: str | None) -> str | None:
    """Return a time with milliseconds and an offset, of a time or of a day. None: it is neither."""
    found = MOMENT.fullmatch(value)
    if not found:
        day = parse_date(value, order)
        return f"{day}T00:00:00.000Z" if day else None
    milliseconds = (found[3] or ".")[:4].ljust(4, "0")
    text = f"{found[1]}T{found[2] or '00:00:00'}{milliseconds}{found[4] or 'Z'}"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


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


def _list_status(column: Column, value: str, order: str | None) -> Read:
    if status := LIST_STATUSES.get(spell(value)):
        return Read(status)
    sentence = f"{value} is no status that is known. Expected a word such as {SOME_STATUSES}."
    return Read("", "invalid_value", sentence)


def _secret(column: Column, value: str, order: str | None) -> Read:
    return Read("", "not_kept", f"{column.name} is not kept.")


READERS: dict[str, Callable[[Column, str, str | None], Read]] = {
    "id": _id,
    "ids": _ids,
    "text": _text,
    "list": _list,
    "name": _name,
    "email": _email,
    "date": _date,
    "local_date": _date,
    "moment": _moment,
    "yes_or_no": _yes_or_no,
    "flag": _yes_or_no,
    "word": _word,
    "list_status": _list_status,
    "secret": _secret,
}
