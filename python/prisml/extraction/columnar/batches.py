"""Record batches as training takes them: the encoder reads them in place, and only labels and splits become Python's objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml._core import Encoder, Table
from prisml.definition.moment import micros_of
from prisml.extraction.beside import Beside
from prisml.extraction.columnar.layout import Layout
from prisml.extraction.columnar.refusal import RowByRow
from prisml.extraction.statement import Statement

Batch = Any
"""A record batch of pyarrow's, which has no types."""


class ByColumns:
    """Reads record batches whose columns are those of ``layout``."""

    def __init__(self, statement: Statement, layout: Layout, encoder: Encoder) -> None:
        self._label = statement.label
        self._layout = layout
        self._encoder = encoder

    def values(self, page: Batch, place: int) -> list[Any]:
        """The values of the statement's column at ``place``, as SQLAlchemy gives them."""
        values: list[Any] = page.column(self._layout.places[place]).to_pylist()
        convert = self._layout.converts.get(place)
        return values if convert is None else [None if value is None else convert(value) for value in values]

    def take(self, page: Batch, indices: Sequence[int]) -> Batch:
        """The rows at ``indices`` alone."""
        return page.take(_array(indices))

    def labels(self, page: Batch, as_of: datetime) -> list[object]:
        """The labels as they are, None among them."""
        if self._label is None:
            raise RowByRow("the label is a resolver")
        return self.values(page, self._label)

    def encode(self, page: Batch, out: NDArray[np.float32], *, first_row: int, as_of: datetime, beside: Beside | None = None) -> None:
        """Encode the rows into ``out``, and for ``beside``."""
        layout, moment = self._layout, micros_of(as_of)
        columns = list(page.columns)
        for place, names in layout.members.items():
            columns[place] = _named(columns[place], names)
        own = columns[: layout.encoded]
        self._encoder.encode_columns(_table(own), out, as_of=moment, computed=layout.computed, first_row=first_row)
        if beside is not None:
            known = [name for name in layout.computed if name in beside.computed]
            table = _table([*(columns[place] for place in layout.beside), *(columns[layout.computed[name]] for name in known)])
            computed = {name: place for place, name in enumerate(known, start=len(layout.beside))}
            beside.put(first_row, len(page), lambda encoder, kept: encoder.encode_columns(table, kept, as_of=moment, computed=computed))


def _table(columns: Sequence[Any]) -> Table:
    import pyarrow as pa

    return Table(pa.record_batch(columns, [str(place) for place in range(len(columns))]).__arrow_c_array__())


def _array(indices: Sequence[int]) -> Any:
    import pyarrow as pa

    return pa.array(indices, pa.int64())


def _named(texts: Any, names: Mapping[str, str]) -> Any:
    """The names of the members that ``texts`` stand for, as a dictionary."""
    import pyarrow as pa
    from pyarrow import compute

    places = compute.index_in(texts, value_set=pa.array(list(names), pa.string()))
    if places.null_count != texts.null_count:
        raise RowByRow("an enumeration has a value that its type does not know")
    return pa.DictionaryArray.from_arrays(places, pa.array(list(names.values()), pa.string()))
