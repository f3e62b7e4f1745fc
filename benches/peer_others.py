"""The others: what a user would pick instead, each with the same fitted model and its input made ready ahead of the clock."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from benches.peer_contenders import Contender, NotForThis
from benches.peer_data import Sample
from benches.peer_models import Model
from benches.peer_treelite import treelite_model, with_thresholds_above

Maker = Callable[[Model, Sample], list[Contender]]
_BOOSTED = ("GB", "HGB", "LGBM", "XGB")


def scikit_learn(model: Model, sample: Sample) -> list[Contender]:
    """The model's own ``predict_proba``; from a DataFrame through a pipeline with its encoders where there are categories."""
    if model.name in ("LGBM", "XGB"):
        raise NotForThis("no scikit-learn model")
    found = [Contender("scikit-learn", "array", _typed(model), model.estimator.predict_proba, _positive)]
    if model.table.categories:
        whole, features = _pipeline(model), model.table.features
        found.append(Contender("scikit-learn, pipeline", "frame", lambda given: given.frame, whole.predict_proba, _positive))
        found.append(
            Contender(
                "scikit-learn, pipeline",
                "dict",
                lambda given: given.rows,
                lambda rows: whole.predict_proba(pd.DataFrame(rows, columns=features)),
                _positive,
            )
        )
    return found


def onnx_runtime(model: Model, sample: Sample) -> list[Contender]:
    """The same graph by ONNX Runtime's Python API on one thread: from the encoded matrix, and from dicts that Python encodes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.artifact.onnx, options, providers=["CPUExecutionProvider"])
    encode = python_encoder(model)

    def run(matrix: NDArray[np.float32]) -> NDArray[Any]:
        found: NDArray[Any] = session.run(["probabilities"], {"features": matrix})[0]
        return found

    return [
        Contender("onnxruntime", "array", lambda given: given.matrix, run, _positive),
        Contender("onnxruntime", "dict", lambda given: given.rows, lambda rows: run(encode(rows)), _positive, most=100_000),
    ]


def own(model: Model, sample: Sample) -> list[Contender]:
    """LightGBM's and XGBoost's own prediction."""
    if model.name == "LGBM":
        booster = model.final.booster_
        return [Contender("lightgbm", "array", _wide, lambda matrix: booster.predict(matrix, num_threads=1))]
    if model.name == "XGB":
        return [Contender("xgboost", "array", lambda given: given.matrix, model.final.get_booster().inplace_predict)]
    raise NotForThis("neither LightGBM nor XGBoost")


def daal4py(model: Model, sample: Sample) -> list[Contender]:
    """OneDAL by daal4py, a part of scikit-learn-intelex; a linear model by its drop-in class with the same coefficients."""
    if model.name == "LR":
        from sklearnex.linear_model import LogisticRegression

        fast = LogisticRegression(max_iter=1000).fit(model.prepared(sample.table.matrix[:500]), sample.table.targets["binary"][:500])
        fast.coef_, fast.intercept_ = model.final.coef_, model.final.intercept_
        return [Contender("daal4py", "array", _prepared(model), fast.predict_proba, _positive)]
    import daal4py as d4p

    if model.name in _BOOSTED:
        boosted = d4p.mb.convert_model(_boosted(model))
        return [Contender("daal4py", "array", _prepared(model), boosted.predict_proba, _positive)]
    if model.name == "RF":
        forest = d4p.mb.convert_model(with_thresholds_above(treelite_model(model)))
        return [Contender("daal4py", "array", _prepared(model), forest.predict)]
    raise NotForThis("no model of daal4py")


def _boosted(model: Model) -> Any:
    if model.name == "LGBM":
        return model.final.booster_
    return model.final.get_booster() if model.name == "XGB" else with_thresholds_above(treelite_model(model))


def lleaves(model: Model, sample: Sample) -> list[Contender]:
    """LightGBM's model compiled by LLVM."""
    if model.name != "LGBM":
        raise NotForThis("it compiles LightGBM's models only")
    import lleaves as library

    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "model.txt"
        model.final.booster_.save_model(str(text))
        compiled = library.Model(model_file=str(text))
        compiled.compile()
    return [Contender("lleaves", "array", _wide, lambda matrix: compiled.predict(matrix, n_jobs=1))]


def ydf(model: Model, sample: Sample) -> list[Contender]:
    """Yggdrasil's own boosted trees of the same shape, which it learned from the same rows."""
    shapes: Mapping[str, dict[str, Any]] = {
        "GB": {"max_depth": 4},
        "HGB": {"growing_strategy": "BEST_FIRST_GLOBAL", "max_num_nodes": 31, "max_depth": -1, "min_examples": 20},
    }
    if model.name not in shapes:
        raise NotForThis("it takes part with GB and HGB, learned by itself")
    import ydf as library

    library.verbose(0)
    table = model.table
    learned = {**_columns(table.matrix[table.train]), "label": table.targets["binary"][table.train].astype(np.int64)}
    options = {"num_trees": 100, "early_stopping": "NONE", "validation_ratio": 0.0, "shrinkage": 0.1}
    forest = library.GradientBoostedTreesLearner(label="label", **options, **shapes[model.name]).train(learned)

    def dataset(given: Sample) -> Any:
        # The data set asks for the label's column, which prediction does not read.
        return library.create_vertical_dataset({**_columns(given.matrix), "label": np.zeros(len(given), int)}, data_spec=forest.data_spec())

    def predict(columns: Any) -> NDArray[Any]:
        found: NDArray[Any] = forest.predict(columns, num_threads=1)
        return found

    return [
        Contender("ydf", "array", lambda given: _columns(given.matrix), predict, own_model=True),
        Contender("ydf, its data set", "array", dataset, predict, own_model=True),
    ]


def python_encoder(model: Model) -> Callable[[Sequence[Mapping[str, Any]]], NDArray[np.float32]]:
    """An encoder as one would write it by hand: a loop over rows and columns, into one float32 matrix."""
    features = model.table.features
    codes = {name: {value: float(code) for code, value in enumerate(kept)} for name, kept in model.table.categories.items()}
    nan = float("nan")

    def encode(rows: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
        matrix = np.empty((len(rows), len(features)), dtype=np.float32)
        for place, row in enumerate(rows):
            line: list[float] = []
            for name in features:
                value = row[name]
                if name in codes:
                    line.append(codes[name].get(value, len(codes[name])))
                else:
                    line.append(nan if value is None else value)
            matrix[place] = line
        return matrix

    return encode


def _pipeline(model: Model) -> Pipeline:
    """scikit-learn's encoders for a DataFrame in front of the fitted model, and the columns back in their order."""
    table = model.table
    dtype = np.float64 if model.name == "LR" else np.float32
    texts = list(table.categories)
    numbers = [name for name in table.features if name not in texts]
    parts: list[Any] = []
    for name, kept in table.categories.items():
        options = {"handle_unknown": "use_encoded_value", "unknown_value": len(kept), "dtype": dtype}
        parts.append((name, OrdinalEncoder(categories=[np.array(kept, dtype=object)], **options), [name]))
    order = [[*texts, *numbers].index(name) for name in table.features]
    encode = ColumnTransformer([*parts, ("numbers", FunctionTransformer(_floats, kw_args={"dtype": dtype}), numbers)])
    encode.fit(table.sample(100).frame)
    tail = model.estimator.steps if isinstance(model.estimator, Pipeline) else [("estimator", model.estimator)]
    return Pipeline([("encode", encode), ("order", FunctionTransformer(_taken, kw_args={"order": order})), *tail])


def _floats(frame: pd.DataFrame, dtype: type[np.floating[Any]]) -> NDArray[Any]:
    return np.asarray(frame.to_numpy(dtype=dtype, na_value=np.nan))


def _taken(matrix: NDArray[Any], order: Sequence[int]) -> NDArray[Any]:
    return matrix[:, order]


def _columns(matrix: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return {f"f{place}": np.ascontiguousarray(column) for place, column in enumerate(matrix.T)}


def _typed(model: Model) -> Callable[[Sample], NDArray[Any]]:
    return lambda sample: model.typed(sample.matrix)


def _prepared(model: Model) -> Callable[[Sample], NDArray[Any]]:
    """The matrix filled and scaled already, which spares those who take the bare estimator that work."""
    return lambda sample: model.prepared(sample.matrix)


def _wide(sample: Sample) -> NDArray[np.float64]:
    return sample.matrix.astype(np.float64)


def _positive(found: Any) -> NDArray[Any]:
    return np.asarray(found)[:, 1]
