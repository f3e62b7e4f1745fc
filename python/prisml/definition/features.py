"""What a feature can be: a column, a related column, a transform, an expression of SQL, or a resolver.

Each of these is a frozen value that says what to read. Nothing is checked before ``define_model`` knows the entity and the
feature's name, so that every refusal can name both.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, Literal, TypeVar, overload

from sqlalchemy import ColumnElement
from sqlalchemy.orm import ColumnProperty, QueryableAttribute

from prisml.definition.mapping import ColumnLike
from prisml.definition.moment import AsOf, Moment
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
        trees, but for gradient_boosting). ``"median"`` (the default elsewhere), ``"mean"``, ``"most_frequent"``, learned from the training
        part alone; or a constant. ``"error"``: training and prediction refuse the row. A category has a code of its own for
        missing, unless ``"most_frequent"``, a constant category or ``"error"`` is given.
    ``unseen``
        What a category is that training did not see: ``"other"``, the code learned from values rarer than ``min_frequency``
        (where there were none, it counts as missing), or ``"error"``.
    ``min_frequency``
        How many training rows a category needs for a code of its own.
    ``stable``
        The column never changes once the row exists. Required where ``as_of`` lies in the past: the column shows its value of today.

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
    arguments: tuple[ColumnLike | Related | Expression, ...]
    missing: Missing = field(default=None, kw_only=True)
    stable: bool = field(default=False, kw_only=True)
    zone: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Resolver(Generic[T_contra]):
    """A value that a Python function computes from one row of the entity. Made by ``resolver``."""

    fn: Callable[..., object]
    type: type[object]
    uses: tuple[QueryableAttribute[Any] | ColumnLike, ...]
    version: str | None = field(default=None, kw_only=True)
    missing: Missing = field(default=None, kw_only=True)
    unseen: Unseen = field(default="other", kw_only=True)
    min_frequency: int = field(default=1, kw_only=True)
    stable: bool = field(default=False, kw_only=True)

    @property
    def takes_as_of(self) -> bool:
        """Whether the function takes the moment of prediction as its second argument."""
        return positional_arguments(self.fn) == 2

    @property
    def columns(self) -> tuple[QueryableAttribute[Any], ...]:
        """The columns in ``uses``; only of what ``define_model`` has read."""
        return tuple(used for used in self.uses if isinstance(used, QueryableAttribute) and isinstance(used.property, ColumnProperty))

    @property
    def relationships(self) -> tuple[QueryableAttribute[Any], ...]:
        """The relationships in ``uses``; only of what ``define_model`` has read."""
        return tuple(used for used in self.uses if isinstance(used, QueryableAttribute) and not isinstance(used.property, ColumnProperty))


@dataclass(frozen=True)
class Expression:
    """A value that the database computes for each row of the entity. Made by ``expression``.

    In a definition ``sql`` is SQL whose ``as_of`` stands in ``moments``, the parameters of a statement; ``offsets`` are all the
    timedeltas that ``as_of`` is moved by, and ``source`` is what was given as ``sql``, which another definition makes its own SQL of.
    """

    sql: ColumnElement[Any] | QueryableAttribute[Any] | Callable[[AsOf], Any]
    missing: Missing = field(default=None, kw_only=True)
    unseen: Unseen = field(default="other", kw_only=True)
    min_frequency: int = field(default=1, kw_only=True)
    categorical: bool = field(default=False, kw_only=True)
    stable: bool = field(default=False, kw_only=True)
    moments: tuple[Moment, ...] = field(default=(), kw_only=True, repr=False)
    offsets: tuple[timedelta, ...] = field(default=(), kw_only=True, repr=False)
    source: ColumnElement[Any] | QueryableAttribute[Any] | Callable[[AsOf], Any] | None = field(default=None, kw_only=True, repr=False)

    @property
    def given(self) -> ColumnElement[Any] | QueryableAttribute[Any] | Callable[[AsOf], Any]:
        """What was given as ``sql``, whether a definition has read it or not."""
        return self.sql if self.source is None else self.source


READ = frozenset({"moments", "offsets", "source"})
"""The fields of an ``Expression`` that are no options: ``define_model`` fills them."""

FeatureSpec = Feature | Related | Transform | Expression | Resolver[T]
"""What a feature is once ``define_model`` has read it."""

FeatureLike = Feature | Related | Transform | Expression | Resolver[T] | ColumnLike
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
    stable: bool = False,
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
    stable: bool = False,
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
    stable: bool = False,
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
        The columns of the entity that it reads, and relationships: the related rows show their columns, all rows of many as a tuple.
        Training loads them in constant statements. Where ``as_of`` lies in the past, a resolver of related rows takes ``(row, as_of)``.
    ``version``
        Stands for the function's code in the check that a stored model is served by the code it was trained with. Needed only where
        the source cannot be read; change it with the code.

    ``stable``
        What it reads never changes once the row exists, as with ``Feature``.

    The other options are those of ``Feature``. A resolver can be the label too.
    """
    columns = tuple(uses) if isinstance(uses, Iterable) else (uses,)
    return Resolver(fn, type, columns, version=version, missing=missing, unseen=unseen, min_frequency=min_frequency, stable=stable)


def expression(
    sql: ColumnElement[Any] | QueryableAttribute[Any] | Callable[[AsOf], Any],
    *,
    missing: Missing = None,
    unseen: Unseen = "other",
    min_frequency: int = 1,
    categorical: bool = False,
    stable: bool = False,
) -> Expression:
    """A value that the database computes for each row of the entity: a feature, the label, or the filter.

    The same SQL runs in training, in the one SELECT, and in prediction, in one statement for a whole batch. A row that is not in a
    session gives the value under the feature's name.

    ``sql``
        SQL of one value for each row, or a callable that makes it of ``as_of``, the moment the row is seen at. Compare ``as_of`` with
        date or datetime columns, moved by timedeltas; the callable is called once. What reads another table stands in a subquery::

            expression(lambda as_of: select(func.count(Order.id)).where(
                Order.customer_id == Customer.id, Order.placed_at >= as_of - timedelta(days=90), Order.placed_at < as_of
            ).scalar_subquery())
    ``stable``
        The entity's own columns in it never change once the row exists. Required where ``as_of`` lies in the past and it reads such,
        other than keys and columns that it compares with ``as_of``.

    The other options are those of ``Feature``. A date or datetime is no feature by itself: ``days_since(expression(...))``.
    """
    return Expression(sql, missing=missing, unseen=unseen, min_frequency=min_frequency, categorical=categorical, stable=stable)


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
