"""Which writer writes which estimator, what it can learn, and whether the last bit of its input may change its answer by much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from prisml.manifest import Task
from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.bayes import write_bernoulli, write_complement, write_gaussian, write_multinomial, write_quadratic
from prisml.training.export.dense.dummy import write_dummy
from prisml.training.export.dense.kernel import write_kernel
from prisml.training.export.dense.linear import write_generalized, write_linear, write_one_vs_rest, write_stochastic
from prisml.training.export.dense.network import write_network
from prisml.training.export.dense.writer import Writer

Write = Callable[[Any, Affine, Writer, Task], str]
"""The fitted estimator, the columns it reads, where to write, and the task; gives a float64 tensor of shape (n, outputs)."""


@dataclass(frozen=True)
class Family:
    """How a class of estimators is written; ``jumps`` as for steps. ``behind`` says that it stands behind steps of a Pipeline alone."""

    module: str
    tasks: tuple[Task, ...]
    write: Write
    jumps: bool = False
    behind: bool = False


_CLASSIFIES: tuple[Task, ...] = ("binary", "multiclass")
_REGRESSES: tuple[Task, ...] = ("regression",)
_LINEAR, _BAYES, _SVM, _DISCRIMINANTS = "sklearn.linear_model", "sklearn.naive_bayes", "sklearn.svm", "sklearn.discriminant_analysis"
_REGRESSORS = (
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "ElasticNetCV",
    "HuberRegressor",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearRegression",
    "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "SGDRegressor",
    "TheilSenRegressor",
)

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        **{name: Family(_LINEAR, _REGRESSES, write_linear) for name in _REGRESSORS},
        **{name: Family(_LINEAR, _REGRESSES, write_generalized) for name in ("GammaRegressor", "PoissonRegressor", "TweedieRegressor")},
        **{name: Family(_LINEAR, _CLASSIFIES, write_linear) for name in ("LogisticRegression", "LogisticRegressionCV")},
        "SGDClassifier": Family(_LINEAR, _CLASSIFIES, write_stochastic),
        "LinearSVR": Family(_SVM, _REGRESSES, write_linear),
        "LinearDiscriminantAnalysis": Family(_DISCRIMINANTS, _CLASSIFIES, write_linear),
        "QuadraticDiscriminantAnalysis": Family(_DISCRIMINANTS, _CLASSIFIES, write_quadratic),
        "OneVsRestClassifier": Family("sklearn.multiclass", _CLASSIFIES, write_one_vs_rest),
        "GaussianNB": Family(_BAYES, _CLASSIFIES, write_gaussian),
        "BernoulliNB": Family(_BAYES, _CLASSIFIES, write_bernoulli, jumps=True),
        "MultinomialNB": Family(_BAYES, _CLASSIFIES, write_multinomial, behind=True),
        "ComplementNB": Family(_BAYES, _CLASSIFIES, write_complement, behind=True),
        "MLPClassifier": Family("sklearn.neural_network", _CLASSIFIES, write_network),
        "MLPRegressor": Family("sklearn.neural_network", _REGRESSES, write_network),
        "SVC": Family(_SVM, ("binary",), write_kernel),
        "NuSVC": Family(_SVM, ("binary",), write_kernel),
        "SVR": Family(_SVM, _REGRESSES, write_kernel),
        "NuSVR": Family(_SVM, _REGRESSES, write_kernel),
        "DummyClassifier": Family("sklearn.dummy", _CLASSIFIES, write_dummy),
        "DummyRegressor": Family("sklearn.dummy", _REGRESSES, write_dummy),
    }
)
"""Every estimator, besides trees, that is written, by the name of its class."""
