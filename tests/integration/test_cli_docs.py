"""The commands that the how-to pages show, typed as they stand there."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from prisml.cli.main import COMMANDS
from prisml.registry import Registry
from tests.artifacts import make_artifact
from tests.support.console import alone, prisml_with
from tests.support.drifting import fill, store
from tests.support.revisions import Project

DOCS = Path(__file__).parents[2] / "docs"


def commands(page: str) -> list[list[str]]:
    """The words of each command of prisml in the page's console blocks."""
    blocks = re.findall(r"^```console\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("prisml ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The default registry of an empty folder, with three versions of churn, of which the last serves."""
    alone(tmp_path, monkeypatch)
    opened = Registry("sqlite:///.prisml/registry.db")
    for bias in range(3):
        opened.publish(make_artifact(bias=float(bias)), author="ada")
    return opened


def test_the_page_on_experiments_does_what_it_says(registry: Registry):
    """Its commands, typed one after another, run an experiment of versions 3 and 4 and promote the fourth."""
    registry.publish(make_artifact(bias=3.0), activate=False)
    typed = commands("how-to/experiments.md")
    assert len(typed) == 4
    for words in typed:
        done = prisml_with(*words)
        assert done.exit_code == 0, (words, done.stderr)
    assert (registry.active("churn").number, registry.experiments.status("churn")) == (4, None)
    assert [entry.action for entry in registry.history("churn")[:3]] == ["promote", "ramp", "start"]


def test_who_got_what_can_be_told_afterwards(registry: Registry):
    """The page's Python finds the variant of each key from the history, also after the experiment has ended."""
    running = registry.experiments.start("churn", {3: 0.5, 2: 0.5}, forced={7: 2})
    sent_at = datetime.now(UTC)
    registry.rollback("churn")
    page = (DOCS / "how-to/experiments.md").read_text(encoding="utf-8")
    (code,) = [block for block in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL) if "assign_many" in block]
    names = {"sent_at": sent_at, "customer_ids": list(range(50))}
    exec(code, names)  # noqa: S102
    assert names["names"] == [running.assign(key).name for key in range(50)]
    assert names["names"][7] == "v2"


def test_the_page_on_versions_does_what_it_says(registry: Registry):
    """Each of its commands does what it is there for, typed one after another."""
    registry.activate("churn", 2)
    for words in commands("how-to/versions.md"):
        if words[0] == "delete":
            # Nobody sits at a terminal here.
            words.append("--yes")
        if "--expect" in words:
            registry.activate("churn", 2)
        done = prisml_with(*words)
        assert done.exit_code == 0, (words, done.stderr)
    assert registry.version("churn", "v1.1").number == registry.active("churn").number == 3


def test_the_pages_on_schema_drift_do_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where nothing drifted and no revision would break a model, each of their commands ends with 0."""
    alone(tmp_path, monkeypatch)
    database = create_engine("sqlite:///shop.db")
    fill(database)
    store(Registry("sqlite:///.prisml/registry.db"))
    Project(tmp_path, database).revision("first", "op.add_column('customers', sa.Column('height', sa.Integer()))")
    (tmp_path / "drifting_docs.py").write_text("from tests.support.drifting import define\n\nchurn = define()\n")
    (tmp_path / "pyproject.toml").write_text("[tool.prisml]\ndatabase = 'sqlite:///shop.db'\nmodels = ['drifting_docs.py']\n")
    typed = [words for page in ("how-to/schema-drift.md", "how-to/alembic.md") for words in commands(page)]
    assert len(typed) == 3
    for words in typed:
        asked = words[: words.index("&&")] if "&&" in words else words
        done = prisml_with(*asked)
        assert done.exit_code == 0, (words, done.output)


def test_the_reference_names_every_command():
    """The page on the command line has a line for each command that there is, and for none that is not."""
    text = (DOCS / "reference/command-line.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^prisml (\w+)", text, re.MULTILINE)) - {"COMMAND"}
    assert listed == set(COMMANDS)
