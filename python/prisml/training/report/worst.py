"""The rows that were predicted the worst, by their keys."""

from __future__ import annotations

import numpy as np

from prisml.extraction.keys import Keys
from prisml.report import Miss
from prisml.training.holdout import Floats, Holdout
from prisml.training.parts import Part
from prisml.training.report.levels import shown

MOST = 20


def worst(holdout: Holdout, part: Part, keys: Keys | None) -> tuple[Miss, ...]:
    """The largest errors first; equal ones in the order of the rows. Nothing but the key and the error is told of a row."""
    if keys is None:
        return ()
    errors = _errors(holdout)
    places = np.argsort(-np.abs(errors), kind="stable")[:MOST]
    return tuple(Miss(key=tuple(map(shown, keys.of(int(part.rows[place])))), error=float(errors[place])) for place in places)


def _errors(holdout: Holdout) -> Floats:
    """Truth less prediction, or 1 less the probability of the class that came true."""
    if not holdout.classes:
        return -holdout.errors
    came_true = holdout.shares[np.arange(len(holdout.truth)), holdout.truth.astype(np.intp)]
    return np.asarray(1.0 - came_true, dtype=np.float64)
