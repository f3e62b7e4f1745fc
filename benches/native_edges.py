"""Rows that lie where a decision could be taken wrongly: the float32 values at and beside thresholds, and values that are missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray

_NODES = "nodes_featureids", "nodes_values", "nodes_modes"


def beside_thresholds(graph: bytes, matrix: NDArray[np.float32], columns: Sequence[int], *, count: int) -> NDArray[np.float32]:
    """Rows of ``matrix`` with one of ``columns`` at a threshold of the graph's trees, at the float32 below it or at the one above.

    No rows where there is no such threshold.
    """
    found = _thresholds(graph)
    found = found[np.isin(found[:, 0], columns)]
    if not len(found):
        return matrix[:0]
    random = np.random.default_rng(3)
    rows = matrix[random.integers(0, len(matrix), count)].copy()
    features, values = found[random.integers(0, len(found), count)].T
    exact = values.astype(np.float32)
    moved = np.stack([np.nextafter(exact, np.float32(-np.inf)), exact, np.nextafter(exact, np.float32(np.inf))])
    rows[np.arange(count), features.astype(np.intp)] = moved[random.integers(0, 3, count), np.arange(count)]
    return rows


def with_gaps(matrix: NDArray[np.float32], columns: Sequence[int], *, count: int) -> NDArray[np.float32]:
    """Rows of ``matrix`` with about a third of the values in ``columns`` missing; in the last row all of them are."""
    if not columns:
        return matrix[:0]
    random = np.random.default_rng(4)
    rows = matrix[random.integers(0, len(matrix), count)].copy()
    missing = random.random((count, len(columns))) < 0.3
    missing[-1] = True
    rows[:, columns] = np.where(missing, np.nan, rows[:, columns])
    return rows


def _thresholds(graph: bytes) -> NDArray[np.float64]:
    """The feature and the threshold of each branch of each ensemble in the graph."""
    found = [np.empty((0, 2))]
    for node in onnx.load_from_string(graph).graph.node:
        given = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute if attribute.name in _NODES}
        if len(given) == len(_NODES):
            branches = [mode != b"LEAF" for mode in given["nodes_modes"]]
            found.append(np.column_stack([given["nodes_featureids"], given["nodes_values"]])[branches])
    return np.concatenate(found)
