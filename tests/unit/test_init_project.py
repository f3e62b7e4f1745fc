"""What init adds to pyproject.toml and .gitignore, and how it writes: every word that was there stays, and all is written or nothing."""

from __future__ import annotations

import resource
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.commands.init.project import settings, with_ignored, with_settings
from prisml.commands.init.write import Change, created, written
from prisml.errors import ConfigurationError

FILE = Path("pyproject.toml")
TABLE = settings("shop.ml", "sqlite:///shop.db")


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n\n",
        "[project]\nname = 'shop'  # ours\n",
        "[project]\r\nname = 'shop'\r\n",
        "[tool.ruff]\nline-length = 88",
        "[[tool.mypy.overrides]]\nmodule = 'x'\n# the end",
        "tool.ruff.line-length = 88\n",
    ],
)
def test_a_table_is_added_behind_what_is_there(before: str):
    """The text before stays as it was, byte by byte, and means what it meant; the new table has its line ends."""
    after = with_settings(before, TABLE, FILE)
    assert after is not None
    assert after.startswith(before)
    read = tomllib.loads(after)
    assert read["tool"].pop("prisml") == {"database": "sqlite:///shop.db", "models": ["shop.ml"]}
    was = tomllib.loads(before)
    assert {**read, "tool": read["tool"]} == {**was, "tool": was.get("tool", {})}
    assert ("\r\n" in before) == ("\r\n" in after)
    assert "\r\n" not in before or after.count("\n") == after.count("\r\n")


@pytest.mark.parametrize("before", ["[tool.prisml]\n", "[tool]\nprisml = {}\n", "[tool.prisml.x]\na = 1\n"])
def test_a_table_that_is_there_is_left_alone(before: str):
    """Settings that somebody wrote are never changed."""
    assert with_settings(before, TABLE, FILE) is None


@pytest.mark.parametrize("before", ["tool = {ruff = {line-length = 88}}\n", "[project\n", "x = 's3cret\n"])
def test_what_cannot_be_added_to_is_refused(before: str):
    """An inline table and a damaged file are told, without quoting them."""
    with pytest.raises(ConfigurationError) as told:
        with_settings(before, TABLE, FILE)
    assert "s3cret" not in str(told.value)
    assert told.value.suggestions


@given(st.text(), st.text(min_size=1))
def test_any_name_and_url_survives_toml(models: str, database: str):
    """Whatever a path or a URL holds, pyproject.toml gives it back."""
    if any(0xD800 <= ord(char) < 0xE000 for char in models + database):
        return
    assert tomllib.loads(settings(models, database))["tool"]["prisml"] == {"models": [models], "database": database}


@pytest.mark.parametrize(
    ("before", "after"),
    [("", ".prisml/\n"), ("*.pyc", "*.pyc\n.prisml/\n"), ("a\r\n", "a\r\n.prisml/\r\n"), (".prisml\n", None), ("/.prisml/\n", None)],
)
def test_the_registry_is_ignored_once(before: str, after: str | None):
    """The folder of the registry is added to .gitignore unless it is there."""
    assert with_ignored(before) == after


def test_all_is_written_or_nothing(tmp_path: Path):
    """Whatever fails after the first file takes back all files and folders, and gives a changed file its bytes and its mode again."""
    old = tmp_path / "pyproject.toml"
    old.write_bytes(b"x = 1\r\n")
    old.chmod(0o640)
    changes = [created(tmp_path / "a" / "b" / "ml.py", "x"), Change(old, "y = 2\n", old.read_bytes())]

    def fail_after_writing() -> None:
        with written(changes):
            assert (tmp_path / "a" / "b" / "ml.py").read_text() == "x"
            assert old.read_bytes() == b"y = 2\n"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()
    assert old.read_bytes() == b"x = 1\r\n"
    assert old.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["pyproject.toml"]


def test_a_file_that_is_only_begun_is_taken_back(tmp_path: Path):
    """Where the disk takes half of a file, neither that half nor the folder for it stays."""
    change = created(tmp_path / "a" / "b" / "ml.py", "x" * 100_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(ConfigurationError, match="cannot be written"), written([change]):
            pytest.fail("it was written")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_came_or_changed_meanwhile_is_kept(tmp_path: Path):
    """What somebody wrote between the look and the writing is theirs, and the files before it are taken back."""
    ours, theirs, changed = tmp_path / "ours.py", tmp_path / "theirs.py", tmp_path / "changed.toml"
    changed.write_text("old")
    came = [created(ours, "x"), created(theirs, "x")]
    moved = [created(ours, "x"), Change(changed, "new", b"old")]
    theirs.write_text("theirs")
    changed.write_text("newer")
    for changes in (came, moved):
        with pytest.raises(ConfigurationError), written(changes):
            pytest.fail("it was written")
    assert not ours.exists()
    assert (theirs.read_text(), changed.read_text()) == ("theirs", "newer")
    with pytest.raises(ConfigurationError, match="not overwritten"):
        created(theirs, "x")
