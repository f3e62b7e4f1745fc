"""Ranges that a parameter is drawn from, to three digits: what wins is read by people."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Protocol

import numpy as np


class Range(Protocol):
    """Where a parameter's values come from."""

    def draw(self, random: np.random.Generator) -> object:
        """A value."""
        ...


@dataclass(frozen=True)
class Even:
    """A number between two ends, each as likely as any other."""

    low: float
    high: float

    def draw(self, random: np.random.Generator) -> float:
        """A number to three digits."""
        return _rounded(float(random.uniform(self.low, self.high)))


@dataclass(frozen=True)
class Scale:
    """A number between two ends above 0, each order of magnitude as likely as any other; an int where both ends are."""

    low: float
    high: float

    def draw(self, random: np.random.Generator) -> float | int:
        """A number to three digits, or a whole one."""
        value = exp(float(random.uniform(log(self.low), log(self.high))))
        return round(value) if isinstance(self.low, int) and isinstance(self.high, int) else _rounded(value)


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    values: tuple[object, ...]

    def draw(self, random: np.random.Generator) -> object:
        """One of them."""
        return self.values[int(random.integers(len(self.values)))]


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
