"""Whether calibrated graphs give what scikit-learn's own calibrators give, and weighted models the base rate.

``curves``: every method on 100,000 scores, in ONNX Runtime and natively, beside CalibratedClassifierCV; the largest difference of any
probability. ``models``: each algorithm on data with few positives, whose classes are weighted alike; the mean probability of the hold-out
before and after, beside the base rate. A promise that is broken is exit code 1.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np

from benches.calibration_curves import Curve
from benches.report import Report, arguments
from prisml.extraction.stream import Extracted
from prisml.training.fit import fit
from prisml.training.parts import divide
from prisml.training.production import predict
from tests.support.training import CLASSIFIERS, extracted, visits

TOLERANCE = 1e-6
"""What is promised of a curve: the output's own rounding is 3e-8."""
WITHIN = 4.0
"""So many standard deviations of a share of so many rows the mean may be from the base rate."""
WAYS: dict[str, dict[str, Any]] = {
    "weights": {"class_weight": "balanced"},
    "weights, sigmoid": {"class_weight": "balanced", "calibrate": "sigmoid"},
    "weights, isotonic": {"class_weight": "balanced", "calibrate": "isotonic"},
}


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--scores", type=int, default=100_000, metavar="N", help="how many scores each curve is asked for (100,000)")
    parser.add_argument("--rows", type=int, default=40_000, metavar="N", help="how many rows the models have (40,000)")
    options = parser.parse_args()
    curves = Report(f"The largest difference from scikit-learn's calibrators, {options.scores:,} scores")
    models = Report(f"Weighted models, {options.rows:,} rows")
    compare(curves, options.scores)
    data = rare(options.rows)
    for algorithm in CLASSIFIERS:
        for way in WAYS:
            print(f"{algorithm}: {way}", file=sys.stderr, flush=True)
            weigh(models, data, algorithm, way)
    named = {"curves": curves, "models": models}
    return max(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in named.items())


def compare(report: Report, scores: int) -> None:
    """A row for each method, each kind of score and two and three classes."""
    for method in ("sigmoid", "isotonic"):
        for of in ("decision", "probability"):
            for classes in (2, 3):
                curve = Curve.drawn(method, of, classes)
                asked = curve.asked(scores)
                truth = curve.by_scikit_learn(asked.astype(np.float64))
                apart = {scorer: float(np.abs(curve.by_graph(asked, scorer) - truth).max()) for scorer in ("native", "onnxruntime")}
                report.add(method=method, of=of, classes=classes, scores=scores, **apart)
                for scorer, far in apart.items():
                    report.expect(f"{method} of a {of}, {classes} classes, {scorer}: {far:.1e} apart", kept=far <= TOLERANCE)


def rare(rows: int) -> Extracted:
    """Visits of which one in twenty buys."""
    found = extracted("binary", rows)
    bought = np.random.default_rng(2).random(rows) < 0.1
    # Of the half that would buy, most do not.
    return replace(found, labels=np.where((found.labels == 0) & ~bought, 1, found.labels).astype(np.int32))


def weigh(report: Report, data: Extracted, algorithm: str, way: str) -> None:
    """A row: the base rate, and what the mean probability is before and after."""
    definition = visits("binary", algorithm, **WAYS[way], waive=["single_feature"])
    artifact = fit(definition, data).artifact
    manifest, parts = artifact.manifest, divide(definition, data, validation_size=0.2 if definition.chooses else None)
    given = predict(artifact.onnx, manifest, parts.test.matrix)
    base, held = float(np.mean(parts.train.target == 1)), len(parts.test)
    spread = np.sqrt(base * (1 - base) / held)
    if manifest.calibration is None:
        report.expect(f"{algorithm}, {way}: the manifest tells nothing of it", kept=False)
        return
    bins = [each for each in manifest.calibration.before.bins if each.count]
    before = sum(each.count * (each.predicted or 0.0) for each in bins) / held
    report.add(
        algorithm=algorithm,
        way=way,
        base_rate=base,
        held_out=held,
        mean_before=before,
        mean=float(given.mean()),
        ece_before=manifest.calibration.before.ece,
        ece=manifest.calibration.after.ece,
        parity=manifest.parity.max_difference,
    )
    kept = abs(given.mean() - base) <= WITHIN * spread
    report.expect(f"{algorithm}, {way}: the mean probability is {given.mean():.4f}, the base rate {base:.4f}", kept=bool(kept))


if __name__ == "__main__":
    sys.exit(main())
