"""Sets of category codes as thresholds: columns in which a set is everything up to a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prisml.training.export.trees.forest import Forest, Tree

Codes = frozenset[int]


@dataclass(frozen=True, eq=False)
class Ranked:
    """Trees without sets of codes, and what they read beside the columns of the input.

    ``tables`` has, for each category whose sets were asked for, a row for each of its codes; its columns follow those of the input,
    and those of the tables before.
    """

    forest: Forest
    tables: dict[int, NDArray[np.float32]]


def rank(forest: Forest, counts: list[int]) -> Ranked:
    """The same trees, deciding by order alone; ``counts`` says how many codes each column of the input has."""
    asked: dict[int, set[Codes]] = {}
    for tree in forest.trees:
        for node, members in tree.members.items():
            asked.setdefault(int(tree.feature[node]), set()).add(members)
    tables, places = {}, {}
    width = len(counts)
    for feature in sorted(asked):
        chains = _chains(asked[feature])
        tables[feature] = np.column_stack([_ranks(chain, counts[feature]) for chain in chains])
        for column, chain in enumerate(chains):
            places.update({(feature, members): (width + column, float(step)) for step, members in enumerate(chain)})
        width += len(chains)
    return Ranked(replace(forest, trees=tuple(_without_sets(tree, places) for tree in forest.trees)), tables)


def _chains(sets: Iterable[Codes]) -> list[list[Codes]]:
    """The sets in few chains, in each of which every set holds the one before; always the same ones."""
    chains: list[list[Codes]] = []
    for members in sorted(sets, key=lambda each: (len(each), sorted(each))):
        fitting = [chain for chain in chains if chain[-1] < members]
        if fitting:
            max(fitting, key=lambda chain: len(chain[-1])).append(members)
        else:
            chains.append([members])
    return chains


def _ranks(chain: list[Codes], count: int) -> NDArray[np.float32]:
    """For each code the first set that holds it: a code is in a set where its rank is at most the set's place."""
    ranks = np.full(count, len(chain), dtype=np.float32)
    for step in reversed(range(len(chain))):
        ranks[list(chain[step])] = step
    return ranks


def _without_sets(tree: Tree, places: dict[tuple[int, Codes], tuple[int, float]]) -> Tree:
    if not tree.members:
        return tree
    feature, threshold, nan_left = tree.feature.copy(), tree.threshold.copy(), tree.nan_left.copy()
    for node, members in tree.members.items():
        feature[node], threshold[node] = places[int(tree.feature[node]), members]
        nan_left[node] = False
    return replace(tree, feature=feature, threshold=threshold, nan_left=nan_left, members={})
