from __future__ import annotations

import json
from importlib import import_module
from importlib.resources import files

import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, Perceptron, TweedieRegressor
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC

from benches.matrix.page import PAGE, page_of
from prisml.definition.algorithms import ALGORITHMS, takes_nan
from prisml.errors import DefinitionError
from prisml.training.estimators import choose_estimator
from prisml.training.offers import offers
from prisml.training.stages import to_float32

TASKS = ("binary", "multiclass", "regression")


def choose(algorithm, task="binary", params=None):
    """The choice for a model called m."""
    return choose_estimator(algorithm, params=params, task=task, seed=3, model="m")


def test_every_name_is_offered_for_every_task_that_it_has_a_class_for():
    """A name that no matrix proved would be a promise; a support vector machine has probabilities for two classes alone."""
    for name, known in ALGORITHMS.items():
        for task in TASKS:
            class_name = known.class_name(task)
            if class_name is not None and (name, task) != ("svm", "multiclass"):
                assert task in offers().estimators[class_name], (name, task)
                choose(name, task)


def test_definitions_and_offers_agree_on_who_sees_missing_numbers():
    """What a definition leaves as NaN, the matrix has tried with NaN, and nothing else."""
    for name, tasks in offers().estimators.items():
        for offer in tasks.values():
            estimator = getattr(import_module(offer.module), name)
            made = estimator(LogisticRegression()) if name == "OneVsRestClassifier" else estimator()
            assert takes_nan(made, {}) == ("nan" in offer.missing), name


def test_the_page_says_what_the_file_says():
    """The documentation of what is offered is written from what is offered."""
    document = json.loads(files("prisml.training").joinpath("allowed.json").read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page_of(document)


@pytest.mark.parametrize(
    ("algorithm", "task", "says", "instead"),
    [
        (KNeighborsClassifier(), "binary", "needs every row", '"svm"'),
        (Perceptron(), "binary", "gives no probabilities", "logistic_regression"),
        (SVC(probability=True), "multiclass", "for binary alone", "LogisticRegression"),
        (MultinomialNB(), "binary", "no negative number", "MinMaxScaler"),
        (LogisticRegression(solver="liblinear"), "multiclass", "given up", "lbfgs"),
        (BernoulliNB(binarize=None), "binary", "for 0 or 1", "binarize=0.0"),
        (StandardScaler(), "binary", "is a step", "at the end"),
        (make_pipeline(KNNImputer(), LogisticRegression()), "binary", "rows that were trained on", "SimpleImputer"),
        (make_pipeline(QuantileTransformer(), LogisticRegression()), "binary", "changes by much", "KBinsDiscretizer"),
        (make_pipeline(FunctionTransformer(abs), LogisticRegression()), "binary", "code of your own", "resolver"),
        (make_pipeline(ColumnTransformer([]), LogisticRegression()), "binary", "different ways", "Leave it out"),
        (make_pipeline(PowerTransformer(), LogisticRegression()), "binary", "large beside their spread", "StandardScaler"),
        (make_pipeline(KBinsDiscretizer(encode="onehot"), LogisticRegression()), "binary", "sparse", "onehot-dense"),
        (make_pipeline(StandardScaler(), KNeighborsClassifier()), "binary", "needs every row", '"mlp"'),
        (
            make_pipeline(StandardScaler(), PowerTransformer(method="box-cox"), LogisticRegression()),
            "binary",
            "not positive",
            "yeo-johnson",
        ),
    ],
)
def test_what_is_not_exported_is_refused_with_what_can_do_it(algorithm, task, says, instead):
    """The refusal names the class or the option, why, and the way out."""
    with pytest.raises(DefinitionError) as caught:
        choose(algorithm, task)
    assert says in caught.value.message
    assert instead in " ".join(caught.value.suggestions)


def test_a_subclass_of_an_offered_estimator_is_none():
    """Whatever it changes, nobody has tried."""

    class LogisticRegression2(LogisticRegression):
        pass

    with pytest.raises(DefinitionError, match="subclass") as caught:
        choose(LogisticRegression2())
    assert "LogisticRegression" in " ".join(caught.value.suggestions)


@pytest.mark.parametrize(
    ("algorithm", "params", "task", "parameter", "says"),
    [
        ("random_forest", {"max_depth": -1}, "binary", "max_depth", r"must be an int in the range \[1, inf\)"),
        ("logistic_regression", {"C": "much"}, "binary", "C", "must be a float in the range"),
        ("mlp", {"activation": "swish"}, "regression", "activation", "must be a str among"),
        (Lasso(alpha=-2.0), None, "regression", "alpha", "must be a float"),
        (make_pipeline(PCA(whiten=3), LogisticRegression()), None, "binary", "whiten", "must be an instance of 'bool'"),
    ],
)
def test_values_are_judged_by_scikit_learns_constraints_without_data(algorithm, params, task, parameter, says):
    """The parameter is named, with what it takes."""
    with pytest.raises(DefinitionError, match=says) as caught:
        choose(algorithm, task, params)
    assert caught.value.context["parameter"] == parameter


def test_an_option_of_no_form_is_free():
    """What changes only the fit needs no proof of its own."""
    assert choose("logistic_regression", params={"C": 0.123, "tol": 1e-6}).estimator.C == 0.123
    assert choose(TweedieRegressor(power=1.234), "regression").estimator.power == 1.234


def test_trees_behind_steps_get_numbers_rounded_to_float32():
    """So that they compare what the graph gives them."""
    choice = choose(make_pipeline(StandardScaler(), RandomForestClassifier()))
    (_, rounding), (_, last) = choice.estimator.steps[-2:]
    assert rounding.func is to_float32
    assert not choice.codes
    assert last.random_state == 3


def test_trees_behind_selections_get_codes():
    """A selection leaves a category what it was."""
    choice = choose(make_pipeline(SimpleImputer(), RandomForestClassifier()))
    assert choice.codes
    assert len(choice.estimator.steps) == 2


def test_pipelines_in_pipelines_are_one():
    """Steps are steps, however they are put together; what passes through is none."""
    inner = Pipeline([("scale", StandardScaler()), ("nothing", "passthrough"), ("project", PCA(2))])
    choice = choose(make_pipeline(inner, MLPClassifier()))
    assert [type(step).__name__ for _, step in choice.estimator.steps] == ["StandardScaler", "PCA", "MLPClassifier"]


@pytest.mark.parametrize(
    ("steps", "reaches"),
    [
        ((StandardScaler(), SimpleImputer(), LogisticRegression()), True),
        ((StandardScaler(), HistGradientBoostingClassifier()), True),
        ((PCA(2), SimpleImputer(), LogisticRegression()), False),
        ((StandardScaler(), LogisticRegression()), False),
        ((MinMaxScaler(), make_pipeline(StandardScaler(), HistGradientBoostingClassifier())), True),
    ],
)
def test_missing_numbers_reach_a_pipeline_that_lets_them_pass_or_fills_them(steps, reaches):
    """Otherwise they are filled before its first step."""
    assert takes_nan(make_pipeline(*steps), {}) == reaches


@pytest.mark.parametrize(
    ("estimator", "says"),
    [
        (OneVsRestClassifier(LogisticRegression(class_weight="balanced")), "weights cannot be taken back"),
        (OneVsRestClassifier(HistGradientBoostingClassifier()), "OneVsRestClassifier of HistGradientBoostingClassifier is not written"),
        (OneVsRestClassifier(make_pipeline(StandardScaler(), LogisticRegression())), "of Pipeline is not written"),
    ],
)
def test_one_against_the_rest_is_of_plain_logistic_regressions(estimator, says):
    """Whatever else stands inside is refused before anything is fitted, and so are weights in there."""
    choose(OneVsRestClassifier(LogisticRegression(C=2.0)), "multiclass")
    with pytest.raises(DefinitionError, match=says):
        choose(estimator, "multiclass")


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("xgboost", {"class_weight": {0: 1, 1: 9}}, "Give class_weight= to define_model"),
        ("xgboost", {"foo": 3}, "has no parameter 'foo'"),
        ("lightgbm", {"unbalance": True}, "Did you mean 'is_unbalance'"),
        ("lightgbm", {"boosting": "dart"}, "Did you mean 'boosting_type'"),
        ("lightgbm", {"pos_bagging_fraction": 0.5}, "has no parameter 'pos_bagging_fraction'"),
    ],
)
def test_an_instance_has_the_parameters_of_its_class_alone(name, given, says):
    """XGBoost ignores what it does not know, and LightGBM takes aliases, which would pass by what is refused."""
    library = pytest.importorskip(name)
    made = getattr(library, ALGORITHMS[name].classifier)
    choose(made(n_estimators=3, max_bin=63, verbosity=0))
    for algorithm in (made(**given), make_pipeline(StandardScaler(), made(**given))):
        with pytest.raises(DefinitionError, match=says):
            choose(algorithm)
