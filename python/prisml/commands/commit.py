"""The git commit that a folder stands at."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

COMMIT_VARIABLE = "PRISML_COMMIT"
PATIENCE_S = 10.0


def git_commit(folder: Path) -> str | None:
    """The commit checked out in ``folder``, with ``-dirty`` behind it where a tracked file was changed since.

    Without git, outside a repository, or before its first commit: None. It is a remark, and never a reason to fail. What
    ``PRISML_COMMIT`` says is taken as it is: in a container there may be no git.
    """
    if told := os.environ.get(COMMIT_VARIABLE):
        return told
    git = shutil.which("git")
    if git is None:
        return None
    # Forty characters are a whole commit of SHA-1, and name one of SHA-256 beyond doubt. Locks would disturb an editor's own git.
    command = [git, "--no-optional-locks", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        # The program is git, and the words are ours.
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE_S)  # noqa: S603
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
