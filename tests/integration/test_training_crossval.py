from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from prisml.definition import GroupSplit, TimeSplit
from prisml.errors import DefinitionError, NoDataError
from prisml.manifest import read_manifest
from prisml.training.fit import fit
from prisml.training.folds import make_folds
from prisml.training.metrics import METRICS
from prisml.training.parts import divide
from prisml.training.seen import Seen
from tests.support.training import Visit, extracted, visits


def folded(rows, task="binary", **options):
    """What the manifest keeps of the cross-validation."""
    return read_manifest(fit(visits(task, **options), rows).artifact.manifest.to_json()).cross_validation


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_each_metric_has_a_value_for_each_fold(task):
    """With their mean and standard deviation, and the rows of each fold, all of the training part."""
    found = folded(extracted(task), task, cv=4)
    assert sum(fold.test for fold in found.folds) == 480
    assert {fold.train + fold.test for fold in found.folds} == {480}
    assert found.metrics.keys() == METRICS[task].keys()
    for each in found.metrics.values():
        assert each.mean == pytest.approx(np.mean(each.values))
        assert each.deviation == pytest.approx(np.std(each.values, ddof=1))


def test_each_fold_is_a_model_of_scikit_learn_on_the_fold_alone():
    """The values of one fitted by hand on the same rows and columns."""
    rows = extracted()
    rows = replace(rows, matrix=rows.matrix[:, [1, 4]], categories=(None, None))
    definition = visits(features={"income": Visit.income, "member": Visit.member}, params={"max_depth": 3}, cv=5)
    data = divide(definition, rows)
    manifest = fit(definition, rows).artifact.manifest
    found = manifest.cross_validation
    parts = make_folds(definition.split, data.train.target, None, folds=5, classes=2, seed=definition.seed, model="visits", seen=Seen())
    for (train, test), value in zip(parts, found.metrics["roc_auc"].values, strict=True):
        tree = DecisionTreeClassifier(**manifest.parameters).fit(data.train.matrix[train], data.train.target[train])
        expected = roc_auc_score(data.train.target[test], tree.predict_proba(data.train.matrix[test])[:, 1])
        assert value == pytest.approx(expected)


def test_the_model_and_its_metrics_do_not_depend_on_it():
    """The final model is fitted on the whole training part as before."""
    plain, crossed = (fit(visits(cv=cv), extracted()).artifact for cv in (None, 3))
    assert plain.onnx == crossed.onnx
    assert plain.manifest.metrics == crossed.manifest.metrics
    assert plain.manifest.cross_validation is None
    assert crossed.digest == fit(visits(cv=3), extracted()).artifact.digest


def test_folds_follow_the_split():
    """By time they grow; by groups whole groups are judged."""
    rows = replace(extracted(), split_values=np.random.default_rng(1).integers(0, 200, 600))
    growing = folded(rows, split=TimeSplit(Visit.at, test_size=0.2), cv=4).folds
    assert [fold.train for fold in growing] == sorted(fold.train for fold in growing)
    assert growing[-1].train + growing[-1].test <= 490
    assert len(folded(rows, split=GroupSplit(Visit.household), cv=4).folds) == 4


def test_progress_tells_of_each_fold():
    """A step of its own, before the fit."""
    told = []
    fit(visits(cv=3), extracted(), progress=lambda *step: told.append(step))
    assert [step for step in told if step[0] == "cross-validate"] == [("cross-validate", done, 3) for done in range(4)]
    assert told.index(("cross-validate", 3, 3)) < told.index(("fit", 0, 1))


def test_what_cannot_be_divided_is_refused_before_fitting():
    """A number of folds that the groups do not give."""
    rows = replace(extracted(), split_values=np.repeat([1, 2, 3, 4], 150))
    with pytest.raises(NoDataError, match="the training part has 3 groups, and cv=5"):
        fit(visits(split=GroupSplit(Visit.household), cv=5), rows)


@pytest.mark.parametrize("cv", [0, 1, 21, 2.5, True, "5"])
def test_a_cv_that_is_no_number_of_folds_is_refused(cv):
    """From 2 to 20."""
    with pytest.raises(DefinitionError, match=r"cv"):
        visits(cv=cv)


def test_warnings_are_kept_with_the_version():
    """By code, with the feature and the way out, in the manifest and beside the verdicts."""
    rows = extracted()
    rows.matrix[:, 4] = 1
    candidate = fit(visits(), rows)
    (warning,) = candidate.warnings
    assert candidate.artifact.manifest.warnings == (warning,)
    stored = json.loads(candidate.artifact.manifest.to_json())["warnings"]
    assert stored == [
        {
            "code": "constant_feature",
            "feature": "member",
            "what": "has the same value in all 480 rows of the training part",
            "way_out": "Leave it out.",
        }
    ]
