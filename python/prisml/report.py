"""What is known of how a version does, besides its manifest: curves, importances, slices and a profile of the data, and its JSON.

``report.json`` is made while training, of the production engine's predictions. Of a row that was predicted badly it holds the key and the
error; its other figures are counts, means and quantiles, and the few values of a number that has few. Its size has a bound whatever the
number of features: what is left out is counted.

Rule of change: that of the manifest, with a number of its own.
"""

from __future__ import annotations

import json
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue, ValidationError

from prisml.errors import ArtifactError
from prisml.manifest import Interval, Task

REPORT_FORMAT: Final = 1


def _rounded(value: float) -> float:
    return float(f"{value:.6g}") + 0.0


def _rounded_interval(of: Interval) -> Interval:
    ends = (None if end is None else _rounded(end) for end in (of.low, of.high))
    low, high = ends
    return Interval(value=_rounded(of.value), low=low, high=high)


Figure = Annotated[float, AfterValidator(_rounded)]
"""A number with six significant digits: what processors and releases of NumPy add up differently is beyond them."""

Estimate = Annotated[Interval, AfterValidator(_rounded_interval)]
"""An interval with six significant digits."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Curve(_Frozen):
    """The corners of a curve, and at each the threshold that gives it; None where no prediction is as large."""

    x: tuple[Figure, ...]
    y: tuple[Figure, ...]
    thresholds: tuple[Figure | None, ...]


class Calibration(_Frozen):
    """For each bin of predicted probability: the mean of what was said, the share that came true with its interval, and the rows."""

    said: tuple[Figure, ...]
    came_true: tuple[Estimate, ...]
    rows: tuple[int, ...]


class Histogram(_Frozen):
    """How many rows are in each bin; ``edges`` is one longer than each of ``counts``."""

    edges: tuple[Figure, ...]
    counts: tuple[tuple[int, ...], ...]


class ClassReport(_Frozen):
    """A class against the rest; of a binary model the positive class.

    ``roc``: false positive rate and true positive rate. ``precision_recall``: recall and precision. ``distribution``: the predicted
    probability of the rows that are of another class, and of those that are of this one.
    """

    label: str
    rows: int
    roc: Curve | None
    precision_recall: Curve | None
    calibration: Calibration
    distribution: Histogram


class Confusion(_Frozen):
    """Rows of each true class (first axis) that were given each label; classes that are not shown are counted in ``left_out``."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    left_out: int = 0


class Band(_Frozen):
    """The rows whose predictions are near ``predicted``, and the 10, 25, 50, 75 and 90 % quantiles of their residuals."""

    predicted: Figure
    rows: int
    quantiles: tuple[Figure, ...]


class Residuals(_Frozen):
    """Truth less prediction: over the predictions, in a histogram, and its quantiles beside those of a normal distribution."""

    bands: tuple[Band, ...]
    distribution: Histogram
    normal: tuple[Figure, ...]
    quantiles: tuple[Figure, ...]


class Importance(_Frozen):
    """By how much the metric gets worse where one feature's values are shuffled among the rows."""

    feature: str
    loss: Estimate


class Importances(_Frozen):
    """The importances, the largest first, and by what they were measured: so many rows, shuffled so many times."""

    metric: str
    rows: int
    repeats: int
    features: tuple[Importance, ...]
    left_out: int = 0


class Level(_Frozen):
    """A value of a feature as it is shown; ``kind`` tells those that are none apart."""

    value: str
    kind: Literal["value", "missing", "other"] = "value"


class Dependence(_Frozen):
    """The mean prediction where every row has the same value of one feature: of a number at the points of ``at``, else at ``levels``.

    ``predicted`` has a series for each class; a binary model and a regression have one. ``share`` are the rows up to each point of
    ``at``, or those of each of ``levels``.
    """

    feature: str
    at: tuple[Figure, ...] = ()
    levels: tuple[Level, ...] = ()
    labels: tuple[str, ...] = ()
    predicted: tuple[tuple[Figure, ...], ...]
    share: tuple[Figure, ...]


class Slice(_Frozen):
    """The hold-out's rows that have one value; ``metric`` is None where they are too few or do not define it.

    ``actual`` and ``predicted`` are means: of a binary model the share of the positive class.
    """

    level: Level
    rows: int
    metric: Estimate | None = None
    actual: Figure | None = None
    predicted: Figure | None = None


class Sliced(_Frozen):
    """The hold-out divided by a feature, the largest slices first."""

    feature: str
    slices: tuple[Slice, ...]
    left_out: int = 0


class Slices(_Frozen):
    """The metric in the slices of each feature that has categories."""

    metric: str
    features: tuple[Sliced, ...]
    left_out: int = 0


class Miss(_Frozen):
    """A row of the hold-out that was predicted badly: its primary key, and by how much.

    ``error`` is the truth less the prediction of a regression, else 1 less the probability of the class that came true.
    """

    key: tuple[str, ...]
    error: Figure


class Profiled(_Frozen):
    """A column in the training part and in the hold-out.

    ``quantiles`` (of the training part) are the 1, 5, 25, 50, 75, 95 and 99 %; ``histogram`` has both parts between the first and the last
    of them, in shares. ``levels`` are the most frequent of ``categories``, with their ``shares`` of both parts. ``drift`` is the population
    stability index of the hold-out against the training part, None where one of them is empty.
    """

    name: str
    kind: Literal["number", "category"]
    missing: tuple[Figure, Figure]
    quantiles: tuple[Figure, ...] = ()
    edges: tuple[Figure, ...] = ()
    histogram: tuple[tuple[Figure, ...], ...] = ()
    categories: int = 0
    levels: tuple[Level, ...] = ()
    shares: tuple[tuple[Figure, ...], ...] = ()
    drift: Figure | None = None


class Profile(_Frozen):
    """The label, and the features, those that matter most first."""

    label: Profiled
    features: tuple[Profiled, ...]
    left_out: int = 0


class Attempt(_Frozen):
    """An algorithm that was tried and its score on rows kept for that, lower is better; parameters are those that are not defaults."""

    algorithm: str
    parameters: dict[str, JsonValue]
    rows: int
    score: Figure | None = None
    reason: str | None = None
    chosen: bool = False


class Report(_Frozen):
    """Everything shown of a version that its manifest does not say."""

    format: Literal[1] = REPORT_FORMAT
    name: str
    task: Task
    classes: tuple[ClassReport, ...] = ()
    classes_left_out: int = 0
    confusion: Confusion | None = None
    residuals: Residuals | None = None
    importances: Importances | None = None
    dependences: tuple[Dependence, ...] = ()
    slices: Slices | None = None
    worst: tuple[Miss, ...] = ()
    profile: Profile
    tried: tuple[Attempt, ...] = ()

    def to_json(self) -> str:
        """The canonical text: keys sorted, no spaces, so that equal reports are equal bytes."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def read_report(text: str) -> Report:
    """The report in ``text``; ``ArtifactError`` where it is damaged or of a newer format."""
    try:
        number = json.loads(text).get("format")
    except (ValueError, AttributeError, RecursionError) as error:
        raise ArtifactError("The report is not a JSON object.", {}, ["Train the version again: predicting needs no report."]) from error
    if number != REPORT_FORMAT:
        raise ArtifactError(
            f"The report has format {number!r}; this release reads {REPORT_FORMAT}.",
            {"format": number},
            ["Upgrade prisml to the release that wrote it."],
        )
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False, include_url=False)})
        raise ArtifactError(
            f"The report is damaged at {', '.join(places)}.", {"places": places}, ["Restore the artifact from where it was exported."]
        ) from None
