"""What keeps Alembic's autogenerate away from the registry's tables, where they share a database with an application's own.

Autogenerate proposes to drop every table that the application's metadata does not name. In ``env.py``::

    from prisml.registry import include_object

    context.configure(..., include_object=include_object)

Nothing of Alembic is imported here.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.schema import SchemaItem

PREFIX = "prisml_"
IncludeObject = Callable[[SchemaItem, str | None, str, bool, SchemaItem | None], bool]


def include_object(item: SchemaItem, name: str | None, type_: str, reflected: bool, compare_to: SchemaItem | None) -> bool:
    """Whether Alembic is to look at ``item``: False for a table whose name begins with ``prisml_``, and for what belongs to one."""
    table = name if type_ == "table" else getattr(getattr(item, "table", None), "name", None)
    return table is None or not table.startswith(PREFIX)


def include_object_and(own: IncludeObject) -> IncludeObject:
    """An ``include_object`` that leaves the registry's tables alone, and asks ``own``, yours, about everything else."""

    def both(item: SchemaItem, name: str | None, type_: str, reflected: bool, compare_to: SchemaItem | None) -> bool:
        return include_object(item, name, type_, reflected, compare_to) and own(item, name, type_, reflected, compare_to)

    return both
