"""Files as responses."""

from collections.abc import Callable
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import BinaryIO

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
    headers = {
        "Content-Type": media_type,
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Result(HTTPStatus.OK, file, headers)
