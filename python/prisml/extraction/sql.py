"""SQL as text that is equal for equal SQL, whatever the dialect."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, cast

import numpy as np
from sqlalchemy import BindParameter, ClauseElement, TypeDecorator
from sqlalchemy.engine.default import StrCompileDialect
from sqlalchemy.sql.compiler import SQLCompiler

from prisml.definition.moment import is_moment
from prisml.errors import DefinitionError
from prisml.extraction.functions import describe_constant
from prisml.extraction.source import UnreadableCodeError


def describe_sql(sql: Any) -> list[object]:
    """The text, with names for the constants in it, and each constant by name; ``as_of`` is a name alone."""
    element: ClauseElement = sql.__clause_element__() if hasattr(sql, "__clause_element__") else sql
    compiled = cast("SQLCompiler", element.compile(dialect=StrCompileDialect()))
    named = sorted(((name, bind) for bind, name in compiled.bind_names.items()), key=itemgetter(0))
    constants = [[name, _described(bind)] for name, bind in named if not is_moment(bind)]
    return [" ".join(str(compiled).split()), constants]


def _described(bind: BindParameter[Any]) -> object:
    value = bind.effective_value
    if bind.expanding and isinstance(value, Iterable) and not isinstance(value, str | bytes):
        # IN asks for no order, and a set has another one in each process.
        return sorted((_constant(bind, item) for item in value), key=repr)
    return _constant(bind, value)


def _constant(bind: BindParameter[Any], value: object) -> object:
    """The value as the database is given it, where the type or NumPy makes another one of it."""
    if isinstance(bind.type, TypeDecorator):
        value = bind.type.process_bind_param(value, StrCompileDialect())
    if isinstance(value, np.generic):
        value = value.item()
    try:
        return describe_constant(value)
    except UnreadableCodeError:
        what = f"An expression holds a constant of type {type(value).__name__}, which has no fingerprint."
        hint = "Write it as a number, a text, a date, or an Enum's member."
        raise DefinitionError(what, {"type": type(value).__name__}, [hint]) from None
