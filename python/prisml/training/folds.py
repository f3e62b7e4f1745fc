"""The parts that a cross-validation trains on and judges by, made as the definition's split makes its two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from prisml.definition.split import GroupSplit, TimeSplit
from prisml.errors import NoDataError
from prisml.training.seen import Seen
from prisml.training.split import Rule

Rows = NDArray[np.intp]
Fold = tuple[Rows, Rows]


def make_folds(
    rule: Rule,
    labels: NDArray[np.generic],
    split_values: NDArray[np.int64] | NDArray[np.int32] | None,
    *,
    folds: int,
    classes: int,
    seed: int,
    model: str,
    seen: Seen,
) -> tuple[Fold, ...]:
    """``folds`` pairs of row numbers: what is trained on, and what it is judged by.

    By time each fold is judged by the rows after those that it is trained on, which grow from fold to fold; otherwise each row is judged
    once, with all rows of its group, and each class in equal parts. ``NoDataError`` where a fold would lack rows or a class.
    """
    if isinstance(rule, TimeSplit):
        made = list(_expanding(_needed(split_values, model), folds, seen, model))
    else:
        groups = split_values if isinstance(rule, GroupSplit) else seen.entities
        dealt = _dealt(labels, folds, classes, seed) if groups is None else _grouped(groups, folds, seed, model)
        made = [(np.flatnonzero(dealt != fold), np.flatnonzero(dealt == fold)) for fold in range(folds)]
    for number, (train, test) in enumerate(made, start=1):
        _check(number, labels[train], test, classes, model, folds)
    return tuple(made)


def _needed(split_values: NDArray[np.integer] | None, model: str) -> NDArray[np.integer]:
    if split_values is None:
        hint = "Extract again with the definition's split."
        raise NoDataError(f"Model {model!r}: the rows carry no values of the split's column.", {"model": model}, [hint])
    return split_values


def _dealt(labels: NDArray[np.generic], folds: int, classes: int, seed: int) -> Rows:
    """The fold of each row: each class shuffled and dealt out in turn, going on where the class before it ended."""
    random, dealt, turn = np.random.default_rng(seed), np.empty(len(labels), dtype=np.intp), 0
    for rows in [np.flatnonzero(labels == code) for code in range(classes)] or [np.arange(len(labels))]:
        dealt[random.permutation(rows)] = (turn + np.arange(len(rows))) % folds
        turn += len(rows)
    return dealt


def _grouped(groups: NDArray[np.integer], folds: int, seed: int, model: str) -> Rows:
    """The fold of each row: whole groups, the largest first, each into the fold that has the fewest rows."""
    _, places, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(counts) < folds:
        raise _too_many(model, f"{len(counts)} groups", folds, len(counts))
    shuffled = np.random.default_rng(seed).permutation(len(counts))
    sizes, fold_of = np.zeros(folds, dtype=np.intp), np.empty(len(counts), dtype=np.intp)
    for group in shuffled[np.argsort(-counts[shuffled], kind="stable")]:
        fold_of[group] = sizes.argmin()
        sizes[fold_of[group]] += counts[group]
    return np.asarray(fold_of[places])


def _expanding(moments: NDArray[np.integer], folds: int, seen: Seen, model: str) -> Iterator[Fold]:
    """Blocks of time with about equally many rows, none of which divides a moment: each is judged by a model of all before it."""
    values, places, counts = np.unique(moments, return_inverse=True, return_counts=True)
    if len(values) < folds + 1:
        raise _too_many(model, f"{len(values)} moments, of which the first is only trained on", folds, len(values) - 1)
    passed = np.cumsum(counts)
    cuts: list[int] = []
    for block in range(folds):
        wanted = int(np.argmin(np.abs(passed - len(moments) * (block + 1) / (folds + 1)))) + 1
        cuts.append(min(max(wanted, cuts[-1] + 1 if cuts else 1), len(values) - folds + block))
    for begin, end in zip(cuts, [*cuts[1:], len(values)], strict=True):
        train, test = np.flatnonzero(places < begin), np.flatnonzero((places >= begin) & (places < end))
        yield np.setdiff1d(train, seen.overlapping(train, test), assume_unique=True), test


def _too_many(model: str, there: str, folds: int, most: int) -> NoDataError:
    way_out = f"Write cv={most}, or leave cv= out." if most > 1 else "Leave cv= out, or split by another column."
    return NoDataError(f"Model {model!r}: the training part has {there}, and cv={folds}.", {"model": model, "cv": folds}, [way_out])


def _check(number: int, labels: NDArray[np.generic], test: Rows, classes: int, model: str, folds: int) -> None:
    absent = int(np.count_nonzero(np.bincount(labels.astype(np.intp), minlength=classes) == 0)) if classes else 0
    if len(labels) >= 2 and len(test) >= 2 and not absent:
        return
    lacks = f"{absent} of {classes} classes" if absent else "rows"
    raise NoDataError(
        f"Model {model!r}: fold {number} of cv={folds} lacks {lacks}: {len(labels):,} rows to train, {len(test):,} to judge.",
        {"model": model, "fold": number, "cv": folds, "absent": absent},
        ["Write a smaller cv=, or leave it out; a class that is rare can be left out with where=."],
    )
