"""Columns that are sums of others: kept as one matrix as long as nothing needs them computed, so that steps fold into each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prisml.training.export.dense.source import Source, Table
from prisml.training.export.dense.writer import Writer

Floats = NDArray[np.float64]
Elementwise = tuple[str, ArrayLike]
"""``Add``, ``Sub``, ``Mul`` or ``Div``, and a number for each column."""


@dataclass(frozen=True, eq=False)
class Affine:
    """``source @ matrix + bias``. Without a matrix, the source as it is. The matrix may be one of SciPy's sparse ones."""

    source: Source
    matrix: Any = None
    bias: Floats | None = None

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.source.width if self.matrix is None else int(self.matrix.shape[1])

    def then(self, matrix: Any, bias: ArrayLike = 0.0) -> Affine:
        """These columns times ``matrix``, and ``bias``."""
        wide = np.broadcast_to(np.asarray(bias, dtype=np.float64), (matrix.shape[1],))
        if self.matrix is None:
            return Affine(self.source, matrix, np.array(wide))
        return Affine(self.source, self.matrix @ matrix, self.bias @ matrix + wide)

    def scaled(self, steps: Sequence[Elementwise], writer: Writer, *, exact: bool) -> Affine:
        """``steps`` applied to each column: folded in, or computed one by one as NumPy does where what follows must see the same bits."""
        from scipy.sparse import diags_array

        if exact:
            name = self.table(writer)
            for op, values in steps:
                name = writer.add(op, name, writer.doubles(values))
            return Affine(Table(name, self.width))
        factor, bias = np.ones(self.width), np.zeros(self.width)
        for op, values in steps:
            numbers = np.asarray(values, dtype=np.float64)
            if op in ("Add", "Sub"):
                bias = bias + numbers if op == "Add" else bias - numbers
            else:
                factor, bias = (factor * numbers, bias * numbers) if op == "Mul" else (factor / numbers, bias / numbers)
        return self.then(diags_array(factor).tocsr(), bias)

    def taken(self, columns: Sequence[int], writer: Writer, *, exact: bool) -> Affine:
        """Some of the columns."""
        from scipy.sparse import eye_array

        if exact:
            return Affine(Table(writer.take(self.table(writer), columns), len(columns)))
        return self.then(eye_array(self.width, format="csc")[:, list(columns)].tocsr())

    def table(self, writer: Writer) -> str:
        """The columns as a float64 tensor."""
        if self.matrix is None:
            return self.source.table(writer)
        return self.source.product(writer, self.dense, self.offset)

    @property
    def dense(self) -> Floats:
        """The matrix as an array."""
        matrix = np.eye(self.width) if self.matrix is None else self.matrix
        return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=np.float64)

    @property
    def offset(self) -> Floats:
        """The bias as an array."""
        return np.zeros(self.width) if self.bias is None else self.bias
