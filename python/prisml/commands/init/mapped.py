"""What the mapping says of an entity, in the terms of a first draft: columns, to-one and to-many relationships."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, String
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty, class_mapper
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList
from sqlalchemy.sql.operators import and_ as and_operator
from sqlalchemy.sql.operators import eq

from prisml.commands.init import names
from prisml.definition.mapping import type_of_sql
from prisml.manifest import Dtype

_NAMELESS = "no name in Python; map it under another one"


@dataclass(frozen=True)
class Attribute:
    """A mapped column of ``entity``: what it holds, and what its table says of it.

    ``width`` is the longest text that fits, None where that is unbounded; ``unfit`` says why it is no feature whatever it is named.
    """

    entity: type
    name: str
    dtype: Dtype | None
    nullable: bool
    members: tuple[str, ...] = ()
    enum: type | None = None
    width: int | None = None
    unfit: str | None = None
    is_key: bool = False

    @property
    def code(self) -> str:
        """How Python names it."""
        return f"{self.entity.__name__}.{self.name}"


@dataclass(frozen=True)
class ToMany:
    """A to-many relationship whose rows have a time: what joins them to the entity, in Python, and the column of that time."""

    name: str
    target: type
    joined: tuple[str, ...]
    key: str
    time: Attribute


@dataclass(frozen=True)
class Entity:
    """A mapped class with its columns, and its relationships; ``beyond`` are those that a draft does not use, each with the reason."""

    cls: type
    columns: tuple[Attribute, ...]
    to_one: tuple[tuple[str, type, tuple[Attribute, ...]], ...]
    to_many: tuple[ToMany, ...]
    beyond: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The class's name."""
        return self.cls.__name__

    @property
    def began(self) -> Attribute | None:
        """The column that says when the row began."""
        return time_of(self.columns)

    def column(self, name: str) -> Attribute | None:
        """The column of that name."""
        return next((each for each in self.columns if each.name == name), None)


def read_entity(cls: type) -> Entity:
    """What the mapping says of ``cls``; its mapping must be configured."""
    mapper: Mapper[Any] = class_mapper(cls)
    to_one, to_many, beyond = [], [], []
    for relationship in sorted(mapper.relationships, key=lambda each: each.key):
        target = relationship.mapper.class_
        if why := _beyond(relationship, cls):
            beyond.append((relationship.key, why))
        elif not relationship.uselist:
            to_one.append((relationship.key, target, tuple(_columns(relationship.mapper))))
        else:
            found = _to_many(mapper, relationship)
            if isinstance(found, ToMany):
                to_many.append(found)
            else:
                beyond.append((relationship.key, found))
    return Entity(cls, tuple(_columns(mapper)), tuple(to_one), tuple(to_many), tuple(beyond))


def _beyond(relationship: RelationshipProperty[Any], cls: type) -> str | None:
    """Why a draft can do nothing with the relationship, wherever it leads; None where it can."""
    target = relationship.mapper.class_
    if not names.is_attribute(relationship.key):
        return f"has {_NAMELESS}"
    # By inheritance another class can stand in the same table, which would have to be read through an alias.
    if set(relationship.mapper.tables) & set(class_mapper(cls).tables):
        return "leads to the class itself"
    if not is_importable(target):
        return f"leads to a class that no module holds, as automap makes them: write a class with __tablename__ = {target.__name__!r}"
    return "is private" if relationship.key.startswith("_") else None


def is_importable(cls: type) -> bool:
    """Whether ``from module import name`` gives the class: one that was made by a function, or under another name, cannot be had so."""
    return getattr(sys.modules.get(cls.__module__), cls.__name__, None) is cls


def time_of(columns: tuple[Attribute, ...]) -> Attribute | None:
    """The column that says when a row came into being, as far as names and types tell."""
    times = [
        each
        for each in columns
        if each.dtype in ("date", "datetime")
        and names.is_attribute(each.name)
        and not names.is_changing(each.name)
        and not names.is_ending(each.name)
    ]
    return min(times, key=lambda each: (each.nullable, not names.is_beginning(each.name)), default=None)


def _columns(mapper: Mapper[Any]) -> Iterator[Attribute]:
    for prop in mapper.column_attrs:
        if prop.key.startswith("_") or not isinstance(prop.columns[0], Column):
            continue
        yield _attribute(mapper, prop, prop.columns[0])


def _attribute(mapper: Mapper[Any], prop: ColumnProperty[Any], column: Column[Any]) -> Attribute:
    found = type_of_sql(column.type)
    is_key = any(each in mapper.primary_key for each in prop.columns)
    unfit = None
    if not names.is_attribute(prop.key):
        unfit = _NAMELESS
    elif is_key:
        unfit = "the primary key"
    elif any(isinstance(each, Column) and each.foreign_keys for each in prop.columns):
        unfit = "a foreign key"
    elif column.unique:
        unfit = "unique"
    elif found.dtype is None:
        unfit = f"of type {found.described}; a resolver can compute something of it"
    elif isinstance(column.type, BigInteger):
        unfit = "a large integer, which a model sees up to 16,777,216 only; log1p(...) takes it"
    width = column.type.length if isinstance(column.type, String) else None
    members = tuple(found.enum_class.__members__) if found.enum_class else found.strings
    return Attribute(mapper.class_, prop.key, found.dtype, bool(column.nullable), members, found.enum_class, width, unfit, is_key)


def _to_many(mapper: Mapper[Any], relationship: RelationshipProperty[Any]) -> ToMany | str:
    """The relationship, or why a draft does not count its rows."""
    target: Mapper[Any] = relationship.mapper
    pairs = relationship.local_remote_pairs or []
    if relationship.secondary is not None or not _is_plain(relationship, len(pairs)):
        return "is joined in a way of its own"
    time = time_of(tuple(_columns(target)))
    if time is None:
        return "has no time in its rows, so that nobody can tell which of them were there"
    if time.nullable:
        return f"has rows whose time may be missing: {time.code} is nullable; where it never is, say so in the mapping"
    names_of = [(target.get_property_by_column(remote).key, mapper.get_property_by_column(local).key) for local, remote in pairs]
    key = target.get_property_by_column(target.primary_key[0]).key
    if not all(names.is_attribute(each) for pair in (*names_of, (key,)) for each in pair):
        return f"is joined by a column that has {_NAMELESS}"
    joined = tuple(f"{target.class_.__name__}.{remote} == {mapper.class_.__name__}.{local}" for remote, local in names_of)
    return ToMany(relationship.key, target.class_, joined, key, time)


def _is_plain(relationship: RelationshipProperty[Any], pairs: int) -> bool:
    """Whether nothing but the equality of keys joins the rows."""
    join: object = relationship.primaryjoin
    parts = list(join.clauses) if isinstance(join, BooleanClauseList) and join.operator is and_operator else [join]
    return len(parts) == pairs and all(isinstance(part, BinaryExpression) and part.operator is eq for part in parts)
