"""A model that is no tree alone, as a graph: its design, the steps of a user's Pipeline, and the estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prisml.training.choice import Choice
from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.families import FAMILIES
from prisml.training.export.dense.source import Design
from prisml.training.export.dense.steps import STEPS, write_step
from prisml.training.export.dense.weights import Weights
from prisml.training.export.dense.writer import Writer
from prisml.training.export.graph import INPUT, Body
from prisml.training.export.trees import tree_body
from prisml.training.pipeline import ESTIMATOR, Column, FittedPipeline
from prisml.training.stages import final_of, steps_of


def dense_body(fitted: FittedPipeline) -> Body:
    """What computes the answers of ``fitted``, in float64 until the last."""
    writer = Writer()
    steps, final = steps_of(fitted.estimator), final_of(fitted.estimator)
    family = FAMILIES.get(type(final).__name__)
    columns = _after(steps, Affine(Design.of(fitted)), writer, last_jumps=family is None or family.jumps)
    if family is None:
        return _with_trees(fitted, columns, writer)
    answers = writer.float(family.write(final, columns, writer, fitted.task))
    return Body(writer.nodes, writer.tensors, answers)


def sketch_of(fitted: FittedPipeline) -> Weights:
    """A linear score that follows from the graph alone: the model's own where it is linear, else the sum of the columns it begins with.

    Rows are made from it that lie where the model decides, whatever it does with its columns afterwards.
    """
    design, final = Design.of(fitted), final_of(fitted.estimator)
    if not steps_of(fitted.estimator) and hasattr(final, "coef_") and hasattr(final, "intercept_"):
        matrix = np.atleast_2d(final.coef_).T.astype(np.float64)
        bias = np.broadcast_to(np.atleast_1d(final.intercept_).astype(np.float64), (matrix.shape[1],))
        if fitted.task == "binary":
            matrix, bias = (np.concatenate((np.zeros_like(part), part), axis=-1) for part in (matrix, bias))
        return design.weights(matrix, bias)
    return design.weights(np.ones((design.width, 1)), np.zeros(1))


def _after(steps: Sequence[Any], columns: Affine, writer: Writer, *, last_jumps: bool) -> Affine:
    """The columns after ``steps``. What stands before a step that jumps is computed as NumPy does it, and the rest is folded."""
    for place, step in enumerate(steps):
        exact = last_jumps or any(STEPS[type(later).__name__].jumps for later in steps[place + 1 :])
        columns = write_step(step, columns, writer, exact=exact)
    return columns


def _with_trees(fitted: FittedPipeline, columns: Affine, writer: Writer) -> Body:
    """The trees at the end of a Pipeline read float32 columns."""
    read = writer.float(columns.table(writer))
    body = tree_body(trees_of(fitted, columns.width))
    for node in body.nodes:
        inputs = [read if name == INPUT else name for name in node.input]
        del node.input[:]
        node.input.extend(inputs)
    return Body([*writer.nodes, *body.nodes], [*writer.tensors, *body.tensors], body.output)


def trees_of(fitted: FittedPipeline, width: int) -> FittedPipeline:
    """The trees at the end of a Pipeline as a model of their own, whose columns are those that reach them."""
    from sklearn.pipeline import Pipeline

    final, algorithm = final_of(fitted.estimator), fitted.choice.last or fitted.choice.algorithm
    columns = tuple(Column(f"column_{place}", None, 0) for place in range(width))
    return FittedPipeline(Pipeline([(ESTIMATOR, final)]), Choice(algorithm, final), fitted.task, columns)
