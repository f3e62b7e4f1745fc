"""The section of CHANGELOG.md for the release whose tag is given, once the tag is ``v`` and the version in Cargo.toml.

``python .ci/notes.py v0.1.0``; exit code 1, with a sentence, where tag, version and changelog do not say the same.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(tag: str, root: Path) -> str:
    """What the changelog in ``root`` says of ``tag``; ``SystemExit`` where it is no release of this checkout."""
    version = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"]
    if tag != f"v{version}":
        raise SystemExit(f"The tag is {tag}, and Cargo.toml says {version}: the tag of this commit would be v{version}.")
    parts = re.split(r"^## \[([^\]]+)\].*$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    if not sections.get(version, "").strip():
        raise SystemExit(f"CHANGELOG.md has no section ## [{version}]: rename ## [Unreleased] to it, with the date.")
    if sections.get("Unreleased", "").strip():
        raise SystemExit(f"CHANGELOG.md still has lines under ## [Unreleased]: move them to ## [{version}].")
    return f"{sections[version].strip()}\n"


if __name__ == "__main__":
    sys.stdout.write(notes(sys.argv[1], ROOT))
