"""/tokens: who can sign in, with which role; and links that sign someone in once."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec

from enrollment.data import page, session
from enrollment.data.page import Person
from enrollment.data.record_change import acting
from enrollment.data.student import get_student
from enrollment.data.token import get_token, insert_token, list_tokens, token_name
from enrollment.http.context import change_context
from enrollment.http.operation import ADMINS, REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.decoding import decoder
from enrollment.model.queries import Pagination
from enrollment.model.records import TokenInput
from enrollment.model.types import Timestamp, Until
from enrollment.problems.errors import Problem
from enrollment.web.forms import submit
from enrollment.web.guard import is_https
from enrollment.web.named_student import read_student
from enrollment.web.paging import after, next_path
from enrollment.web.record_form import read_times
from enrollment.web.refusal import by_field, wrong_field
from enrollment.web.times import EXPECTED, read_time
from enrollment.web.visit import Visit
from enrollment.web.words import is_day, link, name

PAGE = 100
ROLES = {
    "registrar": "changes everything except tokens",
    "reader": "sees everything except tokens, and changes nothing",
    "student": "sees and changes the courses of one student",
    "admin": "can do everything",
    "monitor": "reads the metrics, and sees no page",
}
FIELDS = ("name", "role", "student_id", "expires_at")


def show_tokens(visit: Visit, problem: Problem | None = None) -> Result:
    """List the tokens, and ask for a new one."""
    found = list_tokens(visit.db, Pagination(limit=PAGE), after(visit))
    values = visit.form.typed(FIELDS)
    return visit.page(
        "tokens",
        problem,
        tokens=found.items,
        owners=_owners(visit, [token.student_id for token in found.items]),
        now=Timestamp.now(),
        roles=ROLES,
        values=values,
        errors=by_field(problem, visit.words.reason),
        following=next_path(visit, found.next),
    )


def create(visit: Visit) -> Result:
    """Make a token, and show its secret: this once."""
    secret: dict[str, Any] = {}

    def act() -> str:
        values: dict[str, Any] = visit.form.typed(FIELDS)
        named = values["student_id"]
        values |= read_times(
            visit,
            (),
            student_id=lambda: read_student(visit, "student_id") if named else None,
            expires_at=lambda: _read_end(visit),
        )
        secret.update(visit.send("POST", "/v1/tokens", values))
        return link("/tokens", done="token_made")

    result = submit(visit, act, partial(show_tokens, visit))
    # The same form once more finds that the token is made already, and not its secret.
    if not secret:
        return result
    return visit.page("new_token", token=secret, owners=_owners(visit, [secret["student_id"]]))


def ask_to_revoke(visit: Visit, token_id: int, problem: Problem | None = None) -> Result:
    """Ask whether a token is to be revoked."""
    token = get_token(visit.db, token_id)
    return visit.page("revocation", problem, token=token)


def revoke(visit: Visit, token_id: int) -> Result:
    """Revoke a token: the people who use it are signed out."""

    def act() -> str:
        visit.send("DELETE", f"/v1/tokens/{token_id}")
        return link("/tokens", done="token_revoked")

    return submit(visit, act, partial(ask_to_revoke, visit, token_id))


def make_link(visit: Visit, token_id: int) -> Result:
    """Make a link that signs in as the owner of a token."""
    return _link(visit, token_id, "/tokens")


def make_student_link(visit: Visit, student_id: int) -> Result:
    """Make a link that signs a student in. A token is made for it if the student has none."""
    student = get_student(visit.db, student_id)
    now = Timestamp.now()
    token_id = page.find_token_of_student(visit.db, student_id, now)
    if token_id is None:
        named = token_name(student.family_name, student.given_name)
        fields = TokenInput(name=named, role="student", student_id=student_id)
        with acting(visit.db, visit.caller.actor, now):
            token_id = insert_token(visit.db, fields, change_context(visit.context)).id
    return _link(visit, token_id, f"/students/{student_id}")


def _link(visit: Visit, token_id: int, back: str) -> Result:
    token = get_token(visit.db, token_id)
    if token.is_over(Timestamp.now()):
        raise Problem("link_invalid", "The token is revoked or has expired: no one can use it.")
    scheme = "https" if is_https(visit.context, visit.site.config.trusted_proxies) else "http"
    code = session.insert_link(visit.db, token_id, visit.caller.actor)
    url = f"{scheme}://{visit.context.header('HOST')}/sign-in/{code}"
    # The name of a token is shorter, and stays as it is when that of the student changes.
    owners = [name(student) for student in _owners(visit, [token.student_id]).values()]
    owner = next(iter(owners), token.name)
    return visit.page("new_link", owner=owner, role=token.role, url=url, back=back)


def _read_end(visit: Visit) -> str | None:
    """Return the time at which the token of a form expires. A day is the last one on which it is
    valid. Raises invalid_body."""
    written = read_time(visit.context.zone, "expires_at", visit.form.one("expires_at"))
    if not written or not is_day(written):
        return written
    try:
        return str(decoder(visit.context.zone)(Until, written))
    except (ValueError, msgspec.ValidationError):
        raise wrong_field("expires_at", EXPECTED) from None


def _owners(visit: Visit, student_ids: Iterable[int | None]) -> dict[int, Person]:
    """The students whose tokens these are, by id. A student who was deleted is not among them."""
    return page.list_people(visit.db, [id for id in student_ids if id])


ONE = "/tokens/<token_id:id>"
PAGES = (
    Operation("GET", "/tokens", ADMINS, show_tokens),
    Operation("POST", "/tokens", ADMINS, create),
    Operation("GET", f"{ONE}/revoke", ADMINS, ask_to_revoke),
    Operation("POST", f"{ONE}/revoke", ADMINS, revoke),
    Operation("POST", f"{ONE}/link", ADMINS, make_link),
    Operation("POST", "/students/<student_id:id>/link", REGISTRARS, make_student_link),
)
