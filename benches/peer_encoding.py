"""What encoding alone takes: rows in each form to float32, beside the cheapest thing that Python can do with dicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benches.peer_contenders import Contender
from benches.peer_data import Sample, Table
from benches.peer_models import train
from benches.peer_race import Clock, batch
from prisml import Engine
from prisml._core import Table as Columns
from prisml.errors import EncodingError

TUPLES = "[tuple(map(d.get, keys)) for d in rows]"
DICTS, OBJECTS, SLOTS, LOADED, ARROW = "dicts", "objects", "objects with slots", "loaded ORM objects", "an Arrow table"


def encodings(table: Table, *, rows: int, rounds: int, clock: Clock) -> dict[str, float]:
    """The median seconds of each way to encode ``rows`` rows of ``table``, measured in turns."""
    # Any model of these columns encodes alike.
    engine = Engine.from_artifact(train("DT", table).artifact)
    # What predicts encodes too; nothing public does one without the other.
    model = engine.deployed.control._model  # noqa: SLF001
    encode: Callable[[Any], object] = model.encode
    keys = table.features

    def tuples(given: list[dict[str, Any]]) -> object:
        return [tuple(map(row.get, keys)) for row in given]

    ways = [
        Contender(TUPLES, DICTS, lambda given: given.rows, tuples),
        Contender(DICTS, DICTS, lambda given: given.rows, encode),
        Contender(OBJECTS, OBJECTS, lambda given: given.objects, encode),
        Contender(SLOTS, SLOTS, lambda given: given.slotted, encode),
        Contender(LOADED, LOADED, lambda given: given.loaded, encode),
        Contender(ARROW, ARROW, lambda given: given.arrow, lambda given: model.encode_columns(Columns(given.__arrow_c_stream__()))),
    ]
    sample = table.sample(rows)
    able = [way for way in ways if _is_taken(way, table.sample(2))]
    return {timing.contender.name: timing.median for timing in batch(able, sample, rounds=rounds, clock=clock)}


def _is_taken(way: Contender, sample: Sample) -> bool:
    """Whether rows in this form are taken, and what makes the form is installed."""
    try:
        way.call(way.ready(sample))
    except (ImportError, EncodingError, TypeError):
        return False
    return True
