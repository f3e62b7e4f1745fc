"""A gate judged in every slice of the hold-out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prisml.definition.gates import Gate
from prisml.extraction.slices import Slices
from prisml.manifest import ClassLabel, GateVerdict, SliceVerdict
from prisml.training.conditions import find
from prisml.training.holdout import Holdout

MOST_LISTED = 20
"""So many of the slices that are too small are named."""

MOST_JUDGED = 50
"""So many of the judged slices are named: those by which the condition holds least."""


@dataclass(frozen=True)
class _Judged:
    """The verdict of a slice, and by how much its condition holds: the worst has the least."""

    verdict: SliceVerdict
    margin: float


def part_of(holdout: Holdout, rows: NDArray[np.intp]) -> Holdout:
    """The hold-out of these rows alone."""
    return replace(holdout, truth=holdout.truth[rows], predicted=holdout.predicted[rows], labels=holdout.labels[rows])


def judge_slices(gate: Gate, model: Holdout, other: Holdout | None, slices: Slices) -> GateVerdict:
    """The verdict over the slices of at least ``min_rows`` rows: passed where there is one, and the condition holds in all of them.

    A slice whose labels do not define the metric is not passed: nothing is known of it.
    """
    judged: list[_Judged] = []
    small: list[SliceVerdict] = []
    for value, rows in _parts(slices):
        if len(rows) < gate.least_rows:
            small.append(SliceVerdict(value=value, rows=len(rows)))
        else:
            judged.append(_judge(gate, value, part_of(model, rows), None if other is None else part_of(other, rows)))
    worst = min(judged, key=lambda each: each.margin, default=None)
    kept = sorted(sorted(range(len(judged)), key=lambda place: judged[place].margin)[:MOST_JUDGED])
    return GateVerdict(
        metric=gate.metric,
        wanted=gate.wanted,
        got=None if worst is None else worst.verdict.got,
        passed=bool(judged) and all(each.verdict.passed for each in judged),
        sliced=gate.sliced,
        difference=None if worst is None else worst.verdict.difference,
        slices=(*(judged[place].verdict for place in kept), *small[:MOST_LISTED]),
        rows=sum(each.verdict.rows for each in judged),
        reason=_reason(gate, [each.verdict for each in judged], None if worst is None else worst.verdict, len(small)),
    )


def shown(value: ClassLabel | None) -> str:
    """A slice's value as a sentence names it."""
    return "missing" if value is None else repr(value)


def _parts(slices: Slices) -> Iterator[tuple[ClassLabel | None, NDArray[np.intp]]]:
    """Each value that is there, and its rows: the largest first, equally large ones by value."""
    counts = np.bincount(slices.codes, minlength=len(slices.values))
    present = [code for code in range(len(slices.values)) if counts[code]]
    for code in sorted(present, key=lambda code: (-counts[code], shown(slices.values[code]))):
        yield slices.values[code], np.flatnonzero(slices.codes == code)


def _judge(gate: Gate, value: ClassLabel | None, model: Holdout, other: Holdout | None) -> _Judged:
    found = find(gate, model, other)
    if found is None:
        return _Judged(SliceVerdict(value=value, rows=len(model.truth), passed=False), -np.inf)
    verdict = SliceVerdict(value=value, rows=len(model.truth), got=found.got, difference=found.difference, passed=found.passed)
    return _Judged(verdict, found.margin)


def _reason(gate: Gate, judged: Sequence[SliceVerdict], worst: SliceVerdict | None, small: int) -> str:
    few = f"{small:,} {'slice has' if small == 1 else 'slices have'} fewer than {gate.least_rows:,} rows"
    if worst is None:
        return f"nothing was judged, since {few}: lower min_rows, or hold more rows out" if small else "nothing was judged: no rows"
    failed = sum(not each.passed for each in judged)
    held = f"holds in all {len(judged):,} slices judged" if not failed else f"fails in {failed:,} of {len(judged):,} slices judged"
    undefined = "" if worst.got is not None else ", whose labels do not define it"
    left_out = f"; {few} and {'was' if small == 1 else 'were'} not judged" if small else ""
    more = len(judged) - MOST_JUDGED
    listed = f" of the worst {MOST_JUDGED}" if more > 0 else ""
    others = f"; {more:,} {'other was judged and is' if more == 1 else 'others were judged and are'} not listed" if listed else ""
    rows = f"{worst.rows:,} row{'' if worst.rows == 1 else 's'}"
    # Which one it is, the table says: a reason goes into errors and logs, where no value of a row belongs.
    return f"{held}; worst: 1 of {len(judged):,} ({rows}){undefined}, see the table{listed}{others}{left_out}"
