"""Where columns come from: the encoded matrix as scikit-learn's design sees it, or a tensor that was computed before.

Scaled in float32, a number that is large beside its spread would lose what it says, and a row alone would get other bits than in a
batch. Here scaling is folded into the weights, a category's weight is looked up by its code, and sums are float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from prisml.training.export.dense.weights import Weights
from prisml.training.export.dense.writer import Writer
from prisml.training.export.graph import INPUT
from prisml.training.pipeline import DESIGN, FittedPipeline

Floats = NDArray[np.float64]


class Source(Protocol):
    """Columns of float64."""

    @property
    def width(self) -> int:
        """How many columns there are."""
        ...

    def table(self, writer: Writer) -> str:
        """The columns themselves, each computed as NumPy computes it, in the same operations and order."""
        ...

    def product(self, writer: Writer, matrix: Floats, bias: Floats) -> str:
        """The columns times ``matrix``, and ``bias``."""
        ...


@dataclass(frozen=True)
class Table:
    """A float64 tensor of the graph."""

    name: str
    width: int

    def table(self, writer: Writer) -> str:
        return self.name

    def product(self, writer: Writer, matrix: Floats, bias: Floats) -> str:
        return writer.add("Gemm", self.name, writer.doubles(matrix), writer.doubles(bias))


@dataclass(frozen=True, eq=False)
class Design:
    """The columns that the design step makes: numbers first, scaled or not, then one for each code of each category."""

    inputs: int
    numbers: tuple[int, ...]
    categories: tuple[int, ...]
    codes: tuple[int, ...]
    mean: Floats | None
    scale: Floats | None

    @classmethod
    def of(cls, fitted: FittedPipeline) -> Design:
        """The design of ``fitted``; without that step, every column is a number."""
        design = fitted.pipeline.named_steps.get(DESIGN)
        inputs = len(fitted.columns)
        if design is None:
            return cls(inputs, tuple(range(inputs)), (), (), None, None)
        scaler = design.named_transformers_.get("numbers")
        scaled = hasattr(scaler, "scale_")
        codes = tuple(fitted.columns[place].codes for place in fitted.categories)
        mean, scale = (scaler.mean_, scaler.scale_) if scaled else (None, None)
        return cls(inputs, tuple(fitted.numbers), tuple(fitted.categories), codes, mean, scale)

    @property
    def width(self) -> int:
        return len(self.numbers) + sum(self.codes)

    def weights(self, matrix: Floats, bias: Floats) -> Weights:
        """``matrix`` and ``bias`` of the design as those of the encoded matrix, scaling folded in."""
        numbers = np.zeros((self.inputs, matrix.shape[1]))
        count = len(self.numbers)
        bias = np.array(bias, dtype=np.float64)
        if count:
            of_numbers = matrix[:count] if self.scale is None else matrix[:count] / self.scale[:, None]
            numbers[list(self.numbers)] = of_numbers
            if self.mean is not None:
                bias -= self.mean @ of_numbers
        ends = np.cumsum(self.codes, dtype=np.intp)
        tables = tuple(np.split(matrix[count:], ends[:-1])) if len(ends) else ()
        return Weights(numbers, tables, bias)

    def table(self, writer: Writer) -> str:
        parts = []
        if self.numbers:
            everything = len(self.numbers) == self.inputs
            numbers = writer.double(INPUT if everything else writer.take(INPUT, self.numbers))
            if self.mean is not None and self.scale is not None:
                numbers = writer.add("Sub", numbers, writer.doubles(self.mean))
                numbers = writer.add("Div", numbers, writer.doubles(self.scale))
            parts.append(numbers)
        for place, codes in zip(self.categories, self.codes, strict=True):
            is_code = writer.add("Equal", writer.take(INPUT, [place]), writer.floats(np.arange(codes)))
            parts.append(writer.double(is_code))
        return writer.beside(parts)

    def product(self, writer: Writer, matrix: Floats, bias: Floats) -> str:
        weights = self.weights(matrix, bias)
        score = writer.doubles(weights.bias)
        if weights.codes:
            score = self._of_codes(writer, weights.codes, score)
        if not self.numbers:
            return score
        return writer.add("Gemm", writer.double(INPUT), writer.doubles(weights.numbers), score)

    def _of_codes(self, writer: Writer, tables: tuple[Any, ...], bias: str) -> str:
        """Of each category's table the row of its code, and their sum with the bias, in one order for every batch.

        A code without a row would end the run: a table of its own for each category keeps it from reading another's.
        """
        from onnx import TensorProto

        codes = writer.add("Cast", writer.take(INPUT, self.categories), to=TensorProto.INT64)
        split = writer.add_many("Split", [codes], len(tables), axis=1, num_outputs=len(tables))
        found = [writer.add("Gather", writer.doubles(table), code, axis=0) for table, code in zip(tables, split, strict=True)]
        return writer.add("Squeeze", writer.add("Sum", bias, *found), writer.integers([1]))
