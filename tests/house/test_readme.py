"""What the README names is there. Its snippets are run as those of every page."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_every_command_of_make_that_is_named_exists() -> None:
    """Each `make` target that the README names is one of the Makefile's."""
    targets = set(re.findall(r"\bmake (\w[\w-]*)(?= +#|`)", README.read_text(encoding="utf-8")))
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test"} <= targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_map_names_what_is_there() -> None:
    """Each path in the README's map of the house exists."""
    rows = re.findall(r"^\| (`[^|]+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    named = [re.findall(r"`([^`]+)`", row) for row in rows]
    assert len(named) > 5
    roots = [README.parent, README.parent / "python/prisml"]
    assert [path for row in named for path in row if not any((root / path).exists() for root in roots)] == []
