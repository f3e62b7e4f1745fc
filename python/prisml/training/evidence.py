"""What gates are judged by, from the parts of the rows and the version that serves."""

from __future__ import annotations

from prisml.extraction.stream import Extracted
from prisml.manifest import Manifest
from prisml.training.active import Active, predicted_by
from prisml.training.evaluate import guess_of
from prisml.training.gates import Evidence
from prisml.training.holdout import Holdout
from prisml.training.latency import p99_ms
from prisml.training.overlap import overlap_with
from prisml.training.parts import Data


def evidence_of(extracted: Extracted, data: Data, holdout: Holdout, draft: Manifest, onnx: bytes, active: Active | None) -> Evidence:
    """What the gates are judged by; nothing of it is measured before a gate asks for it."""
    rival = None if active is None else predicted_by(active, extracted.beside, data)
    told = None
    if rival is not None and rival.manifest is not None:
        told = overlap_with(rival.manifest, extracted=extracted, data=data, split=draft.split, holdout=draft.holdout)
    return Evidence(
        model=holdout,
        guess=guess_of(holdout, data.train.target, draft.task),
        size=len(onnx),
        p99=lambda: p99_ms(draft, onnx, data.test.matrix),
        slices={name: slices.of(data.test.rows) for name, slices in extracted.slices.items()},
        rival=rival,
        overlap=told,
    )
