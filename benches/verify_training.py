"""Whether training is what scikit-learn gives to somebody who writes it by hand, and a search better than what is tried first.

Five real data sets in SQLite. ``metrics``: each algorithm, trained from the database and measured in the production engine, beside a
hand-written pipeline on a DataFrame, with the same rows held out: every metric within 1e-6 (of those in the label's unit: of their
size). The DataFrame is in float64, and once more with its numbers rounded to float32, as an engine reads them: hist_gradient_boosting
finds other bins where values differ only beyond that, so that of it only the second is promised. Where a forest is certain and wrong,
its log loss hangs on digits that no float32 has, so that log losses are compared with no probability below 1.2e-7.

``search``: ``algorithm="auto"`` beside scikit-learn's defaults, of which the best on validation rows is taken: its loss on the hold-out
is no larger, up to two standard errors of the difference. A promise that is broken is exit code 1.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benches.report import Report, arguments
from benches.training_by_hand import DEFAULTS, DOCUMENTED, Table, losses, measured
from benches.training_sets import DATA_SETS, DataSet, chosen
from prisml import Engine
from prisml.extraction.stream import Extracted
from prisml.training.fit import fit
from prisml.training.parts import divide

TOLERANCE = 1e-6
ERRORS = 2.0
CERTAIN = float(np.finfo(np.float32).eps)
"""No probability counts as smaller than that in the comparison of log losses: shares of a forest are stored as float32."""
BINNED = ("hist_gradient_boosting",)
"""What is not the same model for numbers of float64, where these are no floats of 32 bits."""


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--data", action="append", choices=DATA_SETS, help="only this data set; may be given again")
    parser.add_argument("--algorithm", action="append", metavar="NAME", help="only this one; may be given again")
    parser.add_argument("--seconds", type=float, default=60, help="the time budget of each search (60)")
    options = parser.parse_args()
    same, found = Report("Metrics on the hold-out: PrisML's engine beside scikit-learn by hand"), Report('algorithm="auto" beside defaults')
    for data in chosen(options.data):
        print(data.name, file=sys.stderr, flush=True)
        for algorithm in DOCUMENTED[_kind(data)]:
            if not options.algorithm or algorithm in options.algorithm:
                compare(same, data, algorithm)
        search(found, data, options.seconds)
    named = {"metrics": same, "search": found}
    return max(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in named.items())


def compare(report: Report, data: DataSet, algorithm: str) -> None:
    """A row of the report: how far the metrics are apart, by hand in float64, and with the numbers that an engine has."""
    definition = data.define(algorithm=algorithm, name=data.name)
    extracted = data.extracted
    artifact = fit(definition, extracted).artifact
    manifest, parts = artifact.manifest, divide(definition, extracted)
    truth = _truth(data, parts.test.rows)
    shares = Engine.from_artifact(artifact).predict_encoded(parts.test.matrix).probabilities
    filled = any(item.imputation is not None for item in manifest.inputs)
    own = {name: each.value for name, each in manifest.metrics.items()}
    apart = []
    for table in (_table(data), _table(data).rounded):
        with threadpool_limits(limits=1):
            pipeline = table.fit(DOCUMENTED[_kind(data)][algorithm](), parts.train.rows, fill=filled)
            predicted = table.predict(pipeline, parts.test.rows)
        predicted = _ordered(predicted, pipeline, manifest.classes)
        by_hand = measured(truth, predicted, manifest.classes)
        apart.append({name: abs(value - own[name]) / max(1.0, abs(value)) for name, value in by_hand.items() if name in own})
        if shares is not None:
            mine, theirs = (losses(truth, each, manifest.classes, smallest=CERTAIN).mean() for each in (shares, predicted))
            apart[-1]["log_loss"] = float(abs(mine - theirs))
    furthest = max(apart[0], key=lambda name: apart[0][name])
    main_metric = "rmse" if data.task == "regression" else "log_loss"
    report.add(
        data=data.name,
        algorithm=algorithm,
        train=len(parts.train),
        held_out=len(parts.test),
        metrics=len(apart[0]),
        metric=main_metric,
        prisml=own[main_metric],
        apart=apart[0][furthest],
        furthest=furthest,
        of_float32=max(apart[1].values()),
    )
    same_rows = np.array_equal(_labels(extracted), data.frame[data.target].to_numpy())
    report.expect(f"{data.name}: the DataFrame has the rows that were extracted, in order", kept=same_rows)
    for name, distance in apart[algorithm in BINNED].items():
        report.expect(f"{data.name}, {algorithm}: {name} is {distance:.1e} apart", kept=distance <= TOLERANCE)


def search(report: Report, data: DataSet, seconds: float) -> None:
    """Rows of the report: what was found, and each of scikit-learn's defaults, on the same hold-out."""
    definition = data.define(algorithm="auto", time_budget=seconds, name=data.name)
    extracted = data.extracted
    began = time.perf_counter()
    candidate = fit(definition, extracted)
    took, artifact = time.perf_counter() - began, candidate.artifact
    inner = divide(definition, extracted, validation_size=0.2)
    parts = divide(definition, extracted)
    if inner.validation is None:  # pragma: no cover -- It is what was asked for.
        raise AssertionError
    classes, truth = artifact.manifest.classes, _truth(data, parts.test.rows)
    engine = Engine.from_artifact(artifact).predict_encoded(parts.test.matrix)
    values = engine.values if engine.probabilities is None else engine.probabilities
    mine = losses(truth, values, classes)
    tried = len({str((each.algorithm, each.parameters)) for each in candidate.tried if each.score is not None})
    facts = {"data": data.name, "metric": "rmse" if data.task == "regression" else "log_loss"}
    report.add(**facts, model=f"auto: {artifact.manifest.estimator}", held_out=_shown(mine, data), tried=tried, seconds=round(took))
    table, validated = _table(data), {}
    theirs: dict[str, NDArray[np.float64]] = {}
    for name, make in DEFAULTS[_kind(data)].items():
        fill = name != "HistGradientBoosting"
        with threadpool_limits(limits=1):
            first = table.fit(make(), inner.train.rows, fill=fill)
            judged = _ordered(table.predict(first, inner.validation.rows), first, classes)
            validated[name] = float(losses(_truth(data, inner.validation.rows), judged, classes).mean())
            whole = table.fit(make(), parts.train.rows, fill=fill)
            theirs[name] = losses(truth, _ordered(table.predict(whole, parts.test.rows), whole, classes), classes)
    best = min(validated, key=lambda name: validated[name])
    for name, each in theirs.items():
        apart = mine - each
        error = float(apart.std(ddof=1) / len(apart) ** 0.5)
        report.add(
            **facts,
            model=name + (" (best on validation)" if name == best else ""),
            held_out=_shown(each, data),
            errors=float(apart.mean() / error),
        )
    apart = mine - theirs[best]
    noise = ERRORS * float(apart.std(ddof=1)) / len(apart) ** 0.5
    report.expect(
        f"{data.name}: auto loses {apart.mean():.4g} to {best}, noise is {noise:.4g}", kept=float(apart.mean()) <= max(noise, TOLERANCE)
    )


def _kind(data: DataSet) -> str:
    return "numbers" if data.task == "regression" else "classes"


def _table(data: DataSet) -> Table:
    return Table(data.frame, data.numbers, data.categories, data.target)


def _truth(data: DataSet, rows: NDArray[np.intp]) -> NDArray[np.generic]:
    return np.asarray(data.frame[data.target].to_numpy()[rows])


def _labels(extracted: Extracted) -> NDArray[np.generic]:
    return np.asarray(extracted.label_values)[extracted.labels] if len(extracted.label_values) else np.asarray(extracted.labels)


def _ordered(predicted: NDArray[np.generic], pipeline: object, classes: tuple[object, ...]) -> NDArray[np.generic]:
    """The probabilities in the order of the manifest's classes."""
    if not classes:
        return predicted
    places = list(getattr(pipeline, "classes_"))  # noqa: B009 -- The types of scikit-learn know nothing of it.
    return predicted[:, [places.index(each) for each in classes]]


def _shown(losses: NDArray[np.float64], data: DataSet) -> float:
    mean = float(losses.mean())
    return mean**0.5 if data.task == "regression" else mean


if __name__ == "__main__":
    sys.exit(main())
