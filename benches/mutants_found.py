"""A mutant and what became of it, and those that survive by right: no test can tell them from the original."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Verdict = Literal["killed", "survived", "not covered", "broken off"]
EQUIVALENT = Path(__file__).parent / "mutants_equivalent.toml"


@dataclass(frozen=True)
class Mutant:
    """The lines that it takes from a function and those that it puts there. ``words``: they differ in a text for people alone."""

    file: str
    line: int
    function: str
    was: str
    now: str
    verdict: Verdict
    words: bool = False

    @property
    def lives(self) -> bool:
        """Whether no test failed, though it changes more than words."""
        return self.verdict in {"survived", "not covered"} and not self.words

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What stays when lines are added elsewhere."""
        return self.file, self.function, self.was, self.now


@dataclass(frozen=True)
class Explained:
    """Mutants that survive by right, and why."""

    reasons: dict[tuple[str, str, str, str], str]

    def of(self, mutant: Mutant) -> str | None:
        """Why it survives, or None where nothing says so."""
        return self.reasons.get(mutant.identity)

    def gone(self, mutants: Iterable[Mutant]) -> list[tuple[str, str, str, str]]:
        """Those that are explained and did not survive, in the files of ``mutants``: an explanation of nothing."""
        found = list(mutants)
        files, living = {each.file for each in found}, {each.identity for each in found if each.lives}
        return [identity for identity in self.reasons if identity[0] in files and identity not in living]


def explained(path: Path = EQUIVALENT) -> Explained:
    """What the file says; each entry has ``file``, ``function``, ``was``, ``now`` and ``why``."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    return Explained({(each["file"], each["function"], each["was"], each["now"]): each["why"] for each in entries})
