"""One version, loaded: what an engine asks, alone or beside others in an experiment."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prisml import _core
from prisml.definition.model import ModelDefinition
from prisml.errors import EncodingError, LimitExceededError, PrisMLError, PrisMLWarning
from prisml.logs import DRIFTED, FELL_BACK, LOADED, OPENED, record
from prisml.manifest import Input, Manifest, read_manifest
from prisml.registry.bundle import Artifact
from prisml.registry.registry import Registry, Version
from prisml.serving import runtime
from prisml.serving.drift import OnDrift, check_drift
from prisml.serving.effort import ONE_THREAD, Effort
from prisml.serving.expressions import ask_session
from prisml.serving.info import Info
from prisml.serving.prediction import Reading
from prisml.serving.settings import Settings

Computed = Mapping[str, Sequence[object]]
Table = _core.Table
Columns = Table | NDArray[Any]
"""Rows as columns: with names, or an array with a column of numbers for each input."""


class Batch(NamedTuple):
    """What a version gives for rows: numbers, the errors of rows by their index, and how many categories of a feature were unseen."""

    raw: NDArray[np.float64]
    errors: dict[int, PrisMLError]
    unseen: dict[str, int]


class Served:
    """A version in this process. Immutable; safe for threads and fork.

    ``SchemaDriftError`` where ``definition`` is not what the version was trained with, ``LimitExceededError`` where its graph is too
    large, ``ModelLoadError`` where the graph may not be run or does not fit its manifest. A mapping that only says other things of the
    same columns warns, or with ``on_drift="error"`` raises too. ``settings`` are those of the environment unless given. ``runtime`` is
    ``"native"``, or what ONNX Runtime says of its build.
    """

    def __init__(
        self,
        digest: str,
        fetch: Callable[[], tuple[str, bytes]],
        *,
        manifest: Manifest,
        number: int | None,
        definition: ModelDefinition[Any] | None,
        settings: Settings | None = None,
        on_drift: OnDrift = "warn",
    ) -> None:
        self.settings = settings or Settings.read()
        self._drift = None if definition is None else check_drift(definition, manifest, on_drift)
        self.digest = digest
        self.manifest = manifest
        self.number = number
        self.reading = Reading.of(manifest)
        self._model = _load(digest, fetch, manifest.name, self.settings)
        self.runtime = "native" if self._model.scorer[0] else load_runtime()
        self._log()
        if self.doubtful:
            # Each time that it is loaded: a warning that is shown once per line of code would hide the second model.
            warnings.warn(self._doubt(), PrisMLWarning, stacklevel=2)
        if self._drift is not None:
            warnings.warn(self._drift, PrisMLWarning, stacklevel=2)
        # A bound method: the shortest way to one prediction.
        self.predict = _core.Predictor(self._model, self.reading, number).predict
        resolved = frozenset(item.name for item in manifest.inputs if item.origin == "resolver")
        self._asked = frozenset(item.name for item in manifest.inputs if is_asked(item))
        self.resolves = bool(resolved or self._asked)
        self._resolved = resolved
        self._alone = definition is None
        self._detached = resolved if self._alone else frozenset()

    @classmethod
    def from_artifact(
        cls, artifact: Artifact, *, definition: ModelDefinition[Any] | None, number: int | None, settings: Settings | None = None
    ) -> Served:
        """The version that ``artifact`` is."""
        content = artifact.manifest_text, artifact.onnx
        return cls(artifact.digest, lambda: content, manifest=artifact.manifest, number=number, definition=definition, settings=settings)

    @classmethod
    def from_registry(
        cls, registry: Registry, version: Version, *, definition: ModelDefinition[Any] | None, on_drift: OnDrift = "warn"
    ) -> Served:
        """``version``; its graph is fetched only where this process has not loaded it yet."""
        settings = Settings.read()
        text = registry.manifest_text(version)
        manifest = read_manifest(text)

        def fetch() -> tuple[str, bytes]:
            check_size(version.size, manifest.name, settings)
            return text, registry.graph(version, manifest.model_sha256)

        return cls(
            version.digest, fetch, manifest=manifest, number=version.number, definition=definition, settings=settings, on_drift=on_drift
        )

    def one(self, row: object, *, as_of: int | None, computed: Computed | None) -> float | tuple[float, ...]:
        """The numbers for one row; ``as_of`` in microseconds since 1970, ``computed`` the resolvers' values."""
        values = None if computed is None else {feature: column[0] for feature, column in computed.items()}
        try:
            return self._model.predict_one(row, as_of=as_of, computed=values)
        except EncodingError as error:
            raise self._explained(error) from None

    def many(
        self,
        rows: Sequence[object],
        *,
        as_of: int,
        computed: Computed | None,
        null_errors: bool,
        only: Sequence[int] | None = None,
        effort: Effort = ONE_THREAD,
    ) -> Batch:
        """The numbers for ``rows``, or for those at the indices ``only``, in that order."""
        try:
            raw, errors, unseen = self._model.predict_many(
                rows,
                as_of=as_of,
                computed=computed,
                null_errors=null_errors,
                only=only,
                threads=effort.threads,
                within=effort.left(),
            )
        except EncodingError as error:
            raise self._explained(error) from None
        return Batch(raw, {row: self._explained(error) for row, error in errors.items()}, unseen)

    def columns(
        self, columns: Columns, *, as_of: int, null_errors: bool, only: Sequence[int] | None = None, effort: Effort = ONE_THREAD
    ) -> Batch:
        """As ``many``, for rows that are given as columns: what resolvers would compute must be among them."""
        try:
            raw, errors, unseen = self._model.predict_columns(
                columns, as_of=as_of, null_errors=null_errors, only=only, threads=effort.threads, within=effort.left()
            )
        except EncodingError as error:
            raise self._explained(error, columns=True) from None
        return Batch(raw, {row: self._explained(error, columns=True) for row, error in errors.items()}, unseen)

    def encode(self, rows: Sequence[object] | Columns, *, as_of: int, computed: Computed | None) -> NDArray[np.float32]:
        """The matrix that the model is given for ``rows``."""
        by_columns = isinstance(rows, Table | np.ndarray)
        try:
            if isinstance(rows, Table | np.ndarray):
                return self._model.encode_columns(rows, as_of=as_of)
            return self._model.encode(rows, as_of=as_of, computed=computed).reshape(len(rows), len(self.manifest.inputs))
        except EncodingError as error:
            raise self._explained(error, columns=by_columns) from None

    def encoded(self, matrix: NDArray[np.float32], *, effort: Effort = ONE_THREAD) -> NDArray[np.float64]:
        """The numbers for rows that are encoded already."""
        return self._model.predict_encoded(matrix, threads=effort.threads, within=effort.left())

    def preload(self) -> None:
        """Make now what the first prediction would make."""
        self._model.warm()

    @property
    def doubtful(self) -> bool:
        """Whether the native scorer answered golden rows wrongly here, so that ONNX Runtime answers in its place."""
        return self._model.doubtful

    def info(self) -> Info:
        """What answers for the version, and why."""
        native, reason, held, instructions = self._model.scorer
        return Info(
            self.manifest.name,
            self.number,
            self.digest,
            "native" if native else "onnxruntime",
            reason,
            instructions,
            held,
            tuple(item.name for item in self.manifest.inputs),
        )

    def _log(self) -> None:
        told, model, version = self.info(), self.manifest.name, self.number
        known = {"model": model, "digest": self.digest, "scorer": told.scorer, "reason": told.reason, "bytes": told.bytes}
        if version is None:
            record(OPENED, **known)
        else:
            record(LOADED, **known, version=version)
        if self.doubtful:
            record(FELL_BACK, model=model, version=version, reason=told.reason)
        if self._drift is not None:
            record(DRIFTED, model=model, version=version, problem=self._drift)

    def notes(self) -> tuple[str, ...]:
        """What a caller must give, since there is no definition to compute it; what drifted; that the version's answers are in doubt."""
        given = tuple(_must_be_given(feature) for feature in sorted(self._detached))
        if self._alone:
            given += tuple(ask_session(feature) for feature in sorted(self._asked))
        drift = () if self._drift is None else (self._drift,)
        return (*given, *drift, self._doubt()) if self.doubtful else (*given, *drift)

    def _doubt(self) -> str:
        version = "" if self.number is None else f", version {self.number}"
        return (
            f"Model {self.manifest.name!r}{version}: answers for the golden rows of its manifest are wrong here, so ONNX Runtime answers "
            f"in place of the native scorer ({self._model.scorer[1]}). Compare it with where it was trained, and report this."
        )

    def _explained(self, error: PrisMLError, *, columns: bool = False) -> PrisMLError:
        """The error, with the way out that only an engine without a definition needs, or rows that are columns."""
        feature = error.context.get("feature")
        if feature in self._asked and "type" not in error.context:
            return type(error)(error.message, error.context, [*error.suggestions, ask_session(str(feature))])
        if feature not in (self._resolved if columns else self._detached):
            return error
        way_out = _must_be_a_column if columns else _must_be_given
        return type(error)(error.message, error.context, [*error.suggestions, way_out(str(feature))])


def is_asked(item: Input) -> bool:
    """Whether the database computes the input, or a source of it."""
    return item.origin == "expression" or any(source.path[0].startswith("@") for source in item.sources)


def _must_be_given(feature: str) -> str:
    return f"{feature!r} is computed by a resolver: load through its definition (definition.load()), or give each row a key {feature!r}."


def _must_be_a_column(feature: str) -> str:
    return (
        f"{feature!r} is computed by a resolver, which reads rows: give the table a column {feature!r}, or give rows (mappings, objects) "
        "to an engine that was loaded through its definition."
    )


def _load(digest: str, fetch: Callable[[], tuple[str, bytes]], model: str, settings: Settings) -> _core.Model:
    def checked() -> tuple[str, bytes]:
        text, onnx = fetch()
        check_size(len(onnx), model, settings)
        return text, onnx

    room = settings.cache_models, settings.cache_bytes
    return _core.load_model(digest, checked, load_runtime, native=settings.native, level=settings.simd, room=room)


def check_size(size: int | None, model: str, settings: Settings) -> None:
    """``LimitExceededError`` where a graph of ``size`` bytes is larger than this process loads."""
    if size is None or size <= settings.model_bytes:
        return
    raise LimitExceededError(
        f"The graph of {model!r} has {size:,} bytes, and this process loads {settings.model_bytes:,} at most.",
        {"model": model, "bytes": size, "limit": settings.model_bytes},
        ["Train a smaller model, with fewer or shallower trees; or set PRISML_MODEL_BYTES."],
    )


def load_runtime() -> str:
    """What ONNX Runtime says of its build, loaded now where it was not yet."""
    return runtime.start(_core.load_runtime)
