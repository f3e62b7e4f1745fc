"""What a keyword of a definition was given, asked in ways that no column, array or huge integer breaks."""

from __future__ import annotations

import math
from typing import TypeGuard

from prisml.errors import described


def is_word(given: object, *words: str) -> TypeGuard[str]:
    """Whether ``given`` is one of the words; what compares to other things than yes and no, as a column does, is none."""
    return isinstance(given, str) and given in words


def is_number(given: object) -> TypeGuard[float]:
    """Whether ``given`` is an int or a float that is finite as a float."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return False
    try:
        return math.isfinite(given)
    except OverflowError:
        return False


def shown(given: object) -> str:
    """A number of the definition's own as it was given; anything else by its type alone."""
    return f"{given:g}" if is_number(given) or isinstance(given, float) else described(given)
