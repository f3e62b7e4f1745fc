"""From a fitted pipeline to the bytes of ``model.onnx``."""

from __future__ import annotations

from prisml.training.export.graph import assemble
from prisml.training.export.linear import linear_nodes
from prisml.training.export.trees import tree_nodes
from prisml.training.pipeline import FittedPipeline


def export(fitted: FittedPipeline, *, classes: int, model: str) -> bytes:
    """The graph of ``fitted``: "features" of shape (n, inputs) in; "probabilities" (n, classes) or "value" (n, 1) out, all float32.

    The same model gives the same bytes. ``ExportError`` where it cannot be written.
    """
    nodes, tensors = (tree_nodes(fitted, model), []) if fitted.choice.algorithm.trees else linear_nodes(fitted)
    outputs = classes or 1
    return assemble(nodes, tensors, fitted.fills, task=fitted.task, inputs=len(fitted.columns), outputs=outputs, model=model)
