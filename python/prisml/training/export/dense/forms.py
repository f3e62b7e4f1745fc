"""Which options of estimators and of steps change what is computed of the fitted numbers, and the values that are written.

``FORMS`` has every value that may be offered; with another one training refuses. Of the options in ``TRIED`` any value may be given, and
these are the ones that the matrix tries. An option in neither changes only what is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Options = Mapping[str, tuple[object, ...]]

_BOTH = (False, True)
_KERNELS: Options = {"kernel": ("linear", "poly", "rbf", "sigmoid")}
_ACTIVATIONS: Options = {"activation": ("identity", "logistic", "relu", "tanh")}

FORMS: Mapping[str, Options] = MappingProxyType(
    {
        "DummyClassifier": {"strategy": ("most_frequent", "prior")},
        "DummyRegressor": {"strategy": ("constant", "mean", "median", "quantile")},
        "LinearDiscriminantAnalysis": {"solver": ("eigen", "lsqr", "svd")},
        "LogisticRegression": {
            "solver": ("lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"),
        },
        "LogisticRegressionCV": {
            "solver": ("lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"),
        },
        "MLPClassifier": _ACTIVATIONS,
        "MLPRegressor": {**_ACTIVATIONS, "loss": ("poisson", "squared_error")},
        "NuSVC": {**_KERNELS, "probability": (True,)},
        "NuSVR": _KERNELS,
        "QuadraticDiscriminantAnalysis": {"solver": ("eigen", "svd")},
        "SGDClassifier": {"loss": ("log_loss", "modified_huber")},
        "SVC": {**_KERNELS, "probability": (True,)},
        "SVR": _KERNELS,
        "TweedieRegressor": {"link": ("auto", "identity", "log")},
        # Steps.
        "KBinsDiscretizer": {"encode": ("onehot-dense", "ordinal")},
        "MaxAbsScaler": {"clip": _BOTH},
        "MinMaxScaler": {"clip": _BOTH},
        "Normalizer": {"norm": ("l1", "l2", "max")},
        "PCA": {"whiten": _BOTH},
        "PolynomialFeatures": {"include_bias": _BOTH, "interaction_only": _BOTH},
        "PowerTransformer": {"method": ("yeo-johnson",), "standardize": _BOTH},
        "RobustScaler": {"with_centering": _BOTH, "with_scaling": _BOTH},
        "SimpleImputer": {"add_indicator": _BOTH, "strategy": ("constant", "mean", "median", "most_frequent")},
        "StandardScaler": {"with_mean": _BOTH, "with_std": _BOTH},
    }
)

TRIED: Mapping[str, Options] = MappingProxyType(
    {
        "BernoulliNB": {"binarize": (0.0, 0.5)},
        "ElasticNet": {"positive": _BOTH},
        "GaussianNB": {"var_smoothing": (1e-9, 1e-2)},
        "HuberRegressor": {"fit_intercept": _BOTH},
        "Lasso": {"positive": _BOTH, "fit_intercept": _BOTH},
        "LinearRegression": {"fit_intercept": _BOTH, "positive": _BOTH},
        "LinearSVR": {"loss": ("epsilon_insensitive", "squared_epsilon_insensitive")},
        "LogisticRegression": {"fit_intercept": _BOTH, "C": (0.01, 100.0), "class_weight": (None, "balanced")},
        "MLPClassifier": {"hidden_layer_sizes": ((5,), (20, 10))},
        "MLPRegressor": {"hidden_layer_sizes": ((5,), (20, 10))},
        "QuadraticDiscriminantAnalysis": {"reg_param": (0.1, 0.9)},
        "Ridge": {"fit_intercept": _BOTH, "solver": ("auto", "cholesky", "lsqr", "saga", "sparse_cg", "svd")},
        "SGDClassifier": {"average": _BOTH},
        "SGDRegressor": {"average": _BOTH, "loss": ("epsilon_insensitive", "huber", "squared_error")},
        "SVC": {"gamma": ("auto", "scale", 0.5), "C": (0.1, 10.0)},
        "SVR": {"gamma": ("auto", "scale", 0.5), "C": (0.1, 10.0)},
        "TweedieRegressor": {"power": (0.0, 1.0, 1.5, 2.0, 3.0)},
        "Binarizer": {"threshold": (0.0, 0.5)},
        "KBinsDiscretizer": {"n_bins": (2, 5), "strategy": ("kmeans", "quantile", "uniform")},
        "MinMaxScaler": {"feature_range": ((0.0, 1.0), (-1.0, 3.0))},
        "PCA": {"n_components": (2, 3), "svd_solver": ("auto", "full", "randomized")},
        "PolynomialFeatures": {"degree": (2, 3)},
        "SelectKBest": {"k": (2, 3)},
        "TruncatedSVD": {"n_components": (2, 3)},
    }
)
