"""An engine: one version of a model, loaded and ready to predict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from prisml import _core
from prisml.definition.model import ModelDefinition
from prisml.errors import ConfigurationError, EncodingError, FeatureExtractionError, PrisMLError
from prisml.extraction.resolvers import resolver_values
from prisml.manifest import Manifest, read_manifest
from prisml.registry.bundle import Artifact
from prisml.registry.registry import Registry, Version
from prisml.serving import runtime
from prisml.serving.drift import check_drift
from prisml.serving.prediction import Prediction, Predictions, Reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Computed = dict[str, list[object]]


@dataclass(frozen=True)
class Health:
    """What an engine serves, by which library, and what a caller must know to use it."""

    name: str
    version: int | None
    digest: str
    runtime: str
    notes: tuple[str, ...]


class Engine:
    """Predicts with one version of a model. Safe for threads and fork.

    A row is a mapping, a dataclass or any object with attributes; it gives columns by attribute name, and may give a feature by the
    feature's own name. With a definition, resolvers run on each row; without one, the row must give what they would have computed.
    """

    def __init__(
        self,
        digest: str,
        fetch: Callable[[], tuple[str, bytes]],
        *,
        manifest: Manifest,
        version: int | None = None,
        definition: ModelDefinition[Any] | None = None,
    ) -> None:
        if definition is not None:
            check_drift(definition, manifest)
        self.manifest = manifest
        self.version = version
        self.digest = digest
        self._runtime = runtime.start(_core.load_runtime)
        self._model = _core.load_model(digest, fetch)
        self._predict_one = self._model.predict_one
        self._reading = Reading.of(manifest)
        resolved = frozenset(item.name for item in manifest.inputs if item.origin == "resolver")
        self._definition = definition if resolved else None
        self._detached = resolved if definition is None else frozenset()
        self._plain = not resolved

    @classmethod
    def from_artifact(cls, artifact: Artifact, *, definition: ModelDefinition[Any] | None = None, version: int | None = None) -> Engine:
        """An engine that serves ``artifact``, which need not be in any registry."""
        content = artifact.manifest_text, artifact.onnx
        return cls(artifact.digest, lambda: content, manifest=artifact.manifest, version=version, definition=definition)

    @classmethod
    def from_registry(cls, registry: Registry, version: Version, *, definition: ModelDefinition[Any] | None = None) -> Engine:
        """An engine that serves ``version``; its graph is fetched only where this process has not loaded it yet."""
        text = registry.manifest_text(version)
        manifest = read_manifest(text)
        return cls(
            version.digest,
            lambda: (text, registry.graph(version, manifest.model_sha256)),
            manifest=manifest,
            version=version.number,
            definition=definition,
        )

    @property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.name

    def __repr__(self) -> str:
        return f"<Engine {self.name!r}, version {self.version!r}>"

    def health(self) -> Health:
        """What is served, and what a caller must give."""
        notes = tuple(_must_be_given(feature) for feature in sorted(self._detached))
        return Health(self.name, self.version, self.digest, self._runtime, notes)

    def predict(self, row: object, *, as_of: date | None = None) -> Prediction:
        """The prediction for one row, at the moment ``as_of`` (now; a naive one is UTC).

        ``EncodingError`` names the feature whose value does not fit, ``FeatureExtractionError`` the resolver that failed.
        """
        if as_of is None and self._plain:
            return Prediction(self._predict_one(row), self._reading, self.version)
        moment = _moment(as_of)
        computed = None
        if self._definition is not None:
            computed = {feature: values[0] for feature, values in resolver_values(self._definition, [row], moment).items()}
        try:
            raw = self._predict_one(row, as_of=_micros(moment), computed=computed)
        except EncodingError as error:
            raise self._explained(error) from None
        return Prediction(raw, self._reading, self.version)

    def predict_many(
        self, rows: Sequence[object], *, as_of: date | None = None, on_error: Literal["raise", "null"] = "raise"
    ) -> Predictions:
        """The predictions for a list, tuple or other sequence of rows, in their order, all at the moment ``as_of`` (now).

        A row that fails raises, with its index and feature, and nothing is returned; with ``on_error="null"`` it has no prediction, and
        ``errors`` says why. ``EncodingError`` where ``rows`` is no sequence of rows.
        """
        if on_error not in ("raise", "null"):
            raise ConfigurationError(
                f"on_error is {on_error!r}.", {"model": self.name}, ['Use "raise", or "null" for no prediction where a row fails.']
            )
        batch, moment = self._checked_rows(rows), _moment(as_of)
        null_errors = on_error == "null"
        computed, failed = self._resolved(batch, moment, null_errors)
        try:
            raw, errors, unseen = self._model.predict_many(batch, as_of=_micros(moment), computed=computed, null_errors=null_errors)
        except EncodingError as error:
            raise self._explained(error) from None
        errors = {row: self._explained(error) for row, error in errors.items()} | failed
        if failed:
            raw[list(failed)] = np.nan
        return Predictions(raw, self._reading, self.version, errors=errors, unseen=unseen)

    def predict_encoded(self, matrix: NDArray[np.float32]) -> Predictions:
        """The predictions for rows that are encoded already: float32 of shape (n, inputs), in the order of the manifest's inputs.

        Missing numbers are NaN, categories their codes. ``EncodingError`` where type or shape is another.
        """
        encoded = _checked_matrix(matrix, self.name, len(self.manifest.inputs))
        return Predictions(self._model.predict_encoded(encoded), self._reading, self.version)

    def _checked_rows(self, rows: object) -> Sequence[object]:
        if isinstance(rows, list | tuple):
            return rows
        if isinstance(rows, Sequence) and not isinstance(rows, str | bytes | bytearray | memoryview):
            return list(rows)
        raise EncodingError(
            f"predict_many takes a list or another sequence of rows, not a {type(rows).__name__}.",
            {"model": self.name},
            ["Pass list(rows) for an iterator, predict(row) for one row, predict_encoded(matrix) for an encoded matrix."],
        )

    def _resolved(self, rows: Sequence[object], moment: datetime, null_errors: bool) -> tuple[Computed | None, dict[int, PrisMLError]]:
        """What the resolvers give for each row, and the errors of rows for which one failed: they stay in the batch, with None."""
        if self._definition is None:
            return None, {}
        try:
            return resolver_values(self._definition, rows, moment), {}
        except (FeatureExtractionError, EncodingError):
            if not null_errors:
                raise
        computed: Computed = {feature: [None] * len(rows) for feature in self._definition.resolvers}
        failed: dict[int, PrisMLError] = {}
        for place, row in enumerate(rows):
            try:
                for feature, values in resolver_values(self._definition, [row], moment, first_row=place).items():
                    computed[feature][place] = values[0]
            except (FeatureExtractionError, EncodingError) as error:
                failed[place] = error
        return computed, failed

    def _explained(self, error: PrisMLError) -> PrisMLError:
        """The error, with the way out that only an engine without a definition needs."""
        feature = error.context.get("feature")
        if feature not in self._detached:
            return error
        return type(error)(error.message, error.context, [*error.suggestions, _must_be_given(str(feature))])


def _must_be_given(feature: str) -> str:
    return f"{feature!r} is computed by a resolver: load through its definition (definition.load()), or give each row a key {feature!r}."


def _checked_matrix(matrix: object, model: str, columns: int) -> NDArray[np.float32]:
    if not isinstance(matrix, np.ndarray) or matrix.dtype != np.float32:
        what = f"an array of {matrix.dtype}" if isinstance(matrix, np.ndarray) else f"a {type(matrix).__name__}"
        raise EncodingError(f"An encoded matrix is a NumPy array of float32, not {what}.", {"model": model}, ["Use predict_many for rows."])
    if matrix.ndim != 2 or matrix.shape[1] != columns:
        raise EncodingError(
            f"The encoded matrix of {model!r} has shape (rows, {columns}), not {matrix.shape}.",
            {"model": model, "columns": columns},
            ["Give one column for each input, in the order of engine.manifest.inputs."],
        )
    return np.ascontiguousarray(matrix)


def _moment(as_of: object) -> datetime:
    """``as_of`` as an aware moment in UTC: now for None, midnight for a date; what is naive is UTC."""
    if as_of is None:
        return datetime.now(UTC)
    try:
        if isinstance(as_of, datetime):
            moment = as_of.replace(tzinfo=UTC) if as_of.tzinfo is None else as_of.astimezone(UTC)
        elif isinstance(as_of, date):
            moment = datetime.combine(as_of, time(), UTC)
        else:
            raise EncodingError(f"as_of is a {type(as_of).__name__}.", {}, ["Give a datetime or a date."])
        _micros(moment)
    except (TypeError, ValueError, OverflowError):
        # NaT of pandas is a datetime that stands for none, and ends as NaN; the first and last hours of the calendar have no equal in UTC.
        kind = type(as_of).__name__
        raise EncodingError(
            f"as_of is a {kind} that is no moment in UTC.", {"type": kind}, ["Give a moment from the years 1 to 9999."]
        ) from None
    return moment


def _micros(moment: datetime) -> int:
    return int((moment - _EPOCH) // timedelta(microseconds=1))
