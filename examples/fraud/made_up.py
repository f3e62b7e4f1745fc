"""Made-up payments: what honest holders do, and two kinds of thieves.

- A holder pays at a rate of their own (on the average every other day), mostly by day, in amounts that are log-normal around a mean of
  their own and around what a category costs. Every other one travels abroad for a week, and pays more there.
- **Card testing**: a thief who has the number tries it with three to eight small payments online within minutes, then spends once, much.
- **A stolen card**: two to five payments within a day, seven times in ten in another country, of one to six times what the holder pays.

What thieves do looks like what some holders do: some go shopping abroad, some buy four songs in ten minutes. So no rule finds all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

START = datetime(2025, 1, 1)
END = datetime(2025, 7, 1)

_COUNTRIES = ("DE", "FR", "IT", "ES", "PL", "NL", "US", "GB")
# What a payment costs beside the holder's mean, and how often there is one.
_CATEGORIES = {
    "groceries": (0.7, 0.34),
    "restaurant": (0.8, 0.20),
    "online": (0.6, 0.18),
    "fuel": (1.1, 0.12),
    "travel": (4.0, 0.05),
    "electronics": (3.5, 0.05),
    "other": (1.0, 0.06),
}
_NAMES = tuple(_CATEGORIES)
_FACTORS = np.array([factor for factor, _ in _CATEGORIES.values()])
_SHARES = np.array([share for _, share in _CATEGORIES.values()])
_DAYS = (END - START).days
_TESTED, _STOLEN = 0.07, 0.09


class Made(NamedTuple):
    """A payment before it has a number."""

    made_at: datetime
    amount: float
    category: str
    country: str
    is_fraud: bool


def holders(cards: int, seed: int) -> Iterator[tuple[str, list[Made]]]:
    """For each card its home country and its payments by time."""
    random = np.random.default_rng(seed)
    for _ in range(cards):
        home = _COUNTRIES[int(random.integers(len(_COUNTRIES)))]
        mean = float(random.lognormal(mean=3.4, sigma=0.4))
        payments = [*_honest(random, home, mean)]
        if random.random() < _TESTED:
            payments += _tests(random, home, mean)
        if random.random() < _STOLEN:
            payments += _stolen(random, home, mean)
        yield home, sorted(payments)


def _honest(random: np.random.Generator, home: str, mean: float) -> Iterator[Made]:
    count = int(random.poisson(_DAYS * random.gamma(4.0, 0.125)))
    days = np.sort(random.uniform(0, _DAYS, count).astype(int))
    # By day: around two in the afternoon.
    hours = np.clip(random.normal(14, 4, count), 0, 23.99)
    kinds = random.choice(len(_NAMES), size=count, p=_SHARES)
    amounts = mean * _FACTORS[kinds] * random.lognormal(0, 0.6, count)
    journey = float(random.uniform(0, _DAYS)) if random.random() < 0.5 else -1e9
    abroad = _elsewhere(random, home)
    for day, hour, kind, amount in zip(days.tolist(), hours.tolist(), kinds.tolist(), amounts.tolist(), strict=True):
        travels = 0 <= day - journey < 7
        country = abroad if travels else home
        moment = START + timedelta(days=day, seconds=int(hour * 3600))
        yield Made(moment, round(amount * (2 if travels else 1), 2), _NAMES[kind], country, is_fraud=False)
        # Some buy several small things in a row.
        if _NAMES[kind] == "online" and random.random() < 0.05:
            for number in range(int(random.integers(2, 5))):
                small = round(float(random.uniform(1, 6)), 2)
                yield Made(moment + timedelta(minutes=3 * (number + 1)), small, "online", country, is_fraud=False)


def _tests(random: np.random.Generator, home: str, mean: float) -> Iterator[Made]:
    moment = _moment(random)
    for _ in range(int(random.integers(3, 9))):
        yield Made(moment, round(float(random.uniform(0.5, 5)), 2), "online", home, is_fraud=True)
        moment += timedelta(seconds=int(random.integers(20, 240)))
    amount = round(mean * float(random.uniform(5, 15)), 2)
    yield Made(moment + timedelta(minutes=int(random.integers(5, 40))), amount, "electronics", home, is_fraud=True)


def _stolen(random: np.random.Generator, home: str, mean: float) -> Iterator[Made]:
    moment = _moment(random)
    country = _elsewhere(random, home) if random.random() < 0.7 else home
    for _ in range(int(random.integers(2, 6))):
        kind = ("electronics", "travel", "online", "other")[int(random.integers(4))]
        yield Made(moment, round(mean * float(random.uniform(1, 6)), 2), kind, country, is_fraud=True)
        moment += timedelta(minutes=int(random.integers(10, 300)))


def _moment(random: np.random.Generator) -> datetime:
    """Thieves do not sleep."""
    return START + timedelta(seconds=int(random.uniform(0, (_DAYS - 2) * 86_400)))


def _elsewhere(random: np.random.Generator, home: str) -> str:
    others = [country for country in _COUNTRIES if country != home]
    return others[int(random.integers(len(others)))]
