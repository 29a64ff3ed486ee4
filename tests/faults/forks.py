"""Runs the commands that come in on standard input, each in a process forked from this one."""

import json
import os
import sys

from enrollment.cli.main import main


def run(arguments: list[str], out: str, err: str) -> None:
    """As `python -m enrollment` would."""
    for stream, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    code = 1
    try:
        code = main(arguments)
    finally:
        sys.stdout.flush()
        os._exit(code)


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(*json.loads(line))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
