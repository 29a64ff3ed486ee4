"""What the verbs share: how they take settings, and how they print."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeVar

import msgspec
import shtab
from msgspec.structs import fields as fields_of

from enrollment import output
from enrollment.config import Config, flag, shown, variable
from enrollment.http.expected import unwrap
from enrollment.http.query import read_texts
from enrollment.maintenance.migrations import Outcome
from enrollment.model.decoding import decoder
from enrollment.problems.errors import CommandError, Problem, UsageError

S = TypeVar("S", bound=msgspec.Struct)


def add_verb(
    verbs: Any,
    name: str,
    run: Callable[[Config, argparse.Namespace], None],
    text: str,
    *settings: str,
) -> argparse.ArgumentParser:
    """Add a verb to the others: the function that runs it, its help, and the flags of these
    settings, which Config reads and checks."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    verb.set_defaults(run=run)
    for setting in fields(Config):
        if setting.name in settings:
            about = (
                f"{setting.metadata['help']} (${variable(setting.name)}, else "
                f"{shown(setting.default) or 'none'})"
            )
            # A default here would hide from Config that the flag was not given. The default of a
            # subverb would also overwrite a flag that was given before the subverb.
            argument = verb.add_argument(
                flag(setting.name),
                metavar=setting.name.upper(),
                help=about,
                default=argparse.SUPPRESS,
            )
            if setting.name == "database":
                complete_file(argument)
    return verb


def complete_file(argument: argparse.Action) -> None:
    """Let a shell complete the value of this argument as the name of a file."""
    argument.complete = shtab.FILE  # type: ignore[attr-defined]


def add_json(verb: argparse.ArgumentParser, default: Any = False) -> None:
    """Add the flag --json to a verb. That of a subverb has no default, if the verb has the flag."""
    text = "print JSON instead of text"
    verb.add_argument("--json", action="store_true", default=default, help=text)


def print_json(value: Any) -> None:
    """Print a value as JSON on one line. The value may contain records, and names of files that are
    no text: the bytes of these are escaped as Python does it, which msgspec refuses."""
    plain = msgspec.to_builtins(value, enc_hook=str)
    print(json.dumps(plain, ensure_ascii=False, separators=(",", ":")))


def reader(wanted: Any, expected: str) -> Callable[[str], Any]:
    """Return a function that converts an argument to a type of `model/types.py`. It raises
    ArgumentTypeError with what was expected."""
    kind, _ = unwrap(wanted)

    def read(text: str) -> Any:
        try:
            value = int(text) if kind is int and text.isdecimal() else text
            return msgspec.convert(value, wanted, dec_hook=decoder(UTC))
        except (msgspec.ValidationError, ValueError):
            raise argparse.ArgumentTypeError(f"expected {expected}") from None

    return read


count = reader(Annotated[int, msgspec.Meta(ge=1, le=1_000_000)], "a number from 1 to 1000000")


def read_flags(kind: type[S], options: argparse.Namespace, zone: tzinfo, **flags: str) -> S:
    """Read flags as the query parameters of the API that they are. `flags` has those whose names
    differ. Raises UsageError."""
    given = {field.name: getattr(options, field.name, None) for field in fields_of(kind)}
    texts = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in given.items()
        if value
    }
    try:
        return read_texts(texts, kind, zone)
    except Problem as problem:
        raise wrong_flags(problem, **flags) from None


def wrong_flags(problem: Problem, **flags: str) -> UsageError:
    """Return the error of flags for a problem of query parameters. `flags` has those whose names
    differ."""
    reasons = [
        f"{flags.get(found.parameter or '') or flag(str(found.parameter))}: {found.detail}"
        for found in problem.violations
    ]
    return UsageError("; ".join(reasons))


def print_outcome(done: str, outcome: Outcome) -> None:
    """Print a line for the backup, if there is one, and a line for each migration. `done` says what
    was done to the migrations, such as "applied"."""
    if outcome.backup:
        print(f"backup    {outcome.backup}")
    for id in outcome.ids:
        print(f"{done}  {id}")


def format_counts(counts: Mapping[str, int]) -> str:
    """Return counts as text: `{"terms": 1, "courses": 96}` gives "1 term, 96 courses".

    Every name is a plural that ends in -s.
    """
    return ", ".join(
        f"{n} {what.removesuffix('s') if n == 1 else what}" for what, n in counts.items()
    )


def print_secret(*lines: str) -> None:
    """Print lines that contain a secret, which cannot be printed again.

    Call it inside the transaction that creates the secret: if the lines cannot be printed, the
    transaction is rolled back. Raises CommandError, OSError.
    """
    if sys.stdout is None:
        raise CommandError("standard output is closed")
    lost_before = output.dropped()
    print(*lines, sep="\n", flush=True)
    if output.dropped() > lost_before:
        raise CommandError("standard output is closed, or no one reads it")


def open_private(path: Path) -> BinaryIO:
    """Open a new file that only its owner can read. Raises FileExistsError, OSError."""
    path.touch(0o600, exist_ok=False)
    return path.open("wb")


@contextmanager
def new_private_file(path: Path) -> Iterator[BinaryIO]:
    """Open a private file as `open_private` does, and remove it if what is in the `with` fails.

    Raises CommandError if there is one with this name, OSError.
    """
    try:
        target = open_private(path)
    except FileExistsError:
        raise CommandError(f"{path} exists already") from None
    try:
        with target:
            yield target
    except BaseException:
        path.unlink()
        raise
