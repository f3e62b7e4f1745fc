"""Naive Bayes and quadratic discriminants: a log-likelihood for each class, and their softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from prisml.manifest import Task
from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.answers import softmax
from prisml.training.export.dense.source import Table
from prisml.training.export.dense.writer import Writer


def write_gaussian(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """GaussianNB: squared distances to each class's mean in units of its variance, in the order that NumPy computes them.

    Not expanded: of a column that hardly varies within a class the squares are large beside what is left of them.
    """
    table = columns.table(writer)
    scores = []
    for place in range(len(estimator.classes_)):
        apart = writer.add("Sub", table, writer.doubles(estimator.theta_[place]))
        ratio = writer.add("Div", writer.add("Mul", apart, apart), writer.doubles(estimator.var_[place]))
        constant = np.log(estimator.class_prior_[place]) - 0.5 * np.sum(np.log(2.0 * np.pi * estimator.var_[place]))
        half = writer.add("Mul", writer.total(ratio), writer.doubles(-0.5))
        scores.append(writer.add("Add", half, writer.doubles(constant)))
    return softmax(writer, writer.beside(scores))


def write_bernoulli(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """BernoulliNB: a weight for each column that is above ``binarize``."""
    if estimator.binarize is not None:
        above = writer.add("Greater", columns.table(writer), writer.doubles(estimator.binarize))
        columns = Affine(Table(writer.double(above), columns.width))
    absent = np.log1p(-np.exp(estimator.feature_log_prob_))
    bias = estimator.class_log_prior_ + absent.sum(axis=1)
    return softmax(writer, columns.then((estimator.feature_log_prob_ - absent).T, bias).table(writer))


def write_multinomial(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """MultinomialNB: a weight for each column and class."""
    return softmax(writer, columns.then(estimator.feature_log_prob_.T, estimator.class_log_prior_).table(writer))


def write_complement(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """ComplementNB: as MultinomialNB, without priors."""
    return softmax(writer, columns.then(estimator.feature_log_prob_.T).table(writer))


def write_quadratic(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """QuadraticDiscriminantAnalysis: the squared length of each row in the axes of each class."""
    scores = []
    for place in range(len(estimator.classes_)):
        axes = estimator.rotations_[place] * np.asarray(estimator.scalings_[place]) ** -0.5
        centred = columns.scaled([("Sub", estimator.means_[place])], writer, exact=False)
        along = centred.then(axes).table(writer)
        length = writer.total(writer.add("Mul", along, along))
        constant = np.log(estimator.priors_[place]) - 0.5 * np.sum(np.log(estimator.scalings_[place]))
        scores.append(writer.add("Add", writer.add("Mul", length, writer.doubles(-0.5)), writer.doubles(constant)))
    return softmax(writer, writer.beside(scores))
