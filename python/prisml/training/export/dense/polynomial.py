"""Polynomials: each column a product of columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.source import Table
from prisml.training.export.dense.writer import Writer


def write_polynomial(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    """PolynomialFeatures. A factor that is not there is a column of ones."""
    powers = np.asarray(step.powers_)
    degree = max(int(powers.sum(axis=1).max(initial=0)), 1)
    factors = np.full((len(powers), degree), columns.width)
    for row, exponents in enumerate(powers):
        read = np.repeat(np.arange(columns.width), exponents)
        factors[row, : len(read)] = read
    table = columns.table(writer)
    with_ones = _with_ones(table, columns.width, writer)
    product = writer.take(with_ones, factors[:, 0].tolist())
    for place in range(1, degree):
        product = writer.add("Mul", product, writer.take(with_ones, factors[:, place].tolist()))
    return Affine(Table(product, len(powers)))


def _with_ones(table: str, width: int, writer: Writer) -> str:
    first = writer.take(table, [0])
    ones = writer.add("Add", writer.add("Mul", first, writer.doubles(0.0)), writer.doubles(1.0))
    return writer.beside([table, ones])
