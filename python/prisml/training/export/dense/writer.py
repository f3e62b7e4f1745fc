"""Collects the nodes and tensors of a graph; names follow from their order, so that equal models give equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


@dataclass(eq=False)
class Writer:
    """Nodes and tensors in the order they were asked for. What is asked for is named, and the name is what one gets."""

    nodes: list[Any] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)

    def doubles(self, values: ArrayLike) -> str:
        """A float64 tensor that stands in the file."""
        return self._tensor(np.asarray(values, dtype=np.float64))

    def floats(self, values: ArrayLike) -> str:
        """A float32 tensor that stands in the file."""
        return self._tensor(np.asarray(values, dtype=np.float32))

    def integers(self, values: ArrayLike) -> str:
        """An int64 tensor that stands in the file."""
        return self._tensor(np.asarray(values, dtype=np.int64))

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """A node of ONNX's own domain with one output."""
        (output,) = self.add_many(op, inputs, 1, **attributes)
        return output

    def add_many(self, op: str, inputs: Sequence[str], outputs: int, **attributes: Any) -> list[str]:
        """A node with several outputs."""
        from onnx import helper

        names = [f"d{len(self.nodes)}" if outputs == 1 else f"d{len(self.nodes)}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names

    def double(self, value: str) -> str:
        """``value`` as float64."""
        from onnx import TensorProto

        return self.add("Cast", value, to=TensorProto.DOUBLE)

    def float(self, value: str) -> str:
        """``value`` rounded to float32."""
        from onnx import TensorProto

        return self.add("Cast", value, to=TensorProto.FLOAT)

    def take(self, value: str, columns: Sequence[int]) -> str:
        """Some columns of ``value``, in the order given; one may be there several times."""
        return self.add("Gather", value, self.integers(columns), axis=1)

    def total(self, value: str) -> str:
        """The sum of each row, of shape (n, 1)."""
        return self.add("ReduceSum", value, self.integers([1]), keepdims=1)

    def beside(self, values: Sequence[str]) -> str:
        """The columns of all ``values``."""
        return values[0] if len(values) == 1 else self.add("Concat", *values, axis=1)

    def _tensor(self, values: Any) -> str:
        from onnx import numpy_helper

        name = f"t{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(values) if values.ndim else values, name))
        return name
