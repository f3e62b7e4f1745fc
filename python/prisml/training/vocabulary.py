"""The final inputs: which categories have codes, and how provisional codes become them. Counted on the training part alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.features import FeatureSpec, Transform
from prisml.errors import DefinitionError, NoDataError, UnseenCategoryError
from prisml.manifest import Input

Categories = tuple[str, ...] | tuple[int, ...]
_NO_CODE = np.float32(np.nan)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The final inputs, and for each category the final code of each provisional one; the last entry is for missing."""

    inputs: tuple[Input, ...]
    codes: tuple[NDArray[np.float32] | None, ...]

    def encode(self, matrix: NDArray[np.float32], *, model: str) -> NDArray[np.float32]:
        """A copy of ``matrix`` with final codes; ``UnseenCategoryError`` where prediction would refuse a category of it."""
        encoded = matrix.copy()
        for place, codes in enumerate(self.codes):
            if codes is None:
                continue
            encoded[:, place] = codes[matrix[:, place].astype(np.intp)]
            refused = int(np.count_nonzero(np.isnan(encoded[:, place])))
            if refused:
                name = self.inputs[place].name
                raise UnseenCategoryError(
                    f"Model {model!r}: feature {name!r} has categories in {refused:,} hold-out rows that the training part has not.",
                    {"model": model, "feature": name, "rows": refused},
                    [f'Give {name!r} unseen="other", or split so that the training part holds each category.'],
                )
        return encoded


def code_count(item: Input) -> int:
    """How many codes an input has; 0 for a number."""
    if item.categories is None:
        return 0
    return max(len(item.categories), *(code + 1 for code in (item.missing_code, item.other_code) if code is not None), 0)


def make_vocabulary(
    inputs: Sequence[Input],
    features: Mapping[str, FeatureSpec[Any]],
    categories: Sequence[Categories | None],
    train: NDArray[np.float32],
    *,
    model: str,
) -> Vocabulary:
    """The vocabulary of the rows in ``train``, whose categories are provisional codes into ``categories``, -1 for missing.

    Categories are kept where they are at least ``min_frequency``, the most frequent first, equally frequent ones by value. ``NoDataError``
    names a feature without any value.
    """
    finals: list[Input] = []
    tables: list[NDArray[np.float32] | None] = []
    for place, item in enumerate(inputs):
        column, values = train[:, place], categories[place]
        missing = np.isnan(column) if values is None else column < 0
        if missing.all():
            raise NoDataError(
                f"Model {model!r}: feature {item.name!r} has no value in the {len(column):,} rows of the training part.",
                {"model": model, "feature": item.name, "rows": len(column)},
                ["Leave the feature out, or choose rows with where= or the split for which it is known."],
            )
        if values is None:
            final, table = item, None
        else:
            final, table = _category(item, features[item.name], values, column[~missing], model)
        finals.append(final)
        tables.append(table)
    return Vocabulary(tuple(finals), tuple(tables))


def _category(
    item: Input, feature: FeatureSpec[Any], values: Categories, present: NDArray[np.float32], model: str
) -> tuple[Input, NDArray[np.float32]]:
    unseen, floor = ("other", 1) if isinstance(feature, Transform) else (feature.unseen, feature.min_frequency)
    counts = np.bincount(present.astype(np.intp), minlength=len(values))
    kept = sorted((code for code in range(len(values)) if counts[code] >= floor), key=lambda code: (-counts[code], values[code]))
    rare = bool(((counts > 0) & (counts < floor)).any())
    names = [values[code] for code in kept]
    missing_code = _missing_code(item, names, len(kept) + int(rare), model)
    # Without rare values nothing was learned of an unseen category: it counts as missing, and is refused where missing is.
    other_code = None if unseen == "error" else len(kept) if rare else missing_code
    final = Input.model_validate(
        {**dict(item), "categories": tuple(names), "missing_code": missing_code, "other_code": other_code},
    )
    table = np.full(len(values) + 1, _NO_CODE if other_code is None else other_code, dtype=np.float32)
    table[kept] = np.arange(len(kept), dtype=np.float32)
    table[-1] = _NO_CODE if missing_code is None else missing_code
    return final, table


def _missing_code(item: Input, names: Sequence[str | int], own: int, model: str) -> int | None:
    """The code for missing: none, that of a category, or the one after all others."""
    if item.missing == "error":
        return None
    if item.imputation is None:
        return own
    if item.imputation == "most_frequent" and names:
        return 0
    if item.imputation in names:
        return names.index(item.imputation)
    raise DefinitionError(
        f"Model {model!r}: feature {item.name!r} has a category as missing= that the training part does not hold often enough.",
        {"model": model, "feature": item.name},
        ["Give a category that is there, or leave missing= out: missing then has a code of its own."],
    )
