"""What SQLAlchemy's mapping says of an entity: which attributes are columns, and of which type.

Declarative, imperative and dataclass mappings are one here: all of them are read through the mapper, never by looking at names,
annotations or the database.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute, Mapper, QueryableAttribute, RelationshipProperty, class_mapper
from sqlalchemy.orm.exc import UnmappedClassError, UnmappedColumnError
from sqlalchemy.types import PickleType, TypeDecorator, TypeEngine

from prisml.definition.aggregates import refuse_aggregates
from prisml.definition.place import Place
from prisml.errors import described
from prisml.manifest import Dtype

ColumnLike = QueryableAttribute[Any] | Column[Any]
"""A mapped column: the class's attribute (``Customer.age``), or the table's column (``customers.c.age``)."""

_DTYPES: dict[type, Dtype] = {
    float: "float",
    int: "int",
    Decimal: "decimal",
    bool: "bool",
    str: "str",
    dt.date: "date",
    dt.datetime: "datetime",
    UUID: "uuid",
}


@dataclass(frozen=True)
class ValueType:
    """The type of a column's or resolver's values: its dtype (None: not supported), and an enumeration's members."""

    dtype: Dtype | None
    described: str
    enum_class: type[enum.Enum] | None = None
    strings: tuple[str, ...] = ()


def mapper_of(entity: type, place: Place) -> Mapper[Any]:
    """The mapper of ``entity``, configured; ``DefinitionError`` where it is not a mapped class."""
    if not isinstance(entity, type):
        raise place.error(
            f"starts from {described(entity)}, not from a mapped class", "Pass the class itself: define_model(Customer, ...)."
        )
    try:
        return class_mapper(entity)
    except UnmappedClassError:
        raise place.error(
            f"needs {entity.__name__} to be mapped by SQLAlchemy, and it is not", "Map the class, or pass another one."
        ) from None
    except SQLAlchemyError as error:
        raise place.error(
            f"needs {entity.__name__} to be mapped by SQLAlchemy, and it has no mapping that can be configured ({type(error).__name__})",
            "Map the class, and import the modules of all classes it is related to, before define_model is called.",
        ) from error


def is_taken(mapper: Mapper[Any], name: str) -> bool:
    """Whether objects of the class have an attribute of that name: mapped, hybrid, synonym, proxy or plain."""
    return name in mapper.all_orm_descriptors or mapper.has_property(name) or hasattr(mapper.class_, name)


def type_of_python(python_type: object) -> ValueType:
    """The value type of a Python class such as ``float`` or an Enum."""
    if not isinstance(python_type, type):
        return ValueType(None, type(python_type).__name__)
    if issubclass(python_type, enum.Enum):
        return ValueType("enum", f"Enum {python_type.__name__}", python_type)
    return ValueType(_DTYPES.get(python_type), python_type.__name__)


def type_of_sql(sql_type: TypeEngine[Any]) -> ValueType:
    """The value type of a column of ``sql_type``, as Python receives it.

    A ``TypeDecorator`` counts as what it says in ``python_type``, or else as the type it decorates.
    """
    described = type(sql_type).__name__
    try:
        found = type_of_python(sql_type.python_type)
    except NotImplementedError:
        found = ValueType(None, described)
    if found.dtype is None and isinstance(sql_type, TypeDecorator) and _says_no_python_type(sql_type):
        found = type_of_sql(sql_type.impl_instance)
    strings = getattr(sql_type, "enums", ()) if found.dtype == "str" else ()
    return ValueType(found.dtype, described, found.enum_class, tuple(strings))


def has_comparable_values(sql_type: TypeEngine[Any]) -> bool:
    """Whether values of ``sql_type`` can be told apart as groups: what Python can hash, and no document, array or pickle."""
    if type_of_sql(sql_type).dtype is not None:
        return True
    if isinstance(sql_type, PickleType):
        return False
    if isinstance(sql_type, TypeDecorator) and _says_no_python_type(sql_type):
        return has_comparable_values(sql_type.impl_instance)
    try:
        python_type = sql_type.python_type
    except NotImplementedError:
        return False
    return python_type is not object and python_type.__hash__ is not None


def _says_no_python_type(decorator: TypeDecorator[Any]) -> bool:
    return type(decorator).python_type in (TypeDecorator.python_type, TypeEngine.python_type)


def own_column(mapper: Mapper[Any], column: object, place: Place) -> InstrumentedAttribute[Any]:
    """The mapped attribute of the entity that ``column`` is; ``DefinitionError`` where it is anything else."""
    attribute = _attribute(mapper, column, place)
    entity = mapper.class_.__name__
    if not isinstance(attribute.parent, Mapper):
        raise place.error("reads a column of an alias", f"Take the column from the class: {entity}.{attribute.key}.")
    if not mapper.isa(attribute.parent):
        owner = attribute.parent.class_.__name__
        raise place.error(
            f"reads {owner}.{attribute.key}, which is no column of {entity}",
            f"Take a column of {entity}, or go over a to-one relationship: related({entity}.<relationship>, {owner}.{attribute.key}).",
        )
    _require_column(attribute, place)
    return attribute


def _attribute(mapper: Mapper[Any], column: object, place: Place) -> InstrumentedAttribute[Any]:
    if isinstance(column, InstrumentedAttribute):
        return column
    entity = mapper.class_.__name__
    if isinstance(column, Column):
        return _of_table_column(mapper, column, place)
    if isinstance(column, QueryableAttribute):
        raise place.error(
            f"reads {entity}.{column.key}, a hybrid, synonym or composite and not a single mapped column",
            f"Wrap a hybrid: expression({entity}.{column.key}). Or take the mapped columns it is made of, or compute it in a resolver.",
        )
    raise place.error(
        f"takes a mapped column, not {described(column)}", f"Write the attribute of the class, such as {entity}.{_example(mapper)}."
    )


def _of_table_column(mapper: Mapper[Any], column: Column[Any], place: Place) -> InstrumentedAttribute[Any]:
    try:
        key = mapper.get_property_by_column(column).key
    except UnmappedColumnError:
        raise place.error(
            f"reads the table column {column}, which {mapper.class_.__name__} does not map",
            "Take a column of the entity's own table, or reach the other table with related(...).",
        ) from None
    attribute: InstrumentedAttribute[Any] = getattr(mapper.class_, key)
    return attribute


def _require_column(attribute: InstrumentedAttribute[Any], place: Place) -> None:
    if isinstance(attribute.property, RelationshipProperty):
        owner = attribute.parent.class_.__name__
        raise place.error(
            f"reads {owner}.{attribute.key}, a relationship",
            f"Name a column behind it: related({owner}.{attribute.key}, <column of the related class>).",
        )
    if isinstance(attribute.property, ColumnProperty):
        for column in attribute.property.columns:
            refuse_aggregates(place, column)


def related_column(
    mapper: Mapper[Any], relationship: object, column: object, place: Place
) -> tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]]:
    """The to-one relationship and the related class's column, as mapped attributes; ``DefinitionError`` where they do not fit."""
    link = _to_one(mapper, relationship, place)
    target: Mapper[Any] = link.property.mapper
    found = _attribute(target, column, place)
    if not isinstance(found.parent, Mapper) or not target.isa(found.parent):
        owner, wanted = found.parent.class_.__name__, target.class_.__name__
        raise place.error(
            f"reads {owner}.{found.key} over {link.key}, which leads to {wanted}",
            f"Name a column of {wanted}, or the relationship that leads to {owner}.",
        )
    _require_column(found, place)
    return link, found


def _to_one(mapper: Mapper[Any], relationship: object, place: Place) -> InstrumentedAttribute[Any]:
    entity = mapper.class_.__name__
    if not isinstance(relationship, InstrumentedAttribute) or not isinstance(relationship.property, RelationshipProperty):
        given = "a column" if isinstance(relationship, QueryableAttribute | Column) else described(relationship)
        raise place.error(
            f"goes over {given}, not over a relationship", f"Write related({entity}.<relationship>, <column of the related class>)."
        )
    own_relationship(mapper, relationship, place)
    if relationship.property.uselist:
        raise place.error(
            f"goes over {entity}.{relationship.key}, which leads to many rows",
            "Take a to-one relationship, or map the aggregate you need as a column_property of the class.",
        )
    return relationship


def own_relationship(mapper: Mapper[Any], relationship: InstrumentedAttribute[Any], place: Place) -> InstrumentedAttribute[Any]:
    """The relationship, which is one of the entity; ``DefinitionError`` where it is another's."""
    entity = mapper.class_.__name__
    if not isinstance(relationship.parent, Mapper) or not mapper.isa(relationship.parent):
        owner = relationship.parent.class_.__name__
        raise place.error(
            f"goes over {owner}.{relationship.key}, which is no relationship of {entity}", f"Start from a relationship of {entity}."
        )
    return relationship


def _example(mapper: Mapper[Any]) -> str:
    keys = [attribute.key for attribute in mapper.column_attrs]
    return keys[-1] if keys else "<column>"
