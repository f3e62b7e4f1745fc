"""The Python of the page about versions is run as it is printed, in its order."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prisml import Registry
from tests.artifacts import make_artifact

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "versions.md"


def test_the_page_about_versions_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Against a registry with three versions, each line of the page does what the page says of it."""
    monkeypatch.chdir(tmp_path)
    registry = Registry("sqlite:///.prisml/registry.db")
    for bias in range(3):
        registry.publish(make_artifact(bias=float(bias)), activate=bias < 2)
    names: dict[str, object] = {}
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - it is our own page
    assert [(entry.action, entry.version) for entry in reversed(registry.history("churn"))] == [
        ("publish", 1),
        ("publish", 2),
        ("activate", 3),
        ("rollback", 2),
        ("rollback", 3),
        ("start", 3),
        ("ramp", 3),
        ("promote", 2),
    ]
    assert [version.number for version in registry.versions("churn")] == [2, 3]
    assert registry.deployment("churn", as_of=datetime.now(UTC)).version == 2
    assert names["found"] == registry.verify()
