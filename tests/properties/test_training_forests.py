"""What is written of made-up forests against a plain walk of them, through ONNX Runtime and natively."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prisml.training.export.graph import assemble
from prisml.training.export.trees.forest import Forest, Link, Tree
from prisml.training.export.trees.ranks import rank
from prisml.training.export.trees.write import forest_body
from tests.properties.test_native_trees import loaded, start

# Two numbers and two categories.
COUNTS = [0, 9, 0, 3]
VALUES = np.array([0.0, 1.0, 1.5, -3.25, 1e-37, -1e-37, 3e37, 0.1], dtype=np.float32)
CELLS = np.concatenate([VALUES, *(np.nextafter(VALUES[1:], np.float32(side)) for side in (-np.inf, np.inf)), [np.nan]]).astype(np.float32)
LINKS: list[tuple[str, Link, int]] = [
    ("regression", "none", 1),
    ("regression", "exp", 1),
    ("binary", "logistic", 1),
    ("multiclass", "softmax", 3),
]


@pytest.fixture(scope="module", autouse=True)
def _runtime() -> None:
    start()


def grown(random: np.random.Generator, target: int) -> Tree:
    """One tree of up to eight decisions."""
    decisions = int(random.integers(0, 9))
    size = 2 * decisions + 1
    left, right = np.full(size, -1), np.full(size, -1)
    ends, count = [0], 1
    for _ in range(decisions):
        node = ends.pop(random.integers(len(ends)))
        left[node], right[node] = count, count + 1
        ends += [count, count + 1]
        count += 2
    feature = random.integers(0, len(COUNTS), size)
    members = {
        int(node): frozenset(np.flatnonzero(random.random(COUNTS[feature[node]]) < random.random()).tolist())
        for node in np.flatnonzero(left >= 0)
        if COUNTS[feature[node]]
    }
    weights = random.normal(size=(size, 1)).astype(np.float32).astype(np.float64)
    threshold, nan_left = random.choice(VALUES, size).astype(np.float64), random.random(size) < 0.5
    return Tree(feature, threshold, left, right, nan_left, weights, target, members)


def walked(forest: Forest, row: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The sums of one row, decision by decision."""
    sums = forest.base.copy()
    for tree in forest.trees:
        node = 0
        while tree.left[node] >= 0:
            cell = row[tree.feature[node]]
            if node in tree.members:
                goes_left = int(cell) in tree.members[node]
            else:
                goes_left = bool(tree.nan_left[node]) if np.isnan(cell) else bool(cell <= tree.threshold[node])
            node = int((tree.left if goes_left else tree.right)[node])
        sums[tree.target] += tree.weights[node, 0]
    return sums


def linked(sums: np.ndarray[Any, Any], link: Link) -> np.ndarray[Any, Any]:
    """The answers that the sums stand for."""
    if link == "logistic":
        share = 1 / (1 + np.exp(-sums))
        return np.column_stack((1 - share, share))
    shares = np.exp(sums) if link != "none" else sums
    return shares / shares.sum(axis=1, keepdims=True) if link == "softmax" else shares


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(LINKS), trees=st.integers(1, 12))
def test_a_forest_is_written_as_it_is_walked(seed: int, kind: tuple[str, Link, int], trees: int) -> None:
    """At and beside its thresholds, for NaN, and for every code, also where no tree asks for one or a set holds all or none."""
    task, link, targets = kind
    random = np.random.default_rng(seed)
    grown_trees = tuple(grown(random, place % targets) for place in range(trees * targets))
    forest = Forest(grown_trees, np.float32(random.normal(size=targets)).astype(np.float64), link)
    outputs = {"regression": 1, "binary": 2, "multiclass": 3}[task]
    onnx = assemble(forest_body(forest, COUNTS, task), None, task=task, inputs=len(COUNTS), outputs=outputs, model="m")  # type: ignore[arg-type]
    assert onnx == assemble(forest_body(forest, COUNTS, task), None, task=task, inputs=len(COUNTS), outputs=outputs, model="m")  # type: ignore[arg-type]
    matrix = np.column_stack([random.integers(0, count, 50) if count else random.choice(CELLS, 50) for count in COUNTS]).astype(np.float32)
    expected = linked(np.array([walked(forest, row) for row in matrix]), link)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    (answer,) = session.run(["value" if task == "regression" else "probabilities"], {"features": matrix})
    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-6)
    native = loaded(onnx, task, len(COUNTS), 0 if task == "regression" else outputs)
    assert native.scorer[0], native.scorer[1]
    got = native.predict_encoded(matrix).reshape(len(matrix), -1)
    np.testing.assert_allclose(got, expected[:, -got.shape[1] :], rtol=1e-5, atol=1e-7)


def stump(members: frozenset[int]) -> Tree:
    """One decision: whether a code is a member."""
    return Tree(
        feature=np.zeros(3, dtype=np.intp),
        threshold=np.zeros(3),
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        nan_left=np.zeros(3, dtype=np.bool_),
        weights=np.zeros((3, 1)),
        members={0: members},
    )


@given(st.lists(st.frozensets(st.integers(0, 11)), min_size=1, max_size=20))
def test_a_set_of_codes_becomes_everything_up_to_a_rank(sets: list[frozenset[int]]) -> None:
    """Whichever sets there are, one column holds several, and never more columns than sets."""
    ranked = rank(Forest(tuple(stump(members) for members in sets), np.zeros(1)), [12])
    table = ranked.tables[0]
    assert table.shape[0] == 12
    assert table.shape[1] <= len(set(sets))
    for members, tree in zip(sets, ranked.forest.trees, strict=True):
        up_to = set(np.flatnonzero(table[:, tree.feature[0] - 1] <= tree.threshold[0]).tolist())
        assert up_to == (members if tree.left[0] == 1 else frozenset(range(12)) - members)


def test_sets_that_hold_one_another_share_a_column() -> None:
    """As sorted categories make them."""
    order = np.random.default_rng(0).permutation(40).tolist()
    nested = tuple(stump(frozenset(order[:size])) for size in (3, 9, 17, 30))
    assert rank(Forest(nested, np.zeros(1)), [40]).tables[0].shape == (40, 1)
