"""What a prediction says of a model's numbers."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.errors import EncodingError
from prisml.serving.prediction import Prediction, Predictions, Reading

BINARY = Reading("binary", ("ok", "fraud"), 0.5)
MULTI = Reading("multiclass", ("low", "mid", "high"), 0.5)
NUMBER = Reading("regression", (), 0.5)
NAN = float("nan")

probability = st.floats(0.0, 1.0)


def test_a_binary_value_is_the_probability_of_the_positive_class():
    """The value is P(positive) whatever the label is, and never the label."""
    unlikely = Prediction(0.2, BINARY, 3)
    assert (unlikely.value, unlikely.label, unlikely.version, unlikely.variant) == (0.2, "ok", 3, None)
    assert unlikely.probabilities == {"ok": 0.8, "fraud": 0.2}
    assert Prediction(0.7, BINARY).label == "fraud"


@pytest.mark.parametrize(("threshold", "below"), [(0.5, 0.5), (0.9, 0.9), (0.1, 0.1)])
def test_a_tie_is_negative(threshold: float, below: float):
    """A probability that equals the threshold is the negative class, the next float above it the positive one."""
    reading = Reading("binary", (False, True), threshold)
    above = float(np.nextafter(below, 1.0))
    assert [Prediction(value, reading).label for value in (below, above)] == [False, True]
    assert Predictions(np.array([below, above]), reading).labels.tolist() == [False, True]


def test_the_value_of_several_classes_is_the_likeliest():
    """Among several classes the value is the label of the largest probability, the first of equals."""
    prediction = Prediction((0.25, 0.5, 0.25), MULTI)
    assert prediction.value == prediction.label == "mid"
    assert prediction.probabilities == {"low": 0.25, "mid": 0.5, "high": 0.25}
    assert Prediction((0.4, 0.2, 0.4), MULTI).label == "low"


def test_a_regression_is_a_number_alone():
    """A regression has a value, and neither label nor probabilities."""
    prediction = Prediction(-2.5, NUMBER)
    assert (prediction.value, prediction.label, prediction.probabilities) == (-2.5, None, None)
    batch = Predictions(np.array([-2.5]), NUMBER)
    assert (batch.values.tolist(), batch.labels, batch.probabilities) == ([-2.5], None, None)


def test_a_prediction_cannot_be_changed():
    """No attribute of a prediction can be set, and none can be added."""
    prediction = Prediction(0.2, BINARY)
    for name in ("value", "label", "probabilities", "version", "variant", "note"):
        with pytest.raises(AttributeError):
            setattr(prediction, name, 1)
    with pytest.raises(TypeError):
        prediction.probabilities["ok"] = 1.0


def test_equal_predictions_are_equal():
    """Predictions are equal, and hash alike, where their numbers, reading and version are; copies are equal too."""
    one = Prediction(0.2, BINARY, 1)
    assert one == Prediction(0.2, Reading("binary", ("ok", "fraud"), 0.5), 1)
    assert len({one, Prediction(0.2, BINARY, 1), Prediction(0.2, BINARY, 2), Prediction(0.3, BINARY, 1)}) == 3
    assert one != 0.2
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301


def test_a_prediction_shows_what_it_says():
    """The text of a prediction has value, label and version, and the variant where there is one."""
    assert repr(Prediction(0.75, BINARY, 3)) == "Prediction(value=0.75, label='fraud', version=3)"
    assert repr(Prediction((0.5, 0.25, 0.25), MULTI, 3)) == "Prediction(value='low', version=3)"
    assert repr(Prediction(1.5, NUMBER, None, "treatment")) == "Prediction(value=1.5, version=None, variant='treatment')"


def test_a_row_that_failed_has_no_answer():
    """A row without a prediction is NaN without a label; among several classes its value is None."""
    binary = Predictions(np.array([0.9, NAN]), BINARY, errors={1: EncodingError("no")})
    assert np.isnan(binary.values[1])
    assert binary.labels.tolist() == ["fraud", None]
    assert binary[1].label is None
    several = Predictions(np.array([[0.1, 0.2, 0.7], [NAN, NAN, NAN]]), MULTI, errors={1: EncodingError("no")})
    assert several.values.tolist() == ["high", None]
    assert several[1].value is None


def test_the_arrays_cannot_be_changed():
    """What a batch gives is read-only, and what was passed in is not touched."""
    raw = np.array([0.25, 0.75])
    batch = Predictions(raw, BINARY)
    for array in (batch.values, batch.labels, batch.probabilities):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    raw[0] = 0.5


def test_an_index_outside_is_an_error():
    """A batch is indexed as a list is, from either end, by single numbers."""
    batch = Predictions(np.array([0.25, 0.75]), BINARY)
    assert batch[-1] == batch[1]
    with pytest.raises(IndexError):
        batch[2]
    with pytest.raises(TypeError):
        batch[0:1]


def test_an_empty_batch_is_empty():
    """A batch of no rows has empty arrays of the right shape."""
    assert Predictions(np.empty(0), BINARY).probabilities.shape == (0, 2)
    several = Predictions(np.empty((0, 3)), MULTI)
    assert (several.values.shape, several.probabilities.shape, list(several)) == ((0,), (0, 3), [])


@given(st.lists(probability, max_size=20), st.floats(0.01, 0.99))
def test_a_batch_says_of_each_row_what_the_row_alone_says(values: list[float], threshold: float):
    """Value, label and probabilities of a batch's row are those of its prediction, by index and by iteration."""
    reading = Reading("binary", ("ok", "fraud"), threshold)
    batch = Predictions(np.array(values, dtype=np.float64), reading, 2)
    alone = [Prediction(value, reading, 2) for value in values]
    assert list(batch) == [batch[row] for row in range(len(batch))] == alone
    assert batch.values.tolist() == [prediction.value for prediction in alone]
    assert batch.labels.tolist() == [prediction.label for prediction in alone]
    assert batch.probabilities.tolist() == [list(prediction.probabilities.values()) for prediction in alone]


@given(st.lists(st.tuples(probability, probability, probability), max_size=20))
def test_a_batch_of_several_classes_agrees_with_its_rows(values: list[tuple[float, float, float]]):
    """With several classes too, labels and probabilities of a batch are those of its predictions."""
    batch = Predictions(np.array(values, dtype=np.float64).reshape(-1, 3), MULTI)
    alone = [Prediction(value, MULTI) for value in values]
    assert list(batch) == alone
    assert batch.values.tolist() == [prediction.value for prediction in alone]
    assert batch.probabilities.tolist() == [list(prediction.probabilities.values()) for prediction in alone]
