"""Golden rows: made-up rows and what a model must give for them, and whether the engine does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.errors import ConfigurationError, ParityError
from prisml.manifest import GoldenRow, Manifest, Parity
from prisml.registry.bundle import Artifact
from prisml.serving.engine import Engine
from prisml.serving.prediction import Predictions
from prisml.serving.settings import Settings

Golden = Sequence[GoldenRow | tuple[Mapping[str, object], float | Sequence[float]]]
_ALONE = 1e-6
"""How far a row alone may be from the same row in a batch: other kernels, other last bits."""


def read_golden(text: str) -> tuple[GoldenRow, ...]:
    """The golden rows in JSON lines: ``{"features": {"age": 41, "country": null}, "expected": 0.7}``, of several classes a list."""
    rows: list[GoldenRow] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
            rows.append(_golden_row(read["features"], read["expected"]))
        except (ValueError, KeyError, TypeError):
            # Not chained: it quotes the row.
            raise _malformed(f"line {number} is no golden row") from None
    return tuple(rows)


def checked_golden(golden: Golden, manifest: Manifest) -> tuple[GoldenRow, ...]:
    """The rows as a manifest keeps them; ``ConfigurationError`` where they cannot show that a graph is the right one."""
    rows: list[GoldenRow] = []
    names = {item.name for item in manifest.inputs}
    for place, given in enumerate(golden):
        try:
            row = given if isinstance(given, GoldenRow) else _golden_row(*given)
        except (ValueError, TypeError):
            raise _malformed(f"row {place} is no golden row") from None
        if set(row.features) != names:
            odd = sorted(set(row.features) ^ names)
            what = "lacks the feature" if odd[0] in names else "has what is no feature of the definition,"
            raise _malformed(f"row {place} {what} {odd[0]!r}", row=place, feature=odd[0])
        _check_expected(row.expected, manifest, place)
        rows.append(row)
    if len({row.expected for row in rows}) < 2:
        message = f"Model {manifest.name!r}: no two golden rows expect different outputs, so that they cannot tell one graph from another."
        raise ConfigurationError(
            message, {"model": manifest.name, "rows": len(rows)}, ["Give several that differ, from both sides of the threshold."]
        )
    return tuple(rows)


def never_missing(golden: Iterable[GoldenRow], feature: str) -> bool:
    """Whether no row shows what the graph does where the feature is missing."""
    return all(row.features[feature] is not None for row in golden)


def prove(onnx: bytes, manifest: Manifest, golden: Sequence[GoldenRow], *, tolerance: float) -> Parity:
    """How far the production engine is from the expected outputs, which a row must also give alone; ``ParityError`` where it is too far."""
    expected = np.array([row.expected for row in golden], dtype=np.float64)
    together, alone = answers_to(golden, onnx, manifest)
    scale = max(1.0, float(np.abs(expected).max())) if manifest.task == "regression" else 1.0
    allowed = tolerance * scale
    distance = np.abs(together - expected).max(axis=1)
    if (wrong := np.flatnonzero(~(distance <= allowed))).size:
        raise _too_far(manifest.name, wrong.tolist(), len(golden), float(distance.max()), allowed)
    apart = np.abs(together - alone).max(axis=1)
    if (wrong := np.flatnonzero(~(apart <= _ALONE * scale))).size:
        raise ParityError(
            f"Model {manifest.name!r}: the graph gives golden row {int(wrong[0])} alone another output than in a batch. "
            "Nothing was published.",
            {"model": manifest.name, "row": int(wrong[0])},
            ["Look for an operator that works across the rows of a batch, such as a Softmax or a mean along axis 0."],
        )
    return Parity(rows=len(golden), edge_rows=0, max_difference=float(distance.max()), tolerance=allowed, label_flips=0, source="supplied")


def answers_to(
    golden: Sequence[GoldenRow], onnx: bytes, manifest: Manifest, *, settings: Settings | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the production engine gives for the rows, (rows, outputs): all together, and each alone."""
    engine = Engine.from_artifact(Artifact(named_only(manifest).to_json(), onnx), settings=settings)
    rows = [row.features for row in golden]
    alone = [_numbers(engine.predict_many([row]), manifest) for row in rows]
    return _numbers(engine.predict_many(rows), manifest), np.concatenate(alone)


def named_only(manifest: Manifest) -> Manifest:
    """The manifest without golden rows, its features read under their own names alone, so that a made-up row can give every one of them."""
    inputs = tuple(item.model_copy(update={"sources": (), "transform": None, "zone": None, "by_name": True}) for item in manifest.inputs)
    return manifest.model_copy(update={"inputs": inputs, "golden": ()})


def _golden_row(features: Any, expected: Any) -> GoldenRow:
    numbers = expected if isinstance(expected, Sequence | np.ndarray) else [expected]
    return GoldenRow(features=dict(features), expected=tuple(float(number) for number in numbers))


def _check_expected(expected: tuple[float, ...], manifest: Manifest, place: int) -> None:
    wanted = len(manifest.classes) if manifest.task == "multiclass" else 1
    if len(expected) != wanted:
        what = "a probability for each class" if wanted > 1 else "one number"
        raise _malformed(f"row {place} expects {len(expected)} numbers, and a {manifest.task} model gives {what}", row=place)
    if manifest.task == "regression":
        return
    if not all(0 <= number <= 1 for number in expected) or (wanted > 1 and abs(sum(expected) - 1) > 1e-3):
        raise _malformed(f"row {place} expects what are no probabilities", row=place)


def _numbers(predictions: Predictions, manifest: Manifest) -> NDArray[np.float64]:
    found = predictions.probabilities if manifest.task == "multiclass" else predictions.values
    return np.asarray(found, dtype=np.float64).reshape(len(predictions), -1)


def _too_far(model: str, wrong: list[int], rows: int, largest: float, allowed: float) -> ParityError:
    listed = ", ".join(map(str, wrong[:10]))
    return ParityError(
        f"Model {model!r}: the graph does not give what {len(wrong):,} of {rows:,} golden rows expect (rows {listed}), by up to "
        f"{largest:.3g} where {allowed:.3g} is allowed. Nothing was published.",
        {"model": model, "rows": tuple(wrong), "largest": largest, "tolerance": allowed},
        [
            "Check that the graph's columns are in the order of the definition's features, and each category's code in that of its list.",
            "The expected outputs are the positive class's probability, or each class's in the order of classes=.",
        ],
    )


def _malformed(what: str, **context: object) -> ConfigurationError:
    return ConfigurationError(
        f"The golden rows cannot be used: {what}.",
        context,
        [
            "A golden row gives every feature under its own name, None where it is missing, and the output that is expected for it.",
            'As a line of JSON: {"features": {"age": 41, "country": null}, "expected": 0.7}.',
        ],
    )
