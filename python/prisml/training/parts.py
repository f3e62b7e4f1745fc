"""The parts that the rows are divided into, each encoded with final codes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.leaks import Leak
from prisml.definition.model import ModelDefinition
from prisml.definition.split import GroupSplit, RandomSplit, TimeSplit
from prisml.errors import NoDataError
from prisml.extraction.stream import Extracted
from prisml.manifest import ClassLabel, Finding, Input
from prisml.training.classes import order_classes
from prisml.training.preflight import MORE_VALIDATION, preflight
from prisml.training.seen import seen_of
from prisml.training.split import Rule, Split, split_rows
from prisml.training.vocabulary import make_vocabulary


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the rows: their numbers among those extracted, the encoded matrix, and codes of classes or numbers to be learned."""

    rows: NDArray[np.intp]
    matrix: NDArray[np.float32]
    target: NDArray[np.generic]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Data:
    """The rows a model is fitted on, those it is judged on, and what they were encoded by.

    ``validation`` is a share of the training part that is kept from fitting, where something is chosen by it; else None.
    """

    inputs: tuple[Input, ...]
    classes: tuple[ClassLabel, ...]
    train: Part
    validation: Part | None
    test: Part
    overlapping: int
    leaks: tuple[Leak, ...]
    warnings: tuple[Finding, ...] = ()


def divide(definition: ModelDefinition[Any], extracted: Extracted, *, validation_size: float | None = None) -> Data:
    """The parts of ``extracted`` by the definition's split; ``validation_size`` of the training part is kept from fitting.

    Everything that is learned of the values, categories among it, comes from the rows that are fitted on alone. ``NoDataError`` where a
    part would be too small, or lack a class, or the rows cannot teach what is asked (``preflight``).
    """
    model = definition.name
    classes, target = order_classes(extracted.labels, extracted.label_values, definition.positive, task=definition.task, model=model)
    split = split_rows(
        definition.split,
        target,
        extracted.split_values,
        classes=classes,
        seed=definition.seed,
        model=model,
        seen=seen_of(definition, extracted),
    )
    train, validation = (
        (split.train, None) if validation_size is None else _set_aside(split, target, extracted, validation_size, definition, classes)
    )
    warnings = preflight(
        definition,
        extracted,
        replace(split, train=train),
        target,
        classes=len(classes),
        validation=validation if definition.chooses else None,
    )
    vocabulary = make_vocabulary(definition.inputs, definition.features, extracted.categories, extracted.matrix[train], model=model)

    def part(rows: NDArray[np.intp]) -> Part:
        return Part(rows, vocabulary.encode(extracted.matrix[rows], model=model), target[rows])

    return Data(
        inputs=vocabulary.inputs,
        classes=classes,
        train=part(train),
        validation=None if validation is None else part(validation),
        test=part(split.test),
        overlapping=split.overlapping,
        leaks=split.leaks,
        warnings=warnings,
    )


def _set_aside(
    split: Split,
    target: NDArray[np.generic],
    extracted: Extracted,
    size: float,
    definition: ModelDefinition[Any],
    classes: tuple[ClassLabel, ...],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The training part in two, as the rows were divided: the newest, whole groups, or at random; of snapshots whole entities."""
    rows = split.train
    values = None if extracted.split_values is None else extracted.split_values[rows]
    seen = seen_of(definition, extracted).of(rows)
    rule: Rule = RandomSplit(size)
    if isinstance(definition.split, GroupSplit):
        rule = replace(definition.split, test_size=size)
    elif isinstance(definition.split, TimeSplit) and not seen.by_dates:
        rule = TimeSplit(definition.split.column, test_size=size)
    try:
        inner = split_rows(
            rule,
            target[rows],
            values,
            classes=classes,
            seed=definition.seed,
            model=definition.name,
            seen=seen,
            held_out_as="validation part",
        )
    except NoDataError as error:
        message = f"{error.message} This was found where a validation part is set aside from the {len(rows):,} rows of the training part."
        raise NoDataError(message, error.context, [MORE_VALIDATION]) from error
    return rows[inner.train], rows[inner.test]
