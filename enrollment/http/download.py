"""Files as responses."""

import re
from collections.abc import Callable
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import BinaryIO
from unicodedata import normalize
from urllib.parse import quote

from enrollment.http.responses import Result


def download(name: str, media_type: str, write: Callable[[BinaryIO], object]) -> Result:
    """Return a file that `write` writes. It has no name on the disk, so no one else can read it,
    and is gone when it is closed."""
    file = TemporaryFile()  # noqa: SIM115
    try:
        write(file)
    except BaseException:
        file.close()
        raise
    headers = {"Content-Type": media_type, "Content-Disposition": _attachment(name)}
    return Result(HTTPStatus.OK, file, headers)


def _attachment(name: str) -> str:
    """Return the header that names a file. Letters beyond ASCII are in a name of their own, beside
    one without them for old programs (RFC 6266)."""
    name = re.sub(r"[^\w.+-]+", "-", name)
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode()
    also = "" if name.isascii() else f"; filename*=UTF-8''{quote(name)}"
    return f'attachment; filename="{plain}"{also}'
