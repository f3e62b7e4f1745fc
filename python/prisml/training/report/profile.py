"""What the data is like, in the training part and in the hold-out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Input
from prisml.report import Level, Profile, Profiled
from prisml.training.holdout import Floats
from prisml.training.parts import Data
from prisml.training.report.levels import is_divided, levels_of, shown

MOST_LEVELS = 8
BINS = 16
DRIFT_BINS = 10
_SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# Of a bin that is empty on one side: half a row of so many.
_LEAST_SHARE = 1e-4
Pair = tuple[NDArray[np.generic], NDArray[np.generic]]


def profile(data: Data, output: str, order: Sequence[int], most: int) -> Profile:
    """Of the label, and of the first ``most`` features in ``order``."""
    features = tuple(_feature(data.inputs[place], data.train.matrix[:, place], data.test.matrix[:, place]) for place in order[:most])
    return Profile(label=_label(data, output), features=features, left_out=len(order) - len(features))


def _label(data: Data, output: str) -> Profiled:
    train, test = data.train.target, data.test.target
    if not data.classes:
        return _number(output, train.astype(np.float64), test.astype(np.float64))
    codes = range(len(data.classes))
    shares = [np.bincount(part.astype(np.intp), minlength=len(codes)) / len(part) for part in (train, test)]
    return _levels(output, [Level(value=shown(value)) for value in data.classes], shares, (0.0, 0.0))


def _feature(item: Input, train: NDArray[np.float32], test: NDArray[np.float32]) -> Profiled:
    if not is_divided(item):
        return _number(item.name, train.astype(np.float64), test.astype(np.float64))
    levels = levels_of(item)
    shares = [levels.shares(part) for part in (train, test)]
    absent = [place for place, level in enumerate(levels.levels) if level.kind == "missing"]
    missing = (float(shares[0][absent].sum()), float(shares[1][absent].sum()))
    return _levels(item.name, levels.levels, shares, missing)


def _levels(name: str, levels: Sequence[Level], shares: Sequence[Floats], missing: tuple[float, float]) -> Profiled:
    places = [int(place) for place in np.argsort(-shares[0], kind="stable")[:MOST_LEVELS] if shares[0][place] + shares[1][place] > 0]
    return Profiled(
        name=name,
        kind="category",
        missing=missing,
        categories=sum(level.kind == "value" for level in levels),
        levels=tuple(levels[place] for place in places),
        shares=tuple(tuple(part[places].tolist()) for part in shares),
        drift=_stability(*shares),
    )


def _number(name: str, train: Floats, test: Floats) -> Profiled:
    there, held = train[np.isfinite(train)], test[np.isfinite(test)]
    missing = (1 - len(there) / max(len(train), 1), 1 - len(held) / max(len(test), 1))
    if not len(there):
        return Profiled(name=name, kind="number", missing=missing)
    quantiles = np.quantile(there, _SHARES)
    edges = np.linspace(quantiles[0], quantiles[-1], BINS + 1)
    spread = quantiles[0] < quantiles[-1] and bool((np.diff(edges) > 0).all())
    parts = [np.histogram(part, edges)[0] / max(len(part), 1) for part in (there, held)] if spread else []
    return Profiled(
        name=name,
        kind="number",
        missing=missing,
        quantiles=tuple(quantiles.tolist()),
        edges=tuple(edges.tolist()) if spread else (),
        histogram=tuple(tuple(part.tolist()) for part in parts),
        drift=_number_drift(there, held),
    )


def _number_drift(train: Floats, test: Floats) -> float | None:
    """Over bins that each hold a tenth of the training part."""
    if not len(test):
        return None
    inner = np.unique(np.quantile(train, np.linspace(0, 1, DRIFT_BINS + 1)[1:-1]))
    shares = [np.bincount(np.searchsorted(inner, part, side="right"), minlength=len(inner) + 1) / len(part) for part in (train, test)]
    return _stability(*shares)


def _stability(expected: Floats, got: Floats) -> float | None:
    """The population stability index: the symmetric Kullback-Leibler divergence of the two."""
    if not expected.sum() or not got.sum():
        return None
    first, second = (np.maximum(shares, _LEAST_SHARE) for shares in (expected, got))
    return float(((second - first) * np.log(second / first)).sum())
