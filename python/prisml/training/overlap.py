"""How many rows of a hold-out may have trained the version that it is compared with, as far as the two manifests tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from pydantic import JsonValue

from prisml.definition.model import ModelDefinition
from prisml.definition.split import GroupSplit, TimeSplit
from prisml.extraction.stream import Extracted
from prisml.manifest import Manifest
from prisml.training.parts import Data
from prisml.training.split import microseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def split_record(definition: ModelDefinition[Any], extracted: Extracted, data: Data) -> dict[str, JsonValue]:
    """How the rows were divided, as a manifest keeps it; of the newest part, ``cut`` is the first moment in it."""
    split = definition.split
    if isinstance(split, TimeSplit):
        column = "as_of" if split.column is None else split.column.key
        if split.test_from is not None:
            return {"kind": "time", "column": column, "test_from": split.test_from.isoformat()}
        return {"kind": "time", "column": column, "test_size": split.test_size, "cut": _cut(extracted, data)}
    if isinstance(split, GroupSplit):
        return {"kind": "group", "column": split.column.key, "test_size": split.test_size}
    return {"kind": "random", "test_size": split.test_size}


def _cut(extracted: Extracted, data: Data) -> str | None:
    if extracted.split_values is None:
        return None
    return (_EPOCH + timedelta(microseconds=int(extracted.split_values[data.test.rows].min()))).isoformat()


def holdout_digest(extracted: Extracted, data: Data) -> str | None:
    """A SHA-256 by which another training tells whether it holds out the same rows; None where the keys are not known."""
    if extracted.keys is None:
        return None
    return extracted.keys.digest(data.test.rows, extracted.moments)


def overlap_with(active: Manifest, *, extracted: Extracted, data: Data, split: dict[str, JsonValue], holdout: str | None) -> str:
    """A sentence: how many rows of this hold-out trained ``active``, or may have done so.

    ``split`` and ``holdout`` are what the manifest of this training keeps. Exact where both hold out what is newest by the same column,
    and where the same rows were held out.
    """
    rows = len(data.test)
    if holdout is not None and holdout == active.holdout:
        return f"None of the {rows:,} rows trained it: the same rows were held out."
    cut = active.split.get("cut", active.split.get("test_from"))
    by_time = split.get("kind") == active.split.get("kind") == "time" and split.get("column") == active.split.get("column")
    if by_time and isinstance(cut, str) and extracted.split_values is not None:
        older = int(np.count_nonzero(extracted.split_values[data.test.rows] < microseconds(datetime.fromisoformat(cut))))
        if not older:
            return f"None of the {rows:,} rows trained it: all are newer than what did."
        return f"{older:,} of the {rows:,} rows are of the time that it was trained on, which favours it."
    if active.parity.source == "supplied":
        return f"It was trained elsewhere: whether any of the {rows:,} rows trained it cannot be told; that would favour it."
    most = min(rows, active.rows.train)
    return f"Which rows trained it cannot be told; up to {most:,} of the {rows:,} may have, which favours it."
