"""Two versions of a model side by side: what their manifests say, and where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from prisml.definition.gates import LOWER_IS_BETTER
from prisml.manifest import GateVerdict, Input, Interval, Manifest, read_manifest
from prisml.registry.versions import Version

if TYPE_CHECKING:
    from prisml.registry.registry import Registry

_OF_MODEL = ("entity", "output", "task", "classes", "threshold", "estimator", "seed")
_OF_FEATURE = ("kind", "origin", "dtype", "sources", "by_name", "transform", "missing", "imputation", "categories", "members")


@dataclass(frozen=True)
class Change:
    """Something that differs: what it is, and its value in the first and in the second version; None where one has none."""

    what: str
    a: JsonValue
    b: JsonValue


@dataclass(frozen=True)
class MetricChange:
    """A metric of both versions, each with its interval.

    ``difference`` is the second less the first; None where one lacks the metric. ``better`` says whether the second is the better
    one; None where neither is. ``apart`` says whether the intervals do not overlap, so that the difference is more than chance of the
    hold-out; None where one has no interval. Each version is measured on its own hold-out: ``Comparison.data`` says whether they differ.
    """

    metric: str
    a: Interval | None
    b: Interval | None
    difference: float | None
    better: bool | None
    apart: bool | None


@dataclass(frozen=True)
class GateChange:
    """What one gate said of each version; None where a version had no such gate."""

    metric: str
    wanted: str
    a: bool | None
    b: bool | None


@dataclass(frozen=True)
class FeatureChange:
    """A feature of both versions that is not the same in them, and how."""

    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Comparison:
    """Two versions of a model: everything of their manifests that matters, and what differs.

    ``metrics`` and ``gates`` are those of both versions, different or not; the others hold only what differs: ``added`` and
    ``removed`` are names of features, ``data`` rows and split, ``model`` the task, classes, threshold, estimator and seed.
    """

    name: str
    a: Version
    b: Version
    metrics: tuple[MetricChange, ...]
    gates: tuple[GateChange, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[FeatureChange, ...]
    reordered: bool
    data: tuple[Change, ...]
    model: tuple[Change, ...]
    parameters: tuple[Change, ...]
    libraries: tuple[Change, ...]
    size: Change | None = field(default=None)

    @property
    def same(self) -> bool:
        """Whether it is one version twice: the same manifest and graph."""
        return self.a.digest == self.b.digest

    def as_dict(self) -> dict[str, Any]:
        """The comparison as values that JSON can hold."""
        return {
            "name": self.name,
            "a": _version(self.a),
            "b": _version(self.b),
            "same": self.same,
            "metrics": [{**asdict(metric), "a": _interval(metric.a), "b": _interval(metric.b)} for metric in self.metrics],
            "gates": [asdict(gate) for gate in self.gates],
            "features": {
                "added": list(self.added),
                "removed": list(self.removed),
                "changed": [asdict(feature) | {"changes": _plain(feature.changes)} for feature in self.changed],
                "reordered": self.reordered,
            },
            "data": _plain(self.data),
            "model": _plain(self.model),
            "parameters": _plain(self.parameters),
            "libraries": _plain(self.libraries),
            "size": None if self.size is None else asdict(self.size),
        }


def compare(registry: Registry, name: str, a: int | str, b: int | str) -> Comparison:
    """Version ``a`` of the model beside version ``b``, each a number or a label.

    Only manifests are read. ``VersionNotFoundError`` where one is not there or is deleted.
    """
    first, second = registry.version(name, a), registry.version(name, b)
    one, other = (read_manifest(registry.manifest_text(version)) for version in (first, second))
    return Comparison(
        name=name,
        a=first,
        b=second,
        metrics=_metrics(one.metrics, other.metrics),
        gates=_gates(one.gates, other.gates),
        **_features(one, other),
        data=_changes(_data(one), _data(other)),
        model=_changes(_some(one, _OF_MODEL), _some(other, _OF_MODEL)),
        parameters=_changes(one.parameters, other.parameters),
        libraries=_changes(one.libraries, other.libraries),
        size=None if first.size == second.size else Change("bytes of the graph", first.size, second.size),
    )


def _metrics(a: Mapping[str, Interval], b: Mapping[str, Interval]) -> tuple[MetricChange, ...]:
    return tuple(_metric(metric, a.get(metric), b.get(metric)) for metric in _both(a, b))


def _metric(metric: str, a: Interval | None, b: Interval | None) -> MetricChange:
    if a is None or b is None:
        return MetricChange(metric, a, b, None, None, None)
    difference = b.value - a.value
    better = None if difference == 0 else (difference < 0) == (metric in LOWER_IS_BETTER)
    apart = None
    if a.low is not None and a.high is not None and b.low is not None and b.high is not None:
        apart = b.low > a.high or b.high < a.low
    return MetricChange(metric, a, b, difference, better, apart)


def _gates(before: Iterable[GateVerdict], after: Iterable[GateVerdict]) -> tuple[GateChange, ...]:
    first, second = ({(gate.name, _declared(gate.wanted)): gate.passed for gate in verdicts} for verdicts in (before, after))
    gates = _both(first, second)
    return tuple(GateChange(metric, wanted, first.get((metric, wanted)), second.get((metric, wanted))) for metric, wanted in gates)


def _declared(wanted: str) -> str:
    """The condition as the definition has it: without the figure of a guess, which differs with the data."""
    return re.sub(r"([<>]=?) \S+(.*) \(baseline\)", r"\1 baseline\2", wanted)


def _features(a: Manifest, b: Manifest) -> dict[str, Any]:
    first, second = ({item.name: item for item in manifest.inputs} for manifest in (a, b))
    shared = [name for name in first if name in second]
    pairs = ((name, _changes(_feature(a, first[name]), _feature(b, second[name]))) for name in shared)
    return {
        "added": tuple(name for name in second if name not in first),
        "removed": tuple(name for name in first if name not in second),
        "changed": tuple(FeatureChange(name, changes) for name, changes in pairs if changes),
        "reordered": shared != [name for name in second if name in first],
    }


def _feature(manifest: Manifest, item: Input) -> dict[str, JsonValue]:
    fingerprints = manifest.fingerprints
    code = fingerprints.resolvers.get(item.name) or fingerprints.expressions.get(item.name)
    return {**_some(item, _OF_FEATURE), **({} if code is None else {"code": code})}


def _data(manifest: Manifest) -> dict[str, JsonValue]:
    rows = {f"rows {part}": count for part, count in manifest.rows.model_dump(mode="json").items()}
    return {**rows, **{f"split {part}": value for part, value in manifest.split.items()}}


def _some(value: Manifest | Input, names: tuple[str, ...]) -> dict[str, JsonValue]:
    return value.model_dump(mode="json", include=set(names))


def _changes(a: Mapping[str, JsonValue], b: Mapping[str, JsonValue]) -> tuple[Change, ...]:
    return tuple(Change(what, a.get(what), b.get(what)) for what in _both(a, b) if a.get(what) != b.get(what))


def _both(a: Mapping[Any, object], b: Mapping[Any, object]) -> tuple[Any, ...]:
    """The keys of both, those of the first first, each once."""
    return tuple(dict.fromkeys((*a, *b)))


def _interval(interval: Interval | None) -> dict[str, Any] | None:
    return None if interval is None else interval.model_dump(mode="json")


def _version(version: Version) -> dict[str, Any]:
    return {"version": version.number, "label": version.label, "digest": version.digest, "created_at": version.created_at.isoformat()}


def _plain(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return [asdict(change) for change in changes]
