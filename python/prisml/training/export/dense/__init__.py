"""Models that are no trees alone: linear ones, naive Bayes, networks, kernels, and a user's Pipelines, in float64."""

from prisml.training.export.dense.families import FAMILIES
from prisml.training.export.dense.forms import FORMS, TRIED
from prisml.training.export.dense.steps import STEPS
from prisml.training.export.dense.write import dense_body, sketch_of

__all__ = ["FAMILIES", "FORMS", "STEPS", "TRIED", "dense_body", "sketch_of"]
