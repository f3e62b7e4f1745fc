"""What is to be fitted: an algorithm and its estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prisml.definition.algorithms import Algorithm


@dataclass(frozen=True)
class Choice:
    """An algorithm and its unfitted estimator, seeded and checked; ``native`` where it is to split on categories as such.

    Of a user's Pipeline, ``last`` is the algorithm at its end, and ``codes`` says that its steps leave columns as they are, so that it
    gets the encoded matrix as trees do.
    """

    algorithm: Algorithm
    estimator: Any
    native: bool = False
    last: Algorithm | None = None
    codes: bool = False

    @property
    def takes_codes(self) -> bool:
        """Whether the encoded matrix is given to the estimator as it is; otherwise a design is made of it."""
        return self.algorithm.trees or self.codes

    @property
    def scales(self) -> bool:
        """Whether the design scales numbers; before a user's Pipeline that is left to its steps."""
        return self.last is None
