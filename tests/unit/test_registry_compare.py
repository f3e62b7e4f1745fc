"""Two versions side by side, made by training and by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prisml.definition import Feature, Gate
from prisml.errors import VersionNotFoundError
from prisml.manifest import Fingerprints, Interval
from prisml.registry import Artifact, Registry
from prisml.registry.compare import Change, FeatureChange, compare
from prisml.training.fit import fit
from tests.artifacts import AGE, COUNTRY, MAIL_DOMAIN, make_artifact
from tests.support.training import Visit, extracted, visits


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry that is not there yet."""
    return Registry(f"sqlite:///{tmp_path / 'registry.db'}")


def with_metrics(artifact: Artifact, **metrics: Interval) -> Artifact:
    """The artifact with those metrics."""
    return Artifact(artifact.manifest.model_copy(update={"metrics": metrics}).to_json(), artifact.onnx)


def test_two_trained_versions_are_told_apart(registry: Registry):
    """Of two real trainings, metrics, gates, features, data, parameters and size are told as their manifests have them."""
    gate = Gate("accuracy", min=0.5)
    first = fit(visits(gates=[gate], params={"max_depth": 3}), extracted()).artifact
    features = {"age": Visit.age, "income": Visit.income, "country": Feature(Visit.country, min_frequency=2), "member": Visit.member}
    data = extracted(rows=900, seed=1)
    keep = [0, 1, 2, 4]
    fewer = type(data)(
        **{**vars(data), "matrix": data.matrix[:, keep].copy(), "categories": tuple(data.categories[place] for place in keep)}
    )
    second = fit(visits(features=features, gates=[gate, Gate("roc_auc", min=0.5)], params={"max_depth": 5}), fewer).artifact
    registry.publish(first)
    registry.publish(second, label="fewer")
    found = compare(registry, "visits", 1, "fewer")
    assert not found.same
    for change in found.metrics:
        assert change.a == first.manifest.metrics[change.metric]
        assert change.b == second.manifest.metrics[change.metric]
        assert change.a is not None
        assert change.b is not None
        assert change.difference == change.b.value - change.a.value
    assert [(gate.metric, gate.a, gate.b) for gate in found.gates] == [("accuracy", True, True), ("roc_auc", None, True)]
    assert (found.added, found.removed, found.reordered) == ((), ("zip",), False)
    (country,) = found.changed
    assert country.name == "country"
    assert {change.what for change in country.changes} == {"categories"}
    assert Change("rows train", 480, 720) in found.data
    assert Change("rows extracted", 603, 903) in found.data
    assert found.parameters == (Change("max_depth", 3, 5),)
    assert found.size == Change("bytes of the graph", len(first.onnx), len(second.onnx))
    assert (found.model, found.libraries) == ((), ())
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()


def test_a_difference_says_which_is_better_by_the_metrics_own_direction(registry: Registry):
    """More accuracy is better and more log loss is worse; intervals that do not meet say that it is more than chance."""
    one = Interval(value=0.7, low=0.65, high=0.75)
    registry.publish(with_metrics(make_artifact(), accuracy=one, log_loss=one, brier=one, f1=Interval(value=0.7)))
    above, within = Interval(value=0.8, low=0.76, high=0.84), Interval(value=0.71, low=0.66, high=0.76)
    registry.publish(with_metrics(make_artifact(), accuracy=above, log_loss=above, brier=within, f1=Interval(value=0.7), recall=one))
    found = {change.metric: (change.better, change.apart) for change in compare(registry, "churn", 1, 2).metrics}
    assert found == {
        "accuracy": (True, True),
        "log_loss": (False, True),
        "brier": (False, False),
        "f1": (None, None),
        "recall": (None, None),
    }
    back = {change.metric: change.difference for change in compare(registry, "churn", 2, 1).metrics}
    assert back["accuracy"] == pytest.approx(-0.1)
    assert back["recall"] is None


def test_features_are_compared_by_name(registry: Registry):
    """A feature that is added, removed, changed or moved is told as such, and a resolver whose code changed as changed."""
    one, other = (Fingerprints(columns="0" * 64, resolvers={"mail_domain": code * 64}) for code in "12")
    registry.publish(make_artifact(inputs=(AGE, MAIL_DOMAIN), fingerprints=one))
    registry.publish(make_artifact(inputs=(MAIL_DOMAIN, AGE.model_copy(update={"missing": "error"})), fingerprints=other))
    registry.publish(make_artifact(inputs=(COUNTRY, AGE)))
    found = compare(registry, "churn", 1, 2)
    assert found.reordered
    assert found.changed == (
        FeatureChange("age", (Change("missing", "nan", "error"),)),
        FeatureChange("mail_domain", (Change("code", "1" * 64, "2" * 64),)),
    )
    found = compare(registry, "churn", 1, 3)
    assert (found.added, found.removed, found.changed, found.reordered) == (("country",), ("mail_domain",), (), False)


def test_a_version_is_the_same_as_itself(registry: Registry):
    """A version beside itself differs in nothing."""
    registry.publish(make_artifact())
    found = compare(registry, "churn", 1, 1)
    assert found.same
    assert not any((found.added, found.removed, found.changed, found.data, found.model, found.parameters, found.libraries, found.size))


def test_a_threshold_or_a_class_is_a_change_of_the_model(registry: Registry):
    """What the numbers mean is compared too: threshold and classes."""
    registry.publish(make_artifact())
    registry.publish(make_artifact(threshold=0.3, classes=("ok", "fraud")))
    assert compare(registry, "churn", 1, 2).model == (
        Change("classes", [False, True], ["ok", "fraud"]),
        Change("threshold", 0.5, 0.3),
    )


def test_a_deleted_version_cannot_be_compared(registry: Registry):
    """A version whose manifest is gone is refused by its number."""
    registry.publish(make_artifact())
    registry.publish(make_artifact(bias=1.0))
    registry.delete("churn", 1)
    with pytest.raises(VersionNotFoundError, match="version 1 was deleted"):
        compare(registry, "churn", 1, 2)


def test_a_gate_beside_a_guess_is_the_same_gate_on_other_data(registry: Registry):
    """What a guess reaches differs with the rows; the condition of the definition does not, so both verdicts stand in one line."""
    gates = [Gate("accuracy", better_than="baseline"), Gate("accuracy", better_than="baseline", by=0.01)]
    data = extracted()
    kept = np.flatnonzero((data.labels == 0) | (np.arange(len(data.labels)) % 2 == 0))
    for rows in (data, replace(data, matrix=data.matrix[kept], labels=data.labels[kept])):
        registry.publish(fit(visits(gates=gates), rows).artifact)
    wanted = [version.gates[0].wanted for version in (registry.artifact("visits", number).manifest for number in (1, 2))]
    assert wanted[0] != wanted[1]
    found = compare(registry, "visits", 1, 2).gates
    assert len({change.wanted for change in found}) == len(found) == 2
    assert all(change.a is not None and change.b is not None for change in found)
