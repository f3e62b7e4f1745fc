"""Steps of a user's Pipeline: how each transforms columns, and what it needs of those before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from prisml.training.export.dense.affine import Affine, Elementwise
from prisml.training.export.dense.bins import write_bins, write_threshold
from prisml.training.export.dense.polynomial import write_polynomial
from prisml.training.export.dense.power import write_power
from prisml.training.export.dense.source import Table
from prisml.training.export.dense.writer import Writer

# scikit-learn divides by 1 where a norm is below this.
_LEAST_NORM = 10 * float(np.finfo(np.float64).eps)
_NORMS = {"l1": "ReduceL1", "l2": "ReduceSumSquare", "max": "ReduceMax"}

Write = Callable[[Any, Affine, Writer, bool], Affine]
"""The step, the columns before it, where to write, and whether what follows needs NumPy's very bits."""


@dataclass(frozen=True)
class Step:
    """How a class of steps is written; ``jumps`` where a difference in the last bit of its input may change its output by much."""

    write: Write
    jumps: bool = False


def write_step(step: Any, columns: Affine, writer: Writer, *, exact: bool) -> Affine:
    """The columns that the fitted ``step`` makes of ``columns``; ``exact`` where what follows jumps."""
    return STEPS[type(step).__name__].write(step, columns, writer, exact)


def _standard(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    return _centred(columns, writer, step.mean_ if step.with_mean else None, step.scale_ if step.with_std else None, exact=exact)


def _robust(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    return _centred(columns, writer, step.center_ if step.with_centering else None, step.scale_ if step.with_scaling else None, exact=exact)


def _centred(columns: Affine, writer: Writer, centre: Any, scale: Any, *, exact: bool) -> Affine:
    found: list[Elementwise] = [("Sub", centre)] if centre is not None else []
    if scale is not None:
        found.append(("Div", scale))
    return columns.scaled(found, writer, exact=exact)


def _min_max(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    scaled = columns.scaled([("Mul", step.scale_), ("Add", step.min_)], writer, exact=exact)
    return _clipped(scaled, writer, *step.feature_range) if step.clip else scaled


def _max_abs(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    scaled = columns.scaled([("Div", step.scale_)], writer, exact=exact)
    # An option since scikit-learn 1.9.
    return _clipped(scaled, writer, -1.0, 1.0) if getattr(step, "clip", False) else scaled


def _clipped(columns: Affine, writer: Writer, low: float, high: float) -> Affine:
    name = writer.add("Clip", columns.table(writer), writer.doubles(low), writer.doubles(high))
    return Affine(Table(name, columns.width))


def _selected(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    return columns.taken(step.get_support(indices=True).tolist(), writer, exact=exact)


def _principal(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    axes = step.components_.T
    if step.whiten:
        least = np.finfo(np.float64).eps
        axes = axes / np.maximum(np.sqrt(step.explained_variance_), least)
    # The mean is taken away first: of numbers that lie far from zero the products would be large beside what is left of them.
    centred = columns.scaled([("Sub", step.mean_)], writer, exact=exact)
    return _product(centred, axes, writer, exact=exact)


def _singular(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    return _product(columns, step.components_.T, writer, exact=exact)


def _product(columns: Affine, matrix: Any, writer: Writer, *, exact: bool) -> Affine:
    product = columns.then(matrix)
    return Affine(Table(product.table(writer), product.width)) if exact else product


def _imputed(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    table = columns.table(writer)
    is_missing = writer.add("IsNaN", table)
    statistics = np.asarray(step.statistics_, dtype=np.float64)
    filled, width = writer.add("Where", is_missing, writer.doubles(np.nan_to_num(statistics)), table), columns.width
    kept = np.flatnonzero(~np.isnan(statistics))
    if not step.keep_empty_features and len(kept) < width:
        filled, width = writer.take(filled, kept.tolist()), len(kept)
    if step.add_indicator:
        shown = np.asarray(step.indicator_.features_)
        filled = writer.beside([filled, writer.take(writer.double(is_missing), shown.tolist())]) if len(shown) else filled
        width += len(shown)
    return Affine(Table(filled, width))


def _normalized(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    table = columns.table(writer)
    sized = writer.add("Abs", table) if step.norm == "max" else table
    norm = writer.add(_NORMS[step.norm], sized, writer.integers([1]), keepdims=1)
    if step.norm == "l2":
        norm = writer.add("Sqrt", norm)
    is_zero = writer.add("Less", norm, writer.doubles(_LEAST_NORM))
    norm = writer.add("Where", is_zero, writer.doubles(1.0), norm)
    return Affine(Table(writer.add("Div", table, norm), columns.width))


def _rounded(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    """Rounded to float32, as trees compare numbers."""
    return Affine(Table(writer.double(writer.float(columns.table(writer))), columns.width))


_SELECTORS = (
    "GenericUnivariateSelect",
    "RFE",
    "RFECV",
    "SelectFdr",
    "SelectFpr",
    "SelectFromModel",
    "SelectFwe",
    "SelectKBest",
    "SelectPercentile",
    "SequentialFeatureSelector",
    "VarianceThreshold",
)

STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "Binarizer": Step(write_threshold, jumps=True),
        # Only the one that is put before trees.
        "FunctionTransformer": Step(_rounded, jumps=True),
        "KBinsDiscretizer": Step(write_bins, jumps=True),
        "MaxAbsScaler": Step(_max_abs),
        "MinMaxScaler": Step(_min_max),
        "Normalizer": Step(_normalized),
        "PCA": Step(_principal),
        "PolynomialFeatures": Step(write_polynomial),
        "PowerTransformer": Step(write_power),
        "RobustScaler": Step(_robust),
        # Of NaN times zero there is nothing left to fill: what stands before it is not folded.
        "SimpleImputer": Step(_imputed, jumps=True),
        "StandardScaler": Step(_standard),
        "TruncatedSVD": Step(_singular),
        **dict.fromkeys(_SELECTORS, Step(_selected)),
    }
)
"""Every class of steps that is written, by name."""
