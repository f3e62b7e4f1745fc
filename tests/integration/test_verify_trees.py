"""The campaign of ``make verify-trees``, short: every kind of trees predicts what its library does."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from benches.report import Report
from benches.tree_cases import CLASSES, Case, cases, fit
from benches.verify_trees import compare, judge
from prisml.training.export import export
from tests.support.training import TREES

CASES = [case for case in cases(5) if case.name in TREES]


@pytest.mark.parametrize("name", TREES)
def test_trees_of_every_option_predict_what_their_library_does(name: str) -> None:
    """At and beside each threshold, for NaN whether or not fitting saw it, and for codes that it never saw."""
    report = Report("")
    of_name = [case for case in CASES if case.name == name]
    for place, case in enumerate(of_name[:: max(1, len(of_name) // 16)]):
        judge(report, case, rows=300, codes=12, seed=place)
    assert report.broken == []


def test_the_campaign_sees_a_direction_of_missing_numbers_that_is_turned() -> None:
    """And a category that goes another way."""
    case = Case("binary", "hist_gradient_boosting", {"max_iter": 5}, "native", gaps=True)
    fitted, matrix = fit(case, rows=300, codes=12, seed=0)
    expected = fitted.predict(matrix)
    proto = onnx.load_from_string(export(fitted, classes=2, model="m"))
    assert compare(proto.SerializeToString(), "binary", matrix, expected).native < 1e-6
    (turned,) = [each for node in proto.graph.node for each in node.attribute if each.name == "nodes_missing_value_tracks_true"]
    turned.ints[:] = [1 - each for each in turned.ints]
    assert compare(proto.SerializeToString(), "binary", matrix, expected).native > 0.01
    turned.ints[:] = [1 - each for each in turned.ints]
    table = next(tensor for tensor in proto.graph.initializer if tensor.name.startswith("ranks_2"))
    ranks = onnx.numpy_helper.to_array(table)
    table.CopyFrom(onnx.numpy_helper.from_array(np.roll(ranks, 1, axis=0), table.name))
    assert compare(proto.SerializeToString(), "binary", matrix, expected).native > 0.01


def test_cases_are_of_every_option_that_is_offered() -> None:
    """A value that is added to what is offered is compared."""
    named = {(case.name, option, value) for case in CASES for option, value in case.params.items()}
    assert {
        ("hist_gradient_boosting", "loss", "gamma"),
        ("gradient_boosting", "init", "zero"),
        ("gradient_boosting", "loss", "huber"),
    } < named
    assert {case.task for case in CASES} == set(CLASSES)
