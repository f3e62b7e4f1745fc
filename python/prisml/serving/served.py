"""One version, loaded: what an engine asks, alone or beside others in an experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prisml import _core
from prisml.definition.model import ModelDefinition
from prisml.errors import EncodingError, PrisMLError
from prisml.manifest import Manifest, read_manifest
from prisml.registry.bundle import Artifact
from prisml.registry.registry import Registry, Version
from prisml.serving import runtime
from prisml.serving.drift import check_drift
from prisml.serving.prediction import Reading

Computed = Mapping[str, Sequence[object]]


class Batch(NamedTuple):
    """What a version gives for rows: numbers, the errors of rows by their index, and how many categories of a feature were unseen."""

    raw: NDArray[np.float64]
    errors: dict[int, PrisMLError]
    unseen: dict[str, int]


class Served:
    """A version in this process. Immutable; safe for threads and fork.

    ``SchemaDriftError`` where ``definition`` is not what the version was trained with.
    """

    def __init__(
        self,
        digest: str,
        fetch: Callable[[], tuple[str, bytes]],
        *,
        manifest: Manifest,
        number: int | None,
        definition: ModelDefinition[Any] | None,
    ) -> None:
        if definition is not None:
            check_drift(definition, manifest)
        self.digest = digest
        self.manifest = manifest
        self.number = number
        self.reading = Reading.of(manifest)
        self.runtime = runtime.start(_core.load_runtime)
        self._model = _core.load_model(digest, fetch)
        self.predict_one = self._model.predict_one
        resolved = frozenset(item.name for item in manifest.inputs if item.origin == "resolver")
        self.resolves = bool(resolved)
        self._detached = resolved if definition is None else frozenset()

    @classmethod
    def from_artifact(cls, artifact: Artifact, *, definition: ModelDefinition[Any] | None, number: int | None) -> Served:
        """The version that ``artifact`` is."""
        content = artifact.manifest_text, artifact.onnx
        return cls(artifact.digest, lambda: content, manifest=artifact.manifest, number=number, definition=definition)

    @classmethod
    def from_registry(cls, registry: Registry, version: Version, *, definition: ModelDefinition[Any] | None) -> Served:
        """``version``; its graph is fetched only where this process has not loaded it yet."""
        text = registry.manifest_text(version)
        manifest = read_manifest(text)

        def fetch() -> tuple[str, bytes]:
            return text, registry.graph(version, manifest.model_sha256)

        return cls(version.digest, fetch, manifest=manifest, number=version.number, definition=definition)

    def one(self, row: object, *, as_of: int | None, computed: Computed | None) -> float | tuple[float, ...]:
        """The numbers for one row; ``as_of`` in microseconds since 1970, ``computed`` the resolvers' values."""
        values = None if computed is None else {feature: column[0] for feature, column in computed.items()}
        try:
            return self.predict_one(row, as_of=as_of, computed=values)
        except EncodingError as error:
            raise self._explained(error) from None

    def many(
        self, rows: Sequence[object], *, as_of: int, computed: Computed | None, null_errors: bool, only: Sequence[int] | None = None
    ) -> Batch:
        """The numbers for ``rows``, or for those at the indices ``only``, in that order."""
        try:
            raw, errors, unseen = self._model.predict_many(rows, as_of=as_of, computed=computed, null_errors=null_errors, only=only)
        except EncodingError as error:
            raise self._explained(error) from None
        return Batch(raw, {row: self._explained(error) for row, error in errors.items()}, unseen)

    def encoded(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The numbers for rows that are encoded already."""
        return self._model.predict_encoded(matrix)

    def notes(self) -> tuple[str, ...]:
        """What a caller must give, since there is no definition to compute it."""
        return tuple(_must_be_given(feature) for feature in sorted(self._detached))

    def _explained(self, error: PrisMLError) -> PrisMLError:
        """The error, with the way out that only an engine without a definition needs."""
        feature = error.context.get("feature")
        if feature not in self._detached:
            return error
        return type(error)(error.message, error.context, [*error.suggestions, _must_be_given(str(feature))])


def _must_be_given(feature: str) -> str:
    return f"{feature!r} is computed by a resolver: load through its definition (definition.load()), or give each row a key {feature!r}."
