"""Resolver features of a batch, computed once for all versions that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from prisml.definition.model import ModelDefinition
from prisml.errors import EncodingError, FeatureExtractionError, PrisMLError
from prisml.extraction.resolvers import resolver_values


def resolve_rows(
    definition: ModelDefinition[Any], rows: Sequence[object], moment: datetime, *, null_errors: bool
) -> tuple[dict[str, list[object]], dict[int, PrisMLError]]:
    """What the resolvers give for each row, and the errors of rows for which one failed: they stay in the batch, with None."""
    try:
        return resolver_values(definition, rows, moment), {}
    except (FeatureExtractionError, EncodingError):
        if not null_errors:
            raise
    computed: dict[str, list[object]] = {feature: [None] * len(rows) for feature in definition.resolvers}
    failed: dict[int, PrisMLError] = {}
    for place, row in enumerate(rows):
        try:
            for feature, values in resolver_values(definition, [row], moment, first_row=place).items():
                computed[feature][place] = values[0]
        except (FeatureExtractionError, EncodingError) as error:
            failed[place] = error
    return computed, failed
