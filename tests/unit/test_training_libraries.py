"""XGBoost and LightGBM as algorithms: what is settled for them, what is refused, and how they are told of categories."""

from __future__ import annotations

import numpy as np
import pytest

from prisml.definition.algorithms import takes_nan
from prisml.errors import DefinitionError, TrainingError
from prisml.training.estimators import choose_estimator
from prisml.training.pipeline import Column, fit_pipeline, parameters_of

xgboost, lightgbm = pytest.importorskip("xgboost"), pytest.importorskip("lightgbm")


def choose(algorithm, task="binary", params=None, encoding="auto"):
    """The choice for a model called m."""
    return choose_estimator(algorithm, params=params, task=task, seed=3, model="m", encoding=encoding)


@pytest.mark.parametrize(("name", "told"), [("xgboost", {"n_jobs": 1}), ("lightgbm", {"n_jobs": 1, "deterministic": True})])
def test_equal_training_gives_equal_models(name, told):
    """However many cores there are, and whatever was faster."""
    params = choose(name, params={"n_jobs": 4}).estimator.get_params()
    assert {key: params[key] for key in told} == told


@pytest.mark.parametrize(
    ("given", "task", "parameter"),
    [
        (xgboost.XGBClassifier(booster="gblinear"), "binary", "booster"),
        (xgboost.XGBRegressor(booster="dart"), "regression", "booster"),
        (xgboost.XGBRegressor(objective="reg:logistic"), "regression", "objective"),
        (xgboost.XGBRegressor(objective=lambda *given: given), "regression", "objective"),
        (xgboost.XGBRegressor(multi_strategy="multi_output_tree"), "regression", "multi_strategy"),
        (xgboost.XGBClassifier(missing=0.0), "binary", "missing"),
        (lightgbm.LGBMClassifier(objective="multiclassova"), "multiclass", "objective"),
        (lightgbm.LGBMRegressor(objective="cross_entropy_lambda"), "regression", "objective"),
        (lightgbm.LGBMClassifier(zero_as_missing=True), "binary", "zero_as_missing"),
        (lightgbm.LGBMRegressor(linear_tree=True), "regression", "linear_tree"),
        (lightgbm.LGBMRegressor(reg_sqrt=True), "regression", "reg_sqrt"),
    ],
)
def test_options_that_are_not_written_exactly_are_refused_by_name(given, task, parameter):
    """Before anything is fitted, with what to use instead."""
    with pytest.raises(
        DefinitionError, match=rf"{type(given).__name__} (with this|is given) {parameter}(,| is not known to be exported exactly)"
    ) as caught:
        choose(given, task)
    assert caught.value.suggestions


@pytest.mark.parametrize(
    "given", [xgboost.XGBClassifier(feature_types=["c"], enable_categorical=True), lightgbm.LGBMClassifier(categorical_feature=[0])]
)
def test_columns_of_categories_are_not_named_by_hand(given):
    """PrisML knows them, and says so to the estimator where encoding is native."""
    with pytest.raises(DefinitionError, match=f"{type(given).__name__} is given .*, and PrisML says which columns") as caught:
        choose(given)
    assert 'encoding="native"' in str(caught.value)


def test_lightgbm_without_missing_values_gets_none():
    """They are filled in."""
    assert not takes_nan(lightgbm.LGBMClassifier(use_missing=False), {})
    assert not takes_nan("lightgbm", {"use_missing": False})
    assert takes_nan("lightgbm", {})


def test_parameters_that_lightgbm_does_not_show_can_be_given():
    """They are checked all the same: LightGBM itself takes any name."""
    assert choose("lightgbm", params={"cat_smooth": 3.0}).estimator.get_params()["cat_smooth"] == 3.0
    with pytest.raises(DefinitionError, match=r"has no parameter 'cat_smoth'. Did you mean 'cat_smooth'\?"):
        choose("lightgbm", params={"cat_smoth": 3.0})


@pytest.mark.parametrize("name", ["xgboost", "lightgbm"])
def test_what_the_library_refuses_is_a_training_error(name):
    """LightGBM's own class of errors is one too."""
    params = {"objective": "poisson"} if name == "lightgbm" else {"objective": "count:poisson"}
    choice = choose(name, "regression", params)
    matrix = np.arange(40, dtype=np.float32)[:, None]
    with pytest.raises(TrainingError, match="refused to fit"):
        fit_pipeline(choice, [Column("x", None, 0)], matrix, -matrix[:, 0], task="regression", classes=(), model="m")


def test_parameters_are_stored_as_they_were_fitted():
    """The columns that XGBoost took for categories stand among them."""
    choice = choose("xgboost", params={"n_estimators": 2}, encoding="native")
    matrix = np.column_stack((np.arange(40) % 3, np.arange(40))).astype(np.float32)
    target = (matrix[:, 0] == 1).astype(np.intp)
    columns = [Column("c", None, 3), Column("x", None, 0)]
    fitted = fit_pipeline(choice, columns, matrix, target, task="binary", classes=(0, 1), model="m")
    assert parameters_of(fitted.estimator)["feature_types"] == ["c", "q"]
