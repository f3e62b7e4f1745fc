"""An experiment as a value: its variants, the buckets of each, and which variant a key gets.

The log keeps it as JSON, in the row of each deployment during which it ran.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError

from prisml._core import Routing, key_text, largest_remainder, reallocate
from prisml.errors import ArtifactError

CONTROL = "control"
BUCKETS = 10_000
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Variant:
    """One version of an experiment: its name (``"control"``, or ``"v2"`` for version 2), its weight and its buckets.

    ``ranges`` are half open and within 0 to 10,000: ``((0, 9000),)`` are the buckets 0 to 8,999.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: str
    version: int
    weight: float
    ranges: Ranges


@dataclass(frozen=True)
class Experiment:
    """What decides which version answers for a key, for as long as it runs.

    The first variant is control, the version that is active meanwhile. ``forced`` maps a key's text to the name of the variant that the
    key gets whatever its bucket.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: str
    salt: str
    started_at: datetime
    variants: tuple[Variant, ...]
    forced: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)

    @property
    def control(self) -> Variant:
        """The variant that serves whoever is in no treatment, and whoever has no key."""
        return self.variants[0]

    @property
    def treatments(self) -> tuple[Variant, ...]:
        """The variants beside control."""
        return self.variants[1:]

    def assign(self, key: object) -> Variant | None:
        """The variant of ``key``; None for the key None. ``EncodingError`` where the key's type cannot be one."""
        index = self._routed().assign(key)
        return None if index is None else self.variants[index]

    def assign_many(self, keys: Sequence[object] | NDArray[np.generic]) -> NDArray[np.int16]:
        """For each key the place of its variant in ``variants``; -1 for None. An error names the key's index as ``row``."""
        return self._routed().assign_many(keys)

    def of_version(self, version: int) -> Variant | None:
        """The variant that is this version, or None."""
        return next((variant for variant in self.variants if variant.version == version), None)

    def to_json(self) -> str:
        """The text that the log keeps."""
        return _ADAPTER.dump_json(self).decode()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_routing"}

    def _routed(self) -> Routing:
        # Two threads may both make one: they are equal. No lock, so that a fork inherits none.
        routing: Routing | None = self.__dict__.get("_routing")
        if routing is None:
            places = {variant.name: index for index, variant in enumerate(self.variants)}
            forced = {text: places[name] for text, name in self.forced.items()}
            routing = Routing(self.salt, [variant.ranges for variant in self.variants], forced)
            self.__dict__["_routing"] = routing
        return routing


_ADAPTER: TypeAdapter[Experiment] = TypeAdapter(Experiment)


def read_experiment(text: str, *, model: str) -> Experiment:
    """The experiment in ``text``; ``ArtifactError`` where it is damaged, which quotes nothing of it."""
    try:
        experiment = _ADAPTER.validate_json(text)
    except ValidationError:
        # Not chained: it quotes what stands there.
        experiment = None
    if experiment is None or not _is_sound(experiment):
        raise ArtifactError(
            f"An experiment of {model!r} is damaged in the registry's log.", {"model": model}, ["Restore the registry from a backup."]
        )
    return replace(experiment, started_at=experiment.started_at.astimezone(UTC))


def variant_name(version: int, control: int) -> str:
    """What predictions call the variant of that version."""
    return CONTROL if version == control else f"v{version}"


def distribute(weights: Mapping[int, float], control: int, before: Sequence[Variant] = ()) -> tuple[Variant, ...]:
    """The variants with those weights, control first, and their buckets: as few as possible move from where they are ``before``."""
    known = [variant.version for variant in before] or [control]
    order = [*known, *sorted(version for version in weights if version not in known)]
    old = [variant.ranges for variant in before] or [((0, BUCKETS),)]
    counts = largest_remainder([weights[version] for version in order])
    ranges = reallocate(old, counts)
    return tuple(
        Variant(variant_name(version, control), version, float(weights[version]), tuple((start, end) for start, end in own))
        for version, own in zip(order, ranges, strict=True)
    )


def forced_texts(forced: Mapping[object, int]) -> list[tuple[str | None, int]]:
    """The text of each forced key, None for the key None, and its version; ``EncodingError`` for what cannot be a key."""
    return [(key_text(key), version) for key, version in forced.items()]


def _is_sound(experiment: Experiment) -> bool:
    """Whether the buckets are all there, each once, and the names are those that the versions give."""
    variants = experiment.variants
    if len(variants) < 2 or experiment.started_at.tzinfo is None:
        return False
    numbers = [variant.version for variant in variants]
    named = all(variant.name == variant_name(variant.version, numbers[0]) for variant in variants)
    ends = sorted(chain.from_iterable(variant.ranges for variant in variants))
    joined = ends[:1] and ends[0][0] == 0 and ends[-1][1] == BUCKETS and all(a[1] == b[0] for a, b in pairwise(ends))
    filled = all(start < end for start, end in ends)
    forced = set(experiment.forced.values()) <= {variant.name for variant in variants}
    return bool(named and joined and filled and forced and len(set(numbers)) == len(numbers))
