"""SQL as text that is equal for equal SQL, whatever the dialect."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, cast

from sqlalchemy import ClauseElement
from sqlalchemy.engine.default import StrCompileDialect
from sqlalchemy.sql.compiler import SQLCompiler

from prisml.definition.moment import is_moment
from prisml.extraction.functions import describe_constant


def describe_sql(sql: Any) -> list[object]:
    """The text, with names for the constants in it, and each constant by name; ``as_of`` is a name alone."""
    element: ClauseElement = sql.__clause_element__() if hasattr(sql, "__clause_element__") else sql
    compiled = cast("SQLCompiler", element.compile(dialect=StrCompileDialect()))
    named = sorted(((name, bind) for bind, name in compiled.bind_names.items()), key=itemgetter(0))
    constants = [[name, describe_constant(bind.effective_value)] for name, bind in named if not is_moment(bind)]
    return [" ".join(str(compiled).split()), constants]
