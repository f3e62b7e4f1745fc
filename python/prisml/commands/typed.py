"""Values that JSON has no type for: dates and moments in ISO 8601, decimals and enumerations as text."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from prisml.definition.mapping import type_of_sql
from prisml.definition.model import ModelDefinition
from prisml.errors import EncodingError
from prisml.manifest import Dtype, Manifest

Retype = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Gives a row as JSON has it with the types that the model's columns have."""

_Path = tuple[str, ...]
_Reader = Callable[[str], object]


def retyping(manifest: Manifest, definition: ModelDefinition[Any] | None = None) -> Retype:
    """The reading of JSON rows for a model; with the definition, also of the columns that only its resolvers use."""
    readers = {source.path: _READERS[source.dtype] for each in manifest.inputs for source in each.sources if source.dtype in _READERS}
    if definition is not None:
        readers |= _of_resolvers(definition)
    # Longest last: the outer object is copied before what is inside it.
    steps = tuple(sorted(readers.items(), key=lambda item: len(item[0])))

    def retype(row: Mapping[str, Any]) -> Mapping[str, Any]:
        copy = dict(row)
        for path, reader in steps:
            _apply(copy, path, reader)
        return copy

    return retype


def _apply(row: dict[str, Any], path: _Path, reader: _Reader) -> None:
    """Read the text at ``path`` in place; what is not there, or is no text, is left for the encoder to judge."""
    for key in path[:-1]:
        inner = row.get(key)
        if not isinstance(inner, dict):
            return
        row[key] = row = dict(inner)
    text = row.get(path[-1])
    if isinstance(text, str):
        try:
            row[path[-1]] = reader(text)
        except (ValueError, InvalidOperation, KeyError):
            raise _refused(path, reader) from None


def _refused(path: _Path, reader: _Reader) -> EncodingError:
    name = ".".join(path)
    wanted = _WANTED.get(reader, "the name of one of the enumeration's members")
    return EncodingError(f"{name!r} is a text that cannot be read.", {"column": name}, [f"It takes {wanted}, or null."])


def _of_resolvers(definition: ModelDefinition[Any]) -> dict[_Path, _Reader]:
    readers: dict[_Path, _Reader] = {}
    for resolver in definition.resolvers.values():
        for attribute in resolver.columns:
            found = type_of_sql(attribute.type)
            if found.enum_class is not None:
                readers[(attribute.key,)] = _member_of(found.enum_class)
            elif found.dtype in _READERS:
                readers[(attribute.key,)] = _READERS[found.dtype]
    return readers


def _member_of(members: type[enum.Enum]) -> _Reader:
    return lambda name: members[name]


_READERS: dict[Dtype | None, _Reader] = {
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "decimal": Decimal,
}
_WANTED: dict[_Reader, str] = {
    dt.date.fromisoformat: "a date in ISO 8601, as in 2013-12-31",
    dt.datetime.fromisoformat: "a moment in ISO 8601, as in 2013-12-31T23:59:00+00:00",
    Decimal: "a decimal number",
}
