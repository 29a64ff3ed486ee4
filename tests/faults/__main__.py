"""All the faults, at every call: `python -m tests.faults` (some minutes)."""

import sys
from pathlib import Path

import pytest

from tests.faults import inject

inject.step_of_writes = 1
sys.exit(pytest.main([str(Path(__file__).parent), *sys.argv[1:]]))
