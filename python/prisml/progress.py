"""How long work says how far it is: a callable that layers below the command line are handed and call."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Called with the step's name, the units done so far, and the units in all (None: not known)."""


def silent(step: str, done: int, total: int | None) -> None:
    """A progress that shows nothing."""
