"""All the faults, at every call: `python -m tests.faults` (about an hour)."""

import sys
from pathlib import Path

import pytest

from tests.faults import inject

inject.strikes_all = True
sys.exit(pytest.main([str(Path(__file__).parent), "-m", "slow", *sys.argv[1:]]))
