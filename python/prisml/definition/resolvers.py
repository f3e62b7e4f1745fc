"""Resolvers, checked: a plain function of one or two arguments, typed, that says which columns it reads."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute, Mapper, RelationshipProperty

from prisml.definition.features import Resolver, positional_arguments
from prisml.definition.mapping import own_column, own_relationship, type_of_python
from prisml.definition.place import Place


def check_resolver(place: Place, mapper: Mapper[Any], resolver: Resolver[Any]) -> Resolver[Any]:
    """The resolver with its columns as mapped attributes; ``DefinitionError`` where it cannot be called or typed."""
    _check_function(place, resolver.fn)
    returned = type_of_python(resolver.type)
    if returned.dtype in (None, "date", "datetime"):
        raise place.error(f"has a resolver of type {returned.described}", "Write type=float, int, bool, Decimal, str or an Enum class.")
    if not resolver.uses:
        raise place.error("has a resolver that uses no column", "Name the columns it reads: uses=[...].")
    return replace(resolver, uses=tuple(_used(mapper, used, place) for used in resolver.uses))


def _used(mapper: Mapper[Any], used: object, place: Place) -> InstrumentedAttribute[Any]:
    """The column or relationship as a mapped attribute of the entity."""
    if isinstance(used, InstrumentedAttribute) and isinstance(used.property, RelationshipProperty):
        if used.property.lazy in ("dynamic", "write_only", "noload"):
            what = (
                f"uses {mapper.class_.__name__}.{used.key}, a relationship with lazy={used.property.lazy!r}, which does not hold its rows"
            )
            raise place.error(what, "Map a second relationship without it (viewonly=True), or use an expression.")
        return own_relationship(mapper, used, place)
    return own_column(mapper, used, place)


def _check_function(place: Place, function: object) -> None:
    if not callable(function) or inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise place.error("has a resolver that is no plain function", "Give a function or lambda that returns the value.")
    if positional_arguments(function) is None:
        raise place.error("has a resolver that takes neither (row) nor (row, as_of)", "Give a function of one or two positional arguments.")
