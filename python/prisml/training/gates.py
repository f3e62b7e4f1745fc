"""The verdict of each gate."""

from __future__ import annotations

from collections.abc import Sequence

from prisml.definition.gates import LOWER_IS_BETTER, Gate
from prisml.errors import NoDataError
from prisml.manifest import GateVerdict
from prisml.training.evaluate import Evaluation


def judge(gates: Sequence[Gate], evaluation: Evaluation, *, model: str) -> tuple[GateVerdict, ...]:
    """A verdict for every gate, in order; none is skipped.

    ``NoDataError`` where the hold-out does not define a gate's metric, since neither yes nor no would be true.
    """
    return tuple(_verdict(gate, evaluation, model) for gate in gates)


def _verdict(gate: Gate, evaluation: Evaluation, model: str) -> GateVerdict:
    got = evaluation.metrics.get(gate.metric)
    bound, wanted = _bound(gate, evaluation)
    if got is None or bound is None:
        raise NoDataError(
            f"Model {model!r}: the gate on {gate.metric} cannot be judged: the hold-out's labels do not define it.",
            {"model": model, "metric": gate.metric},
            ["Make the hold-out larger or more varied, or gate on another metric."],
        )
    return GateVerdict(metric=gate.metric, wanted=wanted, got=got, passed=_passes(gate, got.value, bound))


def _bound(gate: Gate, evaluation: Evaluation) -> tuple[float | None, str]:
    if gate.better_than is None:
        return (gate.max if gate.min is None else gate.min), gate.wanted
    baseline = evaluation.baseline.get(gate.metric)
    sign = "<" if gate.metric in LOWER_IS_BETTER else ">"
    return baseline, gate.wanted if baseline is None else f"{sign} {baseline:.4g} (baseline)"


def _passes(gate: Gate, value: float, bound: float) -> bool:
    if gate.better_than is None:
        return value <= bound if gate.min is None else value >= bound
    return value < bound if gate.metric in LOWER_IS_BETTER else value > bound
