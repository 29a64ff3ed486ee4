"""The completion of commands in a shell."""

import subprocess
from pathlib import Path

import pytest

from enrollment.cli.main import main


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
def test_bash_completes(
    tmp_path: Path, capsys: pytest.CaptureFixture, words: list[str], expected: set[str]
):
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
def test_other_shells_have_a_script_too(capsys: pytest.CaptureFixture, shell: str):
    assert main(["completion", shell]) == 0
    assert "rollback" in capsys.readouterr().out
