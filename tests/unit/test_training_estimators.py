from __future__ import annotations

from functools import partial
from importlib import import_module

import numpy as np
import pytest
from pydantic import JsonValue, TypeAdapter
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_selection import SelectKBest, SequentialFeatureSelector, mutual_info_classif
from sklearn.linear_model import LassoCV, LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit
from sklearn.pipeline import make_pipeline

from prisml.definition.algorithms import ALGORITHMS, takes_nan
from prisml.errors import DefinitionError, TrainingError
from prisml.training.estimators import choose_estimator
from prisml.training.pipeline import Column, fit_pipeline, parameters_of
from tests.support.training import TREES


def choose(algorithm, task="binary", params=None, seed=3):
    """The choice for a model called m."""
    return choose_estimator(algorithm, params=params, task=task, seed=seed, model="m")


@pytest.mark.parametrize("name", [name for name, found in ALGORITHMS.items() if found.extra is None or name in TREES])
def test_definitions_and_training_agree_on_who_sees_missing_numbers(name):
    """By name and by instance: else gaps would be filled for one and left for the other."""
    found = ALGORITHMS[name]
    classes = {class_name for task in ("binary", "regression") if (class_name := found.class_name(task))}
    made = [getattr(import_module(found.module), class_name)() for class_name in classes]
    takes = name in {*TREES} - {"gradient_boosting"}
    assert {takes_nan(each, {}) for each in (name, *made)} == {found.takes_nan} == {takes}


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("logistic_regression", {"max_iter": 1000}),
        ("decision_tree", {"max_depth": 12}),
        ("random_forest", {"max_depth": 12, "n_estimators": 100}),
        ("hist_gradient_boosting", {"early_stopping": False, "categorical_features": None, "max_iter": 100}),
    ],
)
def test_defaults_bound_what_is_fitted(name, bounds):
    """A name alone gives a model of bounded size, that sees the whole training part."""
    params = choose(name).estimator.get_params()
    assert {key: params[key] for key in bounds} == bounds


def test_params_win_over_defaults_and_the_seed_is_set():
    """What the user gives is what is fitted."""
    params = choose("random_forest", params={"max_depth": 3}).estimator.get_params()
    assert (params["max_depth"], params["random_state"]) == (3, 3)


@pytest.mark.parametrize(
    ("task", "learner", "learned"),
    [
        ("binary", LogisticRegressionCV(Cs=3, cv=KFold(3, shuffle=True)), lambda fitted: fitted.scores_[1]),
        ("regression", LassoCV(cv=RepeatedKFold(n_splits=2, n_repeats=2)), lambda fitted: fitted.mse_path_),
        (
            "binary",
            make_pipeline(
                SequentialFeatureSelector(LogisticRegression(), n_features_to_select=1, cv=ShuffleSplit(2)), LogisticRegression()
            ),
            lambda fitted: fitted[0].support_,
        ),
    ],
)
# Releases of scikit-learn announce other names.
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_draws_inside_an_estimator_is_seeded(task, learner, learned):
    """Splitters draw the same each time, by the seed, and those that the user holds are left as they are."""
    before = str(learner.get_params())
    table = np.random.default_rng(0).normal(size=(60, 6))
    target = table[:, 0] if task == "regression" else (np.arange(60) % 2)
    drawn = [learned(choose(learner, task, seed=seed).estimator.fit(table, target)) for seed in (3, 3)]
    np.testing.assert_array_equal(*drawn)
    assert str(learner.get_params()) == before


@pytest.mark.parametrize("score", [mutual_info_classif, partial(mutual_info_classif, n_neighbors=4)])
def test_a_score_that_adds_noise_is_seeded(score):
    """As a function and with arguments bound to it."""
    seeded = choose(make_pipeline(SelectKBest(score, k=2), LogisticRegression())).estimator[0].score_func
    assert (seeded.func, seeded.keywords["random_state"]) == (mutual_info_classif, 3)
    assert seeded.keywords.items() >= getattr(score, "keywords", {}).items()


def test_a_splitter_that_goes_on_drawing_is_refused():
    """A generator gives other splits each time."""
    with pytest.raises(DefinitionError, match="cv=KFold's random_state is a RandomState"):
        choose(LogisticRegressionCV(cv=KFold(3, shuffle=True, random_state=np.random.RandomState(0))))


def test_a_misspelt_parameter_is_named_with_the_nearest():
    """The way out is the right name."""
    with pytest.raises(DefinitionError, match=r"has no parameter 'max_dept'. Did you mean 'max_depth'\?"):
        choose("decision_tree", params={"max_dept": 3})


def test_random_state_is_given_as_the_seed():
    """There is one place for it."""
    with pytest.raises(DefinitionError, match="seed= to define_model"):
        choose("decision_tree", params={"random_state": 3})


def test_an_instance_is_copied_and_keeps_its_own_parameters():
    """The user's object is never fitted; the defaults by name are not for it."""
    given = RandomForestClassifier(n_estimators=5, random_state=11)
    estimator = choose(given).estimator
    assert estimator is not given
    params = estimator.get_params()
    assert (params["n_estimators"], params["max_depth"], params["random_state"]) == (5, None, 11)


def test_an_instance_without_a_seed_gets_the_definitions():
    """Else it would give another model each time."""
    assert choose(RandomForestClassifier()).estimator.random_state == 3
    with pytest.raises(DefinitionError, match="random_state is a RandomState"):
        choose(RandomForestClassifier(random_state=np.random.RandomState(1)))


@pytest.mark.parametrize(
    "given",
    [
        *(HistGradientBoostingClassifier(categorical_features=given) for given in ([0], "some", np.array([True]))),
    ],
)
def test_columns_of_categories_are_not_named_by_hand(given):
    """PrisML knows them, and says so to the estimator where encoding is native."""
    with pytest.raises(DefinitionError, match=f"{type(given).__name__} is given .*, and PrisML says which columns") as caught:
        choose(given)
    assert 'encoding="native"' in str(caught.value)


@pytest.mark.parametrize("given", [HistGradientBoostingClassifier(), HistGradientBoostingClassifier(categorical_features=None)])
def test_an_estimator_that_names_no_categories_has_none(given):
    """scikit-learn's own default, "from_dtype", means none for the plain matrix that is fitted."""
    assert choose(given).estimator.categorical_features is None


class Mine(RandomForestClassifier):
    pass


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (AdaBoostClassifier(), "puts estimators together"),
        (Mine(), "is not among what is known to export exactly for a binary task; a subclass does not count"),
        (GradientBoostingRegressor(), "is exported for regression alone"),
    ],
)
def test_an_estimator_not_known_to_export_exactly_is_refused(given, says):
    """Another class, a subclass and the wrong task alike."""
    with pytest.raises(DefinitionError, match=f"{type(given).__name__} {says}"):
        choose(given)


@pytest.mark.parametrize(
    ("given", "task", "parameter"),
    [
        (GradientBoostingClassifier(init=LogisticRegression()), "multiclass", "init"),
        (GradientBoostingClassifier(loss="exponential"), "multiclass", "loss"),
        (LogisticRegression(solver="liblinear"), "multiclass", "solver"),
    ],
)
def test_options_whose_graphs_predict_something_else_are_refused_by_name(given, task, parameter):
    """Before anything is fitted."""
    with pytest.raises(DefinitionError, match=f"{type(given).__name__} with .*{parameter}") as caught:
        choose(given, task)
    assert caught.value.context["parameter"] == parameter


def fitted(algorithm, params=None, classes=("ham", "spam")):
    """A pipeline that learned whether a number is above 9."""
    matrix = np.arange(20, dtype=np.float32)[:, None]
    target = (matrix[:, 0] > 9).astype(np.intp)
    choice = choose(algorithm, params=params)
    return fit_pipeline(choice, [Column("x", None, 0)], matrix, target, task="binary", classes=classes, model="m")


def test_class_weights_are_given_for_labels():
    """The estimator learns codes; a weight is of the label it is given for."""
    heavy = fitted("logistic_regression", {"class_weight": {"ham": 1, "spam": 99}})
    even = fitted("logistic_regression")
    at = np.array([[9.0]], dtype=np.float32)
    assert heavy.predict(at)[0, 1] > even.predict(at)[0, 1]
    with pytest.raises(TrainingError, match="'eggs' is no class of the label; 2 of them have no weight"):
        fitted("logistic_regression", {"class_weight": {"eggs": 2}})


def test_what_scikit_learn_refuses_is_a_training_error():
    """What cannot be known without data is told by its type: its text may quote them."""
    with pytest.raises(TrainingError, match=r"DecisionTreeClassifier refused to fit with a ValueError\."):
        fitted("decision_tree", {"monotonic_cst": [1, 0, 1]})


def test_parameters_are_stored_as_json():
    """Tuples become lists, and what JSON cannot hold is described by its type."""
    estimator = RandomForestClassifier(max_depth=np.int64(3), max_features=0.5)
    stored = parameters_of(estimator)
    assert (stored["max_depth"], stored["max_features"]) == (3, 0.5)
    assert parameters_of(GradientBoostingClassifier(init=LogisticRegression()))["init"] == "<LogisticRegression>"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ([(0, 1)], [[0, 1]]),
        ([{10, 2, 1}, frozenset({0})], [[1, 2, 10], [0]]),
        ({0: (1, -1), 1: np.float64(2)}, {"0": [1, -1], "1": 2.0}),
        ([np.int64(1), np.inf, print], [1, "<float>", "<builtin_function_or_method>"]),
        (np.array([1, 0]), [1, 0]),
        ({"b", "a", None}, ["a", "b", None]),
    ],
)
def test_parameters_of_any_depth_are_json_that_a_manifest_takes(given, stored):
    """Sequences inside sequences and sets too, these in an order that does not hang on the process."""
    parameters = parameters_of(HistGradientBoostingClassifier(interaction_cst=given))
    assert parameters["interaction_cst"] == stored
    TypeAdapter(dict[str, JsonValue]).validate_python(parameters, strict=True)
