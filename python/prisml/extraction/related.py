"""Related rows that resolvers use: loaded for a whole page in constant statements, and shown as the row itself is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, inspect, select, tuple_
from sqlalchemy.orm import Session, raiseload, subqueryload, undefer

from prisml.definition.features import Resolver
from prisml.definition.model import ModelDefinition
from prisml.errors import DefinitionError
from prisml.extraction.reading import Failure


class RelatedRow:
    """A related row as a resolver sees it: its columns, to be read and not written; datetimes are aware and in UTC.

    Whatever else it has, relationships of its own above all, is a ``DefinitionError``: nothing is loaded behind a resolver's back.
    """

    __slots__ = ("__feature", "__row")

    def __init__(self, feature: str, row: object) -> None:
        object.__setattr__(self, "_RelatedRow__feature", feature)
        object.__setattr__(self, "_RelatedRow__row", row)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        row = self.__row
        if isinstance(row, Mapping):
            return in_utc(row[name]) if name in row else self.__refuse(name, "which has no such column")
        mapper = inspect(type(row), raiseerr=False)
        if mapper is not None and name in mapper.relationships:
            return self.__refuse(name, "where it is a relationship")
        return in_utc(getattr(row, name)) if hasattr(row, name) else self.__refuse(name, "which has no such column")

    def __setattr__(self, name: str, value: object) -> None:
        message = f"The resolver of {self.__feature!r} writes to {name!r} of a related row, which is read-only."
        raise DefinitionError(message, {"feature": self.__feature, "attribute": name}, ["Return the value instead."])

    def __refuse(self, name: str, what: str) -> Any:
        kind = type(self.__row).__name__
        message = f"The resolver of {self.__feature!r} reads {name!r} of a related {kind}, {what}."
        raise DefinitionError(message, {"feature": self.__feature, "attribute": name}, ["Read columns of related rows alone."])


def shown(feature: str, value: object) -> object:
    """A related row, or all of many, as the resolver of ``feature`` sees them; None for none."""
    if value is None:
        return None
    if isinstance(value, Iterable) and not isinstance(value, Mapping | str | bytes):
        return tuple(RelatedRow(feature, item) for item in value)
    return RelatedRow(feature, value)


def in_utc(value: Any) -> Any:
    """A datetime as an aware one in UTC (what is naive is UTC); anything else as it is."""
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def relationships_of(definition: ModelDefinition[Any]) -> tuple[str, ...]:
    """The names of the relationships that resolvers use, the label's among them."""
    resolvers = [*definition.resolvers.values(), *([definition.label] if isinstance(definition.label, Resolver) else [])]
    return tuple(sorted({used.key for resolver in resolvers for used in resolver.relationships}))


def _columns(relationship: Any) -> list[Any]:
    """Loads the columns behind the relationship, deferred ones too."""
    target = relationship.property.mapper
    return [undefer(getattr(target.class_, column.key)) for column in target.column_attrs]


class RelatedRows:
    """Loads what resolvers use of other tables: for any number of rows one statement, and one for each relationship."""

    def __init__(self, definition: ModelDefinition[Any], connection: Connection) -> None:
        self.names = relationships_of(definition)
        self._entity: Any = definition.entity
        self._key = [getattr(self._entity, name) for name in definition.key]
        self._connection = connection

    def of(self, rows: Sequence[Row[Any]], key: Sequence[int]) -> dict[str, list[object]]:
        """For each relationship what it leads to from each of ``rows``, whose keys stand at the places ``key``."""
        if not self.names:
            return {}
        keys = [tuple(row[place] for place in key) for row in rows]
        relationships = [getattr(self._entity, name) for name in self.names]
        options = [subqueryload(each).options(raiseload("*"), *_columns(each)) for each in relationships]
        with Session(self._connection, autoflush=False) as session:
            chosen = self._key[0].in_([each[0] for each in keys]) if len(key) == 1 else tuple_(*self._key).in_(keys)
            with Failure(self._connection, lambda: f"what resolvers use over {' or '.join(map(repr, self.names))}"):
                found = session.scalars(select(self._entity).where(chosen).options(*options)).unique().all()
            by_key = {tuple(getattr(each, column.key) for column in self._key): each for each in found}
            values = {name: [getattr(by_key[each], name) for each in keys] for name in self.names}
            # What was read stays readable when the session is gone.
            session.expunge_all()
        return values
