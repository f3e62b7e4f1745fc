"""A fitted model and its graph, ready for the comparison with scikit-learn, and ways to break the graph."""

from __future__ import annotations

import hashlib

import onnx

from prisml.training.edges import make_edges
from prisml.training.estimators import choose_estimator
from prisml.training.export import export
from prisml.training.export.trees import decisions_of
from prisml.training.fit import fit
from prisml.training.parity import verify
from prisml.training.pipeline import Column, fit_pipeline
from prisml.training.vocabulary import code_count, make_vocabulary
from tests.support.training import extracted, visits


class Exported:
    """A fitted model, its graph, and all that the comparison with scikit-learn takes."""

    def __init__(self, task="binary", algorithm="gradient_boosting"):
        definition, rows = visits(task, algorithm), extracted(task)
        self.manifest = fit(definition, rows).artifact.manifest
        train = rows.matrix[:480]
        vocabulary = make_vocabulary(definition.inputs, definition.features, rows.categories, train, model="m")
        train, self.holdout = vocabulary.encode(train, model="m"), vocabulary.encode(rows.matrix[480:], model="m")
        columns = [Column(item.name, None if item.categories else item.imputation, code_count(item)) for item in vocabulary.inputs]
        choice = choose_estimator(algorithm, params=definition.params, task=task, seed=7, model="m")
        classes = self.manifest.classes
        target = rows.labels[:480] if task == "regression" else 1 - rows.labels[:480]
        self.fitted = fit_pipeline(choice, columns, train, target, task=task, classes=classes, model="m")
        self.edges = make_edges(vocabulary.inputs, train, decisions_of(self.fitted), seed=7)
        self.manifest = self.manifest.model_copy(update={"inputs": vocabulary.inputs})
        self.graph = export(self.fitted, classes=len(classes), model="m")

    def verify(self, graph, **given):
        """What the comparison says of a graph; ``given`` in place of the model's own hold-out or edge rows, or besides."""
        manifest = self.manifest.model_copy(update={"model_sha256": hashlib.sha256(graph).hexdigest()})
        return verify(graph, self.fitted, **{"manifest": manifest, "holdout": self.holdout, "edges": self.edges, **given})

    def changed(self, name, change):
        """The graph with one list of the trees' attributes changed in place."""
        proto = onnx.load_from_string(self.graph)
        (found,) = [attribute for node in proto.graph.node for attribute in node.attribute if attribute.name == name]
        change(found.floats or found.ints)
        return proto.SerializeToString()
