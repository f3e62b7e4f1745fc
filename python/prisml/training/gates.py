"""The verdict of each gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from prisml.definition.gates import LOWER_IS_BETTER, Gate
from prisml.extraction.slices import Slices
from prisml.manifest import GateVerdict, Interval
from prisml.training.active import WAY_OUT, Rival
from prisml.training.conditions import Outcome, find
from prisml.training.holdout import Holdout
from prisml.training.intervals import CONFIDENCE, interval
from prisml.training.sliced import judge_slices

MEGABYTE = 1_000_000
_UNDEFINED = "the hold-out's labels do not define it: make it larger or more varied, or gate on another metric"


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that gates are judged by: the exported model's predictions of the hold-out, and what they are compared with.

    ``guess`` are those of the baseline, ``rival`` those of the version that serves (None where none does), with ``overlap`` in words.
    ``slices`` divide the hold-out's rows, by name. ``size`` is that of the graph in bytes, and ``p99`` measures milliseconds.
    """

    model: Holdout
    guess: Holdout
    size: int
    p99: Callable[[], float]
    slices: Mapping[str, Slices] = field(default_factory=dict)
    rival: Rival | None = None
    overlap: str | None = None


def judge(gates: Sequence[Gate], evidence: Evidence) -> tuple[GateVerdict, ...]:
    """A verdict for every gate, in order; none is skipped, and one that cannot be judged is not passed and says why."""
    return tuple(_verdict(gate, evidence) for gate in gates)


def stored(gate: Gate, verdict: GateVerdict) -> GateVerdict:
    """What an artifact keeps of a verdict: nothing that hangs on the machine, or on the version that served."""
    if gate.metric == "p99_ms":
        return verdict.model_copy(update={"got": None})
    if gate.not_worse_than is None:
        return verdict
    kept = verdict.model_copy(update={"difference": None, "slices": (), "reason": None, "overlap": None})
    # Which slice is the worst, and how many were judged, follows from the comparison.
    return kept if gate.slice is None else kept.model_copy(update={"got": None, "rows": None})


def _verdict(gate: Gate, evidence: Evidence) -> GateVerdict:
    if gate.metric == "p99_ms":
        return _measured(gate, evidence.p99(), "of single predictions on this machine")
    if gate.metric == "size_mb":
        return _measured(gate, evidence.size / MEGABYTE, None)
    if gate.not_worse_than is not None and (evidence.rival is None or evidence.rival.holdout is None):
        return _without_rival(gate, evidence)
    other = _other(gate, evidence)
    if gate.sliced is not None:
        verdict = judge_slices(gate, evidence.model, other, evidence.slices[gate.sliced])
    else:
        verdict = _whole(gate, evidence.model, other, evidence.rival)
    return verdict if gate.not_worse_than is None else verdict.model_copy(update={"overlap": evidence.overlap})


def _other(gate: Gate, evidence: Evidence) -> Holdout | None:
    """What the gate compares with."""
    if gate.better_than is not None:
        return evidence.guess
    return None if gate.not_worse_than is None or evidence.rival is None else evidence.rival.holdout


def _measured(gate: Gate, got: float, reason: str | None) -> GateVerdict:
    passed = gate.max is not None and got <= gate.max
    return GateVerdict(metric=gate.metric, wanted=gate.wanted, got=Interval(value=got), passed=passed, reason=reason)


def _without_rival(gate: Gate, evidence: Evidence) -> GateVerdict:
    """Nothing is worse than nothing; what cannot be compared is not known to be no worse."""
    rival = evidence.rival
    reason = "no version serves yet, so there is nothing to be worse than"
    if rival is not None:
        reason = f"version {rival.number} cannot be compared with: {rival.problem}. {WAY_OUT}"
    return GateVerdict(
        metric=gate.metric,
        wanted=gate.wanted,
        got=interval(gate.metric, evidence.model, confidence=gate.confidence or CONFIDENCE),
        passed=rival is None,
        sliced=gate.sliced,
        rows=len(evidence.model.truth),
        reason=reason,
    )


def _whole(gate: Gate, model: Holdout, other: Holdout | None, rival: Rival | None) -> GateVerdict:
    found = find(gate, model, other)
    rows = len(model.truth)
    if found is None:
        return GateVerdict(metric=gate.metric, wanted=gate.wanted, passed=False, rows=rows, reason=_UNDEFINED)
    return GateVerdict(
        metric=gate.metric,
        wanted=_wanted(gate, found),
        got=found.got,
        passed=found.passed,
        difference=found.difference,
        rows=rows,
        reason=_reason(gate, found, rival),
    )


def _wanted(gate: Gate, found: Outcome) -> str:
    """The condition, with the number that the baseline has."""
    if gate.better_than is None or found.difference is None:
        return gate.wanted
    baseline = found.got.value - found.difference.value
    lower = gate.metric in LOWER_IS_BETTER
    by = f" {'-' if lower else '+'} {gate.by:g}" if gate.by else ""
    sign = ("<" if lower else ">") + ("=" if by else "")
    return gate.wanted.replace(gate.condition, f"{sign} {baseline:.4g}{by} (baseline)")


def _reason(gate: Gate, found: Outcome, rival: Rival | None) -> str | None:
    """What decided, where it is not the value."""
    apart = found.difference
    if apart is not None:
        unsure = "" if gate.confidence is None else " (the rows do not tell how sure that is)"
        ends = unsure if apart.low is None or apart.high is None else f" ({apart.low:+.4g} to {apart.high:+.4g})"
        what = "the baseline" if gate.better_than is not None or rival is None else f"version {rival.number}"
        decides = ""
        if gate.confidence is not None and ends != unsure:
            side, end = ("high", apart.high) if gate.metric in LOWER_IS_BETTER else ("low", apart.low)
            decides = f"; the {side} end decides: {end:+.4g}"
        return f"{apart.value:+.4g}{ends} beside {what}{decides}"
    if gate.confidence is None:
        return None
    side, end = ("low", found.got.low) if gate.min is not None else ("high", found.got.high)
    return f"the {side} end decides: {end:.4g}"
