"""What a feature can be: a column, a related column, a transform, or a resolver; and SQL for the label and the filter.

Each of these is a frozen value that says what to read. Nothing is checked before ``define_model`` knows the entity and the
feature's name, so that every refusal can name both.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, Literal, TypeVar, overload

from sqlalchemy import ColumnElement
from sqlalchemy.orm import QueryableAttribute

from prisml.definition.mapping import ColumnLike
from prisml.manifest import Op

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
V = TypeVar("V")

Missing = str | float | Decimal | Enum | None
"""What stands for a missing value: ``"native"``, ``"median"``, ``"mean"``, ``"most_frequent"``, ``"error"``, a constant, or None."""

Unseen = Literal["other", "error"]


@dataclass(frozen=True)
class Feature:
    """A column of the entity as a feature; its type comes from the mapping.

    ``int``, ``float``, ``Decimal`` and ``bool`` columns are numbers; ``str`` and ``Enum`` columns are categories, and so is an
    ``int`` column with ``categorical=True`` (a code such as a postal district, whose size means nothing). A date or datetime is
    no feature by itself: a transform such as ``days_since`` makes a number of it.

    ``missing``
        What stands for None and NaN. ``"native"``: the estimator sees that it is missing (the default with
        hist_gradient_boosting). ``"median"`` (the default elsewhere), ``"mean"``, ``"most_frequent"``, learned from the training
        part alone; or a constant. ``"error"``: training and prediction refuse the row. A category has a code of its own for
        missing, unless ``"most_frequent"``, a constant category or ``"error"`` is given.
    ``unseen``
        What a category is that training did not see: ``"other"``, the code learned from values rarer than ``min_frequency``
        (where there were none, it counts as missing), or ``"error"``.
    ``min_frequency``
        How many training rows a category needs for a code of its own.
    ``stable``
        The column never changes once the row exists. Matters to historic snapshots only.

    ``Feature(Customer.age, missing="median")``. A bare ``Customer.age`` in ``features`` means ``Feature(Customer.age)``.
    """

    column: ColumnLike
    missing: Missing = field(default=None, kw_only=True)
    unseen: Unseen = field(default="other", kw_only=True)
    min_frequency: int = field(default=1, kw_only=True)
    stable: bool = field(default=False, kw_only=True)
    categorical: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Related:
    """A column of the row that a to-one relationship leads to. Made by ``related``."""

    relationship: QueryableAttribute[Any]
    column: ColumnLike
    missing: Missing = field(default=None, kw_only=True)
    unseen: Unseen = field(default="other", kw_only=True)
    min_frequency: int = field(default=1, kw_only=True)
    stable: bool = field(default=False, kw_only=True)
    categorical: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Transform:
    """A number that the encoder computes from one or two columns. Made by the transforms, such as ``days_since``."""

    op: Op
    arguments: tuple[ColumnLike | Related, ...]
    missing: Missing = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Resolver(Generic[T_contra]):
    """A value that a Python function computes from one row of the entity. Made by ``resolver``."""

    fn: Callable[..., object]
    type: type[object]
    uses: tuple[ColumnLike, ...]
    version: str | None = field(default=None, kw_only=True)
    missing: Missing = field(default=None, kw_only=True)
    unseen: Unseen = field(default="other", kw_only=True)
    min_frequency: int = field(default=1, kw_only=True)

    @property
    def takes_as_of(self) -> bool:
        """Whether the function takes the moment of prediction as its second argument."""
        return positional_arguments(self.fn) == 2


@dataclass(frozen=True)
class Expression:
    """A piece of SQL over the entity, for the label and the filter. Made by ``expression``."""

    sql: ColumnElement[Any] | QueryableAttribute[Any]


FeatureSpec = Feature | Related | Transform | Resolver[T]
"""What a feature is once ``define_model`` has read it."""

FeatureLike = Feature | Related | Transform | Resolver[T] | ColumnLike
"""What ``features`` takes: a feature, or a mapped column alone."""


def related(
    relationship: QueryableAttribute[Any],
    column: ColumnLike,
    *,
    missing: Missing = None,
    unseen: Unseen = "other",
    min_frequency: int = 1,
    stable: bool = False,
    categorical: bool = False,
) -> Related:
    """A column of the row that a to-one relationship leads to, as a feature.

    ``related(Customer.account, Account.segment)``. Training reads it with one outer join for each relationship; a prediction reads
    ``row.account.segment``, or ``row["account"]["segment"]`` of a mapping. Where there is no related row, the value is missing.
    The options are those of ``Feature``.
    """
    return Related(
        relationship, column, missing=missing, unseen=unseen, min_frequency=min_frequency, stable=stable, categorical=categorical
    )


@overload
def resolver(
    fn: Callable[[T], V | None],
    *,
    type: type[V],
    uses: Sequence[ColumnLike],
    version: str | None = None,
    missing: Missing = None,
    unseen: Unseen = "other",
    min_frequency: int = 1,
) -> Resolver[T]: ...
@overload
def resolver(
    fn: Callable[[T, datetime], V | None],
    *,
    type: type[V],
    uses: Sequence[ColumnLike],
    version: str | None = None,
    missing: Missing = None,
    unseen: Unseen = "other",
    min_frequency: int = 1,
) -> Resolver[T]: ...
def resolver(
    fn: Callable[..., object],
    *,
    type: type[object],  # noqa: A002 -- The user's word for it, as in product and docs.
    uses: Any,
    version: str | None = None,
    missing: Missing = None,
    unseen: Unseen = "other",
    min_frequency: int = 1,
) -> Resolver[Any]:
    """A value computed in Python from one row, by the same code in training and in prediction.

    ``resolver(lambda c: c.email.partition("@")[2], type=str, uses=[Customer.email])``

    ``fn``
        Called with the row, or with the row and the moment of prediction (an aware datetime, UTC). The row is read-only and shows
        only the columns in ``uses``; a datetime in it is aware and in UTC (what is naive means UTC). None is a missing value. Inside
        ``define_model`` a type checker knows that the row is the entity: ``c.emial`` is an error in mypy and pyright. Elsewhere write
        a function with an annotated parameter.
    ``type``
        What it returns: float, int, bool or Decimal (a number), str or an Enum class (a category).
    ``uses``
        The columns of the entity that it reads.
    ``version``
        Stands for the function's code in the check that a stored model is served by the code it was trained with. Needed only where
        the source cannot be read; change it with the code.

    The other options are those of ``Feature``. A resolver can be the label too.
    """
    columns = tuple(uses) if isinstance(uses, Iterable) else (uses,)
    return Resolver(fn, type, columns, version=version, missing=missing, unseen=unseen, min_frequency=min_frequency)


def expression(sql: ColumnElement[Any] | QueryableAttribute[Any]) -> Expression:
    """A piece of SQL for ``label`` or ``where``, computed by the database for each row of the entity.

    ``label=expression(Flight.arr_delay > 15)``. What reads another table stands in a subquery: ``exists().where(...)``, or
    ``select(...).where(...).scalar_subquery()``. The SQL may also be given without ``expression``.
    """
    return Expression(sql)


def positional_arguments(fn: Callable[..., object]) -> int | None:
    """How many arguments ``fn`` is called with, one or two: those without a default. None where it takes neither number."""
    try:
        signature = inspect.signature(fn)
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        needed = [p for p in signature.parameters.values() if p.kind in kinds and p.default is p.empty]
        count = max(len(needed), 1)
        signature.bind(*range(count))
    except (TypeError, ValueError):
        return None
    return count if count <= 2 else None
