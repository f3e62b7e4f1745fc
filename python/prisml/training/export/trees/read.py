"""Which reader reads which estimator."""

from __future__ import annotations

from collections.abc import Callable

from prisml.training.export.trees.forest import Forest
from prisml.training.export.trees.of_histograms import read_histograms
from prisml.training.export.trees.of_lightgbm import read_lightgbm
from prisml.training.export.trees.of_sklearn import read_boosted, read_forest, read_tree
from prisml.training.export.trees.of_xgboost import read_xgboost
from prisml.training.pipeline import FittedPipeline

_READERS: dict[str, Callable[[FittedPipeline], Forest]] = {
    "decision_tree": read_tree,
    "extra_tree": read_tree,
    "random_forest": read_forest,
    "extra_trees": read_forest,
    "gradient_boosting": read_boosted,
    "hist_gradient_boosting": read_histograms,
    "xgboost": read_xgboost,
    "lightgbm": read_lightgbm,
}


def forest_of(fitted: FittedPipeline) -> Forest:
    """The fitted trees as plain arrays."""
    return _READERS[fitted.choice.algorithm.name](fitted)
