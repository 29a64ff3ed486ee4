"""Words as they are compared: however people write them."""

import unicodedata
from collections.abc import Mapping


def fold(text: str) -> str:
    """Return a text without case, accents, dots and doubled spaces."""
    spelled = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in spelled if not unicodedata.combining(letter))
    return " ".join(letters.replace(".", " ").replace("_", " ").split())


def spell(text: str) -> str:
    """Return the letters and digits of a text, without case and accents: StudentID, Student ID and
    student_id are one. A text that has none is returned as it is."""
    folded = fold(text)
    return "".join(letter for letter in folded if letter.isalnum()) or folded


def by_spelling(words: Mapping[str, str]) -> dict[str, str]:
    """Return what each word means, by its spelling. The words of one meaning are parted by bars."""
    return {spell(word): meaning for meaning, text in words.items() for word in text.split("|")}
