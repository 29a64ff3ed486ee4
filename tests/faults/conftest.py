"""Fixtures: the library of faults, a plan for it, and the commands that meet them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.inject import CommandLine, Plan


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """faults.c, compiled."""
    if sys.platform != "linux" or not shutil.which("cc"):
        pytest.skip("faults are injected on Linux alone, and a C compiler, cc, is needed for that")
    file = tmp_path_factory.mktemp("library") / "faults.so"
    source = Path(__file__).with_name("faults.c")
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", file, source]
    subprocess.run([*command, "-ldl"], check=True)
    return file


@pytest.fixture
def plan(library: Path, tmp_path: Path) -> Plan:
    return Plan(library, tmp_path)


@pytest.fixture
def commands(plan: Plan, tmp_path: Path) -> Iterator[CommandLine]:
    commands = CommandLine(plan, tmp_path)
    yield commands
    commands.close()


@pytest.fixture
def preloaded(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan, in force in every process that the test starts."""
    for name in ("LD_PRELOAD", "FAULTS"):
        monkeypatch.setenv(name, plan.environment[name])
    return plan


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if Plan.injected:
        terminalreporter.write_line(f"{Plan.injected} faults were injected")
