"""Engines: from an artifact, a bundle or a registry to predictions."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

import prisml
from prisml.errors import ArtifactError, ConfigurationError, EncodingError, ModelLoadError, ModelNotFoundError, VersionNotFoundError
from prisml.manifest import Input, Source
from prisml.registry import Artifact, Registry, write_bundle
from prisml.serving import Engine, Prediction
from prisml.serving.prediction import Reading
from tests.artifacts import AGE, COUNTRY, MAIL_DOMAIN, WEIGHTS, encoded, expected, make_artifact

ROW = {"age": 41, "country": "DE"}
ENGINE = Engine.from_artifact(make_artifact(), version=3)

ages = st.none() | st.integers(-(2**24), 2**24)
countries = st.none() | st.sampled_from(["US", "DE", "FR", ""])
rows_of_any_kind = st.fixed_dictionaries({"age": ages, "country": countries})


@dataclass
class Customer:
    age: int | None
    country: str | None


@given(st.lists(rows_of_any_kind, max_size=50))
def test_predictions_are_what_the_manifest_and_the_graph_say(rows: list[dict[str, object]]):
    """Each row's value is the graph's answer on the row as the manifest encodes it: missing and unseen categories by their codes."""
    values = ENGINE.predict_many(rows).values
    assert values == pytest.approx([expected(row) for row in rows], abs=1e-6)


@given(st.lists(rows_of_any_kind, min_size=1, max_size=50))
def test_a_row_alone_is_answered_as_in_a_batch(rows: list[dict[str, object]]):
    """One row and a batch of rows agree within 1e-6, in the order of the rows."""
    batch = ENGINE.predict_many(rows)
    for row, together in zip(rows, batch, strict=True):
        alone = ENGINE.predict(row)
        assert alone.value == pytest.approx(together.value, abs=1e-6)
        assert (alone.label, alone.version) == (together.label, 3)


def test_rows_may_be_mappings_dataclasses_or_objects():
    """A mapping of any kind, a dataclass and an object with attributes give the same prediction; what a row has besides is ignored."""

    class Lookup(Mapping[str, object]):
        def __getitem__(self, key):
            return ROW[key]

        def __iter__(self):
            return iter(ROW)

        def __len__(self):
            return len(ROW)

    rows = [ROW, {**ROW, "more": object()}, Lookup(), Customer(**ROW), SimpleNamespace(**ROW)]
    assert set(ENGINE.predict_many(rows)) == {ENGINE.predict(row) for row in rows} == {ENGINE.predict(ROW)}


def test_every_task_reads_its_own_output():
    """Several classes give the likeliest label, a regression the number; each as float64."""
    several = Engine.from_artifact(make_artifact(task="multiclass"))
    score = sum(WEIGHTS[item.name] * code for item, code in zip((AGE, COUNTRY), encoded(ROW), strict=True))
    powers = [math.exp(score * place) for place in range(3)]
    prediction = several.predict(ROW)
    assert list(prediction.probabilities.values()) == pytest.approx([power / sum(powers) for power in powers], abs=1e-6)
    assert prediction.value == "high"
    assert several.predict_many([ROW, {"age": -99, "country": "US"}]).values.tolist() == ["high", "low"]
    number = Engine.from_artifact(make_artifact(task="regression", bias=2.0))
    assert number.predict(ROW).value == pytest.approx(score + 2.0, abs=1e-6)
    assert number.predict_many([ROW]).values.dtype == np.float64


def test_the_label_follows_the_manifests_threshold_and_classes():
    """The positive class is the second, and the label is it where the value is above the manifest's threshold."""
    value = ENGINE.predict(ROW).value
    for threshold, label in ((value - 1e-9, "fraud"), (value, "ok")):
        engine = Engine.from_artifact(make_artifact(classes=("ok", "fraud"), threshold=threshold))
        assert engine.predict(ROW).label == label == engine.predict_many([ROW]).labels[0]


def test_an_empty_batch_is_answered():
    """No rows are no predictions, for each task."""
    for task in ("binary", "multiclass", "regression"):
        engine = Engine.from_artifact(make_artifact(task=task))
        for rows in ([], (), deque()):
            assert list(engine.predict_many(rows)) == []
        assert len(engine.predict_encoded(np.empty((0, 2), dtype=np.float32))) == 0


@pytest.mark.parametrize("rows", [iter([ROW]), ROW, "a text", b"bytes", {1, 2}, None, 7], ids=lambda rows: type(rows).__name__)
@pytest.mark.parametrize("on_error", ["raise", "null"])
def test_what_is_no_sequence_of_rows_is_refused(rows: object, on_error: str):
    """An iterator, a single row, a text or a set is an ``EncodingError`` that names its type and says what to pass."""
    with pytest.raises(EncodingError, match=rf"not an? {type(rows).__name__}\. Pass list"):
        ENGINE.predict_many(rows, on_error=on_error)


def test_a_bad_row_raises_with_its_place():
    """A row that does not fit is an ``EncodingError`` with its index and feature, and not with its value."""
    with pytest.raises(EncodingError, match="row 2") as caught:
        ENGINE.predict_many([ROW, ROW, {"age": "s3cr3t", "country": "US"}, {}])
    assert (caught.value.context["feature"], caught.value.context["row"]) == ("age", 2)
    assert "s3cr3t" not in str(caught.value)
    with pytest.raises(EncodingError, match="'country'"):
        ENGINE.predict({"age": 4})


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_bad_row_can_be_left_without_a_prediction(task: str):
    """With ``on_error="null"`` the bad rows have NaN and an error at their index, and the others what they have alone."""
    engine = Engine.from_artifact(make_artifact(task=task))
    rows = [ROW, {"age": math.inf, "country": "US"}, ROW, {}]
    batch = engine.predict_many(rows, on_error="null")
    assert sorted(batch.errors) == [1, 3]
    assert all(isinstance(error, EncodingError) for error in batch.errors.values())
    assert batch.errors[1].context["row"] == 1
    assert np.isnan(batch.values.astype(float)[[1, 3]]).all() if task != "multiclass" else batch.values[[1, 3]].tolist() == [None, None]
    assert batch[0].value == batch[2].value == pytest.approx(engine.predict(ROW).value)


def test_unseen_categories_are_counted():
    """A batch says how many values of each feature training had not seen."""
    rows = [{"age": 1, "country": country} for country in ("US", "FR", None, "JP")]
    assert ENGINE.predict_many(rows).unseen == {"country": 2}


@pytest.mark.parametrize("on_error", ["ignore", "", None, True])
def test_another_on_error_is_refused(on_error: object):
    """Only "raise" and "null" say what a bad row does."""
    with pytest.raises(ConfigurationError, match='Use "raise", or "null"'):
        ENGINE.predict_many([ROW], on_error=on_error)


def test_encoded_rows_are_scored_as_they_are():
    """An encoded float32 matrix gives what its rows give, whatever its layout in memory."""
    rows = [ROW, {"age": None, "country": "FR"}, {"age": 7, "country": None}]
    matrix = np.array([encoded(row) for row in rows], dtype=np.float32)
    values = ENGINE.predict_many(rows).values
    for layout in (matrix, np.asfortranarray(matrix), np.repeat(matrix, 2, axis=0)[::2]):
        assert ENGINE.predict_encoded(layout).values.tolist() == values.tolist()
    np.testing.assert_array_equal(np.nan_to_num(ENGINE.encode(rows)), matrix)
    assert ENGINE.encode([]).shape == (0, 2)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((2, 2)), "not an array of float64. Use predict_many"),
        ([[0.0, 0.0]], "not a list"),
        (np.zeros((2, 3), dtype=np.float32), r"has shape \(2, 3\), and the model reads \(rows, 2\)"),
        (np.zeros(2, dtype=np.float32), r"has shape \(2,\), and the model reads \(rows, 2\)"),
        (np.array([[1.0, 9.0]], dtype=np.float32), "country"),
        (np.array([[np.inf, 0.0]], dtype=np.float32), "age"),
    ],
    ids=["dtype", "list", "columns", "dimensions", "code", "infinite"],
)
def test_an_encoded_matrix_is_checked(matrix: object, message: str):
    """Another type, another shape, an unknown code or an infinity in an encoded matrix is an ``EncodingError``."""
    with pytest.raises(EncodingError, match=message):
        ENGINE.predict_encoded(matrix)


DAYS = Input(
    name="age",
    kind="number",
    origin="transform",
    dtype="float",
    sources=(Source(path=("joined_at",), dtype="datetime"),),
    transform="days_since",
)
JOINED = {"joined_at": datetime(2020, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("as_of", "days"),
    [
        (date(2020, 1, 11), 10.0),
        (datetime(2020, 1, 11, 12), 10.5),
        (datetime(2020, 1, 11, 12, tzinfo=UTC), 10.5),
        (datetime(2020, 1, 11, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))), 10.5),
        (date(1969, 12, 31), -18263.0),
    ],
)
def test_as_of_is_a_moment_in_utc(as_of: date, days: float):
    """``as_of`` is a date or a datetime; what is naive is UTC, what is aware is converted."""
    engine = Engine.from_artifact(make_artifact(task="regression", inputs=[DAYS]))
    assert engine.predict(JOINED, as_of=as_of).value == pytest.approx(WEIGHTS["age"] * days, rel=1e-6)
    assert engine.predict_many([JOINED], as_of=as_of).values[0] == pytest.approx(WEIGHTS["age"] * days, rel=1e-6)


def test_as_of_is_now_unless_given():
    """Without ``as_of`` the moment is now."""
    engine = Engine.from_artifact(make_artifact(task="regression", inputs=[DAYS]))
    yesterday = {"joined_at": datetime.now(UTC) - timedelta(days=1)}
    for value in (engine.predict(yesterday).value, engine.predict_many([yesterday]).values[0]):
        assert value == pytest.approx(WEIGHTS["age"], abs=1e-4)


@pytest.mark.parametrize("as_of", ["2020-01-11", 1578700800, 0.5])
def test_another_as_of_is_refused(as_of: object):
    """A text or a number is no moment."""
    for predict in (lambda: ENGINE.predict(ROW, as_of=as_of), lambda: ENGINE.predict_many([ROW], as_of=as_of)):
        with pytest.raises(EncodingError, match=r"as_of is an? (str|int|float)\. Give a datetime or a date"):
            predict()


def test_an_engine_without_its_definition_says_what_it_needs():
    """Where a resolver computed an input, a detached engine takes it by name, and says so in ``health()`` and in the error without it."""
    engine = Engine.from_artifact(make_artifact(inputs=[AGE, MAIL_DOMAIN]))
    row = {"age": 41, "mail_domain": "a.org"}
    assert engine.predict(row).value == pytest.approx(expected(row, [AGE, MAIL_DOMAIN]), abs=1e-6)
    assert engine.predict_many([row])[0] == engine.predict(row)
    way_out = "'mail_domain' is computed by a resolver: load through its definition"
    assert engine.health().notes[0].startswith(way_out)
    for predict in (lambda: engine.predict({"age": 41}), lambda: engine.predict_many([{"age": 41}])):
        with pytest.raises(EncodingError, match=way_out):
            predict()
    assert way_out in str(engine.predict_many([row, {"age": 41}], on_error="null").errors[1])
    with pytest.raises(EncodingError) as caught:
        engine.predict({"age": "text", "mail_domain": "a.org"})
    assert "resolver" not in str(caught.value)


def test_health_says_what_is_served():
    """``health()`` has the model's name, version and digest and what answers; a plain model has no notes."""
    health = ENGINE.health()
    assert (health.name, health.version, health.digest, health.notes) == ("churn", 3, make_artifact().digest, ())
    assert health.runtime == "native"
    assert (ENGINE.name, ENGINE.manifest.task) == ("churn", "binary")


def test_an_engine_is_loaded_from_the_registry(tmp_path: Path):
    """``prisml.load`` takes a name, and a registry as an object, a URL or an Engine; the version is the active one unless given."""
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    registry = Registry(url)
    registry.publish(make_artifact())
    registry.publish(make_artifact(bias=1.0), activate=False)
    database = create_engine(url, poolclass=NullPool)
    for place in (registry, url, database.url, database):
        engine = prisml.load("churn", registry=place)
        assert engine.predict(ROW) == Prediction(ENGINE.predict(ROW).value, Reading.of(engine.manifest), 1)
    assert prisml.load("churn", registry=url, version=2).predict(ROW).value == pytest.approx(expected(ROW, bias=1.0), abs=1e-6)
    with pytest.raises(VersionNotFoundError):
        prisml.load("churn", registry=url, version=3)


def test_the_registry_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without an argument, ``prisml.load`` asks the registry that PRISML_REGISTRY names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRISML_REGISTRY", f"sqlite:///{tmp_path / 'there.db'}")
    with pytest.raises(ModelNotFoundError):
        prisml.load("churn")
    assert list(tmp_path.iterdir()) == [], "loading made a file"
    Registry(f"sqlite:///{tmp_path / 'there.db'}").publish(make_artifact())
    assert prisml.load("churn").version == 1


def test_an_engine_is_loaded_from_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder with a manifest is served without a registry; naming a registry makes it a model's name again."""
    write_bundle(make_artifact(), tmp_path / "churn")
    monkeypatch.chdir(tmp_path)
    for place in ("churn", tmp_path / "churn", str(tmp_path / "churn")):
        engine = prisml.load(place)
        assert (engine.version, engine.predict(ROW).value) == (None, ENGINE.predict(ROW).value)
    with pytest.raises(ModelNotFoundError):
        prisml.load("churn", registry=f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(ConfigurationError, match="is a folder"):
        prisml.load(tmp_path / "churn", version=1)
    for gone in (tmp_path / "gone", str(tmp_path / "gone")):
        with pytest.raises(ArtifactError, match="no readable bundle"):
            prisml.load(gone)


def test_a_graph_that_does_not_fit_its_manifest_is_refused():
    """A graph of another width, or one that is no graph, is a ``ModelLoadError``; the next load tries again."""
    manifest = make_artifact(task="regression").manifest
    other = make_artifact(task="regression", inputs=[AGE])
    wrong = Artifact(manifest.model_copy(update={"model_sha256": other.manifest.model_sha256}).to_json(), other.onnx)
    for _ in range(2):
        with pytest.raises(ModelLoadError):
            Engine.from_artifact(wrong)


def test_threads_that_load_at_once_fetch_once(database_url: str):
    """Threads that load the same version at the same time fetch its graph once, and predict alike."""
    # This process keeps what it has loaded by digest: the name makes it one that was never loaded.
    artifact = make_artifact(uuid4().hex, bias=0.25)
    Registry(database_url).publish(artifact)
    database, fetched = create_engine(database_url, poolclass=NullPool), []

    @event.listens_for(database, "before_cursor_execute")
    def count(connection, cursor, statement, parameters, context, executemany):
        values = parameters.values() if isinstance(parameters, dict) else parameters
        if "prisml_blobs" in statement and artifact.manifest.model_sha256 in values:
            fetched.append(statement)

    registry, barrier = Registry(database), threading.Barrier(8)

    def load(_: int) -> float:
        barrier.wait(60)
        return prisml.load(artifact.manifest.name, registry=registry).predict(ROW).value

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(load, range(8)))
    assert len(fetched) == 1
    assert len(set(values)) == 1
    assert values[0] == pytest.approx(expected(ROW, bias=0.25), abs=1e-6)


def test_threads_share_an_engine():
    """Eight threads on one engine get the answers that one thread gets."""
    rows = [{"age": age, "country": "US"} for age in range(200)]
    alone = ENGINE.predict_many(rows).values.tolist()

    def predict(_: int) -> list[float]:
        return [ENGINE.predict(row).value for row in rows] + ENGINE.predict_many(rows).values.tolist()

    with ThreadPoolExecutor(8) as pool:
        for values in pool.map(predict, range(16)):
            assert values == pytest.approx(alone * 2, abs=1e-6)
