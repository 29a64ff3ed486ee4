"""The service as `python -m enrollment` runs it, without collections of garbage. At SIGUSR1 it
prints how many objects only a collection can free: those that refer to themselves."""

import gc
import signal
import sys

from enrollment.cli.main import main


def report(*_: object) -> None:
    print(f"leftovers: {gc.collect()}", flush=True)


gc.disable()
signal.signal(signal.SIGUSR1, report)
sys.exit(main(sys.argv[1:]))
