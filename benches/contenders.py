"""What a user would do without PrisML to predict from a mapping, each with the same fitted model behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from benches.handmade import FEATURES, LINEAR, RAREST, Handmade

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Peer:
    """A way to predict: for one row and for many, from what it starts with (``given``: mappings, or an array that is there already)."""

    name: str
    given: str
    one: Callable[[Any], object]
    many: Callable[[Any], object]


def scikit_learn(handmade: Handmade, pipeline: Pipeline, algorithm: str) -> list[Peer]:
    """scikit-learn from mappings, through a DataFrame and a pipeline with its own encoders, and from the encoded array."""
    dtype = np.float64 if algorithm in LINEAR else np.float32
    whole = _whole_pipeline(handmade, pipeline, dtype)
    return [
        Peer(
            "scikit-learn, DataFrame and pipeline",
            "mappings",
            lambda row: whole.predict_proba(pd.DataFrame([row], columns=FEATURES)),
            lambda rows: whole.predict_proba(pd.DataFrame(rows, columns=FEATURES)),
        ),
        Peer("scikit-learn, encoded array", "array", pipeline.predict_proba, pipeline.predict_proba),
    ]


def onnx_runtime(handmade: Handmade, graph: bytes) -> list[Peer]:
    """ONNX Runtime through its Python API on one thread, from mappings that Python encodes, and from the encoded array."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    encode = _python_encoder(handmade)

    def run(matrix: NDArray[np.float32]) -> object:
        return session.run(["probabilities"], {"features": matrix})[0]

    return [
        Peer("onnxruntime, Python encodes", "mappings", lambda row: run(encode([row])), lambda rows: run(encode(rows))),
        Peer("onnxruntime, encoded array", "array", run, run),
    ]


def _whole_pipeline(handmade: Handmade, pipeline: Pipeline, dtype: type[np.floating[Any]]) -> Pipeline:
    """Encoders for a DataFrame in front of the fitted pipeline, and the columns back in their order."""
    names = list(RAREST)
    numbers = [name for name in FEATURES if name not in RAREST]
    encoders = [(name, _ordinal(handmade, name, dtype), [name]) for name in names]
    encode = ColumnTransformer([*encoders, ("numbers", FunctionTransformer(_as_floats, kw_args={"dtype": dtype}), numbers)])
    order = [[*names, *numbers].index(name) for name in FEATURES]
    other = {FEATURES.index(name): len(handmade.categories[name]) for name in names}
    encode.fit(pd.DataFrame([flat(row) for row in next(handmade.rows())[:100]], columns=FEATURES))
    finish = FunctionTransformer(_finished, kw_args={"order": order, "other": other})
    return Pipeline([("encode", encode), ("finish", finish), *pipeline.steps])


def _ordinal(handmade: Handmade, name: str, dtype: type[np.floating[Any]]) -> OrdinalEncoder:
    """The category's codes; -1 for what training did not see, since scikit-learn wants a code apart from the others there."""
    kept: list[object] = [*handmade.categories[name]]
    missing = handmade.codes[name] - 1
    known = [*kept, np.nan] if missing > len(kept) else kept
    return OrdinalEncoder(
        categories=[np.array(known, dtype=object)],
        handle_unknown="use_encoded_value",
        unknown_value=-1,
        encoded_missing_value=missing,
        dtype=dtype,
    )


def _as_floats(frame: pd.DataFrame, dtype: type[np.floating[Any]]) -> NDArray[Any]:
    return np.asarray(frame.to_numpy(dtype=dtype, na_value=np.nan))


def _finished(matrix: NDArray[Any], order: Sequence[int], other: Mapping[int, int]) -> NDArray[Any]:
    """The columns in their order, with the code for other where the encoder knew none."""
    ordered = matrix[:, order]
    for place, code in other.items():
        ordered[ordered[:, place] == -1, place] = code
    return ordered


def _python_encoder(handmade: Handmade) -> Callable[[Sequence[Row]], NDArray[np.float32]]:
    """An encoder as one would write it: a loop over rows and columns, into one float32 matrix."""
    codes = {name: {value: float(code) for code, value in enumerate(kept)} for name, kept in handmade.categories.items()}
    other = {name: float(len(kept)) for name, kept in handmade.categories.items()}
    missing = {name: float(count - 1) for name, count in handmade.codes.items()}
    nan = float("nan")

    def encode(rows: Sequence[Row]) -> NDArray[np.float32]:
        matrix = np.empty((len(rows), len(FEATURES)), dtype=np.float32)
        for place, row in enumerate(rows):
            line: list[float] = []
            for name in FEATURES:
                value = row[name]
                if name in codes:
                    line.append(missing[name] if value is None else codes[name].get(value, other[name]))
                else:
                    line.append(nan if value is None else value)
            matrix[place] = line
        return matrix

    return encode


def flat(row: Row) -> dict[str, Any]:
    """The row with each feature under its own name: what peers without relationships and transforms are given."""
    plane, weather = row["plane"] or {}, row["weather"] or {}
    moment = row["time_hour"]
    derived = {"scheduled_weekday": moment.weekday(), "scheduled_month": moment.month}
    related = {f"plane_{name}": plane.get(name) for name in ("year", "seats", "engines", "manufacturer")}
    joined = {**row, **derived, **related}
    return {name: joined[name] if name in joined else weather.get(name) for name in FEATURES}
