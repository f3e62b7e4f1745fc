"""``with_ml``: the option of a statement whose objects are to be predicted as they are loaded."""

from __future__ import annotations

from typing import Any, Literal, cast, get_args

from sqlalchemy.orm import UserDefinedOption

from prisml.definition.model import ModelDefinition
from prisml.errors import ConfigurationError, quoted

OnError = Literal["raise", "null"]
Model = str | ModelDefinition[Any]


class WithML(UserDefinedOption):
    """Which models a statement's objects are predicted with, none meaning all, and what a row that fails does."""

    # What is loaded later, one object at a time, is not predicted one at a time.
    propagate_to_loaders = False

    def __init__(self, models: tuple[Model, ...], on_error: OnError | None) -> None:
        super().__init__()
        self.models = models
        self.on_error = on_error


def with_ml(*models: Model, on_error: OnError | None = None) -> WithML:
    """An option: the objects that the statement loads come with their predictions, made in one batch.

    ``select(Customer).options(with_ml())``. ``models`` are definitions, or names of models or of their outputs; without any, all
    models of the session's extension. Entities that come through a relationship which the statement loads are predicted too, each
    object once. With ``yield_per`` each partition is one batch. ``on_error="null"`` gives no prediction where a row fails, and
    ``_ml.errors`` says why; without it, the extension's own ``on_error`` counts.
    """
    return WithML(models, checked_on_error(on_error))


def checked_on_error(on_error: object) -> OnError | None:
    """``on_error`` itself; ``ConfigurationError`` where it is neither of the two words."""
    if on_error is None:
        return None
    for word in get_args(OnError):
        if isinstance(on_error, str) and on_error == word:
            return cast("OnError", word)
    raise ConfigurationError(
        f"on_error is {quoted(on_error)}, and neither 'raise' nor 'null'.",
        {"type": type(on_error).__name__},
        ['Use "raise", or "null" for no prediction where a row fails.'],
    )
