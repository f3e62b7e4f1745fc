"""Why a version that serves cannot be compared with, each reason by itself, and what it predicts where it can."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from sqlalchemy import Float, func
from sqlalchemy.orm import class_mapper

from prisml import Gate, define_model, expression, log1p
from prisml.errors import PrisMLWarning
from prisml.extraction.beside import Besides
from prisml.manifest import Source
from prisml.registry import Registry
from prisml.registry.bundle import Artifact
from prisml.serving.engine import Engine
from prisml.training.active import (
    Active,
    _other_classes,
    _problem_of,
    _problem_of_source,
    _problems,
    needs_active,
    predicted_by,
    read_active,
)
from prisml.training.fit import fit
from prisml.training.parts import divide
from tests.artifacts import AGE, make_artifact
from tests.support.shop import Customer
from tests.support.training import extracted, visits

BESIDE = [Gate("accuracy", not_worse_than="active")]
NOW = define_model(
    Customer,
    output="p",
    label=Customer.churned,
    features={"domain": expression(Customer.email), "absolute": log1p(expression(func.abs(Customer.points, type_=Float())))},
)


@pytest.mark.parametrize(
    ("path", "dtype", "problem"),
    [
        (("age",), "int", None),
        (("account", "credit"), "float", None),
        (("age",), "float", "reads age as float, which is mapped as int now"),
        (("account", "credit"), "int", "reads account.credit as int, which is mapped as float now"),
        (("gone",), "int", "reads gone, which is not mapped any more"),
        (("account",), "int", "reads account, which is not mapped any more"),
        (("account", "gone"), "int", "reads account.gone, which is not mapped any more"),
        (("gone", "credit"), "int", "reads gone.credit, and 'gone' is no to-one relationship any more"),
        (("email", "credit"), "int", "reads email.credit, and 'email' is no to-one relationship any more"),
        (("orders", "id"), "int", "reads orders.id, and 'orders' is no to-one relationship any more"),
    ],
)
def test_a_column_has_to_be_mapped_as_it_was(path, dtype, problem):
    """Under its name, over a relationship that leads to one row, and with its type; else its values are others."""
    found = _problem_of_source(class_mapper(Customer), "x", Source(path=path, dtype=dtype), NOW)
    assert found == (None if problem is None else f"its feature 'x' {problem}")


@pytest.mark.parametrize(("name", "problem"), [("@absolute", None), ("@gone", "the SQL of its feature 'x' is another now")])
def test_sql_behind_a_transform_has_to_be_there_still(name, problem):
    """It is known by its name in the definition."""
    assert _problem_of_source(class_mapper(Customer), "x", Source(path=(name,), dtype="float"), NOW) == problem


def test_the_first_source_that_cannot_be_read_is_told_with_its_feature():
    """A feature may read several columns."""
    sources = (Source(path=("age",), dtype="int"), Source(path=("gone",), dtype="int"), Source(path=("away",), dtype="int"))
    item = AGE.model_copy(update={"name": "ratio", "sources": sources})
    found = _problem_of(NOW, class_mapper(Customer), make_artifact().manifest, item)
    assert found == "its feature 'ratio' reads gone, which is not mapped any more"


@pytest.mark.parametrize(
    ("theirs", "mine", "problem"),
    [
        (("a", "b"), ("a", "b"), None),
        ((), (), None),
        (("a", "b"), ("b", "a"), "its 2 classes stand in another order now"),
        (("a", "b", "c"), ("a", "b"), "it has 3 classes, and now there are 2, of which it has 2"),
        ((False, True), (0, 1), None),
        ((False, True), (1, 0), "it has 2 classes, and now there are 2, of which it has 0"),
        ((0, 1), ("0", 1), "it has 2 classes, and now there are 2, of which it has 1"),
    ],
)
def test_classes_have_to_be_the_same_in_the_same_order(theirs, mine, problem):
    """A code of one is else another thing to the other; a text is no number, and yes and no stand for 1 and 0 only in that order."""
    assert _other_classes(theirs, mine) == problem


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def served(request):
    """A version of each task, the rows that it is asked about, and what they were divided into."""
    definition, found = visits(request.param), extracted(request.param)
    artifact, data = fit(definition, found).artifact, divide(definition, found)
    return artifact, Besides(artifact.manifest.inputs, found.matrix, found.categories), data


def with_manifest(artifact, **changed):
    """The artifact with these in its manifest."""
    return Artifact(artifact.manifest.model_copy(update=changed).to_json(), artifact.onnx)


def test_what_it_predicts_for_the_holdout_is_what_the_engine_predicts(served):
    """Of the rows that are held out now, with their labels."""
    artifact, besides, data = served
    rival = predicted_by(Active(4, artifact), besides, data)
    answers = Engine.from_artifact(artifact).predict_encoded(data.test.matrix)
    wanted = answers.probabilities if artifact.manifest.task == "multiclass" else answers.values
    assert (rival.number, rival.manifest, rival.problem) == (4, artifact.manifest, None)
    assert rival.holdout.predicted.dtype == np.float64
    assert rival.holdout.predicted.tolist() == np.asarray(wanted).tolist()
    assert rival.holdout.truth.tolist() == data.test.target.tolist()
    assert rival.holdout.classes == len(artifact.manifest.classes)


def test_its_labels_are_those_of_its_own_threshold():
    """Which another version need not share; one half where it has none."""
    definition, found = visits(), extracted()
    artifact, data = fit(definition, found).artifact, divide(definition, found)
    besides = Besides(artifact.manifest.inputs, found.matrix, found.categories)
    for threshold in (0.05, 0.5, 0.95, None):
        rival = predicted_by(Active(4, with_manifest(artifact, threshold=threshold)), besides, data)
        assert rival.holdout.labels.tolist() == (rival.holdout.predicted > (threshold or 0.5)).tolist()


def test_what_it_would_refuse_is_told_with_the_feature_and_the_rows():
    """Where one row is refused, nothing is compared."""
    definition, found = visits(), extracted()
    artifact, data = fit(definition, found).artifact, divide(definition, found)
    strict = tuple(item.model_copy(update={"missing": "error"}) if item.name == "age" else item for item in artifact.manifest.inputs)
    missing = int(np.isnan(found.matrix[data.test.rows, 0]).sum())
    rival = predicted_by(Active(4, artifact), Besides(strict, found.matrix, found.categories), data)
    assert missing > 1
    assert said(rival) == (4, f"it refuses {missing} of the 120 rows for their 'age'")


def test_what_is_known_not_to_be_comparable_is_not_asked(served):
    """Its reason is handed on; so is that of rows which could not be encoded, and of other classes before that."""
    artifact, besides, data = served
    assert said(predicted_by(Active(4, problem="it is of another world"), besides, data)) == (4, "it is of another world")
    assert said(predicted_by(Active(4, problem="it is of another world"), None, data)) == (4, "it is of another world")
    assert said(predicted_by(Active(4, artifact), None, data)) == (4, None)
    assert said(predicted_by(Active(4, artifact), replace(besides, problem="they do not fit"), data)) == (4, "they do not fit")
    if artifact.manifest.classes:
        found = predicted_by(Active(4, artifact), replace(besides, problem="they do not fit"), replace(data, classes=("no", "yes")))
        assert said(found)[1].endswith("and now there are 2, of which it has 0")


def said(rival):
    """Its number and the problem; it has nothing else."""
    assert (rival.manifest, rival.holdout) == (None, None)
    return rival.number, rival.problem


def test_a_graph_that_cannot_be_loaded_stops_no_training(served):
    """The gate says what the engine said."""
    artifact, besides, data = served
    damaged = b"no graph"
    broken = Artifact(artifact.manifest.model_copy(update={"model_sha256": sha256(damaged).hexdigest()}).to_json(), damaged)
    assert said(predicted_by(Active(4, broken), besides, data)) == (4, "it cannot be asked here: The graph is no ONNX file.")


def test_doubts_about_its_answers_are_told_with_its_number(served):
    """As wherever else it serves: it is compared with as it answers here."""
    artifact, besides, data = served
    other = tuple(row.model_copy(update={"expected": tuple(1 - each for each in row.expected)}) for row in artifact.manifest.golden)
    with pytest.warns(PrisMLWarning, match="^Model 'visits', version 4: answers for the golden rows of its manifest are wrong here"):
        rival = predicted_by(Active(4, with_manifest(artifact, golden=other)), besides, data)
    assert rival.problem is None


@pytest.fixture
def registry(tmp_path):
    """A registry in which one version serves."""
    made = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    made.publish(make_artifact("p", inputs=(AGE,), entity="Customer"))
    return made


def test_only_a_gate_that_compares_needs_the_version_that_serves(registry):
    """Without one nothing is read, and where none serves there is nothing to read."""
    plain, beside = (replace_gates(gates) for gates in ([Gate("accuracy", min=0.1)], [Gate("accuracy", min=0.1), *BESIDE]))
    assert (needs_active(plain), needs_active(beside)) == (False, True)
    assert read_active(plain, registry, registry.active("p")) is None
    assert read_active(beside, registry, None) is None
    read = read_active(beside, registry, registry.active("p"))
    assert (read.number, read.problem, read.artifact.manifest.name, read.inputs) == (1, None, "p", (AGE,))


def replace_gates(gates):
    """The same small definition with other gates."""
    return define_model(Customer, output="p", label=Customer.churned, features={"age": Customer.age}, gates=gates, name="p")


def test_a_version_that_cannot_be_read_stops_no_training(registry, tmp_path):
    """The gate says why, with the version's number."""
    version = registry.active("p")
    with closing(sqlite3.connect(tmp_path / "registry.db")) as database, database:
        database.execute("UPDATE prisml_blobs SET data = X'00'")
    read = read_active(replace_gates(BESIDE), registry, version)
    assert (read.number, read.artifact, read.inputs) == (1, None, ())
    assert read.problem.startswith("it cannot be read: ")
    assert "damaged" in read.problem


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"entity": "Order"}, "it predicts for Order, and the definition for Customer"),
        ({"task": "regression", "classes": (), "threshold": None}, "it is a regression model, and the definition's task is binary"),
        ({"as_of_column": "joined_at"}, "its rows were seen each at its own 'joined_at', and now all at one moment"),
    ],
)
def test_a_version_of_something_else_cannot_be_compared_with(changed, problem):
    """Of another entity, another task or another moment, before any of its features is looked at."""
    manifest = make_artifact("p", inputs=(AGE,)).manifest.model_copy(update=changed)
    assert next(_problems(replace_gates(BESIDE), manifest), None) == problem
