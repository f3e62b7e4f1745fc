"""What an experiment must be: its weights, its name, and versions that can stand in for each other."""

from __future__ import annotations

import math
from collections.abc import Mapping

from prisml.errors import ExperimentError, described
from prisml.manifest import Manifest
from prisml.registry.tables import LONGEST_NAME

SMALLEST_WEIGHT = 0.0001
_TOLERANCE = 1e-9


def check_weights(model: str, weights: Mapping[int, float]) -> None:
    """Raise ``ExperimentError`` unless two or more versions share the keys: each at least 0.0001 of them, together all."""
    context: dict[str, object] = {"model": model}
    for version, weight in weights.items():
        if not _is_one_of(version, int):
            raise ExperimentError(
                f"The weights of {model!r} name a version by {described(version)}.",
                context,
                ["Name it by its number, as in {1: 0.9, 2: 0.1}."],
            )
        if not _is_one_of(weight, int, float):
            raise ExperimentError(
                f"The weight of {model!r} version {version} is {described(weight)}.",
                {**context, "version": version},
                ["Give a number."],
            )
        if not SMALLEST_WEIGHT <= weight <= 1.0:
            raise ExperimentError(
                f"The weight of {model!r} version {version} is {weight:g}.",
                {**context, "version": version, "weight": weight},
                [f"Give a share from {SMALLEST_WEIGHT} to 1: one bucket of 10,000 is the smallest."],
            )
    if len(weights) < 2:
        raise ExperimentError(
            f"An experiment of {model!r} needs two versions or more.", context, ["Give a weight to the active version and to another."]
        )
    total = math.fsum(weights.values())
    if abs(total - 1.0) > _TOLERANCE:
        raise ExperimentError(
            f"The weights of {model!r} sum to {total:.12g}, and not to 1.", {**context, "sum": total}, ["Make them sum to 1."]
        )


def check_name(model: str, name: str | None) -> None:
    """Raise ``ExperimentError`` for a name that cannot be read in a list."""
    if name is not None and (not name or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable()):
        raise ExperimentError(
            f"An experiment of {model!r} cannot have the name {name[:40]!r}.",
            {"model": model},
            [f"Use 1 to {LONGEST_NAME} printable characters, with no space at either end."],
        )


def check_salt(model: str, salt: str | None) -> None:
    """Raise ``ExperimentError`` for an empty salt: every experiment without one would divide the keys alike."""
    if salt is not None and not 0 < len(salt) <= LONGEST_NAME:
        raise ExperimentError(
            f"The salt of an experiment of {model!r} is empty or too long.",
            {"model": model},
            [f"Use 1 to {LONGEST_NAME} characters, or leave it out."],
        )


def check_alike(model: str, version: int, manifest: Manifest, control: Manifest) -> None:
    """Raise ``ExperimentError`` where the version answers another question than control does."""
    for what in ("entity", "output", "task", "classes"):
        if getattr(manifest, what) != getattr(control, what):
            raise ExperimentError(
                f"{model!r} version {version} cannot be compared with control: it has another {what}.",
                {"model": model, "version": version, "differs": what},
                ["An experiment needs versions of the same entity, output, task and classes."],
            )


def _is_one_of(value: object, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)
