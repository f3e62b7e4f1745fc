"""What the trees compare with, and how many there are: what rows at the edges and tolerances are made from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from prisml.training.export.trees.forest import Tree
from prisml.training.export.trees.read import forest_of
from prisml.training.pipeline import FittedPipeline


def decisions_of(fitted: FittedPipeline) -> dict[int, NDArray[np.float64]]:
    """For each column that is decided by, the float32 that it is compared with, each once.

    Of a set of categories these are the codes of which the next one goes another way.
    """
    counts = [column.codes for column in fitted.columns]
    found = [pair for tree in forest_of(fitted).trees for pair in _decisions(tree, counts)]
    columns = np.concatenate([read for read, _ in found])
    values = np.concatenate([compared for _, compared in found])
    return {int(column): np.unique(values[columns == column]) for column in np.unique(columns)}


def tree_count(fitted: FittedPipeline) -> int:
    """How many trees there are; several classes may have one each for a step."""
    return len(forest_of(fitted).trees)


def _decisions(tree: Tree, counts: list[int]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    by_order = tree.inner.copy()
    by_order[list(tree.members)] = False
    yield tree.feature[by_order], tree.threshold[by_order]
    for node, members in tree.members.items():
        goes_left = np.isin(np.arange(counts[tree.feature[node]]), list(members))
        turns = np.flatnonzero(goes_left[1:] != goes_left[:-1])
        yield np.full(len(turns), tree.feature[node]), turns.astype(np.float64)
