"""Search: the words of a text, and how rare they are. Triggers keep the words of each record."""

from typing import Any

from enrollment.data.keyset import LAST_CHARACTER
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("search")
# From so many uses on, a word is common, and is counted no further.
COMMON = 3000


def sort_key(db: Connection, text: str) -> str:
    """Return how a text is sorted and searched: without case and accents, and with a space for
    punctuation."""
    key: str = SQL.get_sort_key(db, text=text)["sort_key"] if text else ""
    return key


def split_words(db: Connection, text: str) -> list[str]:
    """Return the words of a text, as they are stored. White space and punctuation are no words, but
    punctuation alone is returned as it is: no record has such a word, so a search finds nothing."""
    return [word for word in sort_key(db, text).split(" ") if word] or text.split()


def search_parameters(words: list[str]) -> dict[str, Any]:
    """Return the parameters of a query that finds what has a word with each of these beginnings."""
    return {"words": to_json(words), "last": LAST_CHARACTER}


def rare_word(db: Connection, words: list[str]) -> str | None:
    """Return the beginning that the fewest words of students have, or None if all are common."""
    row = SQL.get_rarest_word(db, **search_parameters(words), limit=COMMON)
    word: str = row["word"]
    return word if row["uses"] < COMMON else None
