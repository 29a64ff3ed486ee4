"""Fixtures: where commands run."""

from pathlib import Path

import pytest

from enrollment.model.location import Location


@pytest.fixture
def here(location: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands run in this folder, on the database of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENROLLMENT_DATABASE", str(location))
    return tmp_path
