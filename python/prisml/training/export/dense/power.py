"""Powers after Yeo and Johnson (Biometrika 87, 2000), as SciPy computes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.source import Table
from prisml.training.export.dense.writer import Writer

_EPS = float(np.finfo(np.float64).eps)


def write_power(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    """PowerTransformer with method="yeo-johnson": of a positive and a negative part, of which one is zero in every cell."""
    table = columns.table(writer)
    zero = writer.doubles(0.0)
    exponents = np.asarray(step.lambdas_, dtype=np.float64)
    positive = _powers(writer.add("Max", table, zero), exponents, writer)
    negative = _powers(writer.add("Max", writer.add("Neg", table), zero), 2.0 - exponents, writer)
    transformed = Affine(Table(writer.add("Sub", positive, negative), columns.width))
    if not step.standardize:
        return transformed
    scaler = step._scaler  # noqa: SLF001 - scikit-learn shows it nowhere else.
    return transformed.scaled([("Sub", scaler.mean_), ("Div", scaler.scale_)], writer, exact=exact)


def _powers(table: str, exponents: Any, writer: Writer) -> str:
    """((x + 1) ** e - 1) / e for each column, or log(x + 1) where e is zero."""
    raised = writer.add("Add", table, writer.doubles(1.0))
    is_log = np.abs(exponents) < _EPS
    safe = np.where(is_log, 1.0, exponents)
    power = writer.add("Pow", raised, writer.doubles(safe))
    power = writer.add("Div", writer.add("Sub", power, writer.doubles(1.0)), writer.doubles(safe))
    if not is_log.any():
        return power
    return writer.add("Where", _truths(is_log, writer), writer.add("Log", raised), power)


def _truths(values: Any, writer: Writer) -> str:
    """A constant of truths."""
    return writer.add("Greater", writer.doubles(values.astype(np.float64)), writer.doubles(0.5))
