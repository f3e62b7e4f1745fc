"""Made-up rows at the edges of what can be asked: missing, unseen, empty, extreme, and one float32 beside a decision.

Each row is made twice, as a row that gives each feature under its own name and as the matrix that the encoder must make of it, so that
comparing predictions for the two also checks the encoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Input

Scalar = bool | int | float | str | None
Cell = tuple[Scalar, float]
"""A value as a row gives it, and as the encoder must write it."""

RANDOM_ROWS = 256
_MOST_CATEGORIES = 16
_MOST_BESIDE = 256
_MOST_DECISIONS = 16
_LARGEST_INT = 2**24
_LARGEST = float(np.finfo(np.float32).max)
_SMALLEST = float(np.finfo(np.float32).tiny)
_SPANS = 1000.0
# Not float32's largest number: scikit-learn adds up a whole matrix to see whether it is finite.
FAR = 1e30
_NONE = np.zeros(0)


@dataclass(frozen=True, eq=False)
class EdgeRows:
    """Rows with every feature under its own name, and their matrix."""

    rows: tuple[dict[str, Scalar], ...]
    matrix: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class _Feature:
    """The cells of one feature: a usual one, the extremes by kind, and all others worth a row."""

    name: str
    usual: Cell
    kinds: Mapping[str, Cell]
    others: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (*self.kinds.values(), *self.others)


def make_edges(
    inputs: Sequence[Input], train: NDArray[np.float32], decisions: Mapping[int, NDArray[np.float64]] | None, *, seed: int
) -> EdgeRows:
    """Rows at the edges of ``inputs`` as ``train`` shows them: each extreme in all features at once, each in one feature, and mixed.

    ``decisions`` are the float32 that trees compare each column with, of sets of categories the codes of which the next one goes another
    way; None for a model without trees, whose far extremes are bounded so that a sum over features stays a float32.
    """
    random = np.random.default_rng(seed)
    features = [
        _category(item, (decisions or {}).get(place, _NONE))
        if item.categories is not None
        else _number(item, train[:, place], decisions, place, random)
        for place, item in enumerate(inputs)
    ]
    usual = [feature.usual for feature in features]
    kinds = dict.fromkeys(kind for feature in features for kind in feature.kinds)
    grid = [usual, *([feature.kinds.get(kind, feature.usual) for feature in features] for kind in kinds)]
    mixed = [[feature.cells[random.integers(len(feature.cells))] for feature in features] for _ in range(RANDOM_ROWS)]
    single = [[*usual[:place], cell, *usual[place + 1 :]] for place, feature in enumerate(features) for cell in feature.cells]
    return _rows([feature.name for feature in features], [*grid, *mixed, *single])


def _rows(names: Sequence[str], cells: Sequence[Sequence[Cell]]) -> EdgeRows:
    rows = tuple(dict(zip(names, (value for value, _ in row), strict=True)) for row in cells)
    return EdgeRows(rows, np.array([[code for _, code in row] for row in cells], dtype=np.float32))


def category_cells(item: Input) -> tuple[Cell, ...]:
    """What a category may be: missing, unseen and empty where it may be that, and values that training saw."""
    return _category(item, _NONE).cells


def _category(item: Input, decisions: NDArray[np.float64]) -> _Feature:
    known: list[str | int] = [*(item.categories or ())]
    kinds: dict[str, Cell] = {}
    if item.missing_code is not None:
        kinds["missing"] = (None, item.missing_code)
    unseen = _unseen(item)
    if item.other_code is not None and unseen is not None:
        kinds["unseen"] = (unseen, item.other_code)
    if item.dtype == "str":
        code = known.index("") if "" in known else item.other_code
        if code is not None:
            kinds["empty"] = ("", code)
    if known:
        kinds["first"] = (known[0], 0)
        kinds["last"] = (known[-1], len(known) - 1)
    at = np.floor(decisions[np.isfinite(decisions)]).astype(np.intp)
    beside = np.unique(np.concatenate((at, at + 1)))[:_MOST_BESIDE].tolist()
    places = sorted({*range(1, _MOST_CATEGORIES + 1), *beside} & {*range(1, len(known) - 1)})
    middle: tuple[Cell, ...] = tuple((known[code], code) for code in places)
    usual = kinds["first"] if known else next(iter(kinds.values()))
    return _Feature(item.name, usual, kinds, middle)


def _unseen(item: Input) -> str | int | None:
    """A value that training did not see; None where an enumeration has no other member."""
    if item.members is not None:
        return next((name for name in item.members if name not in (item.categories or ())), None)
    if item.dtype == "int":
        return max((value for value in item.categories or () if isinstance(value, int)), default=0) + 1
    if item.dtype == "uuid":
        return next(text for text in (str(UUID(int=number)) for number in count()) if text not in (item.categories or ()))
    name = "unseen"
    while name in (item.categories or ()):
        name += "_"
    return name


def _number(
    item: Input, column: NDArray[np.float32], decisions: Mapping[int, NDArray[np.float64]] | None, place: int, random: np.random.Generator
) -> _Feature:
    present = column[~np.isnan(column)].astype(np.float64)
    low, high = float(present.min()), float(present.max())
    kinds: dict[str, Cell] = {} if item.missing == "error" else {"missing": (None, float("nan"))}
    if item.dtype == "bool":
        kinds |= {"low": (False, 0.0), "high": (True, 1.0)}
        return _Feature(item.name, kinds["low"], kinds, ())
    far = _LARGEST_INT if item.dtype == "int" else FAR
    if decisions is None:
        far = min(far, _SPANS * max(high - low, abs(low), abs(high), 1.0))
    beside = [] if decisions is None else _beside(decisions.get(place, np.zeros(0)), random)
    kinds |= {kind: number_cell(item, value) for kind, value in (("low", low), ("high", high), ("far_low", -far), ("far_high", far))}
    tiny = [] if item.dtype == "int" else [_SMALLEST]
    others = tuple(number_cell(item, value) for value in (0.0, -1.0, 1.0, *tiny, *beside))
    return _Feature(item.name, number_cell(item, float(np.sort(present)[len(present) // 2])), kinds, others)


def _beside(thresholds: NDArray[np.float64], random: np.random.Generator) -> list[float]:
    """Some of the thresholds, and the float32 on either side of each."""
    finite = np.unique(thresholds[np.isfinite(thresholds) & (np.abs(thresholds) < _LARGEST)])
    if len(finite) > _MOST_DECISIONS:
        finite = np.sort(random.choice(finite, _MOST_DECISIONS, replace=False))
    at = finite.astype(np.float32)
    return [float(value) for side in (at, np.nextafter(at, np.float32(np.inf)), np.nextafter(at, np.float32(-np.inf))) for value in side]


def number_cell(item: Input, value: float) -> Cell:
    """The cell for a number; of an integer feature the integer below."""
    if item.dtype == "int":
        whole = int(np.floor(np.clip(value, -_LARGEST_INT, _LARGEST_INT)))
        return whole, float(whole)
    nearest = float(np.float32(np.clip(value, -_LARGEST, _LARGEST)))
    # What would be 0 as a normal float32 is refused at the border.
    return (nearest, nearest) if abs(nearest) >= _SMALLEST or nearest == 0 else (0.0, 0.0)
