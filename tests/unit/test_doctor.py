"""The parts of ``prisml doctor`` that need no project: isolation, control groups, and lists that must be those of the source."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import make_url

from prisml.commands.doctor.configuration import VARIABLES
from prisml.commands.doctor.finding import CHECKS, Finding, isolated, ok
from prisml.commands.doctor.machine import cgroup_quota
from prisml.commands.doctor.patience import patient
from prisml.commands.doctor.runtime import BROKEN, INSTALL, OLDEST
from prisml.config import Config
from prisml.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("error", [ValueError("a secret"), SystemExit("a secret")], ids=["error", "exit"])
def test_a_look_that_breaks_is_a_finding_and_keeps_what_it_found(error: BaseException):
    """What a look raises is told by type and place, never in its own words, and what was found before it stays."""

    def look() -> Iterator[Finding]:
        yield ok("machine.cores", "cores", "2")
        raise error

    first, second = isolated("machine.cores", "cores", look)
    assert (first.status, second.status) == ("ok", "wrong")
    assert re.fullmatch(r"could not be looked at: (ValueError|SystemExit) at test_doctor\.py, line \d+", second.detail)


def test_an_error_of_ours_is_told_with_its_way_out():
    """The message is the detail and the suggestions are the remedy."""

    def look() -> list[Finding]:
        raise ConfigurationError("It is wrong.", {}, ["Mend it.", "Or leave it."])

    (told,) = isolated("configuration.file", "file", look)
    assert told == Finding("configuration.file", "file", "wrong", "It is wrong.", "Mend it. Or leave it.")


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4.0),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu.max": "what is this\n"}, None),
        ({}, None),
    ],
)
def test_the_quota_of_a_control_group_is_read_in_both_versions(tmp_path: Path, files: dict[str, str], cores: float | None):
    """The files of cgroups 1 and 2 say how many cores; none, or what cannot be read, is no limit."""
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert cgroup_quota(tmp_path) == cores


@pytest.mark.parametrize(
    ("url", "query"),
    [
        ("postgresql+psycopg://ada:p%40ss@host/shop", {"connect_timeout": "10"}),
        ("mysql+pymysql://ada:p%40ss@host/shop?charset=utf8mb4", {"charset": "utf8mb4", "connect_timeout": "10"}),
        ("postgresql://ada:p%40ss@host/shop?connect_timeout=3", {"connect_timeout": "3"}),
        ("postgresql+asyncpg://ada:p%40ss@host/shop", {}),
    ],
)
def test_a_server_that_says_nothing_is_given_ten_seconds(url: str, query: dict[str, str]):
    """The URL is the same but for the option, which is added where the driver has it and nobody set it."""
    made = make_url(patient(url))
    assert (dict(made.query), made.password, made.host) == (query, "p@ss", "host")


@pytest.mark.parametrize("url", ["sqlite:///shop.db", "no url", "postgresql://host:port/x"])
def test_other_urls_are_left_as_they_are(url: str):
    """A file has no server, and what cannot be read is told where it is opened."""
    assert patient(url) == url


def test_every_variable_that_the_source_reads_is_known():
    """The doctor calls no variable of ours unknown, and knows none that nothing reads."""
    sources = [path.read_text() for path in (ROOT / "python" / "prisml").rglob("*.py") if path.parent.name != "doctor"]
    read = {name for source in sources for name in re.findall(r"(?<!_)PRISML_[A-Z_]+[A-Z]", source)}
    assert read == set(VARIABLES)


def test_the_page_of_settings_lists_every_variable_and_key():
    """The reference has each variable of ours, and each key of ``[tool.prisml]``."""
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(PRISML_[A-Z_]+)` \|", page, re.MULTILINE)) == set(VARIABLES)
    assert tuple(re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE)) == tuple(each.name for each in fields(Config) if each.name != "root")


def test_the_versions_of_onnx_runtime_that_do_not_work_are_those_that_are_not_installed():
    """What the doctor calls broken is what the package refuses to be installed with."""
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (wanted,) = [each for each in dependencies if each.startswith("onnxruntime")]
    assert f'pip install "{wanted}"' == INSTALL
    assert f">={'.'.join(map(str, OLDEST))}" in wanted
    assert all(f"!={each}" in wanted for each in BROKEN)


def test_the_page_lists_every_check():
    """The how-to page has each id with what it looks at, in the order of the findings."""
    page = (ROOT / "docs" / "how-to" / "doctor.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z]+\.[a-z]+)` \| (.+?) \|", page, re.MULTILINE) == list(CHECKS.items())
