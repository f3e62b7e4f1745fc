"""Which algorithms there are by name, the classes behind them, what each can learn, and which of them sees missing values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from prisml.definition.pipelines import fills_nan, steps_of
from prisml.definition.place import Place, choose_from
from prisml.errors import described
from prisml.manifest import Task


@dataclass(frozen=True)
class Algorithm:
    """An algorithm by its name: the classes behind it, and what they need.

    ``trees`` says that the decisions are comparisons, so that numbers are not scaled and categories stay codes; ``takes_nan`` says
    that a missing number may reach the estimator, unless a parameter in ``no_nan`` has a value that is there; ``native`` says that it
    can split on categories as such. ``defaults`` bound the size of what is fitted; ``classifies`` are those of the
    classifier alone. ``extra`` is what has to be installed beside
    scikit-learn; ``hidden`` are parameters that its estimators take without showing them.
    """

    name: str
    module: str
    classifier: str | None
    regressor: str | None
    trees: bool
    takes_nan: bool = False
    native: bool = False
    defaults: Mapping[str, object] = field(default_factory=dict)
    classifies: Mapping[str, object] = field(default_factory=dict)
    no_nan: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    extra: str | None = None
    hidden: tuple[str, ...] = ()

    def class_name(self, task: Task) -> str | None:
        """The class for ``task``; None where the algorithm has none."""
        return self.regressor if task == "regression" else self.classifier


_LINEAR, _TREE, _ENSEMBLE = "sklearn.linear_model", "sklearn.tree", "sklearn.ensemble"
_FOREST: Mapping[str, object] = {"n_estimators": 100, "max_depth": 12, "n_jobs": -1}
# scikit-learn 1.6 takes no NaN there.
_NO_NAN: Mapping[str, tuple[object, ...]] = {"criterion": ("absolute_error",)}
# https://lightgbm.readthedocs.io/en/stable/Parameters.html
_OF_LIGHTGBM = (
    "alpha",
    "cat_l2",
    "cat_smooth",
    "categorical_feature",
    "data_sample_strategy",
    "deterministic",
    "extra_trees",
    "fair_c",
    "feature_fraction_bynode",
    "force_col_wise",
    "force_row_wise",
    "is_unbalance",
    "linear_tree",
    "max_bin",
    "max_cat_threshold",
    "max_cat_to_onehot",
    "min_data_in_bin",
    "min_data_per_group",
    "monotone_constraints",
    "other_rate",
    "path_smooth",
    "poisson_max_delta_step",
    "reg_sqrt",
    "scale_pos_weight",
    "sigmoid",
    "top_rate",
    "tweedie_variance_power",
    "use_missing",
    "verbose",
    "verbosity",
    "zero_as_missing",
)

ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {
        algorithm.name: algorithm
        for algorithm in (
            Algorithm("logistic_regression", _LINEAR, "LogisticRegression", None, False, defaults={"max_iter": 1000}),
            Algorithm("linear_regression", _LINEAR, None, "LinearRegression", False),
            Algorithm("ridge", _LINEAR, None, "Ridge", False),
            Algorithm("lasso", _LINEAR, None, "Lasso", False, defaults={"max_iter": 10_000}),
            Algorithm("elastic_net", _LINEAR, None, "ElasticNet", False, defaults={"max_iter": 10_000}),
            Algorithm("sgd", _LINEAR, "SGDClassifier", "SGDRegressor", False, classifies={"loss": "log_loss"}),
            Algorithm("huber", _LINEAR, None, "HuberRegressor", False, defaults={"max_iter": 1000}),
            Algorithm("poisson", _LINEAR, None, "PoissonRegressor", False, defaults={"max_iter": 1000}),
            Algorithm("gamma", _LINEAR, None, "GammaRegressor", False, defaults={"max_iter": 1000}),
            Algorithm("tweedie", _LINEAR, None, "TweedieRegressor", False, defaults={"power": 1.5, "max_iter": 1000}),
            Algorithm("bayesian_ridge", _LINEAR, None, "BayesianRidge", False),
            Algorithm("quantile", _LINEAR, None, "QuantileRegressor", False, defaults={"alpha": 0.0}),
            Algorithm("lda", "sklearn.discriminant_analysis", "LinearDiscriminantAnalysis", None, False),
            # The columns of one category add up to 1, so that without it no class would have a covariance of full rank.
            Algorithm("qda", "sklearn.discriminant_analysis", "QuadraticDiscriminantAnalysis", None, False, defaults={"reg_param": 0.01}),
            Algorithm("gaussian_nb", "sklearn.naive_bayes", "GaussianNB", None, False),
            Algorithm(
                "mlp",
                "sklearn.neural_network",
                "MLPClassifier",
                "MLPRegressor",
                False,
                defaults={"hidden_layer_sizes": (64, 32), "early_stopping": True, "max_iter": 200},
            ),
            Algorithm("svm", "sklearn.svm", "SVC", "SVR", False, classifies={"probability": True}),
            Algorithm(
                "decision_tree",
                _TREE,
                "DecisionTreeClassifier",
                "DecisionTreeRegressor",
                True,
                takes_nan=True,
                defaults={"max_depth": 12},
                no_nan=_NO_NAN,
            ),
            Algorithm(
                "extra_tree",
                _TREE,
                "ExtraTreeClassifier",
                "ExtraTreeRegressor",
                True,
                takes_nan=True,
                defaults={"max_depth": 12},
                no_nan={**_NO_NAN, "splitter": ("best",)},
            ),
            Algorithm(
                "random_forest",
                _ENSEMBLE,
                "RandomForestClassifier",
                "RandomForestRegressor",
                True,
                takes_nan=True,
                defaults=_FOREST,
                no_nan=_NO_NAN,
            ),
            Algorithm(
                "extra_trees",
                _ENSEMBLE,
                "ExtraTreesClassifier",
                "ExtraTreesRegressor",
                True,
                takes_nan=True,
                defaults=_FOREST,
                no_nan=_NO_NAN,
            ),
            Algorithm(
                "gradient_boosting",
                _ENSEMBLE,
                "GradientBoostingClassifier",
                "GradientBoostingRegressor",
                True,
                defaults={"n_estimators": 100, "max_depth": 3},
            ),
            Algorithm(
                "hist_gradient_boosting",
                _ENSEMBLE,
                "HistGradientBoostingClassifier",
                "HistGradientBoostingRegressor",
                True,
                takes_nan=True,
                native=True,
                defaults={"max_iter": 100, "early_stopping": False},
            ),
            Algorithm(
                "xgboost",
                "xgboost",
                "XGBClassifier",
                "XGBRegressor",
                True,
                takes_nan=True,
                native=True,
                defaults={"n_estimators": 100, "max_depth": 6, "tree_method": "hist"},
                extra="xgboost",
                hidden=("huber_slope", "tweedie_variance_power"),
            ),
            Algorithm(
                "lightgbm",
                "lightgbm",
                "LGBMClassifier",
                "LGBMRegressor",
                True,
                takes_nan=True,
                native=True,
                defaults={"n_estimators": 100, "num_leaves": 31, "verbosity": -1},
                no_nan={"use_missing": (False,)},
                extra="lightgbm",
                hidden=_OF_LIGHTGBM,
            ),
        )
    }
)
"""Every algorithm that ``algorithm=`` takes by name."""

AUTO = "auto"
"""What ``algorithm=`` takes to have one of them searched for."""


@runtime_checkable
class Estimator(Protocol):
    """A scikit-learn estimator: something with parameters that can be read and set."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters it was made with."""
        ...

    def set_params(self, **params: Any) -> Any:
        """Change parameters by name."""
        ...


Learner = str | Estimator


def algorithm_of(learner: Learner) -> Algorithm | None:
    """The algorithm that is named, or whose class the estimator has; None where there is none."""
    if isinstance(learner, str):
        return ALGORITHMS.get(learner)
    name = type(learner).__name__
    return next((known for known in ALGORITHMS.values() if name in (known.classifier, known.regressor)), None)


def takes_nan(learner: Learner, params: Mapping[str, object]) -> bool:
    """Whether missing numbers may reach the estimator as NaN and the exported graph still agree with it."""
    if learner == AUTO:
        # A search fills for each candidate what that one cannot take.
        return True
    steps = steps_of(learner)
    if steps and not isinstance(learner, str):
        fills = fills_nan(steps[:-1])
        return takes_nan(steps[-1], params) if fills is None else fills
    algorithm = algorithm_of(learner)
    if algorithm is None or not algorithm.takes_nan:
        return False
    given = params if isinstance(learner, str) else learner.get_params(deep=False)
    if given.get("monotonic_cst") is not None and not algorithm.native:
        return False
    return not any(given.get(name) in refused for name, refused in algorithm.no_nan.items())


def check_algorithm(place: Place, algorithm: object, task: Task) -> None:
    """Refuse an algorithm that is unknown, or that does not learn ``task``."""
    here = place.of("the algorithm")
    if isinstance(algorithm, str):
        if algorithm == AUTO:
            return
        if algorithm not in ALGORITHMS:
            raise here.error(f"{algorithm!r} is not known", choose_from((*ALGORITHMS, AUTO), algorithm))
        if ALGORITHMS[algorithm].class_name(task) is None:
            fitting = ", ".join(name for name, known in ALGORITHMS.items() if known.class_name(task) is not None)
            raise here.error(f"{algorithm!r} cannot learn a {task} task", f"For {task} there are: {fitting}.")
        return
    if isinstance(algorithm, type) or not isinstance(algorithm, Estimator):
        what = f"is the class {algorithm.__name__}" if isinstance(algorithm, type) else f"is {described(algorithm)}"
        raise here.error(what, "Give a name, or an instance of a scikit-learn estimator.", choose_from(ALGORITHMS, None))
    if (task == "regression") == hasattr(algorithm, "predict_proba"):
        wanted = "a regressor" if task == "regression" else "a classifier that gives probabilities (predict_proba)"
        raise here.error(f"{type(algorithm).__name__} does not fit a {task} task", f"Give {wanted}, or say task=.")


def check_params(place: Place, algorithm: Learner, params: object) -> Mapping[str, object]:
    """The parameters as a read-only mapping; ``DefinitionError`` where they have no algorithm by name to go to."""
    if params is None:
        return MappingProxyType({})
    here = place.of("params")
    if not isinstance(params, Mapping) or not all(isinstance(name, str) for name in params):
        raise here.error("is no mapping from names to values", "Write params={'max_depth': 6}.")
    if algorithm == AUTO:
        raise here.error(
            'is given beside algorithm="auto", which finds them', "Leave params= out, or name the algorithm that they are for."
        )
    if not isinstance(algorithm, str):
        raise here.error(
            f"is given beside an estimator, which has its own ({type(algorithm).__name__})", "Set them where the estimator is made."
        )
    return MappingProxyType(dict(params))
