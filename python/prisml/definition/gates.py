"""Gates: what a model must reach on the hold-out before it is published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from prisml.definition.place import Place, choose_from
from prisml.errors import DefinitionError
from prisml.manifest import Task

_PARTS = ("precision", "recall", "f1")
_BINARY = ("accuracy", "balanced_accuracy", *_PARTS, "roc_auc", "average_precision", "log_loss", "brier", "ece")
_MULTICLASS = (
    *("accuracy", "balanced_accuracy"),
    *(f"{name}_macro" for name in _PARTS),
    *(f"{name}_weighted" for name in _PARTS),
    *("roc_auc_ovr", "roc_auc_ovr_weighted", "log_loss", "brier", "ece"),
)
_REGRESSION = ("mae", "rmse", "mape", "r2", "median_ae")

METRICS: dict[Task, tuple[str, ...]] = {"binary": _BINARY, "multiclass": _MULTICLASS, "regression": _REGRESSION}
"""The metrics that every model of a task is measured by."""

LOWER_IS_BETTER = frozenset({"log_loss", "brier", "ece", "mae", "rmse", "mape", "median_ae", "median_absolute_error"})
"""The metrics that count errors; versions of earlier releases have the last under its old name."""

_SHARES = frozenset({*_BINARY, *_MULTICLASS}) - {"log_loss"}
_ALL = tuple(dict.fromkeys((*_BINARY, *_MULTICLASS, *_REGRESSION)))


@dataclass(frozen=True)
class Gate:
    """A condition on one metric of the hold-out; where it does not hold, nothing is published.

    ``Gate("roc_auc", min=0.75)`` wants at least 0.75, ``Gate("mae", max=12.0)`` at most 12, and
    ``Gate("accuracy", better_than="baseline")`` more than what always guessing the majority class (in a regression: the mean)
    reaches. Exactly one of the three stands in a gate; give several gates for several conditions.

    Metrics of a binary task: accuracy, balanced_accuracy, precision, recall, f1, roc_auc, average_precision, log_loss, brier, ece.
    Of a multiclass task: accuracy, balanced_accuracy, precision, recall and f1 as ..._macro and ..._weighted, roc_auc_ovr,
    roc_auc_ovr_weighted, log_loss, brier, ece. Of a regression: mae, rmse, mape (a share), r2, median_ae. Raises
    ``DefinitionError`` for an unknown metric, or a bound that would let any model through.
    """

    metric: str
    min: float | None = field(default=None, kw_only=True)
    max: float | None = field(default=None, kw_only=True)
    better_than: Literal["baseline"] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.metric not in _ALL:
            raise _refused(f"The gate's metric {self.metric!r} is not known.", self.metric, choose_from(_ALL, self.metric))
        if sum(condition is not None for condition in (self.min, self.max, self.better_than)) != 1:
            raise _refused(
                f"The gate on {self.metric} needs exactly one of min=, max= and better_than=.",
                self.metric,
                "Give one gate for each condition.",
            )
        if self.better_than not in (None, "baseline"):
            raise _refused(f"The gate on {self.metric} compares with what is not known.", self.metric, 'Write better_than="baseline".')
        self._check_bound("min", self.min)
        self._check_bound("max", self.max)

    @property
    def wanted(self) -> str:
        """The condition in the words of a table: ``>= 0.75``, ``<= 12`` or ``better than baseline``."""
        if self.min is not None:
            return f">= {self.min:g}"
        if self.max is not None:
            return f"<= {self.max:g}"
        return "better than baseline"

    def _check_bound(self, side: str, bound: object) -> None:
        if bound is None:
            return
        if isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound):
            kind = "not finite" if isinstance(bound, float) else f"a {type(bound).__name__}"
            raise _refused(f"The {side}= of the gate on {self.metric} is {kind}.", self.metric, f"Give a number: {side}=0.75.")
        if self.metric in _SHARES and not 0 <= bound <= 1:
            raise _refused(
                f"The {side}= of the gate on {self.metric} is {bound:g}, and {self.metric} lies between 0 and 1.",
                self.metric,
                "Give a share, not a percentage: 0.75 for 75 %.",
            )
        if side == "min" and self.metric in LOWER_IS_BETTER:
            raise _refused(
                f"The gate on {self.metric} has a min=, and {self.metric} is better the lower it is.",
                self.metric,
                f"Write Gate({self.metric!r}, max={bound:g}).",
            )


def check_gates(place: Place, gates: object, task: Task) -> tuple[Gate, ...]:
    """The gates as a tuple; ``DefinitionError`` where one is on a metric that ``task`` does not have."""
    if isinstance(gates, Gate) or not isinstance(gates, Sequence):
        raise place.of("gates").error(f"takes a list of gates, not a {type(gates).__name__}", 'Write gates=[Gate("accuracy", min=0.75)].')
    for gate in gates:
        if not isinstance(gate, Gate):
            raise place.of("gates").error(f"holds a {type(gate).__name__}, not a Gate", 'Write gates=[Gate("accuracy", min=0.75)].')
        if gate.metric not in METRICS[task]:
            raise place.of(f"the gate on {gate.metric}").error(
                f"does not fit a {task} task, which has no such metric", choose_from(METRICS[task], gate.metric)
            )
    return tuple(gates)


def accuracy_gate(place: Place, min_accuracy: float, task: Task) -> Gate:
    """The gate that ``min_accuracy=`` is short for."""
    if task == "regression":
        raise place.of("min_accuracy").error(
            "is for classification, and this is a regression", 'Write gates=[Gate("r2", min=...)] or Gate("mae", max=...).'
        )
    return Gate("accuracy", min=min_accuracy)


def _refused(message: str, metric: str, suggestion: str) -> DefinitionError:
    return DefinitionError(message, {"metric": metric}, [suggestion])
