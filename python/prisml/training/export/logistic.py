"""The logistic function as nodes of a graph, exact where it is next to nothing."""

from __future__ import annotations

from typing import Protocol


class Add(Protocol):
    """Adds a node to a graph; the name of what it gives."""

    def __call__(self, op: str, /, *inputs: str) -> str: ...


def logistic(value: str, add: Add, zero: str, one: str) -> str:
    """The logistic function of a float64 ``value``; ``zero`` and ``one`` are tensors.

    ONNX Runtime's ``Sigmoid`` is 0 from about -50 on, so that small ones could not be compared.
    """
    small = add("Exp", add("Neg", add("Abs", value)))
    upper = add("Where", add("GreaterOrEqual", value, zero), one, small)
    return add("Div", upper, add("Add", small, one))
