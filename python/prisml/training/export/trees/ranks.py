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


@dataclass(frozen=True)
class _Place:
    """Where a set is found: a row is in it where its ``column`` is at most ``step``, or where it is not, for the other codes."""

    column: int
    step: float
    is_turned: bool


def rank(forest: Forest, counts: list[int]) -> Ranked:
    """The same trees, deciding by order alone; ``counts`` says how many codes each column of the input has."""
    asked: dict[int, set[Codes]] = {}
    for tree in forest.trees:
        for node, members in tree.members.items():
            asked.setdefault(int(tree.feature[node]), set()).add(members)
    tables: dict[int, NDArray[np.float32]] = {}
    places: dict[tuple[int, Codes], _Place] = {}
    width = len(counts)
    for feature in sorted(asked):
        written, chains = _few_chains(asked[feature], counts[feature])
        tables[feature] = np.column_stack([_ranks(chain, counts[feature]) for chain in chains])
        found = {members: (width + column, float(step)) for column, chain in enumerate(chains) for step, members in enumerate(chain)}
        places.update({(feature, members): _Place(*found[as_], as_ != members) for members, as_ in written.items()})
        width += len(chains)
    return Ranked(replace(forest, trees=tuple(_without_sets(tree, places) for tree in forest.trees)), tables)


def _few_chains(sets: set[Codes], count: int) -> tuple[dict[Codes, Codes], list[list[Codes]]]:
    """Each set as it is written, and these in chains. It is as good to ask for the other codes: so it is done where chains are fewer."""
    codes = frozenset(range(count))
    ways = [{members: members for members in sets}, {members: codes - members if 0 in members else members for members in sets}]
    return min(((written, _chains(set(written.values()))) for written in ways), key=lambda way: len(way[1]))


def _chains(sets: Iterable[Codes]) -> list[list[Codes]]:
    """The sets in chains, in each of which every set holds the one before; always the same ones."""
    chains: list[list[Codes]] = []
    for members in sorted(sets, key=lambda each: (len(each), sorted(each))):
        fitting = [chain for chain in chains if chain[-1] < members]
        if fitting:
            max(fitting, key=lambda chain: len(chain[-1])).append(members)
        else:
            chains.append([members])
    return chains


def _ranks(chain: list[Codes], count: int) -> NDArray[np.float32]:
    """For each code the place of the first set that holds it."""
    ranks = np.full(count, len(chain), dtype=np.float32)
    for step in reversed(range(len(chain))):
        ranks[list(chain[step])] = step
    return ranks


def _without_sets(tree: Tree, places: dict[tuple[int, Codes], _Place]) -> Tree:
    if not tree.members:
        return tree
    feature, threshold, nan_left = tree.feature.copy(), tree.threshold.copy(), tree.nan_left.copy()
    left, right = tree.left.copy(), tree.right.copy()
    for node, members in tree.members.items():
        place = places[int(tree.feature[node]), members]
        feature[node], threshold[node], nan_left[node] = place.column, place.step, False
        if place.is_turned:
            left[node], right[node] = right[node], left[node]
    return replace(tree, feature=feature, threshold=threshold, left=left, right=right, nan_left=nan_left, members={})
