"""Results whose objects are predicted as they are loaded: chunk by chunk, the result itself unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import ChunkedIteratorResult, IteratorResult, Result

Predict = Callable[[Sequence[Any]], None]


def predicted(result: Result[Any], predict: Predict, *, yield_per: int | None, now: bool) -> None:
    """Let ``predict`` see each chunk of rows after it was loaded and before it is given out.

    Not ``Result.freeze``, which would read a stream to its end and forget that joined collections ask for ``unique()``.
    ``now`` loads and predicts all rows at once, for a result that will be read where nothing may wait.
    """
    if isinstance(result, ChunkedIteratorResult):
        load = result.chunks

        def chunks(size: int | None) -> Iterator[Sequence[Any]]:
            for rows in load(size):
                predict(rows)
                yield rows

        if now:
            done = list(chunks(None))
            result.chunks = lambda _: iter(done)
        else:
            result.chunks = chunks
        if yield_per:
            result.yield_per(yield_per)
        else:
            result.iterator = chain.from_iterable(result.chunks(None))
    elif isinstance(result, IteratorResult):
        # Another listener's result, as of a cache: it is complete.
        rows = list(result.iterator)
        predict(rows)
        result.iterator = iter(rows)
