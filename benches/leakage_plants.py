"""Leaks to plant: for each guard five columns, from the plainest to one that hardly is a leak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Input

Column = NDArray[np.float64]
Target = NDArray[Any]
Random = np.random.Generator


@dataclass(frozen=True, eq=False)
class Plant:
    """A column, and the input it is."""

    item: Input
    column: NDArray[np.float32]


Planter = Callable[[Target, Random], Plant]


def number(column: Column) -> Plant:
    """A number called ``planted``."""
    return Plant(Input(name="planted", kind="number", origin="column", dtype="float"), column.astype(np.float32))


def category(codes: NDArray[np.intp]) -> Plant:
    """A category called ``planted``; -1 is missing."""
    values, codes = np.unique(codes, return_inverse=True)
    names = tuple(f"value {place}" for place in range(len(values)))
    missing = len(names)
    item = Input(
        name="planted",
        kind="category",
        origin="column",
        dtype="str",
        missing="code",
        categories=names,
        missing_code=missing,
        other_code=missing,
    )
    return Plant(item, np.where(values[codes] == -1, missing, codes).astype(np.float32))


def lacking(share: float, column: Column, random: Random) -> Column:
    """The column, a share of it missing."""
    return np.where(random.random(len(column)) < share, np.nan, column)


def mixed(share: float, column: Column, random: Random) -> Column:
    """The column, a share of its rows with the value of any other row."""
    return np.where(random.random(len(column)) < share, random.permutation(column), column)


def renamed(target: Target, random: Random) -> Plant:
    """The label under other names, one of which became two; a number bent, since it has no names."""
    if np.issubdtype(target.dtype, np.floating):
        return number(np.cbrt(target - np.median(target)) * -3.0)
    names = random.permutation(int(target.max()) + 2)
    return category(names[np.where((target == 0) & (random.random(len(target)) < 0.5), target.max() + 1, target)])


def blurred(noise: Mapping[str, float]) -> Mapping[str, Planter]:
    """The label as a number with noise added, that of each name in standard deviations."""

    def planter(share: float) -> Planter:
        # Of more than two classes the first one alone is known: codes have no order.
        def plant(target: Target, random: Random) -> Plant:
            signal = target.astype(np.float64) if np.issubdtype(target.dtype, np.floating) or target.max() < 2 else (target == 0) * 1.0
            return number(signal + share * signal.std() * random.normal(size=len(signal)))

        return plant

    return {name: planter(share) for name, share in noise.items()}


def doubled(share: float) -> Planter:
    """A name for each row, but that a share of the rows have that of another."""

    def plant(target: Target, random: Random) -> Plant:
        keys = random.permutation(len(target))
        return category(np.where(random.random(len(keys)) < share, keys[random.integers(0, len(keys), len(keys))], keys))

    return plant


COPIES: Mapping[str, Planter] = {
    "exact": lambda target, _: number(target.astype(np.float64)),
    "affine": lambda target, _: number(1000 - 7.5 * target),
    "renamed or bent": renamed,
    "1 % missing": lambda target, random: number(lacking(0.01, target.astype(np.float64), random)),
    "0.5 % noise": lambda target, random: number(mixed(0.005, target.astype(np.float64), random)),
}
IDENTIFIERS: Mapping[str, Planter] = {
    "all distinct": doubled(0.0),
    "a third missing": lambda target, random: category(np.where(random.random(len(target)) < 1 / 3, -1, random.permutation(len(target)))),
    "1 % doubled": doubled(0.01),
    "2 % doubled": doubled(0.02),
    "3 % doubled": doubled(0.03),
}
RANKING: Mapping[str, Planter] = blurred(
    {"noise 0.05 sd": 0.05, "noise 0.2 sd": 0.2, "noise 0.3 sd": 0.3, "noise 0.4 sd": 0.4, "noise 0.5 sd": 0.5}
)
LINES: Mapping[str, Planter] = blurred(
    {"noise 0.02 sd": 0.02, "noise 0.05 sd": 0.05, "noise 0.08 sd": 0.08, "noise 0.1 sd": 0.1, "noise 0.12 sd": 0.12}
)
"""For a regression: of a line, less noise is needed to be sure."""
