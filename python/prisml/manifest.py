"""The stored contract of a version, and its JSON.

``manifest.json`` is everything that is known of a version besides the graph: its inputs in order, its classes, its metrics, how it
was trained, and the SHA-256 of ``model.onnx`` and of ``report.json``. It names no module, path or URL and holds no code.

Rule of change: a release that adds an optional key keeps ``FORMAT_VERSION``; one that changes or removes a key raises it by one and
keeps reading every older number. A manifest with a newer number is refused.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from prisml.errors import ArtifactError

FORMAT_VERSION: Final = 1

Task = Literal["binary", "multiclass", "regression"]
Dtype = Literal["float", "int", "decimal", "bool", "str", "enum", "uuid", "date", "datetime"]
Origin = Literal["column", "related", "transform", "expression", "resolver"]
Op = Literal["days_since", "hours_since", "hour_of", "weekday_of", "month_of", "log1p", "length", "is_missing", "ratio", "difference"]
ClassLabel = bool | int | str


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Source(_Frozen):
    """A column that an input reads: the attribute names from the row to the value, and the column's type.

    What the database computes by an expression has one name, which begins with "@": no row has it.
    """

    path: tuple[str, ...] = Field(min_length=1)
    dtype: Dtype


class Input(_Frozen):
    """One column of the encoded matrix, and how a row becomes its float32.

    ``dtype`` is the type of the feature's own value (of a transform: ``"float"``). ``by_name`` allows a row to give the feature under
    its own name in place of its sources. The second source of ``days_since`` and ``hours_since`` is the moment that they are counted
    to; without one it is that of prediction. ``zone`` is the IANA time zone of ``hour_of``, ``weekday_of`` and ``month_of``, by the
    database that the core has built in (None: UTC); a date has none, and stays what it is.

    A number that is missing is NaN in the matrix, filled by the graph where ``imputation`` says so; ``missing="error"`` refuses it. A
    category is its index in ``categories``, or ``missing_code``, or ``other_code`` for what training did not see (None: refuse).
    ``members`` are all names of an enumeration: another name is refused, not unseen.
    """

    name: str
    kind: Literal["number", "category"]
    origin: Origin
    dtype: Dtype
    sources: tuple[Source, ...] = ()
    by_name: bool = True
    transform: Op | None = None
    zone: str | None = None
    missing: Literal["nan", "code", "error"] = "nan"
    imputation: str | float | None = None
    categories: tuple[str, ...] | tuple[int, ...] | None = None
    members: tuple[str, ...] | None = None
    missing_code: int | None = None
    other_code: int | None = None


class Interval(_Frozen):
    """A metric on the hold-out with the ends of its 95 % interval."""

    value: float
    low: float | None = None
    high: float | None = None


class SliceVerdict(_Frozen):
    """What a gate found in the rows of one slice; ``passed`` is None where they were not judged, since they are too few."""

    value: ClassLabel | None
    rows: int
    got: Interval | None = None
    difference: Interval | None = None
    passed: bool | None = None


class Fold(_Frozen):
    """How many rows a model of a cross-validation was trained on, and how many it was judged by."""

    train: int
    test: int


class Folded(_Frozen):
    """A metric over the folds of a cross-validation: its mean, its standard deviation (of a sample), and each fold's; None: not defined."""

    mean: float
    deviation: float
    values: tuple[float | None, ...]


class CrossValidation(_Frozen):
    """The folds of the training part, made as the split made the parts, and each metric over them."""

    folds: tuple[Fold, ...]
    metrics: dict[str, Folded]


class Finding(_Frozen):
    """What was found of the training's rows and did not stop it: a stable code, the feature that it is about, and the way out."""

    code: str
    feature: str | None = None
    what: str
    way_out: str

    def __str__(self) -> str:
        subject = "" if self.feature is None else f"feature {self.feature!r} "
        return f"{self.code}: {subject}{self.what}. {self.way_out}"


class GateVerdict(_Frozen):
    """What a gate wanted, what the hold-out gave, and whether it passed.

    ``got`` is that of the worst slice where ``sliced`` names what the rows were divided by, and ``slices`` has them all. ``difference`` is
    the metric less that of the baseline or of the version that served. ``rows`` were judged; ``reason`` says in a sentence what decided.
    ``overlap`` says how many of the rows may have trained the version that served.

    What depends on the machine or on the version that served is known to the run that judged, and is not stored: of ``p99_ms`` there
    is no ``got``, and of a comparison with the version that served no ``difference``, no ``slices``, no ``reason`` and no ``overlap``.
    """

    metric: str
    wanted: str
    got: Interval | None = None
    passed: bool
    sliced: str | None = None
    difference: Interval | None = None
    slices: tuple[SliceVerdict, ...] = ()
    rows: int | None = None
    reason: str | None = None
    overlap: str | None = None

    @property
    def name(self) -> str:
        """What the gate is on: the metric, and what the rows were divided by."""
        return self.metric if self.sliced is None else f"{self.metric} by {self.sliced}"


class Parity(_Frozen):
    """How far the production engine is from what it must equal: rows compared, the largest difference, label flips.

    ``source`` says what that is: scikit-learn's own predictions (``"measured"``), or the golden rows that came with a foreign graph
    (``"supplied"``).
    """

    rows: int
    edge_rows: int
    max_difference: float
    tolerance: float
    label_flips: int
    source: Literal["measured", "supplied"] = "measured"


class GoldenRow(_Frozen):
    """A made-up row, each feature under its own name, and what the exported model gives for it."""

    features: dict[str, bool | int | float | str | None]
    expected: tuple[float, ...]


Aspect = Literal["type", "values", "nullable", "references"]


class Read(_Frozen):
    """A column of the database that features read, as it was mapped when the version was trained.

    ``table`` has its schema in front where one is mapped. ``type`` is a family, with a length, or precision and scale, where the mapping
    says one: ``"string(20)"``, ``"numeric(10, 2)"``, ``"integer"``, whichever the database. ``values`` are those of an enumeration, in
    order; ``references`` is the column that a foreign key leads to. ``features`` are those that read it; a relationship's columns are
    read by the features that go over it. ``unlike`` names what was not so in the database that the version was trained on: there,
    the mapping tells nothing of what the model saw.
    """

    table: str
    column: str
    type: str
    values: tuple[str, ...] | None = None
    nullable: bool
    references: str | None = None
    features: tuple[str, ...] = ()
    unlike: tuple[Aspect, ...] = ()


class ReliabilityBin(_Frozen):
    """The rows whose probability falls into one part of the way from 0 to 1: how many, their mean, and how often it came true.

    Both are None where no row falls into it.
    """

    count: int
    predicted: float | None = None
    observed: float | None = None


class Reliability(_Frozen):
    """What probabilities say beside what came true: bins of equal width, the expected calibration error, and the Brier score."""

    bins: tuple[ReliabilityBin, ...]
    ece: float
    brier: float


class Calibration(_Frozen):
    """How probabilities were brought to what they say, and their reliability on the hold-out before and after, in the production engine.

    ``method`` is ``"prior"`` where each class's probability was divided by its weight in fitting (``class_weights``, in the order of the
    classes), otherwise that of the calibrator. ``rows`` were the base of it: the training part, or those kept from fitting.
    """

    method: Literal["prior", "sigmoid", "isotonic"]
    rows: int
    class_weights: tuple[float, ...] = ()
    before: Reliability
    after: Reliability


class ThresholdRule(_Frozen):
    """By what the threshold was chosen, from how many rows that were kept from fitting, and what it reaches there.

    ``value`` is the F1, the cost per row, the precision or the recall; ``parameters`` are the rule's own numbers.
    """

    rule: Literal["f1", "cost", "precision", "recall"]
    parameters: dict[str, float] = {}
    rows: int
    value: float


class Rows(_Frozen):
    """How many rows were read, trained on, kept for choices (``validation``) and held out, and why others were dropped.

    For a NULL label; for a NULL in the column of ``as_of``; since the label's window was not over when the rows were read, or reached into
    the hold-out.
    """

    extracted: int
    dropped_null_label: int
    dropped_null_as_of: int = 0
    dropped_open_window: int = 0
    dropped_overlapping: int = 0
    train: int
    validation: int = 0
    test: int


class Search(_Frozen):
    """How the estimator was found: how many candidates were fitted, on how many rows at each rung, and what they were judged by.

    ``metric`` is that of the ``validation_rows`` rows, which were kept from the candidates and are no part of the hold-out.
    """

    candidates: int
    rungs: tuple[int, ...]
    metric: str
    validation_rows: int


class Fingerprints(_Frozen):
    """SHA-256 of what a process must agree on to serve the version: the columns read, each expression's SQL, each resolver's code."""

    columns: str
    expressions: dict[str, str] = {}
    resolvers: dict[str, str] = {}


class Manifest(_Frozen):
    """Everything stored of a version besides ``model.onnx`` and its report.

    ``key`` are the attribute names of the entity's primary key, by which experiments assign a row. ``as_of`` says at which moment rows
    were seen: at that of the extraction, at the dates in ``snapshots``, or each at its own in ``as_of_column``. ``reads`` are the columns
    that the features read, by table and column; None where that was not kept: of a foreign graph, and by releases that did not know
    it. ``encoding`` says how category codes reached the estimator. ``holdout`` is a SHA-256 of the keys of the rows that were held out, by
    which another training tells whether it holds out the same; None where that was not kept. ``waived`` is what guards against leakage
    found and the definition waived, as ``"guard:feature"``. ``warnings`` are what was found of the rows before fitting;
    ``cross_validation`` is None where none was asked for, ``calibration`` where probabilities are as fitted, ``threshold_rule`` where the
    definition gives the threshold. ``report_sha256`` is of the report that the version was trained with; None where none was written:
    serving needs no report. ``search`` says how the estimator was found where that was left to training.
    """

    format: Literal[1] = FORMAT_VERSION
    name: str
    entity: str
    key: tuple[str, ...] = ()
    output: str
    task: Task
    classes: tuple[ClassLabel, ...] = ()
    threshold: float | None = None
    threshold_rule: ThresholdRule | None = None
    calibration: Calibration | None = None
    inputs: tuple[Input, ...] = Field(min_length=1)
    as_of: Literal["extraction", "dates", "column"] = "extraction"
    as_of_column: str | None = None
    snapshots: tuple[str, ...] = ()
    fingerprints: Fingerprints
    reads: tuple[Read, ...] | None = None
    golden: tuple[GoldenRow, ...] = ()
    encoding: Literal["ordinal", "one_hot", "native"] | None = None
    estimator: str
    parameters: dict[str, JsonValue]
    search: Search | None = None
    split: dict[str, JsonValue]
    seed: int
    holdout: str | None = None
    rows: Rows
    metrics: dict[str, Interval]
    baseline: dict[str, float]
    gates: tuple[GateVerdict, ...] = ()
    waived: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
    cross_validation: CrossValidation | None = None
    parity: Parity
    libraries: dict[str, str]
    model_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    report_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")

    def to_json(self) -> str:
        """The canonical text: keys sorted, no spaces, so that equal manifests are equal bytes."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical text; it covers the graph too, whose own SHA-256 stands in it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def read_manifest(text: str) -> Manifest:
    """The manifest in ``text``; ``ArtifactError`` where it is damaged or of a newer format."""
    try:
        number = json.loads(text).get("format")
    except (ValueError, AttributeError) as error:
        raise ArtifactError("The manifest is not a JSON object.", {}, ["Restore the artifact from where it was exported."]) from error
    if number != FORMAT_VERSION:
        raise ArtifactError(
            f"The manifest has format {number!r}; this release reads {FORMAT_VERSION}.",
            {"format": number},
            ["Upgrade prisml to the release that wrote it."],
        )
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False, include_url=False)})
        raise ArtifactError(
            f"The manifest is damaged at {', '.join(places)}.", {"places": places}, ["Restore the artifact from where it was exported."]
        ) from None
