"""The campaign of ``make verify-calibration``, short: graphs equal scikit-learn's calibrators, weighted models have the base rate."""

from __future__ import annotations

import numpy as np

from benches.calibration_curves import Curve
from benches.report import Report
from benches.verify_calibration import compare, rare, weigh


def test_every_curve_equals_scikit_learns_own():
    """Two methods, decisions and probabilities, two and three classes, in both scorers: apart by what float32 rounds."""
    report = Report("curves")
    compare(report, 2_000)
    assert report.broken == []
    assert len(report.rows) == 8
    assert all(0 < row["onnxruntime"] < 1e-7 for row in report.rows)


def test_a_weighted_model_has_the_base_rate():
    """Before, its mean was several times as high."""
    report = Report("models")
    weigh(report, rare(4_000), "gradient_boosting", "weights")
    assert report.broken == []
    (row,) = report.rows
    assert row["mean_before"] > 4 * row["base_rate"] > 3 * row["mean"]


def test_the_campaign_sees_another_curve(monkeypatch):
    """A graph of one method is told from the calibrator of the other."""
    monkeypatch.setattr(Curve, "by_graph", lambda self, scores, scorer: np.full((len(scores), self.classes), 0.5))
    report = Report("curves")
    compare(report, 200)
    assert len(report.broken) == 16
