"""Whether a gate's condition holds for some rows: of the whole hold-out, or of a slice."""

from __future__ import annotations

import math
from dataclasses import dataclass

from prisml.definition.gates import LOWER_IS_BETTER, Gate
from prisml.manifest import Interval
from prisml.training.holdout import Holdout
from prisml.training.intervals import CONFIDENCE, difference, interval

_ROUNDED = 1e-9
"""Differences of floats are rounded: 0.79 is worse than 0.8 by a little more than 0.01."""


@dataclass(frozen=True)
class Outcome:
    """What a condition found: the metric, the difference to what it is compared with, and by how much the condition holds."""

    got: Interval
    difference: Interval | None
    margin: float
    passed: bool


def find(gate: Gate, model: Holdout, other: Holdout | None) -> Outcome | None:
    """The finding for ``model``, compared with ``other`` on the same rows where the gate compares; None where the rows do not define it."""
    confidence = CONFIDENCE if gate.confidence is None else gate.confidence
    got = interval(gate.metric, model, confidence=confidence)
    if got is None:
        return None
    if other is None:
        return _bounded(gate, got)
    apart = difference(gate.metric, model, other, confidence=confidence)
    return None if apart is None else _compared(gate, got, apart)


def _bounded(gate: Gate, got: Interval) -> Outcome | None:
    sign, bound, cautious = (1.0, gate.min, got.low) if gate.min is not None else (-1.0, gate.max, got.high)
    decides = got.value if gate.confidence is None else cautious
    if decides is None or bound is None:
        return None
    margin = sign * (decides - bound)
    return Outcome(got, None, margin, margin >= 0)


def _compared(gate: Gate, got: Interval, apart: Interval) -> Outcome:
    gain, cautious = apart.value, apart.low
    if gate.metric in LOWER_IS_BETTER:
        gain, cautious = -apart.value, None if apart.high is None else -apart.high
    decides = gain if gate.confidence is None else cautious
    if decides is None:
        return Outcome(got, apart, -math.inf, passed=False)
    by = gate.by or 0.0
    if gate.better_than is not None:
        return Outcome(got, apart, decides - by, decides >= by - _ROUNDED if by else decides > _ROUNDED)
    return Outcome(got, apart, decides + by, decides >= -by - _ROUNDED)
