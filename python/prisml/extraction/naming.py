"""Whose rows an error is about: what reads and encodes rows knows no definition."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prisml.definition.model import ModelDefinition
from prisml.errors import EncodingError, FeatureExtractionError, NoDataError, PrisMLError


@contextmanager
def naming(definition: ModelDefinition[Any]) -> Iterator[None]:
    """Meanwhile an error about the rows of ``definition`` begins with its entity and its output, as in ``Customer.churn_probability``."""
    try:
        yield
    except (EncodingError, FeatureExtractionError, NoDataError) as error:
        if "entity" in error.context:
            raise
        raise _named(error, definition).with_traceback(error.__traceback__) from None


def _named(error: PrisMLError, definition: ModelDefinition[Any]) -> PrisMLError:
    entity, output = definition.entity.__name__, definition.output
    place = f"{entity}.{output}: "
    message = error.message if error.message.startswith(place) else place + error.message
    return type(error)(message, {"entity": entity, "output": output, **error.context}, error.suggestions)
