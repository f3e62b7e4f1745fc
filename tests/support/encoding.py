"""Rows of a database through the Rust encoder, as training gives them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml._core import Encoder
from tests.support.tables import NUMBER, source


def transform(op: str, *dtypes: str, **more: object) -> dict[str, Any]:
    """The input ``x``: ``op`` of a column of each of ``dtypes``, named ``a``, ``b`` and so on."""
    sources = [source(dtype, name) for name, dtype in zip("ab", dtypes, strict=False)]
    return {"name": "x", "dtype": "float", **NUMBER, "transform": op, "sources": sources, **more}


def encoded(inputs: list[dict[str, Any]], rows: Sequence[Sequence[object]], *, as_of: int = 0) -> NDArray[np.float32]:
    """The matrix of ``rows``, which have a value for each source of ``inputs``."""
    out = np.empty((len(rows), len(inputs)), dtype=np.float32)
    Encoder(json.dumps(inputs)).encode(rows, out, as_of=as_of)
    return out
