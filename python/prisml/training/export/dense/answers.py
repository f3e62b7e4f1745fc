"""From scores to answers, as scikit-learn's mixins have it."""

from __future__ import annotations

import numpy as np

from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.writer import Writer
from prisml.training.export.logistic import logistic as logistic_nodes


def two_columns(scores: Affine) -> Affine:
    """The scores of two classes, of which the first is zero, so that a softmax gives both shares."""
    return scores.then(np.array([[0.0, 1.0]]))


def softmax(writer: Writer, scores: str) -> str:
    """Shares in proportion to the exponentials."""
    return writer.add("Softmax", scores, axis=1)


def logistic(writer: Writer, scores: str) -> str:
    """The logistic function of each score, with all digits of a small one."""
    return logistic_nodes(scores, writer.add, writer.doubles(0.0), writer.doubles(1.0))


def shares(writer: Writer, amounts: str) -> str:
    """Each amount divided by its row's sum."""
    return writer.add("Div", amounts, writer.total(amounts))


def with_complement(writer: Writer, positive: str) -> str:
    """The probabilities of both classes from that of the second, of shape (n, 1)."""
    return writer.beside([writer.add("Sub", writer.doubles(1.0), positive), positive])
