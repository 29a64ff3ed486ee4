"""The completion of commands in a shell, and their manual page."""

import re
import subprocess
from pathlib import Path

import pytest

from enrollment.cli.main import main
from tests.support.command import Captured


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["mig"], {"migrate"}),
        (["migrate", "rollback", "--"], {"--help", "--database", "--to", "--yes"}),
        (["restore", "mon"], {"monday.backup"}),
        (["serve", "--database", "coll"], {"college.db"}),
    ],
    ids=["verb", "flags", "file", "database"],
)
def test_bash_completes(tmp_path: Path, capsys: Captured, words: list[str], expected: set[str]):
    for name in ("monday.backup", "college.db"):
        (tmp_path / name).touch()
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    ask = (
        'COMP_WORDS=(enrollment "$@"); COMP_CWORD=$#; _shtab_enrollment;'
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )

    done = subprocess.run(
        ["bash", "-c", script + ask, "bash", *words],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )

    assert {*done.stdout.split()} == expected


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_have_a_script_too(capsys: Captured, shell: str):
    assert main(["completion", shell]) == 0
    assert "rollback" in capsys.readouterr().out


def test_the_manual_page_has_every_command_and_no_line_that_man_would_take_for_an_order(
    capsys: Captured,
):
    assert main(["manual"]) == 0
    page = capsys.readouterr().out

    with pytest.raises(SystemExit):
        main(["--help"])
    verbs = re.findall(r"^    ([a-z]+)\b", capsys.readouterr().out, re.M)
    assert {"serve", "manual"} < set(verbs)
    assert set(re.findall(r"^\.SS \\fBenrollment ([a-z]+)\\fR$", page, re.M)) == set(verbs)
    assert set(re.findall(r"^[.'](\w*)", page, re.M)) <= {"B", "RE", "RS", "SH", "SS", "TH", "TP"}
