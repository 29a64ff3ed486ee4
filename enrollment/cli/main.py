"""The command line: which verbs there are, and how a command ends."""

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from enrollment.config import Config
from enrollment.model.release import RELEASE
from enrollment.problems.errors import CommandError, Problem
from enrollment.storage.sqlite import StorageError, describe

# The module of each verb, in the order of the help.
MODULES = {
    "serve": "serve",
    "migrate": "migrate",
    "token": "token",
    "backup": "backup",
    "restore": "backup",
    "copy": "copy",
    "doctor": "doctor",
    "check": "check",
    "import": "imports",
    "imports": "imports",
    "export": "export",
    "school": "export",
    "config": "config",
    "openapi": "openapi",
    "demo": "demo",
    "completion": "completion",
    "manual": "manual",
}
NO_DRIVER = "the driver for PostgreSQL is missing: pip install 'enrollment[postgresql]'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0: done; 1: it failed, and one line on standard error says why; 2: wrong usage or an invalid
    value; 141: the reader of standard output has closed it. A command whose output can't be written
    has failed. Raises SystemExit, from argparse, with 2 for wrong usage and 0 after the help, and
    KeyboardInterrupt.
    """
    _prepare_output()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        try:
            options = parser_of(*arguments[:1]).parse_args(arguments)
        finally:
            # What fails to be written must fail here: the help, and below what a command prints.
            _flush()
        settings = Config.read(vars(options), os.environ)
        # A service runs without it; what a command does is of no use if it cannot say so.
        if sys.stdout is None and arguments[:1] != ["serve"]:
            raise CommandError("standard output is closed")
        options.run(settings, options)
        _flush()
    except BrokenPipeError:
        # A reader such as `head` has what it wants.
        return 141
    except Problem as problem:
        reasons = [violation.detail for violation in problem.violations]
        reasons = reasons or [f"{settings.database}: {problem.detail}"]
        return _fail(" ".join(reasons))
    except StorageError as error:
        what = describe(error, Path(str(settings.database)))
        return _fail(f"{settings.database}: {what}")
    except CommandError as error:
        return _fail(str(error), error.status)
    except OSError as error:
        if error.errno == errno.ENOENT and error.filename is None:
            # Of all calls, only the one for the name of this folder has no name itself.
            return _fail("the folder in which this runs has been removed")
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        return _fail(NO_DRIVER)
    finally:
        _discard_unwritable_output()
    return 0


def _fail(reason: str, status: int = 1) -> int:
    """Print why a command has failed, if standard error can be written, and return its status."""
    with suppress(OSError):
        print(f"enrollment: {reason}", file=sys.stderr)
    return status


def _prepare_output() -> None:
    """Let standard output show every name, and keep what it could not write."""
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        return
    # A name may have characters that the terminal cannot show.
    stream.reconfigure(errors="backslashreplace")
    # With PYTHONUNBUFFERED, what can't be written would be lost: argparse ignores the error, and
    # Python ignores that only a part of a text was written.
    if isinstance(stream.buffer, io.FileIO):
        buffer = io.BufferedWriter(io.FileIO(stream.fileno(), "w", closefd=False))
        sys.stdout = io.TextIOWrapper(buffer, stream.encoding, stream.errors, line_buffering=True)


def _flush() -> None:
    """Write what standard output holds, if it is open. Raises OSError."""
    if sys.stdout:
        sys.stdout.flush()


def _discard_unwritable_output() -> None:
    """Discard what standard output and standard error do not take. Python would fail again at the
    end, when it writes what is left, with a status of its own."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Parser(argparse.ArgumentParser):
    """A parser that reports an unknown argument with the usage of the verb, and takes no
    abbreviated flags: an abbreviation would change its meaning when a flag is added."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown


def parser_of(verb: str = "") -> argparse.ArgumentParser:
    """Return the parser of one verb, or of all. To import the modules of all verbs takes longer
    than most verbs do."""
    parser = _Parser(
        prog="enrollment",
        description="Students, courses, and who is in what: an HTTP service on one SQLite file, or"
        " on PostgreSQL.",
        epilog="`enrollment VERB --help` explains a verb.",
    )
    parser.add_argument("--version", action="version", version=f"enrollment {RELEASE}")
    # Someone who types no verb does not know the verbs yet.
    parser.set_defaults(run=lambda config, options: parser.print_help())
    verbs = parser.add_subparsers(metavar="VERB")
    for name in [MODULES[verb]] if verb in MODULES else dict.fromkeys(MODULES.values()):
        import_module(f"enrollment.cli.{name}").add(verbs)
    return parser
