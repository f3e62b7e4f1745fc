"""Which algorithms are tried, what is drawn for each, and which of two is the simpler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from prisml.training.search.draws import Even, OneOf, Range, Scale


class Simplicity(IntEnum):
    """What of two models that are equally good is taken: the lower."""

    LINEAR = 0
    TREE = 1
    FOREST = 2
    BOOSTING = 3
    NETWORK = 4


@dataclass(frozen=True)
class Space:
    """How simple an algorithm is, and the ranges of its parameters by name; one without ranges is tried as it is."""

    simplicity: Simplicity
    ranges: Mapping[str, Range] = field(default_factory=dict)


_FOREST: Mapping[str, Range] = {
    "n_estimators": OneOf((100, 200, 300)),
    "max_depth": Scale(6, 24),
    "min_samples_leaf": Scale(1, 30),
    "max_features": OneOf(("sqrt", 0.3, 0.5, 1.0)),
}
_BOOSTED: dict[str, Range] = {"learning_rate": Scale(0.02, 0.3), "n_estimators": Scale(50, 400), "subsample": Even(0.5, 1.0)}

SPACES: Mapping[str, Space] = {
    "logistic_regression": Space(Simplicity.LINEAR, {"C": Scale(0.001, 100.0)}),
    "linear_regression": Space(Simplicity.LINEAR),
    "ridge": Space(Simplicity.LINEAR, {"alpha": Scale(0.001, 1000.0)}),
    "hist_gradient_boosting": Space(
        Simplicity.BOOSTING,
        {
            "learning_rate": Scale(0.02, 0.3),
            "max_iter": Scale(50, 400),
            "max_leaf_nodes": Scale(4, 63),
            "min_samples_leaf": Scale(5, 100),
            "l2_regularization": OneOf((0.0, 0.1, 1.0, 10.0)),
        },
    ),
    "decision_tree": Space(Simplicity.TREE, {"max_depth": Scale(2, 12), "min_samples_leaf": Scale(1, 100)}),
    "lightgbm": Space(
        Simplicity.BOOSTING,
        {
            "learning_rate": Scale(0.02, 0.3),
            "n_estimators": Scale(50, 400),
            "num_leaves": Scale(4, 63),
            "min_child_samples": Scale(5, 100),
            "reg_lambda": OneOf((0.0, 0.1, 1.0, 10.0)),
        },
    ),
    "xgboost": Space(
        Simplicity.BOOSTING,
        _BOOSTED | {"max_depth": Scale(2, 8), "min_child_weight": Scale(0.5, 50.0), "reg_lambda": Scale(0.1, 10.0)},
    ),
    "lda": Space(Simplicity.LINEAR),
    "gaussian_nb": Space(Simplicity.LINEAR, {"var_smoothing": Scale(1e-9, 0.1)}),
    "bayesian_ridge": Space(Simplicity.LINEAR),
    "elastic_net": Space(Simplicity.LINEAR, {"alpha": Scale(0.001, 10.0), "l1_ratio": Even(0.05, 1.0)}),
    "lasso": Space(Simplicity.LINEAR, {"alpha": Scale(0.001, 10.0)}),
    "random_forest": Space(Simplicity.FOREST, _FOREST),
    "extra_trees": Space(Simplicity.FOREST, _FOREST),
    "gradient_boosting": Space(Simplicity.BOOSTING, _BOOSTED | {"max_depth": Scale(1, 6), "min_samples_leaf": Scale(1, 50)}),
    "mlp": Space(
        Simplicity.NETWORK,
        {"hidden_layer_sizes": OneOf(((32,), (64,), (128,), (64, 32))), "alpha": Scale(1e-5, 1.0), "learning_rate_init": Scale(1e-4, 1e-2)},
    ),
}
"""What is tried, the quickest first. A name is left out where the release, the task or the installation has no such algorithm."""
