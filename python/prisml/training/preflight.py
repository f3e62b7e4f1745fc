"""What the rows cannot teach, looked for before anything is fitted.

What no fitting could make good is told in one ``NoDataError``, all of it at once; what may go on is a warning that the version keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.model import ModelDefinition
from prisml.errors import NoDataError
from prisml.extraction.stream import Extracted
from prisml.manifest import Finding
from prisml.training.split import Split
from prisml.training.stages import final_of

FEWEST_TRAINED = 10
"""Rows that the training part needs, in a classification of each class."""

FEWEST_HELD_OUT = 5
"""Rows that the hold-out needs, in a classification of each class."""

MORE_VALIDATION = "Change the validation part with validation_size=, divide otherwise with split=, or add rows of each class."
"""The way out where a validation part holds too little to choose by."""

ROWS_PER_INPUT = 10
MOSTLY = 0.95
RARE, TOO_RARE = 0.01, 0.001
ENOUGH_OF_RARE = 100
"""So many rows of a class are learned from, however rare it is."""

_TAIL = 0.01
_MANY = 100


@dataclass(frozen=True)
class Stop:
    """What forbids fitting: with the figures that say so, and the least that would make it good."""

    code: str
    what: str
    way_out: str


def preflight(
    definition: ModelDefinition[Any],
    extracted: Extracted,
    split: Split,
    target: NDArray[np.generic],
    *,
    classes: int,
    validation: NDArray[np.intp] | None = None,
) -> tuple[Finding, ...]:
    """The warnings about the rows of ``split``; ``NoDataError`` that lists everything that forbids fitting, where there is anything.

    ``target`` are codes of ``classes`` classes, or numbers where that is 0; ``validation`` are rows that something is chosen by.
    """
    train, test = target[split.train], target[split.test]
    columns = [_Column(extracted, place, item.name, split) for place, item in enumerate(definition.inputs)]
    label = _classes(definition, train, test, classes) if classes else [*_numbers(train, test), *_amounts(definition, train)]
    chosen_by = () if validation is None else _validation(target[validation], classes)
    found = [*label, *chosen_by, *_without_labels(extracted), *_sizes(train, len(definition.inputs)), *_features(columns)]
    stops = [each for each in found if isinstance(each, Stop)]
    if stops:
        raise _error(stops, definition.name)
    return tuple(each for each in found if isinstance(each, Finding))


def count(rows: int) -> str:
    """How many rows, as in ``1 row`` and ``2,000 rows``."""
    return f"{rows:,} row{'' if rows == 1 else 's'}"


class _Column:
    """A feature's values in both parts, and which of them are missing."""

    def __init__(self, extracted: Extracted, place: int, name: str, split: Split) -> None:
        self.name, self.categories = name, extracted.categories[place]
        self.train, self.test = extracted.matrix[split.train, place], extracted.matrix[split.test, place]
        self.missing = self._missing(self.train)

    def _missing(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        return np.asarray(np.isnan(values) if self.categories is None else values < 0)

    @property
    def missing_in_test(self) -> bool:
        return bool(self._missing(self.test).all())

    @property
    def constant(self) -> bool:
        return not self.missing.any() and bool((self.train == self.train[0]).all())

    @property
    def identity(self) -> tuple[bytes, object]:
        return np.where(self.missing, np.float32(-1) if self.categories else np.float32(np.nan), self.train).tobytes(), self.categories


def _error(stops: Sequence[Stop], model: str) -> NoDataError:
    what = " ".join(f"{stop.what[0].upper()}{stop.what[1:]}." for stop in stops) if len(stops) > 1 else f"{stops[0].what}."
    many = f"{len(stops)} things about the rows forbid training. " if len(stops) > 1 else ""
    context = {"model": model, "stops": tuple(stop.code for stop in stops)}
    return NoDataError(f"Model {model!r}: {many}{what}", context, list(dict.fromkeys(stop.way_out for stop in stops)))


def _classes(
    definition: ModelDefinition[Any], train: NDArray[np.generic], test: NDArray[np.generic], classes: int
) -> Iterator[Stop | Finding]:
    trained, held_out = (np.bincount(part.astype(np.intp), minlength=classes) for part in (train, test))
    rarest, share = int(trained.min()), float(trained.min() / len(train))
    if rarest < FEWEST_TRAINED:
        what = f"the rarest class has {count(rarest)} in the training part, and {FEWEST_TRAINED} are the least"
        yield Stop("too_few_rows", what, f"Add at least {FEWEST_TRAINED - rarest} of it, or leave the class out with where=.")
    fewest = int(held_out.min())
    if fewest < FEWEST_HELD_OUT:
        what = f"the rarest class has {count(fewest)} in the hold-out, and {FEWEST_HELD_OUT} are the least"
        yield Stop("too_few_held_out", what, "Make the hold-out larger with test_size= or an earlier test_from, or add rows of that class.")
    counts = f"the rarest class has {rarest:,} of the {len(train):,} rows of the training part, {share:.3%}"
    weighted = _weighs_classes(definition)
    if share < TOO_RARE and rarest < ENOUGH_OF_RARE and not weighted:
        way_out = f"Add rows of it ({ENOUGH_OF_RARE} are enough), weigh the classes with class_weight, or choose rows with where=."
        yield Stop("rare_class", counts, way_out)
    elif share < RARE and not weighted:
        yield Finding(code="rare_class", what=counts, way_out="Judge it by average_precision; accuracy says nothing of it.")


def _validation(target: NDArray[np.generic], classes: int) -> Iterator[Stop]:
    """A calibrator gives a class that it does not see a probability of 0."""
    fewest = int(np.bincount(target.astype(np.intp), minlength=classes).min())
    if fewest < FEWEST_HELD_OUT:
        what = f"the rarest class has {fewest} of the {len(target):,} rows of the validation part, and {FEWEST_HELD_OUT} are the least"
        yield Stop("too_few_to_validate", what, MORE_VALIDATION)


def _weighs_classes(definition: ModelDefinition[Any]) -> bool:
    own = definition.params if isinstance(definition.algorithm, str) else final_of(definition.algorithm).get_params(deep=False)
    weighted = definition.class_weight is not None or own.get("class_weight") is not None
    return weighted or own.get("scale_pos_weight") not in (None, 1)


def _numbers(train: NDArray[np.generic], test: NDArray[np.generic]) -> Iterator[Stop | Finding]:
    for part, fewest, code, name in (
        (train, FEWEST_TRAINED, "too_few_rows", "the training part"),
        (test, FEWEST_HELD_OUT, "too_few_held_out", "the hold-out"),
    ):
        if len(part) < fewest:
            yield Stop(code, f"{name} has {count(len(part))}, and {fewest} are the least", "Add rows, or change test_size= or the split.")
    numbers = train.astype(np.float64)
    if bool((numbers == numbers[0]).all()):
        yield Stop(
            "constant_label", f"the label is the same number in all {len(train):,} rows of the training part", "Check label= and where=."
        )
        return
    held = _held_by_few(numbers)
    if held > 0.5:
        yield Finding(
            code="long_tailed_label",
            what=f"1 % of the rows of the training part hold {held:.0%} of the label's variance",
            way_out="Learn its logarithm, or leave those rows out with where=, where the small ones matter too.",
        )


def _amounts(definition: ModelDefinition[Any], train: NDArray[np.generic]) -> Iterator[Stop]:
    powers = {"poisson": 1, "gamma": 2, "tweedie": definition.params.get("power", 1.5)}
    power = powers.get(definition.algorithm) if isinstance(definition.algorithm, str) else None
    if not isinstance(power, int | float) or power < 1:
        return
    labels = train.astype(np.float64)
    refused, what = (labels <= 0, "not above 0") if power >= 2 else (labels < 0, "below 0")
    if refused.any():
        learns = "amounts above 0" if power >= 2 else "amounts of at least 0"
        what = f"{int(np.count_nonzero(refused)):,} labels are {what} in the training part, and {definition.algorithm!r} learns {learns}"
        yield Stop("negative_labels", what, "Use another algorithm or loss, or leave those rows out with where=.")


def _held_by_few(numbers: NDArray[np.float64]) -> float:
    """Which share of the variance is that of the 1 % of the rows farthest from the mean."""
    if len(numbers) < _MANY:
        return 0.0
    apart = np.sort((numbers - numbers.mean()) ** 2)
    return float(apart[-max(int(len(apart) * _TAIL), 1) :].sum() / apart.sum())


def _without_labels(extracted: Extracted) -> Iterator[Finding]:
    missing = extracted.dropped.null_label
    if missing * 2 > extracted.extracted:
        yield Finding(
            code="missing_labels",
            what=f"{missing:,} of {extracted.extracted:,} rows have no label and were dropped",
            way_out="Check that the rows which have one are like those that will be predicted.",
        )


def _sizes(train: NDArray[np.generic], inputs: int) -> Iterator[Finding]:
    if len(train) < ROWS_PER_INPUT * inputs:
        yield Finding(
            code="few_rows",
            what=f"the training part has {len(train):,} rows for {inputs} features, fewer than {ROWS_PER_INPUT} for each",
            way_out="Add rows, or leave features out.",
        )


def _features(columns: Sequence[_Column]) -> Iterator[Stop | Finding]:
    known: dict[tuple[bytes, object], str] = {}
    hashes = Counter(hash(column.train.tobytes()) for column in columns)
    for column in columns:
        name, rows, missing = column.name, len(column.train), int(column.missing.sum())
        if missing == rows:
            what = f"feature {name!r} has no value in the {rows:,} rows of the training part"
            yield Stop("no_values", what, f"Leave {name!r} out, or choose rows with where= or the split for which it is known.")
            continue
        if missing > MOSTLY * rows:
            yield _of(name, "mostly_missing", f"is missing in {missing:,} of the {rows:,} rows of the training part", "Leave it out.")
        if column.constant:
            yield _of(name, "constant_feature", f"has the same value in all {rows:,} rows of the training part", "Leave it out.")
        if column.missing_in_test:
            what = f"has no value in the {len(column.test):,} rows of the hold-out, though in training"
            yield _of(name, "missing_in_holdout", what, "Find out since when it is not recorded: the hold-out does not judge it.")
        if hashes[hash(column.train.tobytes())] > 1 and not column.constant:
            twin = known.setdefault(column.identity, name)
            if twin != name:
                yield _of(name, "duplicate_feature", f"equals {twin!r} in all {rows:,} rows of the training part", "Leave one of them out.")


def _of(feature: str, code: str, what: str, way_out: str) -> Finding:
    return Finding(code=code, feature=feature, what=what, way_out=way_out)
