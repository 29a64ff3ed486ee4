"""The commands `enrollment export` and `enrollment school`."""

import re
import resource
from datetime import UTC
from pathlib import Path

import pytest

from enrollment.app import App
from enrollment.cli.main import main
from enrollment.data.export import Scope
from enrollment.exchange.package_writer import write_path
from enrollment.model.location import Location
from enrollment.problems.errors import CommandError
from tests.exchange.strict import validate
from tests.support.command import Captured
from tests.support.server import serving

pytestmark = pytest.mark.usefixtures("here")


def test_an_archive_is_written_and_its_files_are_listed(capsys: Captured, small_college: None):
    assert main(["export", "roster.zip"]) == 0

    assert capsys.readouterr() == (
        "wrote     academicSessions.csv: 2 rows\n"
        "wrote     classes.csv: 1 row\n"
        "wrote     courses.csv: 1 row\n"
        "wrote     enrollments.csv: 2 rows\n"
        "wrote     orgs.csv: 1 row\n"
        "wrote     roles.csv: 2 rows\n"
        "wrote     users.csv: 2 rows\n"
        "exported  roster.zip\n",
        "",
    )
    assert len(validate(Path("roster.zip").read_bytes())["enrollments"]) == 2


def test_a_name_without_an_ending_is_a_folder(small_college: None):
    assert main(["export", "roster"]) == 0
    assert sorted(path.name for path in Path("roster").iterdir())[:2] == [
        "academicSessions.csv",
        "classes.csv",
    ]


def test_the_flags_say_what_is_exported(capsys: Captured, small_college: None):
    assert main(["export", "a.zip", "--since", "2099-01-01"]) == 0
    assert capsys.readouterr().out == "exported  a.zip\n"
    assert main(["export", "b.zip", "--history", "--term", "2026-fall"]) == 0
    assert "academicSessions" in validate(Path("b.zip").read_bytes())


def test_it_works_beside_the_service(location: Location, here: Path, small_college: None):
    with serving(location, folder=here):
        assert main(["export", "roster.zip"]) == 0
        assert main(["school", "Northside"]) == 0
    assert len(validate(Path("roster.zip").read_bytes())["users"]) == 2


@pytest.mark.parametrize("name", ["roster", "roster.zip"])
def test_a_write_that_fails_names_the_export_and_leaves_nothing(app: App, name: str):
    before = sorted(Path().iterdir())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with app.database.read() as db:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        try:
            with pytest.raises(CommandError, match=f"^{name} can't be written: File too large$"):
                write_path(db, Scope(), UTC, Path(name))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert sorted(Path().iterdir()) == before


def test_the_school_has_a_name_that_can_be_changed(capsys: Captured):
    assert main(["school"]) == 0
    assert re.fullmatch(r"School, whose ids begin with [0-9a-f]{12}-\n", capsys.readouterr().out)

    assert main(["school", "Zoë's School"]) == 0
    assert capsys.readouterr().out.startswith("Zoë's School, whose")
    assert main(["school"]) == 0
    assert capsys.readouterr().out.startswith("Zoë's School, whose")
