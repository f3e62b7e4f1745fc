"""The git commit that a version remembers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from prisml.commands.commit import git_commit


def git(folder: Path, *words: str) -> str:
    """What git says in that folder."""
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with one commit, and no setting of git's from outside."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    git(tmp_path, "init", "--quiet")
    (tmp_path / "shop.py").write_text("1\n")
    git(tmp_path, "add", "shop.py")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_the_commit_is_that_of_the_folder(repository: Path):
    """The whole hash of the commit that is checked out, from any folder of the repository, tags or none."""
    git(repository, "tag", "--annotate", "v1", "--message", "x")
    inner = repository / "inner"
    inner.mkdir()
    assert git_commit(repository) == git_commit(inner) == git(repository, "rev-parse", "HEAD")


def test_a_change_that_was_not_committed_shows(repository: Path):
    """A tracked file that was changed makes the commit dirty; files that git does not know, as a registry, do not."""
    clean = git_commit(repository)
    (repository / "registry.db").write_text("x")
    assert git_commit(repository) == clean
    (repository / "shop.py").write_text("2\n")
    assert git_commit(repository) == f"{clean}-dirty"


def test_without_a_commit_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Outside a repository, before its first commit, and where git is not installed: None, and no error."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit(tmp_path) is None
    git(tmp_path, "init", "--quiet")
    assert git_commit(tmp_path) is None
    assert git_commit(tmp_path / "absent") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit(tmp_path) is None
