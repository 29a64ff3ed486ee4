"""The commands `enrollment token create`, `students`, `list`, `link` and `revoke`."""

import argparse
import re
from pathlib import Path
from typing import Any, get_args

from enrollment.cli.console import (
    add_json,
    add_verb,
    complete_file,
    format_counts,
    new_private_file,
    print_json,
    print_secret,
    reader,
)
from enrollment.cli.opening import ACTOR, open_database, open_to_read, open_to_write
from enrollment.config import Config
from enrollment.data import session, token
from enrollment.data.keyset import NO_LIMIT
from enrollment.exchange.lists import TOKENS, ListFormat, write_list
from enrollment.model.queries import Pagination
from enrollment.model.records import Token, TokenInput
from enrollment.model.types import Id, Name, Role, Timestamp
from enrollment.problems.errors import CommandError


def add(verbs: Any) -> None:
    text = "create, list, use and revoke access tokens, even while the database is served"
    verb = verbs.add_parser("token", help=text, description=text)
    subverbs = verb.add_subparsers(
        metavar="create | students | list | link | revoke", required=True
    )

    text = "create a token and print it once"
    subverb = add_verb(subverbs, "create", create_token, text, "database")
    read = reader(
        Name, "1 to 100 characters without control characters or white space at either end"
    )
    subverb.add_argument("--name", required=True, type=read, help="who or what uses the token")
    subverb.add_argument("--role", required=True, choices=get_args(Role), help="what it may do")
    read = reader(Id, "the number of a student")
    text = "student id (role student only)"
    subverb.add_argument("--student", dest="student_id", metavar="ID", type=read, help=text)
    _add_expiry(subverb, "when the token expires")

    text = "create a token for each active student who has no valid one; write them to a new file"
    subverb = add_verb(subverbs, "students", create_tokens_of_students, text, "database")
    text = "the new file: an XLSX workbook if its name ends with .xlsx, else CSV"
    complete_file(subverb.add_argument("file", metavar="FILE", type=Path, help=text))
    _add_expiry(subverb, "when the tokens expire")

    text = "list access tokens, without their secrets"
    subverb = add_verb(subverbs, "list", list_tokens, text, "database")
    add_json(subverb)

    text = "print a link that signs in with a browser as the owner of a token, once"
    subverb = add_verb(subverbs, "link", make_link, text, "database", "host", "port")
    subverb.add_argument("id", metavar="ID", type=reader(Id, "the number of a token"))
    text = "the address at which browsers reach the service, such as https://school.example"
    subverb.add_argument("--url", metavar="URL", type=_web_url, help=text)

    text = "revoke a token permanently"
    subverb = add_verb(subverbs, "revoke", revoke_token, text, "database")
    subverb.add_argument("id", metavar="ID", type=reader(Id, "the number of a token"))


def _web_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^/?#\s]+[^?#\s]*", text):
        raise argparse.ArgumentTypeError("expected an address such as https://school.example")
    return text


def _add_expiry(verb: argparse.ArgumentParser, text: str) -> None:
    read = reader(Timestamp, "an RFC 3339 time, such as 2027-01-31T18:00:00Z")
    about = f"{text}: an RFC 3339 time"
    verb.add_argument("--expires", dest="expires_at", metavar="TIME", type=read, help=about)


def create_token(config: Config, options: argparse.Namespace) -> None:
    """Run `token create`. Raises CommandError, Problem."""
    fields = TokenInput(
        name=options.name,
        role=options.role,
        student_id=options.student_id,
        expires_at=options.expires_at,
    )
    with open_to_write(config) as (db, change):
        new = token.insert_token(db, fields, change)
        print_secret(f"token {new.id} of {new.name}, {new.role}; shown only once:", new.token)


def create_tokens_of_students(config: Config, options: argparse.Namespace) -> None:
    """Run `token students`. Raises CommandError, Problem, OSError."""
    with new_private_file(options.file) as target, open_to_write(config) as (db, change):
        owners = token.count_token_owners(db, change.at)
        students = token.insert_tokens_of_students(db, options.expires_at, change)
        kind: ListFormat = "xlsx" if options.file.suffix == ".xlsx" else "csv"
        write_list(TOKENS, students, kind, target)
        # What is committed can't be printed again, so the file is whole before.
        target.flush()
    print(f"wrote     {options.file}: {format_counts({'tokens': len(students)})}")
    if owners:
        print(f"left out  {format_counts({'students': owners})} with a valid token")


def list_tokens(config: Config, options: argparse.Namespace) -> None:
    """Run `token list`. Raises CommandError."""
    with open_to_read(config) as db:
        tokens = token.list_tokens(db, Pagination(limit=NO_LIMIT)).items
    if options.json:
        print_json(tokens)
        return
    now = Timestamp.now()
    for found in tokens:
        whose = f"student {found.student_id}" if found.student_id else found.role
        used = found.last_used_at or "never"
        print(f"{found.id:5}  {whose:12}  {found.name}, used {used}, {_validity(found, now)}")


def _validity(found: Token, now: Timestamp) -> str:
    if found.revoked_at:
        return f"revoked {found.revoked_at}"
    if found.expires_at is None:
        return "valid"
    return f"{'valid until' if now < found.expires_at else 'expired'} {found.expires_at}"


def make_link(config: Config, options: argparse.Namespace) -> None:
    """Run `token link`. Raises CommandError, and Problem if there is no such token."""
    with open_database(config) as database, database.write() as db:
        owner = token.get_token(db, options.id)
        now = Timestamp.now()
        if owner.is_over(now):
            raise CommandError(f"token {owner.id} is {_validity(owner, now)}")
        address = (options.url or config.url).rstrip("/")
        code = session.insert_link(db, owner.id, ACTOR)
        print_secret(
            f"signs in as {owner.name}, {owner.role}; once, for 15 minutes:",
            f"{address}/sign-in/{code}",
        )


def revoke_token(config: Config, options: argparse.Namespace) -> None:
    """Run `token revoke`. Raises CommandError, and Problem if there is no such token."""
    with open_to_write(config) as (db, change):
        token.get_token(db, options.id)
        token.revoke_token(db, options.id, change)
    print(f"token {options.id} is revoked")
