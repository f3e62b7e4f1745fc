"""One batch: objects in, predictions and errors out, each error naming the model, the entity and the object's key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.orm.attributes import instance_state

from prisml.definition.model import ModelDefinition
from prisml.errors import EncodingError, FeatureExtractionError, PrisMLError
from prisml.orm.reads import Reads
from prisml.serving.engine import Engine
from prisml.serving.prediction import Predictions

Errors = Mapping[int, PrisMLError]
_NOTHING: Mapping[str, object] = {}


def is_readable(row: object, reads: Reads) -> bool:
    """Whether reading what ``reads`` names asks no database; what is not stored yet has all that it will have."""
    return reads.are_loaded(row) or instance_state(row).key is None


def predict_rows(
    engine: Engine, definition: ModelDefinition[Any], reads: Reads, rows: Sequence[object], lacking: Collection[int]
) -> tuple[Predictions, Errors]:
    """The predictions for ``rows``, without a query; those at ``lacking``, which are not loaded, have an error in place of one."""
    left_out = frozenset(lacking)
    # An empty row fails in the engine too, and so has its place in the batch.
    given = [_NOTHING if index in left_out else row for index, row in enumerate(rows)] if lacking else rows
    try:
        batch = engine.predict_many(given, keys=_keys(engine, rows), on_error="null")
    except EncodingError as error:
        index = error.context.get("row")
        if not isinstance(index, int):
            raise
        raise _of_object(error, definition, rows[index], index) from None
    errors = {index: _of_object(error, definition, rows[index], index) for index, error in batch.errors.items()}
    errors.update({index: _not_loaded(definition, reads, rows[index]) for index in lacking})
    return batch, errors


def _keys(engine: Engine, rows: Sequence[object]) -> list[object] | None:
    """The identity of each object, by which an experiment knows it: a value, of a composite key a tuple; None for what is not stored yet.

    None in place of the list where no experiment runs: an identity that can be no key stands in nobody's way then.
    """
    if engine.health().experiment is None:
        return None
    identities = [instance_state(row).identity for row in rows]
    return [identity[0] if identity is not None and len(identity) == 1 else identity for identity in identities]


def _of_object(error: PrisMLError, definition: ModelDefinition[Any], row: object, index: int) -> PrisMLError:
    """The engine's error, which speaks of a row of its batch, in terms of the object. Never raised, so that it holds no frames."""
    if error.context.get("feature") in _asked(definition) and not _can_be_asked(row):
        return _not_asked(definition, row)
    message = error.message.replace(f"row {index}", _described(row))
    context = {**error.context, **_context(definition, row)}
    context.pop("row", None)
    return type(error)(f"Model {definition.name!r}, {type(row).__name__}: {message}", context, error.suggestions)


def _not_loaded(definition: ModelDefinition[Any], reads: Reads, row: object) -> PrisMLError:
    lacking = sorted(name for name in reads.attributes if name not in row.__dict__) or sorted(reads.related)
    names, detached = ", ".join(map(repr, lacking)), instance_state(row).session is None
    why = "is not loaded, and it is in no session" if detached else "is not there: its row is gone, or a filter hides it"
    ways = ["Predict before the session ends: options(with_ml()), or attach(session, objects)."] if detached else []
    message = f"Model {definition.name!r}: {names} of {_described(row)} {why}."
    return FeatureExtractionError(message, {**_context(definition, row), "attributes": tuple(lacking)}, ways)


def _asked(definition: ModelDefinition[Any]) -> frozenset[str]:
    """The features that the database is asked for, or something that they are made of."""
    return frozenset(name.removeprefix("@") for name in definition.expressions)


def _can_be_asked(row: object) -> bool:
    state = instance_state(row)
    return state.key is not None and state.session is not None


def _not_asked(definition: ModelDefinition[Any], row: object) -> PrisMLError:
    names = ", ".join(map(repr, sorted(_asked(definition))))
    if instance_state(row).key is None:
        why, way = "is not stored yet", "Flush it first: session.flush()."
    else:
        why, way = "is in no session", "Predict before the session ends: options(with_ml()), or attach(session, objects)."
    message = f"Model {definition.name!r}: {names} of {_described(row)} is computed by SQL, and the object {why}."
    return FeatureExtractionError(message, {**_context(definition, row), "features": tuple(sorted(_asked(definition)))}, [way])


def _context(definition: ModelDefinition[Any], row: object) -> dict[str, object]:
    return {"model": definition.name, "entity": type(row).__name__, "key": instance_state(row).identity}


def _described(row: object) -> str:
    identity = instance_state(row).identity
    if identity is None:
        return f"a new {type(row).__name__}"
    return f"{type(row).__name__} {identity[0] if len(identity) == 1 else tuple(identity)!r}"
