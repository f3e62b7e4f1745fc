"""What the columns of planes and of weather add to the model of late arrivals, on November and December 2013."""

from __future__ import annotations

import sys

from benches.report import Report, arguments
from benches.trained import database
from examples.flights.ml import COLUMNS, HOLDOUT, PLANE, TIMES, WEATHER
from examples.flights.models import Flight
from prisml import Gate, define_model, expression
from prisml.extraction.stream import extract
from prisml.training.fit import fit

SETS = {"schedule": {}, "schedule, planes": PLANE, "schedule, weather": WEATHER, "schedule, planes, weather": {**PLANE, **WEATHER}}


def main() -> int:
    """The exit code: 0, since nothing is promised of these figures."""
    options = arguments(__doc__ or "").parse_args()
    report = Report("late_arrival with hist_gradient_boosting, by the features it knows")
    source = database()
    for name, more in SETS.items():
        model = define_model(
            Flight,
            name="late_arrival",
            output="late_arrival",
            label=expression(Flight.arr_delay > 15),
            features={**COLUMNS, **TIMES, **more},
            split=HOLDOUT,
            # A metric with a gate is given with its interval.
            gates=[Gate("roc_auc", min=0.51), Gate("brier", max=0.25)],
        )
        metrics = fit(model, extract(model, source)).artifact.manifest.metrics
        auc, brier = metrics["roc_auc"], metrics["brier"]
        report.add(
            features=name,
            inputs=len(model.inputs),
            roc_auc=auc.value,
            roc_auc_from=auc.low,
            roc_auc_to=auc.high,
            brier=brier.value,
            brier_from=brier.low,
            brier_to=brier.high,
            accuracy=metrics["accuracy"].value,
        )
    return report.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
