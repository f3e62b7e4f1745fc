"""Which definitions are meant by ``with_ml("churn")``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prisml.definition.model import ModelDefinition
from prisml.definition.place import choose_from
from prisml.errors import DefinitionError, described
from prisml.orm.options import Model


def choose(definitions: Sequence[ModelDefinition[Any]], models: Sequence[Model]) -> Iterator[ModelDefinition[Any]]:
    """The definitions that ``models`` name, by themselves, by model or by output; all of them where none is named."""
    if not models:
        yield from definitions
    for model in models:
        yield _named(definitions, model)


def _named(definitions: Sequence[ModelDefinition[Any]], model: object) -> ModelDefinition[Any]:
    for definition in definitions:
        if model is definition or (isinstance(model, str) and model in (definition.output, definition.name)):
            return definition
    shown = repr(model) if isinstance(model, str | ModelDefinition) else described(model)
    known = choose_from([definition.name for definition in definitions], model)
    raise DefinitionError(f"{shown} is none of the models that the session is extended with.", {}, [known])
