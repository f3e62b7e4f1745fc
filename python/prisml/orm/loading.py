"""What objects lack for their predictions, loaded for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, inspect, select, tuple_
from sqlalchemy.orm import QueryableAttribute, Session, joinedload, load_only, selectinload, undefer
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.interfaces import ORMOption

from prisml.definition.model import ModelDefinition
from prisml.orm.reads import Reads
from prisml.serving.streams import bind_arguments, refuse_cut_stream

CHUNK = 500
"""How many objects one statement completes: as many as SQLAlchemy's own selectin loading."""


def load_missing(session: Session, definition: ModelDefinition[Any], reads: Reads, rows: Sequence[object]) -> None:
    """Load into ``rows``, persistent objects of ``session``, what ``reads`` names: one statement for each ``CHUNK`` of them.

    Values that are there stay as they are, changes that wait for a flush included, and nothing is flushed.
    """
    refuse_cut_stream(session.connection(bind_arguments=bind_arguments(session, rows[0])), definition.name)
    for start in range(0, len(rows), CHUNK):
        statement = _statement(definition, reads, rows[start : start + CHUNK])
        session.scalars(statement, execution_options={"autoflush": False}).unique().all()


def _statement(definition: ModelDefinition[Any], reads: Reads, rows: Sequence[object]) -> Select[Any]:
    entity: Any = definition.entity
    states = [instance_state(row) for row in rows]
    columns = [getattr(entity, name) for name in sorted(reads.columns)]
    # Objects that are expired are loaded whole, as SQLAlchemy does when one of their attributes is read.
    whole = any(state.expired for state in states)
    options: list[ORMOption] = [undefer(column) for column in columns] if whole or not columns else [load_only(*columns)]
    options.extend(_joined(entity, reads))
    keys = [state.identity for state in states]
    return select(entity).where(_is_one_of(list(_key(entity)), keys)).options(*options)


def _joined(entity: Any, reads: Reads) -> Iterator[ORMOption]:
    for name, keys in reads.related.items():
        relationship: QueryableAttribute[Any] = getattr(entity, name)
        target: Any = relationship.property.mapper.class_
        # Many rows would repeat the object's own in a join.
        load = selectinload if name in reads.many else joinedload
        yield load(relationship).options(*(undefer(getattr(target, key)) for key in sorted(keys)))


def _key(entity: Any) -> Iterator[QueryableAttribute[Any]]:
    mapper = inspect(entity)
    for column in mapper.primary_key:
        yield getattr(entity, mapper.get_property_by_column(column).key)


def _is_one_of(key: list[QueryableAttribute[Any]], values: Sequence[Any]) -> ColumnElement[bool]:
    if len(key) == 1:
        return key[0].in_([value[0] for value in values])
    return tuple_(*key).in_(values)
