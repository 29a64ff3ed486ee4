"""The fields of a form."""

import re

# An id of 15 digits is a number that JSON keeps exactly.
ID = re.compile("[1-9][0-9]{0,14}")


class Fields(list[tuple[str, str]]):
    """The fields of a form or a query, in their order. A name can come more than once."""

    def one(self, name: str) -> str:
        """The last value of a field, without white space at either end, or ""."""
        return next((value.strip() for key, value in reversed(self) if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self if key == name]

    def ids(self, name: str) -> list[int]:
        """The ids that were ticked, each once. What is no id is left out."""
        return [int(text) for text in dict.fromkeys(self.all(name)) if ID.fullmatch(text)]
