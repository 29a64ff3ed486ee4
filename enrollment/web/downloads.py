"""Lists as files for a spreadsheet. Those that the API has are made by it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from enrollment.exchange.lists import MEDIA_TYPES
from enrollment.http.operation import READERS, Operation
from enrollment.http.responses import Result
from enrollment.web.visit import Visit


def file_pages(path: str, handler: Callable[..., Result]) -> tuple[Operation, ...]:
    """Return the pages of a list as a file: one for each format, which the handler takes as
    `kind`."""
    return tuple(
        Operation(
            "GET", f"{path}.{kind}", READERS, partial(handler, kind=kind), download=media_type
        )
        for kind, media_type in MEDIA_TYPES.items()
    )


def download_same(visit: Visit, **_: Any) -> Result:
    """The file that the API has under the same path."""
    return visit.download(f"/v1{visit.context.path}", status=visit.query.one("status"))


PAGES = (
    *file_pages("/students", download_same),
    *file_pages("/courses/<course_id:id>/students", download_same),
    *file_pages("/terms/<term_id:id>/courses", download_same),
)
