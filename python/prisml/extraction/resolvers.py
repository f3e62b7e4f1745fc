"""Resolver features: Python on one read-only row, the same code on a database's rows and on a prediction's."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from types import NoneType, TracebackType
from typing import Any

from prisml.definition.features import Resolver
from prisml.definition.model import ModelDefinition
from prisml.definition.moment import moment_of
from prisml.errors import DefinitionError, EncodingError, FeatureExtractionError, PrisMLError
from prisml.extraction.related import in_utc, shown

_ABSENT = object()
_OWN = str(Path(__file__).resolve().parent)
# The same as the Rust core refuses; a tuple with _fields is a row with attributes.
_NO_ROWS = (NoneType, str, bytes, bytearray, list, tuple, set, type)
_NUMBER_LIKE = ("__float__", "__array__")


class ResolverRow:
    """One row as a resolver sees it: the attributes in its ``uses``, to be read and not written.

    A datetime is always aware and in UTC, whatever the database or the caller gave (naive means UTC), so that a resolver computes
    the same from SQLite, from PostgreSQL and in a prediction. Any other attribute is a ``DefinitionError``, not an
    ``AttributeError``: a resolver that looks whether it is there would else decide by what was declared.
    """

    __slots__ = ("__feature", "__places", "__values")

    def __init__(self, feature: str, places: Mapping[str, int], values: Sequence[object]) -> None:
        keep = object.__setattr__
        keep(self, "_ResolverRow__feature", feature)
        keep(self, "_ResolverRow__places", places)
        keep(self, "_ResolverRow__values", values)

    def __getattr__(self, name: str) -> Any:
        place = self.__places.get(name)
        if place is None:
            raise self.__refused(name)
        return in_utc(self.__values[place])

    def __setattr__(self, name: str, value: object) -> None:
        message = f"The resolver of {self.__feature!r} writes to {name!r} of its row, which is read-only."
        raise DefinitionError(message, {"feature": self.__feature, "attribute": name}, ["Return the value instead."])

    def __refused(self, name: str) -> Exception:
        if name.startswith("__"):
            return AttributeError(name)
        return DefinitionError(
            f"The resolver of {self.__feature!r} reads {name!r}, which is not in its uses.",
            {"feature": self.__feature, "attribute": name},
            [f"Add the column to uses= (now: {', '.join(self.__places)}), or correct the name."],
        )


def resolver_rows(
    resolver: Resolver[Any],
    feature: str,
    places: Mapping[str, int],
    rows: Sequence[Sequence[object]],
    related: Mapping[str, Sequence[object]],
) -> Iterator[ResolverRow]:
    """The rows of a statement as ``resolver`` sees them: columns at ``places``, and its ``related`` rows, by relationship."""
    names = [used.key for used in resolver.relationships]
    if not names:
        return (ResolverRow(feature, places, row) for row in rows)
    size = len(rows[0]) if rows else 0
    everything = {**places, **{name: size + number for number, name in enumerate(names)}}
    columns = zip(*(related[name] for name in names), strict=True)
    return (
        ResolverRow(feature, everything, (*row, *(shown(feature, value) for value in values)))
        for row, values in zip(rows, columns, strict=True)
    )


def resolve(resolver: Resolver[Any], feature: str, row: ResolverRow, as_of: datetime) -> object:
    """What the resolver computes from ``row`` at the moment ``as_of``."""
    return resolve_all(resolver, feature, [row], [as_of], place=lambda _: "the row")[0]


def resolve_all(
    resolver: Resolver[Any],
    feature: str,
    rows: Iterable[ResolverRow],
    moments: Iterable[datetime],
    *,
    place: Callable[[int], int | str],
) -> list[object]:
    """What the resolver computes from each of ``rows``, seen at the moment in the same place of ``moments``.

    ``place`` says which row an index is, in words or by another index.

    Raises ``FeatureExtractionError`` with feature, row and the type of what the resolver raised.
    """
    values: list[object] = []
    with _Raised(feature, lambda: place(len(values))):
        fn = resolver.fn
        # Not comprehensions: the number of values says which row raised.
        if resolver.takes_as_of:
            for row, moment in zip(rows, moments, strict=False):
                values.append(fn(row, moment))
        else:
            for row in rows:
                values.append(fn(row))  # noqa: PERF401
    return values


def resolver_values(
    definition: ModelDefinition[Any], rows: Sequence[object], as_of: datetime, *, first_row: int = 0
) -> dict[str, list[object]]:
    """The values of each resolver feature for ``rows`` of a prediction: mappings, or objects with attributes.

    All are seen at ``as_of``, or each at its own moment where the definition says so.

    A row that lacks a column the resolver uses may give the feature by its own name. Raises ``EncodingError`` where it gives
    neither, with the row's index, counted from ``first_row``.
    """
    by_name = {item.name for item in definition.inputs if item.by_name}
    return {
        feature: _predicted(
            resolver, feature, rows, _moment_of(definition, feature, as_of), by_name=feature in by_name, first_row=first_row
        )
        for feature, resolver in definition.resolvers.items()
    }


def _moment_of(definition: ModelDefinition[Any], feature: str, as_of: datetime) -> Callable[[int, object], datetime]:
    """What says at which moment a row, given by its index and itself, is seen."""
    column = definition.as_of.column
    key = None if column is None else column.key

    def moment(index: int, row: object) -> datetime:
        if key is None:
            return as_of
        value = _read(row, key, feature, index)
        if not isinstance(value, date):
            raise _missing(feature, index, [key], by_name=False)
        return moment_of(value)

    return moment


def _predicted(
    resolver: Resolver[Any],
    feature: str,
    rows: Sequence[object],
    moment: Callable[[int, object], datetime],
    *,
    by_name: bool,
    first_row: int,
) -> list[object]:
    places = {used.key: place for place, used in enumerate(resolver.uses)}
    related = {used.key for used in resolver.relationships}
    given: dict[int, object] = {}
    views: list[ResolverRow] = []
    indices: list[int] = []
    for index, row in enumerate(rows, start=first_row):
        found = [_read(row, name, feature, index) for name in places]
        for name in related:
            found[places[name]] = found[places[name]] if found[places[name]] is _ABSENT else shown(feature, found[places[name]])
        if all(value is not _ABSENT for value in found):
            views.append(ResolverRow(feature, places, found))
            indices.append(index)
            continue
        value = _read(row, feature, feature, index) if by_name else _ABSENT
        if value is _ABSENT:
            raise _missing(feature, index, [name for name, place in places.items() if found[place] is _ABSENT], by_name=by_name)
        given[index] = value
    moments = [moment(index, rows[index - first_row]) for index in indices] if resolver.takes_as_of else ()
    computed = resolve_all(resolver, feature, views, moments, place=lambda index: indices[index])
    given.update(zip(indices, computed, strict=True))
    return [given[index] for index in range(first_row, first_row + len(rows))]


def _read(row: object, name: str, feature: str, index: int) -> object:
    with _Unreadable(feature, index, name):
        if isinstance(row, Mapping):
            return row.get(name, _ABSENT)
        if _is_no_row(row):
            raise _refused(row, feature, index)
        return getattr(row, name, _ABSENT)


def _is_no_row(row: object) -> bool:
    kind = type(row)
    return not hasattr(kind, "_fields") and (isinstance(row, _NO_ROWS) or any(hasattr(kind, name) for name in _NUMBER_LIKE))


def _refused(row: object, feature: str, index: int) -> EncodingError:
    kind, expected = type(row).__name__, "a mapping, a dataclass or an object with attributes"
    message = f"Feature {feature!r}, row {index}: a row of type {kind} where {expected} is expected."
    context = {"feature": feature, "row": index, "type": kind}
    return EncodingError(message, context, ["Pass rows that give values by column or feature name."])


def _missing(feature: str, index: int, absent: list[str], *, by_name: bool) -> EncodingError:
    keys = ", ".join(map(repr, absent))
    ways = f"Give {keys}, which its resolver uses" + (f", or {feature!r} itself." if by_name else ".")
    context = {"feature": feature, "row": index, "missing": absent}
    return EncodingError(f"Feature {feature!r}, row {index}: the row has no {keys}.", context, [ways])


class _Raised(AbstractContextManager[None]):
    """While a resolver runs, whatever it raises becomes an error that names the feature, the row and the line.

    Its code is the user's and may raise anything, and quote the value it met: the original error is not chained, only its type and
    place are told. A debugger finds it in ``__context__``.
    """

    def __init__(self, feature: str, place: Callable[[], int | str]) -> None:
        self._feature = feature
        self._place = place

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not _is_the_users(error):
            return
        row, raised = self._place(), type(error).__name__
        where = f"row {row}" if isinstance(row, int) else row
        hints = ["Correct it for such a row; where a value is missing, let it return None."]
        if isinstance(error, TypeError):
            hints.append("The datetimes it is shown are aware and in UTC.")
        raise FeatureExtractionError(
            f"The resolver of {self._feature!r} raised {raised} for {where}{_line(trace)}.",
            {"feature": self._feature, "row": row, "error": raised},
            hints,
        ) from None


class _Unreadable(AbstractContextManager[None]):
    """While an attribute of a row is read, whatever that raises becomes an error that names the attribute, not the resolver.

    An ORM object that has no session any more cannot load what was not loaded, and its error is not chained, as above.
    """

    def __init__(self, feature: str, row: int, attribute: str) -> None:
        self._feature = feature
        self._row = row
        self._attribute = attribute

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not _is_the_users(error):
            return
        raised = type(error).__name__
        raise EncodingError(
            f"Feature {self._feature!r}, row {self._row}: reading {self._attribute!r} of the row raised {raised}.",
            {"feature": self._feature, "row": self._row, "attribute": self._attribute, "error": raised},
            ["Load it before predicting, or attach the object to a session."],
        ) from None


def _is_the_users(error: BaseException | None) -> bool:
    """Whether user's code raised it: an ``exit()`` in it, too, must not end the program as if all were done."""
    return isinstance(error, (Exception, SystemExit)) and not isinstance(error, PrisMLError)


def _line(trace: TracebackType | None) -> str:
    """Where in the user's own code it was raised."""
    frames = [frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith((_OWN, "<frozen"))]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
