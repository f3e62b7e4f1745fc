"""Golden rows, asked again: whether a version answers in this process what was recorded when it was published."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from prisml.commands.activate import active_or_none
from prisml.commands.doctor.finding import Finding, isolated, ok, skipped, warning, wrong
from prisml.errors import PrisMLWarning
from prisml.registry.bundle import Artifact
from prisml.registry.registry import Registry, Version
from prisml.serving.engine import Engine
from prisml.serving.golden import answers_to

_AGREEMENT = 1e-5
"""How far an answer may be from what was recorded, however little the version itself allows; of a regression, beside the largest."""


def look_at_answers(registry: Registry) -> Iterator[Finding]:
    """A finding for the version that serves of each model of the registry; one that fails does not hide the others."""
    names = registry.names()
    if not names:
        yield skipped("model.answers", "golden rows", "the registry holds no version")
    for name in names:
        active = active_or_none(registry, name)
        if active is None:
            yield skipped("model.answers", name, "no version is active", f"prisml activate {name} VERSION")
        else:
            yield from _isolated(registry, active)


def _isolated(registry: Registry, version: Version) -> tuple[Finding, ...]:
    subject = f"{version.name}, version {version.number}"
    return isolated("model.answers", subject, lambda: (_asked(registry.artifact(version.name, version.number), subject),))


def _asked(artifact: Artifact, subject: str) -> Finding:
    manifest = artifact.manifest
    with warnings.catch_warnings():
        # What it warns of is what is found here.
        warnings.simplefilter("ignore", PrisMLWarning)
        served = Engine.from_artifact(artifact).deployed.control
    scorer = served.info().scorer
    if not manifest.golden:
        return skipped("model.answers", subject, f"loads, {scorer} answers; it keeps no golden rows")
    settings = replace(served.settings, native=scorer == "native")
    answers, _ = answers_to(manifest.golden, artifact.onnx, manifest, settings=settings)
    expected = np.array([row.expected for row in manifest.golden], dtype=np.float64)
    scale = max(1.0, float(np.abs(expected).max())) if manifest.task == "regression" else 1.0
    allowed = max(_AGREEMENT * scale, manifest.parity.tolerance)
    distance = float(np.abs(answers - expected).max())
    if not distance <= allowed:
        detail = f"answers {len(expected)} golden rows otherwise than recorded, by up to {distance:.3g} where {allowed:.3g} is allowed"
        return wrong("model.answers", subject, detail, f"prisml rollback {manifest.name}")
    if served.doubtful:
        detail = "the native scorer answers golden rows wrongly here, so ONNX Runtime answers in its place, slower"
        return warning("model.answers", subject, detail, "Report it, with the processor that prisml doctor shows.")
    return ok("model.answers", subject, f"answers {len(expected)} golden rows as recorded; {scorer} answers")
