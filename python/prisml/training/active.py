"""The version that serves now, beside the candidate: what it predicts for the same hold-out rows, or why that cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import ColumnProperty, Mapper, class_mapper

from prisml.definition.mapping import type_of_sql
from prisml.definition.model import ModelDefinition
from prisml.errors import ArtifactError, EncodingError, LimitExceededError, ModelLoadError
from prisml.extraction.beside import Besides
from prisml.extraction.fingerprint import expression_fingerprints, resolver_fingerprint
from prisml.manifest import ClassLabel, Input, Manifest, Source, read_manifest
from prisml.registry.bundle import Artifact
from prisml.registry.registry import Registry, Version
from prisml.serving.engine import Engine
from prisml.training.evaluate import holdout_of
from prisml.training.holdout import Holdout
from prisml.training.parts import Data

_UNREADABLE = (ArtifactError, ModelLoadError, LimitExceededError)
WAY_OUT = "Take the gate out for one training, or activate a version that can be compared"


@dataclass(frozen=True)
class Active:
    """The version that serves: its number, and its artifact where it can be compared with; else ``problem`` says why not."""

    number: int
    artifact: Artifact | None = None
    problem: str | None = None

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What has to be extracted for it besides; nothing where it cannot be compared with."""
        return () if self.artifact is None else self.artifact.manifest.inputs


@dataclass(frozen=True, eq=False)
class Rival:
    """The hold-out as ``Active`` predicts it; without ``holdout``, ``problem`` says why it cannot be compared with."""

    number: int
    manifest: Manifest | None = None
    holdout: Holdout | None = None
    problem: str | None = None


def needs_active(definition: ModelDefinition[Any]) -> bool:
    """Whether a gate compares with the version that serves."""
    return any(gate.not_worse_than is not None for gate in definition.gates)


def read_active(definition: ModelDefinition[Any], registry: Registry, version: Version | None) -> Active | None:
    """``version``, which serves, as the definition's gates compare with it; None where no gate does, or none serves."""
    if version is None or not needs_active(definition):
        return None
    try:
        text = registry.manifest_text(version)
        manifest = read_manifest(text)
        problem = next(_problems(definition, manifest), None)
        if problem is not None:
            return Active(version.number, problem=problem)
        return Active(version.number, Artifact(text, registry.graph(version, manifest.model_sha256)))
    except _UNREADABLE as error:
        return Active(version.number, problem=f"it cannot be read: {error.message}")


def predicted_by(active: Active, besides: Besides | None, data: Data) -> Rival:
    """What ``active`` predicts for the hold-out of ``data``, whose rows were encoded by its inputs."""
    if active.artifact is None or besides is None:
        return Rival(active.number, problem=active.problem)
    manifest = active.artifact.manifest
    problem = _other_classes(manifest.classes, data.classes) or besides.problem
    if problem is not None:
        return Rival(active.number, problem=problem)
    matrix, refused = besides.encode(data.test.rows)
    if refused:
        feature, count = next(iter(refused.items()))
        return Rival(active.number, problem=f"it refuses {count:,} of the {len(matrix):,} rows for their {feature!r}")
    try:
        predictions = Engine.from_artifact(active.artifact, version=active.number).predict_encoded(matrix)
    except (*_UNREADABLE, EncodingError) as error:
        return Rival(active.number, problem=f"it cannot be asked here: {error.message}")
    raw = np.asarray(predictions.probabilities if manifest.task == "multiclass" else predictions.values, dtype=np.float64)
    threshold = 0.5 if manifest.threshold is None else manifest.threshold
    return Rival(active.number, manifest, holdout_of(data.test.target, raw, task=manifest.task, threshold=threshold))


def _other_classes(theirs: tuple[ClassLabel, ...], mine: tuple[ClassLabel, ...]) -> str | None:
    if theirs == mine:
        return None
    if {*map(_typed, theirs)} == {*map(_typed, mine)}:
        return f"its {len(theirs):,} classes stand in another order now"
    both = len({*map(_typed, theirs)} & {*map(_typed, mine)})
    return f"it has {len(theirs):,} classes, and now there are {len(mine):,}, of which it has {both:,}"


def _typed(label: ClassLabel) -> tuple[type, ClassLabel]:
    """True is not 1."""
    return type(label), label


def _problems(definition: ModelDefinition[Any], manifest: Manifest) -> Iterator[str]:
    """Why rows that ``definition`` extracts cannot be given to the version."""
    if manifest.entity != definition.entity.__name__:
        yield f"it predicts for {manifest.entity}, and the definition for {definition.entity.__name__}"
    if manifest.task != definition.task:
        yield f"it is a {manifest.task} model, and the definition's task is {definition.task}"
    column = None if definition.as_of.column is None else definition.as_of.column.key
    if manifest.as_of_column != column:
        before, now = (f"each at its own {name!r}" if name else "all at one moment" for name in (manifest.as_of_column, column))
        yield f"its rows were seen {before}, and now {now}"
    mapper: Mapper[Any] = class_mapper(definition.entity)
    for item in manifest.inputs:
        if (problem := _problem_of(definition, mapper, manifest, item)) is not None:
            yield problem


def _problem_of(definition: ModelDefinition[Any], mapper: Mapper[Any], manifest: Manifest, item: Input) -> str | None:
    """Why the values of an input cannot be had."""
    name, stored = item.name, manifest.fingerprints
    if item.origin == "resolver":
        resolver = definition.resolvers.get(name)
        if resolver is None:
            return f"its feature {name!r} is computed by a resolver that the definition does not have"
        same = resolver_fingerprint(resolver) == stored.resolvers.get(name)
        return None if same else f"the resolver of its feature {name!r} is another now"
    if item.origin == "expression" or any(source.path[0].startswith("@") for source in item.sources):
        now = expression_fingerprints(definition).get(name)
        if now is None:
            return f"its feature {name!r} is computed by SQL that the definition does not have"
        if now != stored.expressions.get(name):
            return f"the SQL of its feature {name!r} is another now"
    return next((problem for source in item.sources if (problem := _problem_of_source(mapper, name, source, definition))), None)


def _problem_of_source(mapper: Mapper[Any], name: str, source: Source, definition: ModelDefinition[Any]) -> str | None:
    """Why a column that an input reads cannot be read."""
    if source.path[0].startswith("@"):
        return None if source.path[0] in definition.expressions else f"the SQL of its feature {name!r} is another now"
    path, place = ".".join(source.path), mapper
    for step in source.path[:-1]:
        link = place.relationships.get(step)
        if link is None or link.uselist:
            return f"its feature {name!r} reads {path}, and {step!r} is no to-one relationship any more"
        place = link.mapper
    column = place.attrs.get(source.path[-1])
    if not isinstance(column, ColumnProperty):
        return f"its feature {name!r} reads {path}, which is not mapped any more"
    dtype = type_of_sql(column.columns[0].type).dtype
    return None if dtype == source.dtype else f"its feature {name!r} reads {path} as {source.dtype}, which is mapped as {dtype} now"
