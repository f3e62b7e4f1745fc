"""The models that native evaluation is judged on: every kind for every task, and trees of every shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from prisml.manifest import Task

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
LINEAR: Mapping[str, tuple[Task, ...]] = {"LR": ("binary", "multiclass"), "OLS": ("regression",)}
TREES = ("DT", "GB", "HGB", "RF", "ET", "LGBM", "XGB")
_LIBRARIES = {"LGBM": "lightgbm", "XGB": "xgboost"}
_TREE_COUNT = {
    "GB": "n_estimators",
    "HGB": "max_iter",
    "RF": "n_estimators",
    "ET": "n_estimators",
    "LGBM": "n_estimators",
    "XGB": "n_estimators",
}


@dataclass(frozen=True)
class Case:
    """A model: its kind, its task, and what its shape is where that is not the usual one."""

    kind: str
    task: Task
    shape: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The model in a line of the table."""
        return f"{self.kind} {self.shape}".strip()


def usual(*, quick: bool) -> Iterator[Case]:
    """Every kind that is installed, for every task that it is for; a neural network stands for what is not native."""
    for kind, tasks in LINEAR.items():
        yield from (Case(kind, task) for task in tasks)
    for kind in TREES:
        if find_spec(_LIBRARIES.get(kind, "sklearn")):
            params = {_TREE_COUNT[kind]: 20} if quick and kind in _TREE_COUNT else {}
            yield from (Case(kind, task, "20 trees" if params else "", params) for task in TASKS)
    yield from (Case("MLP", task) for task in TASKS)


def shaped(*, quick: bool) -> Iterator[Case]:
    """Trees of one leaf and of hundreds, chains and stumps, one tree and a thousand."""
    for depth in (1, 4, 8) if quick else range(1, 17):
        yield Case("DT", "binary", f"depth {depth}", {"max_depth": depth})
    yield Case("DT", "multiclass", "full depth", {"max_depth": None})
    yield Case("DT", "binary", "one leaf", {"min_samples_leaf": 0.5, "max_depth": 1})
    for leaves in (2, 63, 64, 65, 200):
        shape = {"max_leaf_nodes": leaves, "max_iter": 20, "min_samples_leaf": 2}
        yield Case("HGB", "binary", f"{leaves} leaves", shape)
    yield Case("HGB", "multiclass", "100 leaves", {"max_leaf_nodes": 100, "max_iter": 10})
    yield Case("HGB", "regression", "depth 20", {"max_depth": 20, "max_leaf_nodes": 400, "max_iter": 10, "min_samples_leaf": 1})
    yield Case("GB", "binary", "stumps", {"max_depth": 1})
    yield Case("GB", "binary", "1 tree", {"n_estimators": 1})
    yield Case("GB", "multiclass", "depth 8", {"max_depth": 8, "n_estimators": 5})
    yield Case("RF", "binary", "full depth", {"max_depth": None, "n_estimators": 20})
    yield Case("RF", "regression", "depth 16", {"max_depth": 16, "n_estimators": 10})
    yield Case("ET", "multiclass", "full depth", {"max_depth": None, "n_estimators": 10})
    if quick:
        return
    yield Case("GB", "binary", "1,000 trees", {"n_estimators": 1000, "max_depth": 2, "learning_rate": 0.02})
    yield Case("HGB", "binary", "1,000 trees", {"max_iter": 1000, "learning_rate": 0.02})
    yield Case("RF", "binary", "1,000 trees", {"n_estimators": 1000, "max_depth": 6})
    if find_spec("lightgbm"):
        yield Case("LGBM", "binary", "2 leaves", {"num_leaves": 2})
        yield Case("LGBM", "binary", "200 leaves", {"num_leaves": 200})
        yield Case("LGBM", "regression", "1,000 trees", {"n_estimators": 1000, "num_leaves": 7})
    if find_spec("xgboost"):
        yield Case("XGB", "binary", "depth 1", {"max_depth": 1})
        yield Case("XGB", "multiclass", "depth 12", {"max_depth": 12, "n_estimators": 20})
        yield Case("XGB", "binary", "1,000 trees", {"n_estimators": 1000, "max_depth": 4})
