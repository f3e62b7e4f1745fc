"""Features of a batch that Python and the database compute, once for all versions that answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from prisml.definition.model import ModelDefinition
from prisml.errors import EncodingError, FeatureExtractionError, PrisMLError
from prisml.extraction.resolvers import resolver_values
from prisml.serving.expressions import Expressions

Computed = dict[str, list[object]]
Errors = dict[int, PrisMLError]
_ABSENT = object()


class Computing:
    """What a definition computes of rows before they are encoded: its expressions and its resolvers."""

    def __init__(self, definition: ModelDefinition[Any]) -> None:
        self._definition = definition
        self._expressions = Expressions(definition) if definition.expressions else None

    @classmethod
    def of(cls, definition: ModelDefinition[Any] | None) -> Computing | None:
        """What ``definition`` computes; None where it computes nothing."""
        return None if definition is None or not (definition.resolvers or definition.expressions) else cls(definition)

    def rows(self, rows: Sequence[object], moment: datetime, *, null_errors: bool) -> tuple[Computed, Errors]:
        """The values for each row, seen at ``moment``, and the errors of rows for which one failed: they stay in the batch, with None."""
        unseen = self._without_moment(rows)
        if unseen and not null_errors:
            raise unseen[min(unseen)]
        computed, failed = self._resolved(rows, moment, null_errors=null_errors)
        failed = failed | unseen
        if self._expressions is not None:
            asked, errors = self._expressions.values(rows, moment, null_errors=null_errors)
            computed, failed = computed | asked, errors | failed
        return computed, failed

    def _without_moment(self, rows: Sequence[object]) -> Errors:
        """The errors of rows whose own moment is missing: nothing can be seen of them."""
        column = self._definition.as_of.column
        if column is None:
            return {}
        key = column.key
        missing = (place for place, row in enumerate(rows) if _given(row, key) is None)
        return {
            place: EncodingError(
                f"Row {place}: {key!r}, the moment that the row is seen at, is missing.",
                {"row": place, "attribute": key},
                [f"Give each row its {key!r}: training leaves out rows without it."],
            )
            for place in missing
        }

    def _resolved(self, rows: Sequence[object], moment: datetime, *, null_errors: bool) -> tuple[Computed, Errors]:
        try:
            return resolver_values(self._definition, rows, moment), {}
        except (FeatureExtractionError, EncodingError):
            if not null_errors:
                raise
        computed: Computed = {feature: [None] * len(rows) for feature in self._definition.resolvers}
        failed: Errors = {}
        for place, row in enumerate(rows):
            try:
                for feature, values in resolver_values(self._definition, [row], moment, first_row=place).items():
                    computed[feature][place] = values[0]
            except (FeatureExtractionError, EncodingError) as error:
                failed[place] = error
        return computed, failed


def _given(row: object, key: str) -> object:
    """What the row has at ``key``; something else than None where it does not have it."""
    return row.get(key, _ABSENT) if isinstance(row, Mapping) else getattr(row, key, _ABSENT)
