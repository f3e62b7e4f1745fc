"""One extraction of PostgreSQL in columns, and the same one row by row."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime

import numpy as np

from prisml.extraction import stream
from prisml.extraction.columnar.refusal import RowByRow
from prisml.extraction.keys import Keys
from prisml.extraction.stream import extract


@contextmanager
def row_by_row(monkeypatch):
    """Columns are refused meanwhile, as without the driver."""

    @contextmanager
    def refuse(*_):
        raise RowByRow
        yield

    with monkeypatch.context() as patch:
        patch.setattr(stream, "columnar", refuse)
        yield


def both(definition, engine, monkeypatch, caplog, *, beside=()):
    """What columns give, and what rows give, extracted at one moment; that columns were read is certain."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "prisml"), monkeypatch.context() as patch:
        patch.setattr(stream, "datetime", Still)
        columns = extract(definition, engine, beside=beside)
        assert "were read in columns" in caplog.text, caplog.text
        with row_by_row(monkeypatch):
            rows = extract(definition, engine, beside=beside, page_size=7)
    return columns, rows


class Still(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime(2026, 3, 4, 5, 6, 7, 8, tz)


def same(one, other):
    """Two extractions are equal in all that they have, arrays to the bit."""
    for field in fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, field.name
            assert left.tobytes() == right.tobytes(), field.name
        elif is_dataclass(left):
            same(left, right)
        elif isinstance(left, Keys):
            assert [left.of(row) for row in range(len(one.matrix))] == [right.of(row) for row in range(len(one.matrix))]
        else:
            assert repr(left) == repr(right), field.name


def reason(definition, engine, caplog):
    """What is extracted row by row, and why so."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "prisml"):
        found = extract(definition, engine)
    (told,) = re.findall(r"are read one by one: (.*)\.", caplog.text)
    return found, told
