"""Completion as it is used: in bash, zsh and fish themselves, by the script that ``prisml completion`` writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prisml.registry import Registry
from tests.artifacts import make_artifact
from tests.support.console import environment, run

ASKING = {
    "bash": 'source ./script; COMP_WORDS=({words}); COMP_CWORD={place}; _prisml_completion prisml; printf "%s\\n" "${{COMPREPLY[@]}}"',
    # Outside of a terminal zsh completes nothing: what would be offered is printed.
    "zsh": (
        "compdef() {{ :; }}; compadd() {{ print -l -- ${{(P)@[-1]}}; }}; _describe() {{ print -l -- ${{${{(P)3}}%%:*}}; }}; "
        "_path_files() {{ :; }}; source ./script; words=({words}); CURRENT=$(({place} + 1)); _prisml_completion"
    ),
    "fish": 'source script; complete --do-complete "{line}" | string split -f1 \\t',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a registry of one model, a mapped class, and ``prisml`` on the path."""
    Registry(f"sqlite:///{tmp_path}/.prisml/registry.db").publish(make_artifact("churn"), author="ada")
    (tmp_path / "models.py").write_text("class Customer(SQLModel, table=True):\n    id: int\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "prisml").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m prisml "$@"\n')
    (tmp_path / "bin" / "prisml").chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("shell", ASKING)
def test_a_shell_offers_what_there_is(folder: Path, shell: str):
    """The shell offers the registry's models, and the mapped classes of the folder, of which none is imported."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = run(folder, "completion", shell)
    assert script.returncode == 0, script.stderr
    (folder / "script").write_text(script.stdout)
    for line, place, offered in (("prisml show ch", 2, "churn"), ("prisml init --entity C", 3, "Customer")):
        text = ASKING[shell].format(words=line, place=place, line=line)
        variables = {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
        shown = subprocess.run(
            [program, "-c", text], cwd=folder, env=environment(**variables), capture_output=True, text=True, check=False, timeout=120
        )
        assert offered in shown.stdout.split(), shown


def test_the_shell_of_the_environment_is_taken(folder: Path):
    """Without a name the script is that of SHELL; where that is none of the three, they are named."""
    assert "compdef" in run(folder, "completion", SHELL="/usr/bin/zsh").stdout
    refused = run(folder, "completion", SHELL="/bin/tcsh")
    assert (refused.returncode, "bash, zsh, fish" in refused.stderr) == (2, True)
