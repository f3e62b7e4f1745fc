"""From a fitted pipeline to the bytes of ``model.onnx``."""

from __future__ import annotations

from prisml.training.export.dense import dense_body
from prisml.training.export.graph import assemble
from prisml.training.export.trees import tree_body
from prisml.training.pipeline import FittedPipeline


def export(fitted: FittedPipeline, *, classes: int, model: str) -> bytes:
    """The graph of ``fitted``: "features" of shape (n, inputs) in; "probabilities" (n, classes) or "value" (n, 1) out, all float32.

    The same model gives the same bytes. ``ExportError`` where it cannot be written.
    """
    body = tree_body(fitted) if fitted.choice.algorithm.trees else dense_body(fitted)
    return assemble(body, fitted.fills, task=fitted.task, inputs=len(fitted.columns), outputs=classes or 1, model=model)
