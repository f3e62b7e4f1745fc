"""The ways in which the same stored row is predicted, each as the matrix that the model is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine as Database
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from benches.feature_entities import Buyer
from benches.feature_kinds import define
from prisml.definition.model import ModelDefinition
from prisml.extraction.rows import stream_rows
from prisml.extraction.stream import Extracted, extract
from prisml.manifest import Input
from prisml.serving import Engine
from prisml.training.fit import fit

Matrix = NDArray[np.float32]
_LOADED_AT_ONCE = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Trained:
    """A model, and the matrix that it was trained with: one block of all rows for each moment that they are seen at."""

    definition: ModelDefinition[Buyer]
    engine: Engine
    blocks: Sequence[tuple[datetime | None, Matrix]]

    @classmethod
    def of(cls, group: str, rule: str, database: Database) -> Trained:
        """The model of that group of kinds, seen by that rule."""
        definition = define(group, rule)
        extracted = extract(definition, database)
        engine = Engine.from_artifact(fit(definition, extracted).artifact, definition=definition)
        matrix = final_codes(extracted, engine.manifest.inputs)
        if definition.as_of.column is not None:
            return cls(definition, engine, [(None, matrix)])
        moments = definition.as_of.dates or (_EPOCH + timedelta(microseconds=extracted.as_of),)
        return cls(definition, engine, list(zip(moments, np.split(matrix, len(moments)), strict=True)))


def final_codes(extracted: Extracted, inputs: Sequence[Input]) -> Matrix:
    """The extracted matrix, in which a category has the code that the manifest gives it."""
    matrix = extracted.matrix.copy()
    for place, (item, values) in enumerate(zip(inputs, extracted.categories, strict=True)):
        if values is not None:
            codes = {value: code for code, value in enumerate(item.categories or ())}
            table = np.array([*(codes.get(value, item.other_code) for value in values), item.missing_code], dtype=np.float32)
            matrix[:, place] = table[matrix[:, place].astype(np.intp)]
    return matrix


def of_objects(trained: Trained, database: Database, moment: datetime | None) -> Matrix:
    """Objects of a session."""
    with Session(database) as session:
        return np.vstack([trained.engine.encode(part, as_of=moment) for part in _loaded(session)])


def of_detached(trained: Trained, database: Database, moment: datetime | None) -> Matrix:
    """Objects whose session is closed."""
    with Session(database) as session:
        loaded = list(_loaded(session))
    return np.vstack([trained.engine.encode(part, as_of=moment) for part in loaded])


def of_mappings(trained: Trained, database: Database, moment: datetime | None) -> Matrix:
    """Dictionaries of the objects' values."""
    with Session(database) as session:
        return np.vstack([trained.engine.encode([_mapping(each) for each in part], as_of=moment) for part in _loaded(session)])


def of_where(trained: Trained, database: Database, moment: datetime | None) -> Matrix:
    """Rows as ``prisml predict --where`` reads them."""
    return of_stream(trained.definition, trained.engine, database, moment)


def of_stream(definition: ModelDefinition[Buyer], engine: Engine, database: Database, moment: datetime | None) -> Matrix:
    """The rows of the database that ``definition`` reads, as ``engine`` encodes them."""
    rows = [{**key, **row} for key, row in stream_rows(definition, database, None, moment or datetime.now(UTC))]
    return engine.encode(rows, as_of=moment)


Way = Callable[[Trained, Database, datetime | None], Matrix]
WAYS: Mapping[str, Sequence[Way]] = {"rows": (of_objects, of_detached, of_mappings, of_where), "computed": (of_objects, of_where)}
"""The ways of each group: what a database computes is there for objects of a session and for rows that it was read with."""


def differing(expected: Matrix, found: Matrix) -> NDArray[np.int64]:
    """How many rows differ in each column, bit for bit; one NaN is as good as another."""
    same = (expected.view(np.uint32) == found.view(np.uint32)) | (np.isnan(expected) & np.isnan(found))
    counts: NDArray[np.int64] = np.count_nonzero(~same, axis=0)
    return counts


def _loaded(session: Session) -> Iterator[Sequence[Buyer]]:
    buyers = select(Buyer).options(joinedload(Buyer.shop)).order_by(Buyer.id)
    # No stream: MySQL would drop the rest of it when the session is asked for what SQL computes.
    yield from session.scalars(buyers).partitions(_LOADED_AT_ONCE)


def _mapping(buyer: Buyer) -> dict[str, Any]:
    values = {name: value for name, value in vars(buyer).items() if not name.startswith("_")}
    shop = values.pop("shop")
    return {**values, "shop": None if shop is None else dict(vars(shop))}
