"""The form of an import: a file with its options, read before the write begins."""

from io import BytesIO
from typing import Any

from bottle import BaseRequest, FileUpload, HTTPError
from msgspec import Struct

from enrollment.data.course import list_courses
from enrollment.exchange.upload import Upload, reading_options
from enrollment.http.body import UPLOAD_LIMIT, read_upload
from enrollment.http.context import Context
from enrollment.http.query import read_texts
from enrollment.model.import_options import ImportOptions
from enrollment.model.queries import CourseFilter
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.web.fields import Fields
from enrollment.web.visit import Site, Visit

MULTIPART = "multipart/form-data"
# A name of a file is kept in the report.
NAME_LENGTH = 100
# How a file is read.
READING = ("encoding", "date_order", "mode", "columns")
OPTIONS = (*READING, "source", "errors", "rules", "missing", "reason")
FLAGS = ("create", "relink")
FIELDS = (*OPTIONS, *FLAGS, "kind", "course", "term", "replace", "held", "confirm")
ONLY_ROSTER = (
    "The course, and to drop students who are not in the file, are only for “The students of one"
    " course”. Choose that, or clear both."
)
GONE = "The file is no longer held for you. Choose it again."


class Sent(Struct):
    """A form with a file, or with one that is held. The context closes it."""

    form: Fields
    # What was read of the file, or why nothing was.
    upload: Upload | None = None
    problem: Problem | None = None
    # The name of the file, while it is held.
    file_name: str = ""
    # Whether the file came with this form, and is not one that was previewed.
    is_new: bool = False

    def close(self) -> None:
        """Remove what was read."""
        if self.upload:
            self.upload.close()


def read_sent(site: Site, context: Context) -> Sent:
    """Read a form, and its file. Raises malformed_request, unsupported_media_type, and what
    `read_upload` does."""
    try:
        content = read_upload(context.environ, (MULTIPART,))
    except Problem as problem:
        if problem.code != "body_too_large":
            raise
        detail = f"The file is larger than {UPLOAD_LIMIT >> 20} MB."
        return Sent(Fields(), problem=Problem("body_too_large", detail), is_new=True)
    form, file = _parse(context.environ["CONTENT_TYPE"], content)
    sent = Sent(form, is_new=file is not None)
    if file:
        held = site.held.keep(context.caller.id, *file)
        sent.form = form = Fields(
            [*(field for field in form if field[0] != "held"), ("held", held)]
        )
    elif secret := form.one("held"):
        file = site.held.find(context.caller.id, secret)
    try:
        if file is None:
            raise wrong("file", GONE if form.one("held") else "Choose a file.")
        sent.file_name = file[0]
        options = read_texts(form.typed(READING), ImportOptions, context.zone)
        sent.upload = Upload.of_content(*file, reading_options(options, context.zone))
    except Problem as problem:
        sent.problem = problem
    return sent


def _parse(content_type: str, content: bytes) -> tuple[Fields, tuple[str, bytes] | None]:
    """Return the fields of a form, and its file with the name, if one was chosen."""
    request = BaseRequest(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": BytesIO(content),
        }
    )
    fields, file = list[tuple[str, str]](), None
    try:
        for name, value in request.POST.allitems():
            if isinstance(value, FileUpload):
                raw = str(value.raw_filename or "")
                # Some browsers send a path.
                base = raw.replace("\\", "/").rpartition("/")[2]
                cleaned = "".join(part for part in base if part.isprintable())
                file = cleaned[-NAME_LENGTH:] or "upload", value.file.read()
                value.file.close()
            elif name != "file":
                fields.append((name, value))
    except (HTTPError, ValueError, AttributeError, LookupError):
        raise Problem("malformed_request", "The form is not valid multipart/form-data.") from None
    finally:
        # Bottle copies a large body to a file without a name.
        request.body.close()
    return Fields(fields), file


def wrong(field: str, detail: str) -> Problem:
    """Return the problem of one field."""
    violation = Violation(parameter=field, code="invalid_value", detail=detail)
    return Problem("invalid_query", detail, [violation])


def import_query(visit: Visit) -> dict[str, Any]:
    """Return the options of the import, as the API takes them. Raises invalid_query."""
    form = visit.form
    query: dict[str, Any] = {**form.typed(OPTIONS)}
    if form.one("kind") == "roster":
        query["course_id"] = find_course(visit, form.one("course"), form.one("term"))
        query["replace"] = "true" if form.one("replace") else ""
    elif given := [field for field in ("course", "replace") if form.one(field)]:
        raise wrong(given[0], ONLY_ROSTER)
    query |= {name: "true" if form.one(name) else "" for name in FLAGS}
    if form.one("confirm"):
        query["removals"] = form.one("confirm")
    assert visit.context.upload
    return query | {"file_name": visit.context.upload.file_name}


def find_course(visit: Visit, label: str, term: str) -> int:
    """Return the id of the course with a label, or with a code that only one has. Raises
    invalid_query."""
    if not label:
        raise wrong("course", "Which course is it? Give its code, such as CS101.")
    wanted = CourseFilter(q=label[:100], term=term or None, limit=1000)
    found = list_courses(visit.db, wanted).items
    labels = [course for course in found if course.label.lower() == label.lower()]
    codes = [course for course in found if course.code.lower() == label.lower()]
    for named in (labels, codes):
        if len(named) == 1:
            return named[0].id
    if labels or codes:
        raise wrong("course", "More than one course has this code. Give the section, too.")
    raise wrong("course", "No course has this code in this term.")
