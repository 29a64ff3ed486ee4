"""A command of the service as a process of its own."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.server import PATIENCE

# What a command that runs in this process has printed.
Captured = pytest.CaptureFixture[str]


def run_command(
    *arguments: object, under: Sequence[str] = (), **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run `python -m enrollment`, under another command if there is one, to its end."""
    command = [*under, sys.executable, "-m", "enrollment", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, **options)
