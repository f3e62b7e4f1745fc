"""Forests to swap: a few that answer differently, each under many versions, so that every activation loads a model anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from prisml import Engine
from prisml.registry.bundle import Artifact
from prisml.training.fit import fit
from tests.support.training import extracted, visits

NAME = "visits"
FORESTS = 4
VERSIONS = 24
"""More than a process keeps loaded: no version is found there when its turn comes again."""
ROWS = 3_000
Row = Mapping[str, object]


def forests(trees: int, depth: int, count: int = FORESTS) -> list[Artifact]:
    """So many random forests, each trained on rows of its own."""
    params = {"n_estimators": trees, "max_depth": depth}
    return [fit(visits("binary", "random_forest", params=params), extracted(rows=ROWS, seed=seed)).artifact for seed in range(count)]


def copies(made: Sequence[Artifact], count: int) -> list[Artifact]:
    """So many artifacts of different digests: number n, counted from 1, is ``made[(n - 1) % len(made)]`` in all but its seed."""
    return [_copy(made[place % len(made)], place) for place in range(count)]


def rows(count: int, seed: int) -> list[Row]:
    """Visits with an id."""
    source = np.random.default_rng(seed)
    return [
        {
            "id": int(source.integers(1, 1_000_000)),
            "age": int(source.integers(18, 90)),
            "income": float(source.normal(50_000, 9_000)),
            "country": ("FR", "US", None, "DE")[int(source.integers(4))],
            "zip": (100, 20, 3000)[int(source.integers(3))],
            "member": bool(source.integers(2)),
        }
        for _ in range(count)
    ]


def truth(made: Sequence[Artifact], asked: Sequence[Row]) -> NDArray[np.float64]:
    """What each of ``made`` predicts for each row, asked one by one: float64 (forests, rows)."""
    engines = [Engine.from_artifact(artifact) for artifact in made]
    return np.array([[engine.predict(row).value for row in asked] for engine in engines])


def _copy(artifact: Artifact, seed: int) -> Artifact:
    return Artifact(artifact.manifest.model_copy(update={"seed": seed}).to_json(), artifact.onnx)
