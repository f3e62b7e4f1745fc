"""What was tried in a search, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from prisml.report import Attempt

NO_TIME = "the time was over"
"""The reason of what was not begun."""


@dataclass(frozen=True)
class Tried:
    """A candidate on one rung: fitted on ``rows`` rows, with its score on the validation rows, lower is better.

    ``parameters`` are those that are not the algorithm's defaults: none for the defaults themselves. ``score`` is None where there is
    none, and ``reason`` says why: what the fit failed with, or that the time was over. ``seconds`` belong to this machine, and stand in
    no artifact.
    """

    algorithm: str
    parameters: Mapping[str, JsonValue]
    rung: int
    rows: int
    score: float | None = None
    seconds: float = 0.0
    reason: str | None = None
    chosen: bool = False


def ranked(tried: Iterable[Tried]) -> list[Tried]:
    """Each candidate that has a score once, where it got furthest; the chosen first, then by score."""
    furthest: dict[tuple[str, str], Tried] = {}
    for each in tried:
        if each.score is not None:
            furthest[each.algorithm, str(sorted(each.parameters.items()))] = each
    return sorted(furthest.values(), key=lambda each: (not each.chosen, each.score))


def attempts(tried: Iterable[Tried]) -> tuple[Attempt, ...]:
    """The same for a report, without what belongs to this machine: those that were tried, the chosen first, then what has no score."""
    without = (each for each in tried if each.score is None and each.reason != NO_TIME)
    return tuple(
        Attempt(
            algorithm=each.algorithm,
            parameters=dict(each.parameters),
            rows=each.rows,
            score=each.score,
            reason=each.reason,
            chosen=each.chosen,
        )
        for each in (*ranked(tried), *without)
    )
