"""Every guard on data, and what each found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from prisml.definition.leaks import Leak
from prisml.manifest import Input, Task
from prisml.training.leakage import classes, numbers
from prisml.training.leakage.values import FOLDS, Classes, Floats, Indices, Values
from prisml.training.vocabulary import code_count

SMALLEST = 50
"""How many rows a guard needs. With fewer, columns agree by chance: two of 20 in a hundred, say."""

SMALLEST_RANKED = 100
COPIED = 0.98
AUC = 0.98
CORRELATION = 0.99
DISTINCT = 0.95

_COPY = "Leave out what is computed from the label, or written down together with it."
_SINGLE = "Take the feature's value of the moment of prediction: what is written down only once the outcome is known is no feature."
_DISTINCT = "Leave the feature out, or make categories that rows share of it: with a resolver, or with min_frequency=."


def find_leaks(
    inputs: Sequence[Input], train: NDArray[np.float32], target: NDArray[np.generic], *, task: Task, class_count: int, seed: int
) -> tuple[Leak, ...]:
    """What ``label_copy``, ``identifier`` and ``single_feature`` find in the training part, in the order of the features.

    ``train`` of shape (rows, inputs) has final codes; ``target`` holds codes of ``class_count`` classes, or numbers. Nothing is judged
    below 50 rows, and no ranking of classes below 100. What is a copy is not judged as a single feature, too.
    """
    if len(train) < SMALLEST:
        return ()
    folds = np.random.default_rng(seed).integers(0, FOLDS, len(train))
    found: list[Leak] = []
    judge = _Numbers(target.astype(np.float64), folds) if task == "regression" else _Classes(target.astype(np.intp), class_count, folds)
    for place, item in enumerate(inputs):
        column = train[:, place]
        values = _values(item, column)
        found += _identifier(item, values)
        found += judge.leaks(item.name, values, column)
    return tuple(found)


def _values(item: Input, column: NDArray[np.float32]) -> Values:
    if item.categories is None:
        return Values.of_number(column)
    own = item.missing_code if item.missing_code is not None and item.missing_code >= len(item.categories) else None
    return Values.of_category(column, size=code_count(item), missing=own)


def _identifier(item: Input, values: Values) -> Iterator[Leak]:
    """Categories alone: numbers that are all distinct, and rise with the rows, are measurements more often than not."""
    counts = values.counts if values.missing is None else np.delete(values.counts, values.missing)
    rows, distinct = int(counts.sum()), int(np.count_nonzero(counts))
    if values.is_category and rows >= SMALLEST and distinct >= DISTINCT * rows:
        yield Leak("identifier", item.name, f"has {distinct:,} different categories in {rows:,} rows", _DISTINCT)


class _Classes:
    """Judges features where classes are learned."""

    def __init__(self, target: Indices, count: int, folds: Indices) -> None:
        self._codes, self._target, self._folds = target, Classes.of(target, count), folds

    def leaks(self, feature: str, values: Values, _column: NDArray[np.float32]) -> Iterator[Leak]:
        parts = [(values, self._target, self._folds)]
        present = values.present
        if SMALLEST <= np.count_nonzero(present) < len(present):
            # What is missing may give the label away by that, or hide that the rest of it does.
            known = Classes.of(self._codes[present], len(self._target.sizes))
            parts.append((values.only(present), known, self._folds[present]))
        share = max(classes.share_decided(part, target) for part, target, _ in parts)
        if share >= COPIED:
            yield Leak("label_copy", feature, f"decides the class of {_percent(share)} of the rows, each class weighed alike", _COPY)
            return
        ranked = [auc for part in parts if len(part[2]) >= SMALLEST_RANKED for auc in classes.aucs(*part)]
        best = max(ranked, key=lambda auc: auc.surely, default=None)
        if best is not None and best.surely > AUC:
            against = "the classes" if len(self._target.sizes) == 2 else "one class and the rest"
            yield Leak("single_feature", feature, f"alone ranks {against} with ROC AUC {best.value:.4f}", _SINGLE)


class _Numbers:
    """Judges features where a number is learned. What rows lack the feature are left out."""

    def __init__(self, labels: Floats, folds: Indices) -> None:
        self._labels, self._folds = labels, folds
        self._target = numbers.Target.of(labels)

    def leaks(self, feature: str, values: Values, column: NDArray[np.float32]) -> Iterator[Leak]:
        target, folds, present = self._target, self._folds, values.present
        if not present.all():
            values, column, folds = values.only(present), column[present], folds[present]
            if len(column) < SMALLEST:
                return
            target = numbers.Target.of(self._labels[present])
        share = numbers.share_decided(values, target)
        if not values.is_category:
            share = max(share, numbers.share_in_order(values, target))
        if share >= COPIED:
            yield Leak("label_copy", feature, f"decides the label of {_percent(share)} of the rows", _COPY)
            return
        found = numbers.category_correlation(values, target, folds) if values.is_category else numbers.correlation(values, column, target)
        if found > CORRELATION:
            yield Leak("single_feature", feature, f"alone has a correlation of {found:.4f} with the label", _SINGLE)


def _percent(share: float) -> str:
    """Rounded down: 100 % is all."""
    return f"{int(share * 1000) / 10:g} %"
