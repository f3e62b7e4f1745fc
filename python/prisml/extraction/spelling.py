"""A column's type in words that are the same for every database, and whether what a database has fits them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import types

Type = types.TypeEngine[Any]

# In order: what stands first is a kind of what stands later.
_FAMILIES: tuple[tuple[str, tuple[type[Any], ...]], ...] = (
    ("interval", (types.Interval,)),
    ("enum", (types.Enum,)),
    ("boolean", (types.Boolean,)),
    ("integer", (types.Integer,)),
    ("float", (types.Float,)),
    ("numeric", (types.Numeric,)),
    ("uuid", (types.Uuid,)),
    ("json", (types.JSON,)),
    ("string", (types.String,)),
    ("binary", (types.LargeBinary, types.BINARY, types.VARBINARY)),
    ("datetime", (types.DateTime,)),
    ("date", (types.Date,)),
    ("time", (types.Time,)),
)
_WITH_ZONE = " with time zone"
_UNKNOWN = "unknown"
# As what a database stores a family that it has no type for.
_STORED: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"enum": "string", "uuid": "string", "interval": "datetime"},
    "mysql": {"boolean": "integer", "uuid": "string", "json": _UNKNOWN, "interval": "datetime"},
}
_PARTS = re.compile(r"([^(]+?)(?:\((\d+)(?:, (\d+))?\))?")


def spell(kind: Type) -> str:
    """The family of the type, with length or precision and scale where it says them: ``"string(20)"``, ``"numeric(10, 2)"``.

    A ``TypeDecorator`` is spelled as what it decorates; what belongs to no family, by the name of its class.
    """
    base = undecorated(kind)
    # What MariaDB and MySQL call BOOL.
    if type(base).__name__ == "TINYINT" and getattr(base, "display_width", None) == 1:
        return "boolean"
    family = next((name for name, members in _FAMILIES if isinstance(base, members)), None)
    if isinstance(base, types.Enum) and not base.native_enum:
        family = "string"
    if family is None:
        return _UNKNOWN if isinstance(base, types.NullType) else type(base).__name__.lower()
    if family == "string" and (length := getattr(base, "length", None)) is not None:
        return f"string({length})"
    if family == "numeric" and (precision := getattr(base, "precision", None)) is not None:
        return f"numeric({precision}, {getattr(base, 'scale', None) or 0})"
    return family + _WITH_ZONE if family in ("datetime", "time") and getattr(base, "timezone", False) else family


def values_of(kind: Type) -> tuple[str, ...] | None:
    """What an enumeration's column may hold, in order; None for any other type."""
    base = undecorated(kind)
    return tuple(base.enums) if isinstance(base, types.Enum) and base.enums else None


def undecorated(kind: Type) -> Type:
    """The type behind all decorators."""
    while isinstance(kind, types.TypeDecorator) and not isinstance(kind, types.Interval):
        kind = kind.impl_instance
    return kind


def is_retyped(was: str, now: str, *, dialect: str | None = None) -> bool:
    """Whether a column spelled ``now`` cannot hold all that one spelled ``was`` holds, or holds it as something else.

    With ``dialect``, ``now`` is what that database has, which may lack a type of its own for what ``was`` says. More room is no change.
    """
    mine, theirs = _family(was, dialect), _family(now, dialect)
    if _UNKNOWN in (mine, theirs):
        return False
    if mine != theirs:
        return True
    before, after = _sizes(was), _sizes(now)
    if not before or not after:
        # An unbounded column that is given a bound is cut; of a database's own defaults nobody knows.
        return bool(after) and not before and dialect is None
    if mine == "numeric":
        return after[1] < before[1] or after[0] - after[1] < before[0] - before[1]
    return after[0] < before[0]


def _family(spelling: str, dialect: str | None) -> str:
    family = _matched(spelling)[1]
    if dialect is None:
        return family
    family = family if dialect == "postgresql" else family.removesuffix(_WITH_ZONE)
    return _STORED.get("mysql" if dialect == "mariadb" else dialect, {}).get(family, family)


def _sizes(spelling: str) -> tuple[int, ...]:
    return tuple(int(size) for size in _matched(spelling).groups()[1:] if size is not None)


def _matched(spelling: str) -> re.Match[str]:
    found = _PARTS.fullmatch(spelling)
    # Whatever text stands in a manifest is a family at least.
    return found or _PARTS.fullmatch(_UNKNOWN)  # type: ignore[return-value]
