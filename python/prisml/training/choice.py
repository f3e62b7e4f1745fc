"""What is to be fitted: an algorithm and its estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prisml.definition.algorithms import Algorithm


@dataclass(frozen=True)
class Choice:
    """An algorithm and its unfitted estimator, seeded and checked; ``native`` where it is to split on categories as such."""

    algorithm: Algorithm
    estimator: Any
    native: bool = False
