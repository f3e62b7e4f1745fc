"""Gates: what a model must reach on the hold-out before it is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy.orm import Mapper

from prisml.definition.features import Related
from prisml.definition.given import is_number, is_word
from prisml.definition.mapping import ColumnLike, own_column, related_column, type_of_sql
from prisml.definition.place import Place, choose_from
from prisml.errors import DefinitionError, described, quoted, with_article
from prisml.manifest import Dtype, Task

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

MEASURES = ("p99_ms", "size_mb")
"""What a gate may ask of any model besides: the milliseconds of a prediction, and the size of ``model.onnx``."""

DEFAULT_MIN_ROWS = 100
_SHARES = frozenset({*_BINARY, *_MULTICLASS}) - {"log_loss"}
_ALL = tuple(dict.fromkeys((*_BINARY, *_MULTICLASS, *_REGRESSION, *MEASURES)))
_SLICED: tuple[Dtype, ...] = ("str", "enum", "bool", "int")


@dataclass(frozen=True)
class Gate:
    """A condition on one metric of the hold-out; where it does not hold, nothing is published. All gates are judged before that.

    ``Gate("roc_auc", min=0.75)`` wants at least 0.75, ``Gate("mae", max=12.0)`` at most 12. ``Gate("accuracy",
    better_than="baseline")`` wants more than what always guessing the majority class (in a regression: the mean) reaches, and
    ``Gate("roc_auc", not_worse_than="active")`` no less than the version that serves now, on the same rows. Exactly one of the four
    stands in a gate; give several gates for several conditions.

    ``by``
        Better than the baseline by at least this much; or worse than the active version by at most this much.
    ``confidence``
        ``confidence=0.95`` judges the cautious end of the 95 % interval in place of the value: the condition then holds for all that
        chance would make of the hold-out in 95 of 100 cases. Comparisons go by the interval of the difference, row by row.
    ``slice``
        A column of the entity (str, Enum, bool or int), or one over a to-one relationship: the condition must hold for the rows of each of
        its values. ``slice=Customer.country``, ``slice=related(Customer.account, Account.segment)``.
    ``min_rows``
        How many rows of the hold-out a slice needs to be judged (100).

    Metrics of a binary task: accuracy, balanced_accuracy, precision, recall, f1, roc_auc, average_precision, log_loss, brier, ece.
    Of a multiclass task: accuracy, balanced_accuracy, precision, recall and f1 as ..._macro and ..._weighted, roc_auc_ovr,
    roc_auc_ovr_weighted, log_loss, brier, ece. Of a regression: mae, rmse, mape (a share), r2, median_ae. Of any: p99_ms, the
    milliseconds that 99 of 100 single predictions stay below on this machine, and size_mb, the millions of bytes of ``model.onnx``;
    both take max= alone.

    Raises ``DefinitionError`` for an unknown metric, or a bound that would let any model through.
    """

    metric: str
    min: float | None = field(default=None, kw_only=True)
    max: float | None = field(default=None, kw_only=True)
    better_than: Literal["baseline"] | None = field(default=None, kw_only=True)
    not_worse_than: Literal["active"] | None = field(default=None, kw_only=True)
    by: float | None = field(default=None, kw_only=True)
    # compare=False: two columns compare to SQL. What is compared is the slice's path.
    slice: ColumnLike | Related | None = field(default=None, kw_only=True, compare=False)
    min_rows: int | None = field(default=None, kw_only=True)
    confidence: float | None = field(default=None, kw_only=True)
    _path: tuple[str, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        if not is_word(self.metric, *_ALL):
            raise _refused(f"The gate's metric {quoted(self.metric)} is not known.", quoted(self.metric), choose_from(_ALL, self.metric))
        if sum(condition is not None for condition in (self.min, self.max, self.better_than, self.not_worse_than)) != 1:
            raise self._error("needs exactly one of min=, max=, better_than= and not_worse_than=", "Give one gate for each condition.")
        if self.better_than is not None and not is_word(self.better_than, "baseline"):
            raise self._error("compares with what is not known", 'Write better_than="baseline".')
        if self.not_worse_than is not None and not is_word(self.not_worse_than, "active"):
            raise self._error("compares with what is not known", 'Write not_worse_than="active".')
        self._check_measure()
        self._check_bound("min", self.min)
        self._check_bound("max", self.max)
        self._check_by()
        self._check_slice()
        self._check_confidence()
        object.__setattr__(self, "_path", tuple(str(getattr(each, "key", each)) for each in _columns(self.slice)))

    @property
    def wanted(self) -> str:
        """The condition in the words of a table: ``>= 0.75``, ``<= 12`` or ``better than baseline by 0.01, 95 % sure``."""
        sure = "" if self.confidence is None else f", {100 * self.confidence:g} % sure"
        return f"{self.condition}{sure}"

    @property
    def condition(self) -> str:
        """The same, without how sure it is to be."""
        if self.min is not None:
            return f">= {self.min:g}"
        if self.max is not None:
            return f"<= {self.max:g}"
        by = f" by {self.by:g}" if self.by else ""
        return f"better than baseline{by}" if self.better_than else f"not worse than active{by and by.replace('by', 'by more than')}"

    @property
    def slice_path(self) -> tuple[str, ...]:
        """The attribute names from the entity to the value that the hold-out is divided by; empty where it is judged as one."""
        if self.slice is None:
            return ()
        if isinstance(self.slice, Related):
            return self.slice.relationship.key, self.slice.column.key
        return (self.slice.key,)

    @property
    def sliced(self) -> str | None:
        """The same in one word: ``country``, or ``account.segment``."""
        return ".".join(self.slice_path) or None

    @property
    def least_rows(self) -> int:
        """How many rows of the hold-out a slice needs to be judged."""
        return DEFAULT_MIN_ROWS if self.min_rows is None else self.min_rows

    def _check_measure(self) -> None:
        if self.metric not in MEASURES:
            return
        if self.max is None:
            raise self._error("takes max= alone", f"Write Gate({self.metric!r}, max=10).")
        if any(each is not None for each in (self.by, self.slice, self.min_rows, self.confidence)):
            raise self._error("is measured once, and takes no by=, slice=, min_rows= or confidence=", "Leave them out.")
        if is_number(self.max) and self.max <= 0:
            raise self._error(f"has a max= of {self.max:g}, below which no model is", f"Write Gate({self.metric!r}, max=10).")

    def _check_by(self) -> None:
        if self.by is None:
            return
        if self.better_than is None and self.not_worse_than is None:
            raise self._error("has a by=, which is for comparisons", "Give it with better_than= or not_worse_than=.")
        self._check_bound("by", self.by)
        if self.by < 0:
            raise self._error("has a by= below 0", 'Give 0 or more: by=0.01 beside not_worse_than="active" allows 0.01 less.')

    def _check_slice(self) -> None:
        rows: object = self.min_rows
        if rows is None:
            return
        if self.slice is None:
            raise self._error("has a min_rows=, which is for slices", "Give it with slice=.")
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
            raise self._error("has a min_rows= that is no count", "Give a whole number of rows, 1 or more.")

    def _check_confidence(self) -> None:
        given: object = self.confidence
        if given is None:
            return
        if not is_number(given) or not 0.5 <= given < 1:
            raise self._error("has a confidence= that is no share from 0.5 up to 1", "Give a share, not a percentage: confidence=0.95.")

    def _check_bound(self, side: str, bound: object) -> None:
        if bound is None:
            return
        if not is_number(bound):
            kind = "not finite" if isinstance(bound, float) else described(bound)
            raise _refused(f"The {side}= of the gate on {self.metric} is {kind}.", self.metric, f"Give a number: {side}=0.75.")
        if self.metric in _SHARES and not 0 <= bound <= 1 and side != "by":
            raise _refused(
                f"The {side}= of the gate on {self.metric} is {bound:g}, and {self.metric} lies between 0 and 1.",
                self.metric,
                "Give a share, not a percentage: 0.75 for 75 %.",
            )
        if self.metric in _SHARES and side == "by" and bound >= 1:
            raise self._error(f"has a by= of {bound:g}, and {self.metric} lies between 0 and 1", "Give a share: 0.01 for one hundredth.")
        if side == "min" and self.metric in LOWER_IS_BETTER:
            raise _refused(
                f"The gate on {self.metric} has a min=, and {self.metric} is better the lower it is.",
                self.metric,
                f"Write Gate({self.metric!r}, max={bound:g}).",
            )

    def _error(self, what: str, way_out: str) -> DefinitionError:
        return _refused(f"The gate on {self.metric} {what}.", self.metric, way_out)


def check_gates(place: Place, mapper: Mapper[Any], gates: object, task: Task) -> tuple[Gate, ...]:
    """The gates as a tuple, their slices as mapped columns.

    ``DefinitionError`` where one is on a metric that ``task`` does not have, or divides the rows by what is no category.
    """
    if isinstance(gates, Gate) or not isinstance(gates, Sequence):
        raise place.of("gates").error(f"takes a list of gates, not {described(gates)}", 'Write gates=[Gate("accuracy", min=0.75)].')
    for gate in gates:
        if not isinstance(gate, Gate):
            raise place.of("gates").error(f"holds {described(gate)}, not a Gate", 'Write gates=[Gate("accuracy", min=0.75)].')
        if gate.metric not in (*METRICS[task], *MEASURES):
            raise place.of(f"the gate on {gate.metric}").error(
                f"does not fit a {task} task, which has no such metric", choose_from((*METRICS[task], *MEASURES), gate.metric)
            )
    return tuple(_with_slice(place.of(f"the slice of the gate on {gate.metric}"), mapper, gate) for gate in gates)


def _with_slice(place: Place, mapper: Mapper[Any], gate: Gate) -> Gate:
    """The gate with the column that it slices by as a mapped attribute."""
    if gate.slice is None:
        return gate
    if isinstance(gate.slice, Related):
        link, column = related_column(mapper, gate.slice.relationship, gate.slice.column, place)
        gate = replace(gate, slice=Related(link, column))
    else:
        column = own_column(mapper, gate.slice, place)
        gate = replace(gate, slice=column)
    value_type = type_of_sql(column.type)
    if value_type.dtype not in _SLICED:
        what = f"goes by {column.key}, {with_article(value_type.described)} column"
        raise place.error(what, "Name a column of categories: str, Enum, bool or int.")
    return gate


def accuracy_gate(place: Place, min_accuracy: float, task: Task) -> Gate:
    """The gate that ``min_accuracy=`` is short for."""
    if task == "regression":
        raise place.of("min_accuracy").error(
            "is for classification, and this is a regression", 'Write gates=[Gate("r2", min=...)] or Gate("mae", max=...).'
        )
    return Gate("accuracy", min=min_accuracy)


def _columns(given: object) -> tuple[object, ...]:
    """What the path to a slice consists of."""
    if isinstance(given, Related):
        return given.relationship, given.column
    return () if given is None else (given,)


def _refused(message: str, metric: str, suggestion: str) -> DefinitionError:
    return DefinitionError(message, {"metric": metric}, [suggestion])
