"""Writes the reference artifacts that pytest and cargo both read: graphs, manifests, rows, and what scikit-learn gives for them.

Run it when the format changes: ``python tests/reference/make.py``. What it writes is committed.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import BaseEstimator
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent
INPUTS = [
    {"name": "age", "kind": "number", "dtype": "float", "missing": "nan", "sources": [{"path": ["age"], "dtype": "float"}]},
    {
        "name": "tenure",
        "kind": "number",
        "dtype": "float",
        "missing": "nan",
        "transform": "days_since",
        "sources": [{"path": ["joined_at"], "dtype": "datetime"}],
    },
    {
        "name": "country",
        "kind": "category",
        "dtype": "str",
        "missing": "code",
        "categories": ["CH", "FR", ""],
        "other_code": 3,
        "missing_code": 4,
        "sources": [{"path": ["account", "country"], "dtype": "str"}],
    },
]
CODES = {"CH": 0, "FR": 1, "": 2, None: 4}
DAY = 86_400_000_000
AS_OF = 20_000 * DAY


def make_rows(count: int, *, native: bool) -> tuple[list[dict[str, object]], NDArray[np.float32]]:
    """Rows as JSON (times in microseconds) and the matrix that they must become."""
    rng = np.random.default_rng(7)
    rows: list[dict[str, object]] = []
    matrix = np.empty((count, 3), dtype=np.float32)
    for index in range(count):
        age = None if native and index % 7 == 0 else float(rng.normal(40, 12))
        joined = int(rng.integers(10_000, 20_000)) * DAY + int(rng.integers(0, DAY))
        country = [*CODES, "unseen"][int(rng.integers(0, 5))]
        rows.append({"age": age, "joined_at": joined, "account": {"country": country}})
        matrix[index] = (np.nan if age is None else age, (AS_OF - joined) / DAY, CODES.get(country, 3))
    return rows, matrix


def write(name: str, task: str, estimator: BaseEstimator, classes: list[object], *, native: bool) -> None:
    """Fits ``estimator`` on made-up rows and writes ``name``.onnx and ``name``.json."""
    rows, matrix = make_rows(200, native=native)
    signal = np.nan_to_num(matrix[:, 0], nan=40.0) / 12 + matrix[:, 1] / 3_000 + matrix[:, 2]
    labels = signal if task == "regression" else np.digitize(signal, np.quantile(signal, np.arange(1, len(classes)) / len(classes)))
    estimator.fit(matrix, labels)
    graph = convert_sklearn(
        estimator,
        name=name,
        initial_types=[("features", FloatTensorType([None, 3]))],
        options=None if task == "regression" else {"zipmap": False},
        target_opset={"": 18, "ai.onnx.ml": 3},
    )
    if task == "regression":
        graph.graph.node[-1].output[0] = graph.graph.output[0].name = "value"
        expected = estimator.predict(matrix)
    else:
        del graph.graph.output[0]
        expected = estimator.predict_proba(matrix)
    (HERE / f"{name}.onnx").write_bytes(graph.SerializeToString(deterministic=True))
    reference = {
        "manifest": {"name": name, "task": task, "classes": classes, "inputs": INPUTS},
        "as_of": AS_OF,
        "rows": rows[:40],
        "matrix": [[None if np.isnan(value) else float(value) for value in row] for row in matrix[:40]],
        "expected": np.asarray(expected)[:40].tolist(),
    }
    (HERE / f"{name}.json").write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    write("binary", "binary", HistGradientBoostingClassifier(max_iter=20), [False, True], native=True)
    write("multiclass", "multiclass", LogisticRegression(max_iter=2_000), ["low", "mid", "high"], native=False)
    write("regression", "regression", GradientBoostingRegressor(n_estimators=20), [], native=False)
