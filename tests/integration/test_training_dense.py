from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from scipy.special import expit
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import BayesianRidge, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, PolynomialFeatures, StandardScaler
from sqlalchemy import create_engine

from prisml.commands.check import check
from prisml.commands.train import train
from prisml.errors import DefinitionError
from prisml.registry.registry import Registry
from prisml.serving.engine import Engine
from prisml.training.export.dense.answers import logistic, shares
from prisml.training.export.dense.writer import Writer
from prisml.training.export.graph import INPUT, Body, assemble
from prisml.training.fit import fit
from tests.support.training import extracted, visits

NAMES = [
    ("binary", "gaussian_nb"),
    ("binary", "lda"),
    ("binary", "mlp"),
    ("binary", "qda"),
    ("binary", "sgd"),
    ("binary", "svm"),
    ("multiclass", "lda"),
    ("multiclass", "mlp"),
    ("multiclass", "sgd"),
    ("regression", "bayesian_ridge"),
    ("regression", "elastic_net"),
    ("regression", "gamma"),
    ("regression", "huber"),
    ("regression", "lasso"),
    ("regression", "mlp"),
    ("regression", "poisson"),
    ("regression", "quantile"),
    ("regression", "svm"),
    ("regression", "tweedie"),
]
PIPELINES = [
    ("binary", make_pipeline(StandardScaler(), PCA(3), LogisticRegression())),
    ("binary", make_pipeline(StandardScaler(), SimpleImputer(), PolynomialFeatures(), StandardScaler(), LogisticRegression())),
    ("binary", make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=10))),
    ("binary", make_pipeline(SelectKBest(k=3), RandomForestClassifier(10, max_depth=5))),
    ("multiclass", make_pipeline(MinMaxScaler(clip=True), MultinomialNB())),
    ("multiclass", make_pipeline(StandardScaler(), PCA(4), RandomForestClassifier(10, max_depth=5))),
    ("regression", make_pipeline(StandardScaler(), KBinsDiscretizer(encode="onehot-dense"), BayesianRidge())),
    ("regression", make_pipeline(StandardScaler(), HistGradientBoostingRegressor(max_iter=10))),
]


def rows_of(task, algorithm):
    """Visits; what a loss takes for positive numbers is one."""
    rows = extracted(task)
    if algorithm in ("gamma", "poisson", "tweedie"):
        rows.labels[:] = abs(rows.labels) / 1000 + 1
    return rows


@pytest.mark.parametrize(("task", "algorithm"), NAMES)
# Of a solver that is not done, and a parameter that scikit-learn will give up.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_each_name_passes_the_parity_gate_with_its_defaults(task, algorithm):
    """Through ONNX Runtime, natively where the graph is taken, and at the edges; and equal training gives equal bytes."""
    candidate, again = (fit(visits(task, algorithm), rows_of(task, algorithm)) for _ in range(2))
    assert candidate.artifact.manifest.parity.max_difference < candidate.artifact.manifest.parity.tolerance / 5
    assert candidate.artifact.digest == again.artifact.digest


@pytest.mark.parametrize(("task", "algorithm"), PIPELINES, ids=lambda given: getattr(given, "steps", [("", given)])[-1][0])
# Of two values there are no five bins, of one none.
@pytest.mark.filterwarnings("ignore:Bins whose width:UserWarning", "ignore:Feature .* is constant:UserWarning")
def test_a_users_pipeline_is_served(task, algorithm):
    """Its steps are in the graph, and its parameters in the manifest."""
    candidate = fit(visits(task, algorithm), extracted(task))
    manifest = candidate.artifact.manifest
    assert manifest.estimator == "Pipeline"
    assert manifest.parameters["steps"][0]["class"] == type(algorithm.steps[0][1]).__name__
    assert manifest.parity.max_difference < manifest.parity.tolerance / 5
    assert manifest.encoding == ("ordinal" if isinstance(algorithm.steps[0][1], SelectKBest) else "one_hot")
    assert Engine.from_artifact(candidate.artifact).predict_many([golden.features for golden in manifest.golden]).values is not None


@pytest.mark.parametrize("method", [None, "sigmoid"])
def test_one_against_all_others_is_scored_natively(method):
    """The logistic functions of its classes are nodes that the native scorer takes, calibrated or not."""
    definition = visits("multiclass", OneVsRestClassifier(LogisticRegression()), calibrate=method)
    assert Engine.from_artifact(fit(definition, extracted("multiclass")).artifact).info().scorer == "native"


def test_classes_that_are_all_unlikely_have_their_shares():
    """Where each logistic function is next to nothing, ONNX Runtime gives the shares that scipy's have."""
    writer = Writer()
    answer = writer.float(shares(writer, logistic(writer, writer.double(INPUT))))
    onnx = assemble(Body(writer.nodes, writer.tensors, answer), None, task="multiclass", inputs=3, outputs=3, model="m")
    scores = np.array([[-30, -31, -32], [-60, -61, -62], [-400, -401, -399], [-1, 0, 40]], dtype=np.float32)
    (given,) = onnxruntime.InferenceSession(onnx).run(None, {INPUT: scores})
    each = expit(scores.astype(np.float64))
    np.testing.assert_allclose(given, each / each.sum(axis=1, keepdims=True), rtol=1e-6)


def test_missing_numbers_reach_a_pipeline_that_fills_them():
    """The features' rule is then that of trees, and no imputer stands before the steps."""
    definition = visits("binary", PIPELINES[1][1])
    assert definition.inputs[0].imputation is None
    assert fit(definition, extracted("binary")).artifact.manifest.inputs[0].imputation is None


@pytest.mark.parametrize(
    ("algorithm", "params", "says"),
    [
        ("hist_gradient_boosting", {"max_dept": 3}, "Did you mean 'max_depth'"),
        ("hist_gradient_boosting", {"max_depth": 0}, "max_depth"),
        (make_pipeline(StandardScaler(), LogisticRegression(solver="newton")), None, "solver"),
    ],
)
@pytest.mark.parametrize("command", [check, train])
def test_a_parameter_that_cannot_be_is_refused_before_a_database_is_asked(command, algorithm, params, says):
    """There is none at this address, and nobody notices."""
    definition = visits("binary", algorithm, **({} if params is None else {"params": params}))
    database = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(DefinitionError) as caught:
        command(definition, database=database, registry=Registry("sqlite:////nowhere/registry.db"))
    assert says in caught.value.message + " ".join(caught.value.suggestions)
