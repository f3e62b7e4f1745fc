"""An engine: what predicts with the versions of a model that serve, and follows the registry that says which."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from time import time_ns
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from prisml.definition.model import ModelDefinition
from prisml.errors import ConfigurationError
from prisml.manifest import Manifest
from prisml.registry.bundle import Artifact
from prisml.registry.experiments import Variant
from prisml.registry.registry import Registry, Version
from prisml.serving import columns
from prisml.serving.columns import Rows
from prisml.serving.deployed import Deployed
from prisml.serving.drift import OnDrift
from prisml.serving.effort import Effort, Threads
from prisml.serving.follow import follow, unfollow
from prisml.serving.followed import Followed
from prisml.serving.given import (
    check_count,
    checked_keys,
    checked_matrix,
    checked_mode,
    checked_rows,
    checked_threshold,
    micros,
    own_keys,
    read_moment,
)
from prisml.serving.health import Health
from prisml.serving.info import Info
from prisml.serving.prediction import Prediction, Predictions
from prisml.serving.resolving import Computed, Computing, Errors
from prisml.serving.served import Columns, Served, Table
from prisml.serving.settings import Settings

_INLINE = 64
"""Up to so many rows an ``await`` answers at once: a thread costs more than they do."""


class Engine(Followed):
    """Predicts with the versions of a model that serve. Safe for threads, asyncio and fork.

    A row is a mapping, a dataclass or any object with attributes; it gives columns by attribute name, and may give a feature by the
    feature's own name. With a definition, resolvers run on each row; without one, the row must give what they would have computed.

    While an experiment runs, a row's key decides which variant answers: ``key``, or else the row's own primary key. A row without
    one is answered by the active version. Made by ``prisml.load`` or ``definition.load``.
    """

    def __init__(
        self,
        deployed: Deployed,
        *,
        definition: ModelDefinition[Any] | None = None,
        registry: Registry | None = None,
        on_drift: OnDrift = "warn",
    ) -> None:
        super().__init__(deployed, registry, definition, on_drift)
        self._computing = Computing.of(definition)

    @classmethod
    def from_artifact(
        cls,
        artifact: Artifact,
        *,
        definition: ModelDefinition[Any] | None = None,
        version: int | None = None,
        settings: Settings | None = None,
    ) -> Engine:
        """An engine that serves ``artifact``, which need not be in any registry, by ``settings`` (those of the environment)."""
        served = Served.from_artifact(artifact, definition=definition, number=version, settings=settings)
        return cls(Deployed(served), definition=definition)

    @classmethod
    def from_registry(
        cls, registry: Registry, version: Version, *, definition: ModelDefinition[Any] | None = None, on_drift: OnDrift = "warn"
    ) -> Engine:
        """An engine that serves ``version`` and nothing else, whatever the registry says later."""
        return cls(Deployed(Served.from_registry(registry, version, definition=definition, on_drift=on_drift)), definition=definition)

    @classmethod
    def following(
        cls,
        registry: Registry,
        name: str,
        *,
        definition: ModelDefinition[Any] | None = None,
        refresh: float | None = None,
        on_drift: OnDrift = "warn",
    ) -> Engine:
        """An engine that serves what ``registry`` says, and looks for changes each ``refresh`` seconds (None: only when told to)."""
        deployed = Deployed.read(registry, name, definition, on_drift=on_drift)
        engine = cls(deployed, definition=definition, registry=registry, on_drift=on_drift)
        follow(engine, registry, refresh)
        return engine

    @property
    def name(self) -> str:
        """The model's name."""
        return self.deployed.name

    @property
    def version(self) -> int | None:
        """The number of the active version; None where it came from a bundle."""
        return self.deployed.number

    @property
    def digest(self) -> str:
        """The digest of the active version."""
        return self.deployed.control.digest

    @property
    def manifest(self) -> Manifest:
        """The manifest of the active version."""
        return self.deployed.control.manifest

    def __repr__(self) -> str:
        return f"<Engine {self.name!r}, version {self.version!r}>"

    def health(self) -> Health:
        """What is served, what a caller must give, and how the engine stands with its registry."""
        deployed, standing = self.deployed, self.standing
        control, experiment = deployed.control, deployed.experiment
        return Health(
            self.name,
            control.number,
            control.digest,
            control.runtime,
            control.notes(),
            experiment=None if experiment is None else experiment.name,
            following=self.followed,
            refreshed_at=standing.refreshed_at,
            problem=standing.problem,
        )

    def info(self) -> Info:
        """What answers for the active version in this process, natively or ONNX Runtime, and why; and for those of an experiment."""
        return self.deployed.info()

    def predict(self, row: object, *, key: object = None, as_of: date | None = None, threshold: float | None = None) -> Prediction:
        """The prediction for one row, at the moment ``as_of`` (now; a naive one is UTC).

        ``threshold`` divides a binary model's labels in place of the version's own; its value, the probability, is the same.
        ``EncodingError`` names the feature whose value does not fit, ``FeatureExtractionError`` the resolver that failed.
        """
        deployed = self.deployed
        if deployed.predict is not None and key is None and as_of is None and threshold is None:
            return deployed.predict(row)
        threshold = self._threshold(deployed, threshold)
        served, variant = deployed.assigned(self._key_of(deployed, row, key))
        moment = self._moment(deployed, as_of)
        computed = None if self._computing is None else self._computing.rows([row], moment, null_errors=False)[0]
        return Prediction(served.one(row, as_of=micros(moment), computed=computed), served.reading.at(threshold), served.number, variant)

    def predict_many(
        self,
        rows: Rows,
        *,
        keys: Sequence[object] | None = None,
        as_of: date | None = None,
        on_error: Literal["raise", "null"] = "raise",
        threads: Threads = 1,
        timeout: float | None = None,
        threshold: float | None = None,
    ) -> Predictions:
        """The predictions for a list, tuple or other sequence of rows, in their order, all at the moment ``as_of`` (now).

        ``rows`` may be columns too: anything that hands over Arrow's (a table or reader of pyarrow, a DataFrame of polars or pandas, a
        relation of DuckDB), found by the names that a row would have; or, where all inputs are numbers, a NumPy array (n, inputs) in
        the order of the manifest's inputs. No resolver runs on columns: what it would compute must be one of them.

        ``keys`` are one for each row, or None for no key. A row that fails raises, with its index and feature, and nothing is returned;
        with ``on_error="null"`` it has no prediction, and ``errors`` says why. ``EncodingError`` where ``rows`` is neither rows nor
        columns.

        ``threads`` share the scoring (``"auto"``: as many as this process may use cores); the numbers are the same. After ``timeout``
        seconds the call ends with ``DeadlineExceededError`` and no predictions. ``LimitExceededError`` where the rows are too many.
        ``threshold`` is as in ``predict``.
        """
        effort = Effort.of(threads, timeout, self.name)
        return self._predict_many(rows, keys=keys, as_of=as_of, on_error=on_error, effort=effort, threshold=threshold)

    def _predict_many(
        self,
        rows: Rows,
        *,
        keys: Sequence[object] | None,
        as_of: date | None,
        on_error: Literal["raise", "null"],
        effort: Effort,
        threshold: float | None,
    ) -> Predictions:
        deployed = self.deployed
        null_errors = checked_mode(on_error, self.name)
        threshold = self._threshold(deployed, threshold)
        batch = checked_rows(rows, self.name)
        check_count(len(batch), self.name, deployed.control.settings.batch_rows)
        keys = self._keys_of(deployed, batch, keys)
        since, computed, failed = self._computed(deployed, batch, as_of, null_errors=null_errors)
        found = deployed.predict_many(batch, keys, as_of=since, computed=computed, null_errors=null_errors, effort=effort)
        return found.failing(failed).at(threshold)

    def _computed(
        self, deployed: Deployed, batch: Sequence[object] | Columns, as_of: date | None, *, null_errors: bool
    ) -> tuple[int, Computed | None, Errors]:
        """The moment that the batch is seen at, what is computed of its rows, and the errors of rows for which that failed."""
        if as_of is None and self._computing is None:
            # What is asked about now, with nothing to resolve, needs no calendar.
            return time_ns() // 1_000, None, {}
        moment = self._moment(deployed, as_of)
        if self._computing is None or isinstance(batch, Table | np.ndarray):
            return micros(moment), None, {}
        return micros(moment), *self._computing.rows(batch, moment, null_errors=null_errors)

    def encode(self, rows: Rows, *, as_of: date | None = None) -> NDArray[np.float32]:
        """What the active version's model is given for ``rows``, seen at ``as_of`` (now): a matrix as ``predict_encoded`` takes it.

        Bit for bit what training had for the same rows at the same moment. No experiment takes part; raises as ``predict_many``.
        """
        deployed = self.deployed
        batch = checked_rows(rows, self.name)
        check_count(len(batch), self.name, deployed.control.settings.batch_rows)
        since, computed, _ = self._computed(deployed, batch, as_of, null_errors=False)
        return deployed.encode(batch, as_of=since, computed=computed)

    def predict_encoded(
        self, matrix: NDArray[np.float32], *, threads: Threads = 1, timeout: float | None = None, threshold: float | None = None
    ) -> Predictions:
        """The active version's predictions for rows that are encoded already: float32 (n, inputs), in the order of its manifest's inputs.

        Missing numbers are NaN, categories their codes. No experiment takes part. ``EncodingError`` where type or shape is another.
        ``threads``, ``timeout`` and ``threshold`` are as in ``predict_many``.
        """
        effort = Effort.of(threads, timeout, self.name)
        deployed = self.deployed
        control, threshold = deployed.control, self._threshold(deployed, threshold)
        encoded = checked_matrix(matrix, self.name, len(control.manifest.inputs))
        check_count(len(encoded), self.name, control.settings.batch_rows)
        return Predictions(control.encoded(encoded, effort=effort), control.reading.at(threshold), control.number)

    async def apredict(self, row: object, *, key: object = None, as_of: date | None = None, threshold: float | None = None) -> Prediction:
        """As ``predict``, for one row that is not worth a thread."""
        return self.predict(row, key=key, as_of=as_of, threshold=threshold)

    async def apredict_many(
        self,
        rows: Rows,
        *,
        keys: Sequence[object] | None = None,
        as_of: date | None = None,
        on_error: Literal["raise", "null"] = "raise",
        threads: Threads = 1,
        timeout: float | None = None,  # noqa: ASYNC109 -- It ends the work in the thread, which asyncio.timeout would leave running.
        threshold: float | None = None,
    ) -> Predictions:
        """As ``predict_many``; more than a few rows are predicted in a thread, so that the event loop goes on.

        ``timeout`` includes the time that the call waits for a thread.
        """
        effort = Effort.of(threads, timeout, self.name)
        if isinstance(rows, list | tuple) and len(rows) <= _INLINE:
            return self._predict_many(rows, keys=keys, as_of=as_of, on_error=on_error, effort=effort, threshold=threshold)
        return await asyncio.to_thread(
            self._predict_many, rows, keys=keys, as_of=as_of, on_error=on_error, effort=effort, threshold=threshold
        )

    def assign(self, key: object) -> Variant | None:
        """The variant of the running experiment that answers for ``key``; None where no experiment runs or ``key`` is None."""
        return self.assign_many([key])[0]

    def assign_many(self, keys: Sequence[object]) -> list[Variant | None]:
        """As ``assign``, for each of ``keys``, in their order."""
        deployed = self.deployed
        experiment = deployed.experiment
        indices = deployed.indices(checked_keys(keys, self.name))
        return [None if experiment is None or index < 0 else experiment.variants[index] for index in indices.tolist()]

    def preload(self) -> Engine:
        """Make now what a first prediction would make, and from now on before a version of the registry takes over; this engine."""
        self.preloads = True
        self.deployed.preload()
        return self

    def refresh(self) -> bool:
        """Serve what the registry says now; whether that is something else than before. False too where there is no registry.

        Raises ``RegistryError`` where it cannot be reached, ``SchemaDriftError``, ``ArtifactError`` and others where its version cannot be
        served here; what served before serves on.
        """
        return self.catch_up()

    def close(self) -> None:
        """Follow the registry no longer; predictions go on with what serves now."""
        unfollow(self)

    def _threshold(self, deployed: Deployed, threshold: float | None) -> float | None:
        return checked_threshold(threshold, self.name, deployed.reading.task)

    def _moment(self, deployed: Deployed, as_of: date | None) -> datetime:
        """The moment that rows are seen at; ``ConfigurationError`` where each has its own, and one is given."""
        column = deployed.control.manifest.as_of_column
        if as_of is not None and column is not None:
            raise ConfigurationError(
                f"Rows of {self.name!r} are seen at their own {column!r}, and as_of is given.",
                {"model": self.name, "as_of_column": column},
                [f"Leave as_of out, or give rows another {column!r}."],
            )
        return read_moment(as_of, self.name)

    def _key_of(self, deployed: Deployed, row: object, key: object) -> object:
        if key is not None:
            return key
        return own_keys([row], deployed.key)[0] if deployed.experiment is not None and deployed.key else None

    def _keys_of(self, deployed: Deployed, rows: Sequence[object] | Columns, keys: Sequence[object] | None) -> Sequence[object] | None:
        if keys is not None:
            return checked_keys(keys, self.name, rows=len(rows))
        if deployed.experiment is None or not deployed.key or isinstance(rows, np.ndarray):
            return None
        return columns.own_keys(rows, deployed.key, self.name) if isinstance(rows, Table) else own_keys(rows, deployed.key)
