"""What is refused by name: why, and what can do it instead. The matrix writes these sentences into ``allowed.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from prisml.manifest import Task


@dataclass(frozen=True)
class Refusal:
    """Why something is not exported, as words that follow its name, and a sentence with what to use instead."""

    why: str
    instead: str


@dataclass(frozen=True)
class Rule:
    """Values of an option that are refused; of some tasks, or of all."""

    classes: tuple[str, ...]
    option: str
    values: tuple[object, ...]
    refusal: Refusal
    tasks: tuple[Task, ...] = ("binary", "multiclass", "regression")


RULES: tuple[Rule, ...] = (
    Rule(
        ("LogisticRegression", "LogisticRegressionCV"),
        "solver",
        ("liblinear",),
        Refusal("learns one class against all others, which scikit-learn has given up", 'Use solver="lbfgs".'),
        ("multiclass",),
    ),
    Rule(
        ("LogisticRegression", "LogisticRegressionCV"),
        "multi_class",
        ("multinomial", "ovr"),
        Refusal("means another function in each release of scikit-learn", "Leave multi_class out, or use OneVsRestClassifier."),
    ),
    Rule(
        ("SVC", "NuSVC", "SVR", "NuSVR"),
        "kernel",
        ("precomputed",),
        Refusal("needs every row that was trained on", 'Use kernel="rbf".'),
    ),
    Rule(("SVC", "NuSVC"), "probability", (False, "deprecated"), Refusal("gives no probabilities", "Use probability=True.")),
    Rule(
        ("DummyClassifier",),
        "strategy",
        ("constant", "stratified", "uniform"),
        Refusal("answers at random, or with a class of your own", 'Use strategy="prior".'),
    ),
    Rule(
        ("BernoulliNB",),
        "binarize",
        (None,),
        Refusal("takes every number for 0 or 1", "Use binarize=0.0, which is the mean of a number that was scaled."),
    ),
    Rule(
        ("GradientBoostingClassifier",),
        "loss",
        ("exponential",),
        Refusal("is for two classes", 'Use loss="log_loss".'),
        ("multiclass",),
    ),
    Rule(
        ("KBinsDiscretizer",),
        "encode",
        ("onehot",),
        Refusal("gives a sparse table", 'Use encode="onehot-dense".'),
    ),
    Rule(
        ("PowerTransformer",),
        "method",
        ("box-cox",),
        Refusal("has no answer for a number that is not positive", 'Use method="yeo-johnson".'),
    ),
)
"""Options whose values are refused, whatever the matrix would find of them."""

_NEIGHBOURS = Refusal("needs every row that was trained on", 'Use "svm", "mlp" or "hist_gradient_boosting".')
_NO_PROBABILITIES = Refusal("gives no probabilities", 'Use "logistic_regression", or SGDClassifier(loss="log_loss").')
_SEVERAL = Refusal("puts estimators together, which are not written", 'Use one of them, or "hist_gradient_boosting".')
_PROCESS = Refusal("needs every row that was trained on", 'Use "svm" or "mlp".')
_ENCODES = Refusal("encodes categories, which PrisML has done before", "Leave the step out: categories are one-hot already.")
_ROWS = Refusal("looks among the rows that were trained on", 'Use SimpleImputer(), or Feature(..., missing="median").')
_CURVES = Refusal(
    "changes by much where a number lies beside one that was trained on",
    'Use KBinsDiscretizer(encode="onehot-dense"), or PowerTransformer.',
)
_CODE = Refusal("runs code of your own, which a graph does not hold", "Compute it as a feature: a transform, an expression or a resolver.")
_SPLITS = Refusal("sends columns different ways", "Leave it out: PrisML encodes each feature by its type, and steps see all columns.")
_RANDOM = Refusal("makes columns at random", 'Use PCA() or "svm".')

REFUSED: Mapping[str, Refusal] = MappingProxyType(
    {
        **dict.fromkeys(
            ("KNeighborsClassifier", "KNeighborsRegressor", "RadiusNeighborsClassifier", "RadiusNeighborsRegressor"), _NEIGHBOURS
        ),
        **dict.fromkeys(("LinearSVC", "NearestCentroid", "PassiveAggressiveClassifier", "Perceptron"), _NO_PROBABILITIES),
        **dict.fromkeys(("RidgeClassifier", "RidgeClassifierCV"), _NO_PROBABILITIES),
        **dict.fromkeys(
            (
                "AdaBoostClassifier",
                "AdaBoostRegressor",
                "BaggingClassifier",
                "BaggingRegressor",
                "StackingClassifier",
                "StackingRegressor",
                "VotingClassifier",
                "VotingRegressor",
            ),
            _SEVERAL,
        ),
        **dict.fromkeys(("GaussianProcessClassifier", "GaussianProcessRegressor", "KernelRidge"), _PROCESS),
        "CategoricalNB": Refusal(
            "takes each number for a category, and fails for one that training did not see",
            'Use "gaussian_nb", or KBinsDiscretizer(encode="onehot-dense") before BernoulliNB(binarize=0.5).',
        ),
        "CalibratedClassifierCV": Refusal("puts estimators together, which are not written", "Give the estimator alone."),
        "IsotonicRegression": Refusal("reads one column", 'Use "hist_gradient_boosting" with monotonic_cst.'),
        "RANSACRegressor": Refusal("puts estimators together, which are not written", 'Use "huber".'),
        "TransformedTargetRegressor": Refusal(
            "changes the label by code of your own", 'Use "poisson" or "gamma", or a label expression with a logarithm.'
        ),
        **dict.fromkeys(
            ("GridSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "RandomizedSearchCV"),
            Refusal("looks for parameters by itself", "Give the estimator with the parameters found."),
        ),
        **dict.fromkeys(("OneHotEncoder", "OrdinalEncoder", "TargetEncoder"), _ENCODES),
        **dict.fromkeys(("IterativeImputer", "KNNImputer", "MissingIndicator"), _ROWS),
        **dict.fromkeys(("QuantileTransformer", "SplineTransformer"), _CURVES),
        "FunctionTransformer": _CODE,
        **dict.fromkeys(("ColumnTransformer", "FeatureUnion"), _SPLITS),
        **dict.fromkeys(("AdditiveChi2Sampler", "Nystroem", "PolynomialCountSketch", "RBFSampler", "SkewedChi2Sampler"), _RANDOM),
        **dict.fromkeys(("CatBoostClassifier", "CatBoostRegressor"), Refusal("is not written", 'Use "lightgbm" or "xgboost".')),
    }
)
"""Classes that are refused, so that the refusal can say what to use instead."""

BEHIND = Refusal(
    "takes no negative number, and numbers are scaled around zero",
    "Put MinMaxScaler(clip=True) or KBinsDiscretizer(encode='onehot-dense') before it, in a Pipeline.",
)
"""Of estimators that stand behind steps alone."""
UNSCALED = Refusal("loses numbers that are large beside their spread", "Put StandardScaler() or RobustScaler() before it.")
"""Of a step that has to stand behind one that scales."""
