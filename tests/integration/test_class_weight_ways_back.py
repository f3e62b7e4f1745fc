"""Class weights of estimators whose probabilities do not follow them in the usual way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from prisml import DefinitionError
from prisml.training.fit import fit
from prisml.training.parts import divide
from prisml.training.production import predict
from tests.support.training import extracted, visits

WEIGHTS = {False: 1.0, True: 9.0}


def rare(rows):
    """Visits of which one in ten buys."""
    found = extracted("binary", rows)
    bought = np.random.default_rng(3).random(rows) < 0.2
    return replace(found, labels=np.where((found.labels == 0) & ~bought, 1, found.labels).astype(np.int32))


@pytest.mark.parametrize(
    "algorithm",
    [
        SVC(probability=True),
        make_pipeline(StandardScaler(), SVC(probability=True)),
        make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=10)),
    ],
)
def test_weighted_machines_and_pipelines_of_boosted_trees_have_the_base_rate(algorithm):
    """Platt's sigmoid has it by itself, boosted trees behind steps get it back."""
    data = rare(600)
    definition = visits("binary", algorithm, class_weight=WEIGHTS)
    artifact, parts = fit(definition, data).artifact, divide(definition, data)
    mean = predict(artifact.onnx, artifact.manifest, parts.train.matrix).mean()
    assert mean == pytest.approx(np.mean(parts.train.target == 1), rel=0.3)


@pytest.mark.parametrize(("task", "loss"), [("binary", "modified_huber"), ("multiclass", "log_loss")])
def test_weights_without_an_exact_way_back_need_a_calibrator(task, loss):
    """Of one class against the rest, and of a loss whose probabilities are no logistic curve."""
    definition = visits(task, SGDClassifier(loss=loss), class_weight="balanced")
    with pytest.raises(DefinitionError, match=r"SGDClassifier .* cannot be taken back exactly") as caught:
        fit(definition, rare(300) if task == "binary" else extracted(task, 300))
    assert 'calibrate="sigmoid"' in str(caught.value)


@pytest.mark.parametrize(
    "last", [ComplementNB(), GaussianNB(priors=[0.5, 0.5]), BernoulliNB(fit_prior=False), BernoulliNB(class_prior=[0.5, 0.5])]
)
def test_an_estimator_whose_prior_is_fixed_takes_no_weights(last):
    """They would change nothing, and be taken back all the same."""
    with pytest.raises(DefinitionError, match=f"{type(last).__name__} counts every row alike"):
        fit(visits("binary", make_pipeline(MinMaxScaler(), last), class_weight="balanced"), extracted("binary", 300))
