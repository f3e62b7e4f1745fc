"""A function described by what it computes: its syntax tree, and the values it takes from around it."""

from __future__ import annotations

import builtins
import dis
import inspect
import re
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import CodeType, FunctionType, MappingProxyType, ModuleType
from uuid import UUID
from zoneinfo import ZoneInfo

from prisml.errors import described
from prisml.extraction.source import UnreadableCodeError, describe_function_tree, find_node

_ATOMS = (str, bytes, int, float, complex, Decimal, Fraction, date, time, timedelta, timezone, ZoneInfo, UUID, type(None), type(...))


def describe_constant(value: object) -> object:
    """Lists and texts that are equal for equal constants; ``UnreadableCodeError`` for what is none."""
    return _described(value, "it")


def describe_function(fn: object) -> list[object]:
    """Lists and texts that are equal for equal code; ``UnreadableCodeError`` where they cannot be made."""
    return _Describer().function(fn)


class _Describer:
    """Describes functions that may call each other."""

    def __init__(self) -> None:
        self._seen: dict[CodeType, int] = {}

    def function(self, fn: object) -> list[object]:
        if not isinstance(fn, FunctionType):
            raise UnreadableCodeError(f"it is {described(fn)}, not a function written with def or lambda")
        if fn.__code__ in self._seen:
            return ["again", self._seen[fn.__code__]]
        self._seen[fn.__code__] = len(self._seen)
        return [
            describe_function_tree(find_node(fn.__code__)),
            ["defaults", [self._kept(value, "a default") for value in fn.__defaults__ or ()]],
            ["defaults by name", [[name, self._kept(value, "a default")] for name, value in sorted((fn.__kwdefaults__ or {}).items())]],
            ["closure", [[name, self._kept(value, f"the variable {name!r}")] for name, value in _closure(fn)]],
            ["globals", [[name, self._global(fn, name)] for name in sorted(set(_global_names(fn.__code__)))]],
        ]

    def _kept(self, value: object, what: str) -> object:
        return self.function(value) if isinstance(value, FunctionType) else _described(value, what)

    def _global(self, fn: FunctionType, name: str) -> object:
        if name not in fn.__globals__:
            return "builtin" if hasattr(builtins, name) else "absent"
        value = fn.__globals__[name]
        if callable(value):
            # What a cache or a decorator was put around is followed: it is the code that matters.
            inner = inspect.unwrap(value)
            if isinstance(inner, FunctionType) and inner.__globals__ is fn.__globals__:
                return self.function(inner)
        if isinstance(value, type) and issubclass(value, Enum) and value.__module__ == fn.__module__:
            return ["enum", [[member, _described(value[member].value)] for member in value.__members__]]
        return _described(value)


def _described(value: object, what: str | None = None) -> object:
    """A constant by value, anything else by name and type; where ``what`` is given that is refused, and ``what`` names it."""
    kind = type(value)
    if isinstance(value, Enum):
        return ["member", _name(kind), value.name]
    if isinstance(value, _ATOMS):
        return [kind.__name__, repr(value)]
    if isinstance(value, re.Pattern):
        return ["pattern", repr(value.pattern), value.flags]
    if kind in (tuple, list) and isinstance(value, tuple | list):
        return [kind.__name__, [_described(item, what) for item in value]]
    if kind in (set, frozenset) and isinstance(value, AbstractSet):
        return [kind.__name__, sorted((_described(item, what) for item in value), key=repr)]
    if kind in (dict, OrderedDict, defaultdict, Counter, MappingProxyType) and isinstance(value, Mapping):
        return [kind.__name__, sorted(([_described(key, what), _described(item, what)] for key, item in value.items()), key=repr)]
    if isinstance(value, type | ModuleType):
        return [kind.__name__, _name(value)]
    if what is not None:
        raise UnreadableCodeError(f"{what} holds a {kind.__name__}, which is no constant and no function")
    return [kind.__name__, _name(value) if callable(value) else _name(kind)]


def _closure(fn: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:
            raise UnreadableCodeError(f"the variable {name!r} it closes over has no value yet") from None


def _global_names(code: CodeType) -> Iterator[str]:
    """What the code, and the functions inside it, look up in the module: the compiler knows, names alone do not."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _name(value: object) -> str:
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", type(value).__qualname__)
    return f"{module}.{name}" if module else str(name)
