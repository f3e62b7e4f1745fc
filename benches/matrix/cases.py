"""Everything that the matrix tries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from benches.matrix.case import Case, Categories, Columns, Missing, Part
from prisml.definition.algorithms import ALGORITHMS, Algorithm
from prisml.manifest import Task
from prisml.training.export.dense import FAMILIES, FORMS, STEPS, TRIED
from prisml.training.export.trees import FORMS as FORMS_OF_TREES
from prisml.training.offered import AFTER_SCALERS

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
_PREPROCESSING, _SELECTION, _DECOMPOSITION = "sklearn.preprocessing", "sklearn.feature_selection", "sklearn.decomposition"
MODULES: Mapping[str, str] = {
    "PCA": _DECOMPOSITION,
    "TruncatedSVD": _DECOMPOSITION,
    "SimpleImputer": "sklearn.impute",
    **dict.fromkeys(
        (
            "Binarizer",
            "KBinsDiscretizer",
            "MaxAbsScaler",
            "MinMaxScaler",
            "Normalizer",
            "PolynomialFeatures",
            "PowerTransformer",
            "RobustScaler",
            "StandardScaler",
        ),
        _PREPROCESSING,
    ),
}
TREES: Mapping[str, Mapping[str, tuple[object, ...]]] = {
    **{name: {"criterion": ("gini", "entropy")} for name in ("DecisionTreeClassifier", "RandomForestClassifier", "ExtraTreesClassifier")},
    **{
        name: {"criterion": ("squared_error", "absolute_error", "friedman_mse", "poisson")}
        for name in ("DecisionTreeRegressor", "RandomForestRegressor", "ExtraTreesRegressor")
    },
}
_SCALER = Part(_PREPROCESSING, "StandardScaler")
_ABOVE_ZERO = Part(_PREPROCESSING, "MinMaxScaler", (("clip", True),))
_LOGISTIC = Part("sklearn.linear_model", "LogisticRegression", (("max_iter", 300),))
_RIDGE = Part("sklearn.linear_model", "Ridge")


def every_case() -> list[Case]:
    """Each once, in an order that does not change."""
    return list(dict.fromkeys((*_dense(), *_trees(), *_steps(), *_deep())))


def step_module(name: str) -> str:
    """Where a step's class comes from."""
    return MODULES.get(name, _SELECTION)


def variants(part: Part, forms: Mapping[str, Mapping[str, tuple[object, ...]]]) -> Iterator[Part]:
    """The part with one option at a time, each value of it."""
    for option, values in forms.get(part.name, {}).items():
        hidden = any(option in known.hidden for known in ALGORITHMS.values() if part.name in (known.classifier, known.regressor))
        if hidden or part.has(option):
            for value in values:
                if hidden and value is None:
                    continue
                yield Part(part.module, part.name, ((option, value), *_needs(part.name, option, value)))


def _needs(name: str, option: str, value: object) -> tuple[tuple[str, object], ...]:
    """What has to be said beside an option, so that the library takes it."""
    if name == "DummyRegressor" and value in ("constant", "quantile"):
        return ((str(value), 0.7),)
    if name == "HistGradientBoostingRegressor" and value == "quantile":
        return (("quantile", 0.7),)
    if name == "SimpleImputer" and value == "constant":
        return (("fill_value", -3.0),)
    if name == "TweedieRegressor" and option == "power" and isinstance(value, float) and value < 1:
        return (("link", "log"),)
    if name == "TweedieRegressor" and value == "identity":
        return (("power", 0.0),)
    if name == "PCA" and option == "svd_solver":
        return (("n_components", 3),)
    return ()


_FILLED: tuple[Missing, ...] = ("mean", "most_frequent", "constant")


def _dense() -> Iterator[Case]:
    everywhere: tuple[Columns, ...] = ("mixed", "numbers", "categories")
    for name, family in FAMILIES.items():
        base = Part(family.module, name)
        steps = (_ABOVE_ZERO,) if family.behind else ()
        for task in family.tasks:
            for columns in everywhere:
                yield Case(task, base, steps, columns=columns)
            for missing in _FILLED:
                yield Case(task, base, steps, missing=missing)
            for part in (*variants(base, FORMS), *variants(base, TRIED)):
                yield Case(task, part, steps)


def _trees() -> Iterator[Case]:
    for algorithm, task in product(ALGORITHMS.values(), TASKS):
        name = algorithm.class_name(task)
        if not algorithm.trees or name is None:
            continue
        base = Part(algorithm.module, name)
        encodings: tuple[Categories, ...] = ("ordinal", "native") if algorithm.native else ("ordinal",)
        rules: tuple[Missing, ...] = ("nan", "median") if algorithm.takes_nan else ("median", "constant")
        for categories, missing in product(encodings, rules):
            yield from _of_trees(base, task, algorithm, categories, missing)


def _of_trees(base: Part, task: Task, algorithm: Algorithm, categories: Categories, missing: Missing) -> Iterator[Case]:
    for part in (base, *variants(base, FORMS_OF_TREES), *variants(base, TREES)):
        if missing == "nan" and any(value in algorithm.no_nan.get(option, ()) for option, value in part.options):
            continue
        yield Case(task, part, (), categories, missing)
    if categories == "ordinal":
        yield Case(task, base, (), "ordinal", missing, "numbers")


def _steps() -> Iterator[Case]:
    """Each step before a linear model, into which it folds, and before trees, which see its every bit."""
    for name in STEPS:
        if name == "FunctionTransformer":
            continue
        base = Part(step_module(name), name)
        before = (_SCALER,) if name in AFTER_SCALERS else ()
        for step in (base, *variants(base, FORMS), *variants(base, TRIED)):
            for task in TASKS:
                for final in ((_RIDGE if task == "regression" else _LOGISTIC), _forest(task)):
                    # All products of one-hot columns would be many, and most of them zero.
                    columns: Columns = "numbers" if name == "PolynomialFeatures" else "mixed"
                    yield Case(task, final, (*before, step), columns=columns, judges=step)


def _forest(task: Task) -> Part:
    return Part("sklearn.ensemble", "RandomForestRegressor" if task == "regression" else "RandomForestClassifier")


def _deep() -> Iterator[Case]:
    """Pipelines of several steps, and numbers that are missing until a step fills them, or for good."""
    imputer = Part("sklearn.impute", "SimpleImputer")
    pca = Part(_DECOMPOSITION, "PCA", (("n_components", 3),))
    best = Part(_SELECTION, "SelectKBest", (("k", 3),))
    squares = Part(_PREPROCESSING, "PolynomialFeatures")
    bins = Part(_PREPROCESSING, "KBinsDiscretizer", (("encode", "onehot-dense"),))
    power = Part(_PREPROCESSING, "PowerTransformer")
    unit = Part(_PREPROCESSING, "Normalizer")
    for task in TASKS:
        linear = _RIDGE if task == "regression" else _LOGISTIC
        kind = "Regressor" if task == "regression" else "Classifier"
        boosted = Part("sklearn.ensemble", f"HistGradientBoosting{kind}")
        network = Part("sklearn.neural_network", f"MLP{kind}")
        for final in (linear, boosted, network):
            yield Case(task, final, (_SCALER, pca))
            yield Case(task, final, (imputer, _SCALER, squares, best), missing="nan", columns="numbers")
            yield Case(task, final, (_SCALER, imputer, pca), missing="nan")
            yield Case(task, final, (_SCALER, power, unit))
            yield Case(task, final, (best, bins))
            yield Case(task, final, (_SCALER, squares, _SCALER, pca), columns="numbers")
        yield Case(task, boosted, (_SCALER,), missing="nan")
        yield Case(task, boosted, (best,))
        if task != "multiclass":
            yield Case(task, Part("sklearn.svm", "SVR" if task == "regression" else "SVC"), (_SCALER, pca))


def closed(name: str) -> tuple[str, ...]:
    """The options of a class of which only proven values are offered."""
    return tuple(FORMS.get(name, ())) or tuple(FORMS_OF_TREES.get(name, ()))
