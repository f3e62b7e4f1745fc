"""What stands for a missing value, in the manifest's terms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Literal

from prisml.definition.given import is_word
from prisml.definition.mapping import ValueType
from prisml.definition.place import Place, choose_from
from prisml.errors import described, quoted

_LEARNED = ("median", "mean", "most_frequent")
_OF_NUMBERS = ("native", *_LEARNED, "error")
_LARGEST_FLOAT32 = 3.4028234663852886e38
_LARGEST_EXACT_INT = 2**24


@dataclass(frozen=True)
class MissingRule:
    """The three keys of an input that say what a missing value is."""

    missing: Literal["nan", "code", "error"]
    imputation: str | float | None = None
    missing_code: int | None = None


def rule_for_number(place: Place, missing: object, *, native: bool) -> MissingRule:
    """The rule of a numeric input; ``native`` where the estimator takes NaN."""
    if missing is None:
        missing = "native" if native else "median"
    if is_word(missing, "error"):
        return MissingRule("error")
    if is_word(missing, "native"):
        if not native:
            raise place.error(
                'has missing="native", and the algorithm does not take missing numbers',
                'Use algorithm="hist_gradient_boosting", say, or another rule: "median", "mean", "most_frequent", a number or "error".',
            )
        return MissingRule("nan")
    if isinstance(missing, str):
        if missing not in _LEARNED:
            raise place.error(f"has missing={quoted(missing)}, which is no rule for a number", choose_from(_OF_NUMBERS, missing))
        return MissingRule("nan", missing)
    return MissingRule("nan", _number(place, missing))


def _number(place: Place, missing: object) -> float:
    if not isinstance(missing, int | float | Decimal):
        raise place.error(f"has {described(missing)} as missing=", f"Give a number, or one of: {', '.join(_OF_NUMBERS)}.")
    inexact = isinstance(missing, int) and abs(missing) > _LARGEST_EXACT_INT
    if inexact or not math.isfinite(missing) or abs(float(missing)) > _LARGEST_FLOAT32:
        raise place.error("has a number as missing= that a float32 cannot hold", "Give a smaller number, or leave missing= out.")
    return float(missing)


def rule_for_category(place: Place, missing: object, value_type: ValueType) -> MissingRule:
    """The rule of a category; its provisional code for missing is replaced when training has counted the categories."""
    if missing is None:
        return MissingRule("code", missing_code=0)
    if is_word(missing, "error"):
        return MissingRule("error")
    if isinstance(missing, str) and missing in ("native", "median", "mean"):
        raise place.error(
            f"has missing={missing!r}, which is for numbers, and the feature is a category",
            'Leave missing= out (missing then has a code of its own), or give "most_frequent", a category or "error".',
        )
    if is_word(missing, "most_frequent"):
        return MissingRule("code", "most_frequent", missing_code=0)
    return MissingRule("code", _category(place, missing, value_type), missing_code=0)


def _category(place: Place, missing: object, value_type: ValueType) -> str | float:
    if value_type.enum_class is not None:
        if isinstance(missing, value_type.enum_class):
            return missing.name
    elif value_type.dtype == "str" and isinstance(missing, str) and not isinstance(missing, Enum):
        if value_type.strings and missing not in value_type.strings:
            raise place.error("has a category as missing= that the column does not allow", choose_from(value_type.strings, missing))
        return missing
    elif value_type.dtype == "int" and isinstance(missing, int) and not isinstance(missing, bool):
        return float(missing)
    raise place.error(
        f"has {described(missing)} as missing=, and its categories are of type {value_type.described}",
        'Give one of its categories, "most_frequent" or "error", or leave missing= out.',
    )
