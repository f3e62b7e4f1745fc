"""Numbers as bins: comparisons that fold into what follows."""

from __future__ import annotations

from typing import Any

import numpy as np

from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.source import Table
from prisml.training.export.dense.writer import Writer


def write_threshold(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    """Binarizer: 1 above the threshold."""
    above = writer.add("Greater", columns.table(writer), writer.doubles(step.threshold))
    return Affine(Table(writer.double(above), columns.width))


def write_bins(step: Any, columns: Affine, writer: Writer, exact: bool) -> Affine:
    """KBinsDiscretizer: for each inner edge whether the number reaches it; the bin's number is their sum, its column a difference."""
    from scipy.sparse import block_diag

    inner = [np.asarray(edges[1:-1], dtype=np.float64) for edges in step.bin_edges_]
    one_hot = step.encode == "onehot-dense"
    kept = [column for column, edges in enumerate(inner) if len(edges)]
    if not kept:
        # One bin for every column.
        return columns.then(np.zeros((columns.width, columns.width)), 1.0 if one_hot else 0.0)
    places = np.repeat(np.arange(columns.width), [len(edges) for edges in inner])
    reached = writer.add("GreaterOrEqual", writer.take(columns.table(writer), places.tolist()), writer.doubles(np.concatenate(inner)))
    table = Affine(Table(writer.double(reached), len(places)))
    parts = [_differences(len(edges)) if one_hot else np.ones((len(edges), 1)) for edges in inner]
    bias = np.concatenate([np.eye(1, part.shape[1])[0] if one_hot else np.zeros(1) for part in parts])
    return table.then(block_diag(parts, format="csr"), bias)


def _differences(edges: int) -> Any:
    """From whether each edge is reached to one column for each bin; the first bin's has a bias of 1."""
    return np.eye(edges, edges + 1, k=1) - np.eye(edges, edges + 1)
