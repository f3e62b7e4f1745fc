"""The same rows as another version's model would be given them: encoded by its inputs, beside those of the definition."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prisml._core import Encoder
from prisml.errors import EncodingError
from prisml.manifest import Input

Categories = Sequence[str] | Sequence[int] | None
Encode = Callable[[Encoder, NDArray[np.float32]], None]


# eq=False: arrays do not compare as one.
@dataclass(frozen=True, eq=False)
class Besides:
    """Rows encoded by ``inputs``, whose categories are final: ``matrix`` has provisional codes into ``categories``, -1 for missing.

    ``problem`` says why the rows could not be encoded so; ``matrix`` then tells nothing.
    """

    inputs: tuple[Input, ...]
    matrix: NDArray[np.float32]
    categories: tuple[Categories, ...]
    problem: str | None = None

    def encode(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.float32], Mapping[str, int]]:
        """These rows with final codes, and by feature how many of them the inputs refuse: a missing value, or a category not seen."""
        encoded = self.matrix[rows]
        refused: dict[str, int] = {}
        for place, (item, values) in enumerate(zip(self.inputs, self.categories, strict=True)):
            column = encoded[:, place]
            if values is not None:
                column = encoded[:, place] = _final_codes(item, values)[column.astype(np.intp)]
            count = int(np.count_nonzero(np.isnan(column))) if values is not None or item.missing == "error" else 0
            if count:
                refused[item.name] = count
        return encoded, refused


def _final_codes(item: Input, values: Sequence[str] | Sequence[int]) -> NDArray[np.float32]:
    """The code of each provisional one, NaN for what is refused; the last is for missing."""
    known = {value: code for code, value in enumerate(item.categories or ())}
    codes = [known.get(value, item.other_code) for value in values]
    return np.array([np.nan if code is None else code for code in (*codes, item.missing_code)], dtype=np.float32)


class Beside:
    """Fills the matrix of ``inputs`` for up to ``size`` rows."""

    def __init__(self, inputs: Sequence[Input], size: int) -> None:
        self.encoder = beside_encoder(inputs)
        self.computed = frozenset(item.name for item in inputs if item.origin in ("expression", "resolver"))
        self._inputs = tuple(inputs)
        self._matrix = np.empty((size, len(inputs)), np.float32)
        self._problem: str | None = None

    def put(self, start: int, count: int, encode: Encode) -> None:
        """Let ``encode`` fill in the rows from ``start``; what cannot be encoded by these inputs is kept as the problem, and no error."""
        if self._problem is not None:
            return
        try:
            encode(self.encoder, self._matrix[start : start + count])
        except EncodingError as error:
            # Its own words name the row's key. The definition may not even read what does not fit here.
            self._problem = f"feature {error.context.get('feature')!r} has a value that does not fit it"

    def finished(self, size: int) -> Besides:
        """The first ``size`` rows."""
        return Besides(self._inputs, self._matrix[:size], tuple(self.encoder.categories()), self._problem)


def beside_encoder(inputs: Sequence[Input]) -> Encoder:
    """An encoder of ``inputs`` whose categories grow, and which takes missing values: whether they are refused is asked of few rows."""
    return Encoder(json.dumps([_open(item).model_dump(mode="json") for item in inputs]))


def _open(item: Input) -> Input:
    if item.categories is None:
        return item.model_copy(update={"missing": "nan"})
    return item.model_copy(update={"missing": "code", "imputation": None, "categories": (), "missing_code": 0, "other_code": None})
