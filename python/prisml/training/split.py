"""Which rows are trained on and which are held out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from prisml.definition.leaks import Leak
from prisml.definition.split import GroupSplit, RandomSplit, TimeSplit
from prisml.errors import NoDataError
from prisml.training.seen import Seen

Indices = NDArray[np.intp]
Rule = RandomSplit | TimeSplit | GroupSplit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the training part and of the hold-out, each in ascending order.

    ``overlapping`` rows are in neither: their label looks ahead into the time of the hold-out. ``leaks`` is what one part may know of the
    other all the same.
    """

    train: Indices
    test: Indices
    overlapping: int = 0
    leaks: tuple[Leak, ...] = ()


def split_rows(
    rule: Rule,
    labels: NDArray[np.generic],
    split_values: NDArray[np.int64] | NDArray[np.int32] | None,
    *,
    classes: tuple[object, ...],
    seed: int,
    model: str,
    seen: Seen | None = None,
    held_out_as: str = "hold-out",
) -> Split:
    """The two parts of the rows by ``rule``; ``labels`` are codes into ``classes``, or numbers where that is empty.

    ``seen`` says when the rows are seen: rows of one entity are not torn apart by chance, and of a split by time the training rows
    whose label reaches into the hold-out are left out, unless they are a whole snapshot, which is a leak. ``NoDataError`` where a side
    would be empty, or a class would be missing from the training part, or the hold-out would hold one class only; it calls the hold-out
    ``held_out_as``.
    """
    seen = Seen() if seen is None else seen
    say = _Refusal(model)
    _check_enough(labels, classes, say)
    if isinstance(rule, TimeSplit):
        held_out = _newest(rule, _needed(split_values, say), say)
    elif isinstance(rule, GroupSplit):
        held_out = _groups(rule.test_size, _needed(split_values, say), seed, say)
    elif seen.entities is not None:
        held_out = _groups(rule.test_size, seen.entities, seed, say)
    else:
        held_out = _random(rule.test_size, labels, bool(classes), seed, say)
    train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    by_time = isinstance(rule, TimeSplit)
    left_out = seen.overlapping(train, test) if by_time and not seen.by_dates else train[:0]
    train = np.setdiff1d(train, left_out, assume_unique=True)
    split = Split(train, test, len(left_out), tuple(seen.leaks(train, test, by_time=by_time)))
    _check_sides(split, labels, classes, held_out_as, say)
    return split


@dataclass(frozen=True)
class _Refusal:
    model: str

    def __call__(self, what: str, way_out: str, **context: object) -> NoDataError:
        return NoDataError(f"Model {self.model!r}: {what}", {"model": self.model, **context}, [way_out])


def _needed(split_values: NDArray[np.int64] | NDArray[np.int32] | None, say: _Refusal) -> NDArray[np.int64] | NDArray[np.int32]:
    if split_values is None:
        raise say("the rows carry no values of the split's column.", "Extract again with the definition's split.")
    return split_values


def _check_enough(labels: NDArray[np.generic], classes: tuple[object, ...], say: _Refusal) -> None:
    if len(labels) < 4:
        raise say(f"there are {len(labels)} labelled rows.", "At least 4 are needed to train and to hold out.", rows=len(labels))
    if not classes:
        return
    present = int(np.count_nonzero(np.bincount(labels.astype(np.intp), minlength=len(classes))))
    if present < 2:
        raise say(f"all {len(labels)} rows have one class.", "Check label= and where=: two classes at least are needed.", rows=len(labels))


def _random(test_size: float, labels: NDArray[np.generic], stratified: bool, seed: int, say: _Refusal) -> NDArray[np.bool_]:
    """Each class shuffled apart, so that both sides have its share, and at least one row of it."""
    random = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), dtype=np.bool_)
    strata = [np.flatnonzero(labels == code) for code in np.unique(labels)] if stratified else [np.arange(len(labels))]
    smallest = min(len(rows) for rows in strata)
    if smallest < 2:
        raise say(
            f"a class has {smallest} row, and both sides need one.",
            "Add rows of it, or leave the class out with where=.",
            smallest_class=smallest,
        )
    for rows in strata:
        count = min(max(round(len(rows) * test_size), 1), len(rows) - 1)
        held_out[random.permutation(rows)[:count]] = True
    return held_out


def _newest(rule: TimeSplit, moments: NDArray[np.integer], say: _Refusal) -> NDArray[np.bool_]:
    if rule.test_from is not None:
        held_out: NDArray[np.bool_] = moments >= microseconds(rule.test_from)
        if not held_out.any() or held_out.all():
            side = "on or after" if not held_out.any() else "before"
            raise say(
                f"no row of {len(moments):,} lies {side} test_from.",
                "Move test_from between the oldest and the newest row, or give test_size=.",
                rows=len(moments),
            )
        return held_out
    size = 0.2 if rule.test_size is None else rule.test_size
    values, counts = np.unique(moments, return_counts=True)
    if len(values) < 2:
        raise say(f"all {len(moments):,} rows have the same moment.", "Split by another column, or at random.", rows=len(moments))
    newer = counts[::-1].cumsum()[::-1][1:]
    cut = int(np.argmin(np.abs(newer - len(moments) * size)))
    return np.asarray(moments >= values[cut + 1])


def _groups(test_size: float, groups: NDArray[np.integer], seed: int, say: _Refusal) -> NDArray[np.bool_]:
    """Whole groups in random order until the hold-out is as near to its share as they allow."""
    values, counts = np.unique(groups, return_counts=True)
    if len(values) < 2:
        raise say(f"all {len(groups):,} rows are in one group.", "Split by another column, or at random.", rows=len(groups))
    order = np.random.default_rng(seed).permutation(len(values))
    held = counts[order].cumsum()[:-1]
    taken = int(np.argmin(np.abs(held - len(groups) * test_size))) + 1
    return np.isin(groups, values[order[:taken]])


def _check_sides(split: Split, labels: NDArray[np.generic], classes: tuple[object, ...], held_out_as: str, say: _Refusal) -> None:
    sizes = {"train": len(split.train), "test": len(split.test)}
    for side, size in sizes.items():
        if size < 2:
            raise say(f"the {side} part would have {size} rows.", "Add rows, or change test_size= or the split.", **sizes)
    if not classes:
        return
    train = np.bincount(labels[split.train].astype(np.intp), minlength=len(classes))
    test = np.bincount(labels[split.test].astype(np.intp), minlength=len(classes))
    if not train.all():
        absent = int(np.count_nonzero(train == 0))
        raise say(
            f"{absent} of {len(classes)} classes have no row among the {sizes['train']:,} of the training part.",
            "Move the split so that the training part holds each class, or leave those classes out with where=.",
            absent=absent,
            **sizes,
        )
    if np.count_nonzero(test) < 2:
        raise say(
            f"the {sizes['test']:,} rows of the {held_out_as} have one class.",
            "Make the hold-out larger with test_size= or an earlier test_from, so that it holds two classes.",
            **sizes,
        )


def microseconds(moment: date | datetime) -> int:
    """``moment`` in microseconds since 1970 UTC; without a time zone it is UTC, a date is its midnight."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), UTC)
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (aware - _EPOCH) // timedelta(microseconds=1)
