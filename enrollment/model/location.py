"""Where a database is: in a file, or on a server."""

import re
from pathlib import Path

SCHEMES = ("postgresql://", "postgres://")
# The secrets of a URL: the password after the user, and those among the parameters.
SECRETS = re.compile(r"(?<=//)([^/?@]*?):[^/?]*(?=@)|(?<=[?&])\w*(?:password|secret)=[^&]*&?")


def without_secrets(text: str) -> str:
    """Return a text, perhaps a URL, without the secrets of one."""
    return SECRETS.sub(r"\1", text)


class ServerUrl:
    """The URL of a database on a PostgreSQL server
    (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS).

    As text it has no secrets, so that it can be printed and logged.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def name(self) -> str:
        """The name of the database, for the name of a file."""
        return re.sub(r"[^\w.-]", "-", self.text.partition("?")[0].rpartition("/")[2]) or "school"

    def __str__(self) -> str:
        return without_secrets(self.text).rstrip("?&")


# A file is that of SQLite.
Location = Path | ServerUrl


def location(text: str) -> Location:
    """Read a URL or the name of a file. Raises ValueError if it is neither."""
    if text.startswith(SCHEMES):
        return ServerUrl(text)
    # SQLite would not take `:memory:` or `file:...` for the name of a file, and a URL with another
    # scheme is a mistake.
    if not Path(text).name or text.endswith("/") or text.startswith((":memory:", "file:")):
        raise ValueError
    if "://" in text:
        raise ValueError
    return Path(text)
