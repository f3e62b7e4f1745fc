"""Graphs that were trained outside of PrisML, registered by their golden rows and served."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import prisml
from prisml.definition import Feature, log1p, resolver
from prisml.errors import ConfigurationError, EncodingError, UnseenCategoryError
from prisml.registry import Registry, write_bundle
from prisml.serving.foreign import Categories, foreign_artifact, register
from prisml.serving.golden import read_golden
from tests.support.foreign import ROWS, SPENT, Client, Plan, converted, data, golden, logistic, model, summing


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry that is not there yet."""
    return Registry(f"sqlite:///{tmp_path / 'registry.db'}")


def test_a_pipeline_of_scikit_learn_is_registered_and_served(registry: Registry):
    """A pipeline trained elsewhere and converted by skl2onnx is a version like any other: it predicts what scikit-learn does."""
    pipeline, graph = logistic()
    definition = model()
    version = register(
        registry, definition, graph.SerializeToString(), golden(pipeline), author="ada", why="from R&D", label="v0", note="n"
    )
    assert (version.number, version.active, version.author, version.label, version.note, version.metrics) == (1, True, "ada", "v0", "n", {})
    matrix, _ = data()
    rows = [{"age": int(age), "income": float(income)} for age, income in matrix]
    for engine in (prisml.load("left", registry=registry, refresh=None), definition.load(registry=registry, refresh=None)):
        assert np.abs(engine.predict_many(rows).values - pipeline.predict_proba(matrix)[:, 1]).max() < 1e-5
    manifest = registry.artifact("left").manifest
    assert (manifest.parity.source, manifest.parity.rows, manifest.parity.edge_rows) == ("supplied", 4, 0)
    assert 0 < manifest.parity.max_difference <= manifest.parity.tolerance == 1e-5
    assert (manifest.estimator, manifest.libraries) == ("skl2onnx", {"skl2onnx": "1.20.0"})
    assert (manifest.metrics, manifest.gates, manifest.rows.train, manifest.key) == ({}, (), 0, ("id",))
    assert [row.features for row in manifest.golden] == ROWS


def test_the_same_graph_is_the_same_version(registry: Registry):
    """Registering again gives the version it has; a foreign version stands beside trained ones and is rolled back like them."""
    pipeline, graph = logistic()
    onnx_bytes = graph.SerializeToString()
    assert register(registry, model(), onnx_bytes, golden(pipeline)).number == 1
    assert register(registry, model(), onnx_bytes, golden(pipeline)).number == 1
    assert register(registry, model(), onnx_bytes, golden(pipeline)[:3], activate=False).number == 2
    assert registry.active("left").number == 1


def test_a_graph_made_by_hand_is_a_bundle_without_a_registry(tmp_path: Path):
    """A regression made with onnx.helper, with a transform and a resolver among its features, is served from a folder."""
    features = {
        "age": Feature(Client.age),
        "wealth": log1p(Client.income),
        "letters": resolver(lambda client: len(client.country or ""), type=int, uses=[Client.country]),
    }
    definition = model(features, **SPENT)
    pairs = [({"age": 1, "wealth": 2.0, "letters": 3}, 1 + 20 + 300.0), ({"age": 0, "wealth": 0.5, "letters": 1}, 105.0)]
    artifact = foreign_artifact(definition, summing([1, 10, 100], producer="our tool"), pairs)
    assert (artifact.manifest.estimator, artifact.manifest.libraries) == ("our tool", {})
    engine = prisml.load(write_bundle(artifact, tmp_path / "bundle"))
    assert engine.predict({"age": 5, "income": 0.0, "letters": 2}).value == 205.0
    attached = prisml.Engine.from_artifact(artifact, definition=definition)
    assert attached.predict(Client(age=5, income=0.0, country="DE")).value == 205.0


def test_categories_have_the_codes_of_the_graph(registry: Registry):
    """Categories are their places in the list, missing is the code that golden rows show, and what is in no list is refused."""
    definition = model({"country": Feature(Client.country), "plan": Feature(Client.plan)}, **SPENT)
    pairs = [({"country": "US", "plan": "PAID"}, 1.0), ({"country": "DE", "plan": "FREE"}, 10.0), ({"country": None, "plan": "FREE"}, 20.0)]
    given = {"country": ["US", "DE"], "plan": ["FREE", "PAID"]}
    register(registry, definition, summing([10, 1]), pairs, categories=given)
    engine = definition.load(registry=registry, refresh=None)
    assert engine.predict(Client(country="DE", plan=Plan.PAID)).value == 11.0
    assert engine.predict(Client(country=None, plan=Plan.FREE)).value == 20.0
    with pytest.raises(UnseenCategoryError, match="'country'"):
        engine.predict(Client(country="FR", plan=Plan.FREE))
    with pytest.raises(EncodingError, match="missing value"):
        engine.predict({"country": "US", "plan": None})


def test_codes_for_missing_and_other_can_be_given():
    """``Categories`` says the codes that the graph was trained with for a missing and for any other category."""
    definition = model({"country": Feature(Client.country), "income": Feature(Client.income)}, **SPENT)
    codes = {"country": Categories(["US", "DE"], missing=3, other=2)}
    pairs = [({"country": "US", "income": 1.0}, 1.0), ({"country": None, "income": 0.0}, 30.0), ({"country": "??", "income": 0.0}, 20.0)]
    artifact = foreign_artifact(definition, summing([10, 1]), pairs, categories=codes)
    engine = prisml.Engine.from_artifact(artifact)
    assert [engine.predict({"country": country, "income": 0.0}).value for country in ("US", "DE", None, "FR")] == [0.0, 10.0, 30.0, 20.0]


def test_integers_may_be_categories_and_a_constant_may_stand_for_missing():
    """An integer column as a category is in the list as integers; ``missing=`` a category is that category's code, shown or not."""
    definition = model({"age": Feature(Client.age, categorical=True, missing=30), "income": Feature(Client.income)}, **SPENT)
    pairs = [({"age": 20, "income": 1.0}, 1.0), ({"age": 30, "income": 1.0}, 11.0)]
    engine = prisml.Engine.from_artifact(foreign_artifact(definition, summing([10, 1]), pairs, categories={"age": [20, 30]}))
    assert engine.predict({"age": None, "income": 0.0}).value == 10.0


def test_a_missing_number_is_refused_unless_a_golden_row_shows_it():
    """A graph may do anything with NaN: a missing number is predicted for only where a golden row proves what comes out."""
    pipeline = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(*data())
    graph = converted(pipeline, 2, 2).SerializeToString()
    definition = model()
    unproved = prisml.Engine.from_artifact(foreign_artifact(definition, graph, golden(pipeline)))
    with pytest.raises(EncodingError, match=r"'age'.*missing value"):
        unproved.predict({"age": None, "income": 10.0})
    shown = golden(pipeline, [*ROWS, {"age": None, "income": 10.0}])
    proved = prisml.Engine.from_artifact(foreign_artifact(definition, graph, shown))
    assert proved.predict({"age": None, "income": 10.0}).value == pytest.approx(shown[-1][1], abs=1e-6)
    with pytest.raises(EncodingError, match=r"'income'.*missing value"):
        proved.predict({"age": 20, "income": None})


def test_several_classes_are_in_the_order_of_the_graphs_columns(registry: Registry):
    """A graph of three classes is registered with their order, each golden row expecting a probability for each."""
    matrix, _ = data()
    target = np.digitize(matrix[:, 1], [35, 65])
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(matrix, target)
    definition = model(output="graded", label=Client.grade, name="graded", task="multiclass")
    pairs = list(zip(ROWS, pipeline.predict_proba(np.array([list(row.values()) for row in ROWS], dtype=np.float32)).tolist(), strict=True))
    graph = converted(pipeline, 2, 3).SerializeToString()
    register(registry, definition, graph, pairs, classes=["low", "mid", "high"])
    engine = prisml.load("graded", registry=registry, refresh=None)
    assert [engine.predict(row).value for row in ROWS] == ["low", "high", "low", "mid"]
    with pytest.raises(ConfigurationError, match="the classes are not given"):
        foreign_artifact(definition, graph, pairs)


def test_a_regression_of_scikit_learn(registry: Registry):
    """A regressor converted with its output named ``value`` is registered; its tolerance is a share of the largest number."""
    matrix, _ = data()
    pipeline = make_pipeline(StandardScaler(), LinearRegression()).fit(matrix, matrix @ [3.0, -1.0] * 1000)
    rows = np.array([list(row.values()) for row in ROWS], dtype=np.float32)
    pairs = list(zip(ROWS, pipeline.predict(rows).tolist(), strict=True))
    register(registry, model(**SPENT), converted(pipeline, 2, 0).SerializeToString(), pairs)
    assert registry.artifact("spent").manifest.parity.tolerance > 1e-5
    assert prisml.load("spent", registry=registry, refresh=None).predict(ROWS[0]).value == pytest.approx(pairs[0][1], rel=1e-6)


def test_golden_rows_are_read_from_json_lines(registry: Registry):
    """A file of golden rows holds a JSON object a line; a damaged line is refused by its number and not quoted."""
    pipeline, graph = logistic()
    lines = "\n".join(
        f'{{"features": {{"age": {row["age"]}, "income": {row["income"]}}}, "expected": {p!r}}}' for row, p in golden(pipeline)
    )
    rows = read_golden(lines + "\n\n")
    assert [row.features for row in rows] == ROWS
    assert register(registry, model(), graph.SerializeToString(), rows).number == 1
    for line in ('{"features": {"age": "secret"}}', "[1]", '{"features": 3, "expected": 1}', "secret", '{"features": {}, "expected": "x"}'):
        with pytest.raises(ConfigurationError, match="line 2 is no golden row") as caught:
            read_golden(f'{{"features": {{}}, "expected": [0.5, 0.5]}}\n{line}')
        assert "secret" not in str(caught.value)
