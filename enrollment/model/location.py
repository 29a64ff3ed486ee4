"""Where a database is: in a file, or on a server."""

import re
from pathlib import Path

# With user and password, hosts, database and parameters. What would have another meaning in its
# place is percent-encoded (RFC 3986, section 2.1): else the driver would take a part of the
# password for something else, and show it in a message.
ENCODED = "%[0-9A-Fa-f]{2}"
PARAMETER = rf"\w+=(?:[^%\s&]|{ENCODED})*"
URL = re.compile(
    rf"postgres(?:ql)?://(?:(?:[^@/?%\s]|{ENCODED})*@)?"
    rf"(?:[^@/?%\s\[\]]|{ENCODED}|\[[^@/?\s\[\]]+\])*"
    rf"(?:/(?:[^@?%\s]|{ENCODED})*)?(?:\?{PARAMETER}(?:&{PARAMETER})*)?"
)
# The secrets of a URL: the password after the user, and those among the parameters.
SECRETS = re.compile(r"(?<=//)([^/?@]*?):[^/?]*(?=@)|(?<=[?&])\w*(?:password|secret)=[^&]*&?")
# What a text has to be, for the message about one that is refused.
EXPECTED = (
    "the name of a file, or postgresql://... with @ / ? % and spaces in the password"
    " percent-encoded (%40 for @)"
)


def without_secrets(text: str) -> str:
    """Return a text that is refused and may be a URL, with no more of one than its scheme: which
    part is the password is not known."""
    return re.sub("(?<=://).*", "...", text, flags=re.DOTALL)


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
        return SECRETS.sub(r"\1", self.text).rstrip("?&")


# A file is that of SQLite.
Location = Path | ServerUrl


def location(text: str) -> Location:
    """Read a URL or the name of a file. Raises ValueError if it is neither."""
    if URL.fullmatch(text):
        return ServerUrl(text)
    # SQLite would not take `:memory:` or `file:...` for the name of a file, and a URL with another
    # scheme is a mistake.
    if not Path(text).name or text.endswith("/") or text.startswith((":memory:", "file:")):
        raise ValueError
    if "://" in text:
        raise ValueError
    return Path(text)
