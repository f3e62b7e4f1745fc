"""A mapped class, and graphs for it that were made outside of PrisML: by skl2onnx from a pipeline, and by hand."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml.definition import Feature, define_model
from prisml.definition.model import ModelDefinition


class Base(DeclarativeBase):
    pass


class Plan(Enum):
    FREE = "f"
    PAID = "p"


class Client(Base):
    __tablename__ = "clients"

    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int | None]
    income: Mapped[float]
    country: Mapped[str | None]
    plan: Mapped[Plan]
    left: Mapped[bool]
    grade: Mapped[str]
    spent: Mapped[float]


NUMBERS = {"age": Feature(Client.age), "income": Feature(Client.income)}
LEFT: dict[str, Any] = {"output": "leaves", "label": Client.left, "name": "left"}
ROWS = [{"age": 20, "income": 10.5}, {"age": 41, "income": 99.0}, {"age": 77, "income": -3.25}, {"age": 33, "income": 55.0}]


def model(features: dict[str, Any] | None = None, **options: Any) -> ModelDefinition[Client]:
    """A definition of a client's field over those features."""
    return define_model(Client, features=features or NUMBERS, **{**LEFT, **options})


def data(columns: int = 2, rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """What somebody else trained on."""
    random = np.random.default_rng(0)
    matrix = np.column_stack((random.integers(18, 90, rows), random.normal(50, 30, rows), *random.integers(0, 3, (columns - 2, rows))))
    return matrix.astype(np.float32), (matrix[:, 0] + matrix[:, 1] + random.normal(0, 20, rows) > 105)


def converted(pipeline: Any, columns: int, classes: int) -> onnx.ModelProto:
    """What skl2onnx makes of a pipeline, as its documentation says, with the outputs' names and one output kept."""
    takes = [("features", FloatTensorType([None, columns]))]
    if not classes:
        return convert_sklearn(pipeline, initial_types=takes, final_types=[("value", FloatTensorType([None, 1]))])
    gives = [("label", Int64TensorType([None])), ("probabilities", FloatTensorType([None, classes]))]
    both = convert_sklearn(pipeline, initial_types=takes, final_types=gives, options={"zipmap": False})
    return select_model_inputs_outputs(both, "probabilities")


def logistic() -> tuple[Any, onnx.ModelProto]:
    """A pipeline trained with scikit-learn alone, and its graph."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(*data())
    return pipeline, converted(pipeline, 2, 2)


def golden(pipeline: Any, rows: list[dict[str, Any]] = ROWS) -> list[tuple[dict[str, Any], float]]:
    """What scikit-learn gives for the rows."""
    matrix = np.array([[np.nan if value is None else value for value in row.values()] for row in rows], dtype=np.float32)
    return list(zip(rows, pipeline.predict_proba(matrix)[:, 1].tolist(), strict=True))


def by_hand(nodes: list[Any], tensors: list[Any] = (), *, columns: int = 2, task: str = "binary", rows: Any = None, **names: str) -> bytes:  # type: ignore[assignment]
    """A graph made with onnx.helper: ``features`` in, ``probabilities`` or ``value`` out."""
    output, width = ("value", 1) if task == "regression" else ("probabilities", 2)
    graph = helper.make_graph(
        nodes,
        "by hand",
        [helper.make_tensor_value_info(names.get("takes", "features"), TensorProto.FLOAT, [rows, columns])],
        [helper.make_tensor_value_info(names.get("gives", output), TensorProto.FLOAT, [rows, width])],
        list(tensors),
    )
    domains = {"": 17} | {node.domain: 1 for node in nodes if node.domain}
    opsets = [helper.make_opsetid(domain, number) for domain, number in domains.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name=names.get("producer", "")).SerializeToString()


def summing(weights: list[float], **options: Any) -> bytes:
    """A regression by hand: the weighted sum of the columns."""
    tensor = numpy_helper.from_array(np.array(weights, dtype=np.float32)[:, None], "weights")
    return by_hand(
        [helper.make_node("MatMul", [options.get("takes", "features"), "weights"], [options.get("gives", "value")])],
        [tensor],
        columns=len(weights),
        task="regression",
        **options,
    )


SPENT = {"output": "spends", "label": Client.spent, "name": "spent"}
