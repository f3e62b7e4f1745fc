"""Values of every kind, drawn by hypothesis: the same ones for each database, loaded in bulk."""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert
from sqlalchemy.exc import SAWarning

from benches.feature_entities import Base, Buyer, Grade, Order, Shop
from benches.feature_kinds import DATES, QUARTER

T = TypeVar("T")
_DRAWN_AT_ONCE = 25
_NULL = 0.1
"""How many of the values of a column that may be empty are NULL."""
_LOADED_AT_ONCE = 1_000
_LARGEST = 3.4028234663852886e38
_SMALLEST = 2.5e-38
"""Half of it is a float32 still: what is nearer to zero is refused, in training and in prediction."""
_WHOLE = 2**24
_at = datetime.fromisoformat
_CHANGES = ("2023-03-12T07:00", "2023-11-05T06:00", "2024-03-10T07:00", "2024-03-31T01:00", "2024-11-03T06:00")
"""When clocks change in New York and in Berlin, in UTC."""
_LEAPS = ("1960-02-29T12:00", "1970-01-01T00:00", "2000-02-29T23:59:59", "2024-02-29T00:00", "2024-12-31T23:59:59")
_STEPS = tuple(timedelta(microseconds=step) for step in (0, 1, -1, 1_000_000, -1_000_000, 3_600_000_000, -3_600_000_000))
_NAIVE_DATES = tuple(moment.replace(tzinfo=None) for moment in DATES)

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_NAMES = st.one_of(
    st.sampled_from(
        ["", " ", "a", "A", "a ", "\u00e9", "e\u0301", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\ufeff", "x" * 3_000]
    ),
    st.integers(0, 2_000).map(lambda number: f"name {number}"),
    _TEXTS,
)
_EDGES = st.builds(datetime.__add__, st.sampled_from((*map(_at, (*_CHANGES, *_LEAPS)), *_NAIVE_DATES)), st.sampled_from(_STEPS))
_MOMENTS = st.one_of(st.datetimes(), st.datetimes(_at("1900-01-01"), _at("2100-01-01")), _EDGES)
# A session's zone may be ahead of UTC, where the last hours of the calendar are none.
_AWARE = st.one_of(st.datetimes(_at("0001-01-03"), _at("9999-12-29")), _EDGES).map(lambda moment: moment.replace(tzinfo=UTC))
_SEEN = st.one_of(_EDGES, st.datetimes(_at("2022-01-01"), _at("2024-12-31")))
# Not every database keeps the sign of zero.
_FLOATS = (
    st.one_of(
        st.floats(-_LARGEST, _LARGEST, allow_nan=False),
        st.floats(-1_000, 1_000),
        st.sampled_from([0.0, _LARGEST, -_LARGEST, 2.5e-38, 16_777_216.0, 16_777_217.0, 0.1, 1 / 3]),
    )
    .filter(lambda number: not 0 < abs(number) < _SMALLEST)
    .map(lambda number: number + 0.0)
)
_WHOLES = st.one_of(st.integers(-_WHOLE + 1, _WHOLE), st.sampled_from([-_WHOLE + 1, _WHOLE - 1, _WHOLE, 0, -1, 1]))
_PRICES = st.one_of(
    st.decimals(Decimal(-(10**17)), Decimal(10**17), places=12),
    st.sampled_from([Decimal("0.000000000001"), Decimal("123456789012345678.123456789012"), Decimal("-0.1"), Decimal(16777217)]),
)
_BUYERS: dict[str, st.SearchStrategy[Any]] = {
    "count": _WHOLES,
    "ratio": _FLOATS,
    "price": _PRICES,
    "name": _NAMES,
    "token": st.uuids(version=4),
    "code": st.integers(-(2**31), 2**31 - 1) | st.integers(0, 200),
    "day": st.dates() | _EDGES.map(datetime.date),
    "naive": _MOMENTS,
    "aware": _AWARE,
    "seen_naive": _SEEN,
    "seen_aware": _SEEN.map(lambda moment: moment.replace(tzinfo=UTC)),
    "seen_on": _SEEN.map(datetime.date),
}
_CHOSEN: dict[str, Sequence[Any]] = {"member": (None, True, False), "grade": (None, *Grade), "label": (True, False)}
_SHOPS: dict[str, st.SearchStrategy[Any]] = {"size": _FLOATS, "town": _TEXTS, "opened": _MOMENTS}
_BESIDE = tuple(move + step for move in (timedelta(0), -QUARTER) for step in _STEPS)
"""From a moment that a row is seen at to one where a window begins or ends, or just beside it."""


@dataclass(frozen=True)
class Values:
    """Rows of each table, by column names."""

    shops: Sequence[dict[str, Any]]
    buyers: Sequence[dict[str, Any]]
    orders: Sequence[dict[str, Any]]

    def load(self, database: Engine) -> None:
        """Make the tables in an empty database, with these rows in them."""
        Base.metadata.create_all(database)
        with database.begin() as connection, warnings.catch_warnings():
            # SQLite has no decimals, and SQLAlchemy says so.
            warnings.simplefilter("ignore", SAWarning)
            for table, rows in ((Shop, self.shops), (Buyer, self.buyers), (Order, self.orders)):
                for start in range(0, len(rows), _LOADED_AT_ONCE):
                    connection.execute(insert(table), rows[start : start + _LOADED_AT_ONCE])


def draw(count: int, start: int) -> Values:
    """Values for ``count`` buyers; equal numbers and a ``start`` give equal values."""
    chance = random.Random(start)  # noqa: S311 -- Nobody is to be kept from guessing it.
    shops = _table(_SHOPS, max(count // 10, 2), chance)
    buyers = _table(_BUYERS, count, chance)
    for buyer in buyers:
        buyer |= {name: chance.choice(values) for name, values in _CHOSEN.items()}
        buyer["shop_id"] = None if chance.random() < _NULL else chance.randrange(len(shops))
    orders = [order for buyer in buyers for order in _orders(buyer, chance)]
    return Values(shops, buyers, [{"id": number, **order} for number, order in enumerate(orders)])


def _orders(buyer: dict[str, Any], chance: random.Random) -> list[dict[str, Any]]:
    """Up to five orders, most of them beside a moment that the buyer is seen at."""
    around = [buyer["seen_naive"], buyer["seen_aware"].replace(tzinfo=None), datetime.combine(buyer["seen_on"], datetime.min.time())]
    orders = []
    for _ in range(chance.randrange(6)):
        at, other = (chance.choice([*around, *_NAIVE_DATES]) + chance.choice(_BESIDE) for _ in range(2))
        if chance.random() < 0.3:
            at -= timedelta(microseconds=chance.randrange(10**14))
        paid = None if chance.random() < 0.2 else other.replace(tzinfo=UTC)
        due = None if chance.random() < 0.2 else (other + timedelta(days=chance.randrange(-1, 2))).date()
        orders.append({"buyer_id": buyer["id"], "placed": at, "paid": paid, "due": due, "amount": chance.randrange(-400, 4_000) / 4})
    return orders


def _table(columns: dict[str, st.SearchStrategy[Any]], count: int, chance: random.Random) -> list[dict[str, Any]]:
    drawn = {name: _drawn(strategy, count, chance.randrange(2**32)) for name, strategy in columns.items()}
    for name, values in drawn.items():
        if not name.startswith("seen_"):
            drawn[name] = [None if chance.random() < _NULL else value for value in values]
    return [{"id": number, **dict(zip(drawn, row, strict=True))} for number, row in enumerate(zip(*drawn.values(), strict=True))]


def _drawn(strategy: st.SearchStrategy[T], count: int, start: int) -> list[T]:
    """``count`` values of ``strategy``."""
    found: list[T] = []

    @seed(start)
    @settings(
        max_examples=count // _DRAWN_AT_ONCE + 1,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(strategy, min_size=_DRAWN_AT_ONCE, max_size=_DRAWN_AT_ONCE, unique_by=repr))
    def take(values: list[T]) -> None:
        found.extend(values)

    take()
    # Hypothesis may end before it was asked as often.
    return [found[number % len(found)] for number in range(count)]
