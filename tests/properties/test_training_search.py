"""Laws of the search: rungs are nested and hold every class, scores are scikit-learn's, draws do not depend on their neighbours."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from prisml.training.estimators import choose_estimator
from prisml.training.search.candidates import ALGORITHMS, waves_of
from prisml.training.search.rungs import SMALLEST, sizes, thinned
from prisml.training.search.scores import Scored, choose, losses_of, score_of, simplicity_of
from prisml.training.search.spaces import SPACES


@given(rows=st.integers(2, 10**6))
def test_rungs_end_with_all_rows_and_none_is_small(rows):
    """At most four rungs, each a third of the next, the first no smaller than 1,000 rows unless there are fewer."""
    found = sizes(rows)
    assert found[-1] == rows
    assert len(found) <= 4
    assert found[0] >= min(rows, SMALLEST)
    assert all(few == many // 3 for few, many in pairwise(found))


@given(st.lists(st.integers(0, 3), min_size=30, max_size=300), st.integers(1, 300), st.integers(1, 300), st.integers(0, 9))
def test_fewer_rows_are_among_more_and_hold_every_class(labels, one, other, seed):
    """What is taken for a lower rung is taken for a higher one, in order, each row once; no class that is there is lost."""
    target = np.asarray(labels)
    few, many = (thinned(target, min(size, len(target)), classes=4, seed=seed) for size in sorted((one, other)))
    assert set(few.tolist()) <= set(many.tolist())
    assert (np.diff(few) > 0).all()
    assert set(target[few].tolist()) == set(labels)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_scores_are_those_of_scikit_learn(seed):
    """The log loss of two and of many classes, and the root of the mean squared error."""
    random = np.random.default_rng(seed)
    for classes in (2, 4):
        truth = np.concatenate((np.arange(classes), random.integers(0, classes, 20)))
        shares = random.dirichlet(np.ones(classes), len(truth))
        wanted = metrics.log_loss(truth, shares)
        assert abs(score_of(losses_of(shares, truth, task="multiclass"), task="multiclass") - wanted) < 1e-12
    numbers, guessed = random.normal(size=30), random.normal(size=30)
    wanted = metrics.root_mean_squared_error(numbers, guessed)
    assert abs(score_of(losses_of(guessed, numbers, task="regression"), task="regression") - wanted) < 1e-12


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-1, 1)), min_size=1, max_size=8), st.integers(0, 99))
def test_the_chosen_is_the_simplest_of_those_as_good_as_the_best(given_candidates, seed):
    """Nothing simpler is as good, and the chosen is as good as the best; the order in which they are looked at does not matter."""
    random = np.random.default_rng(seed)
    base = random.normal(size=40)
    scored = [Scored(order, (kind, 0.0), base + shift + random.normal(size=40)) for order, (kind, shift) in enumerate(given_candidates)]
    chosen, best = choose(scored), min(scored, key=lambda each: each.loss)

    def ties(one: Scored) -> bool:
        apart = one.losses - best.losses
        return float(apart.mean()) <= min(float(np.std(apart, ddof=1)) / len(apart) ** 0.5, 0.02 * abs(float(best.losses.mean())))

    assert ties(chosen)
    assert not any(ties(each) and each.simplicity < chosen.simplicity for each in scored)
    assert choose(scored[::-1]) is chosen


@given(st.sets(st.sampled_from(sorted(SPACES)), min_size=1), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_what_is_drawn_for_an_algorithm_depends_on_no_other(names, seed):
    """The same draws alone and among others, and none of them twice."""
    among = [each for wave in waves_of([name for name in SPACES if name in names], seed) for each in wave]
    for name in names:
        alone = [each.params for wave in waves_of([name], seed) for each in wave]
        assert alone == [each.params for each in among if each.algorithm == name]
        assert len({str(params) for params in alone}) == len(alone)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=3, deadline=None)
def test_every_draw_is_a_parameter_of_its_estimator(seed):
    """Whatever is drawn is accepted for each task that the algorithm has, and orders by size what is of one kind."""
    for name in SPACES.keys() & ALGORITHMS.keys():
        for task in ("binary", "regression"):
            if ALGORITHMS[name].class_name(task) is None:
                continue
            for wave in waves_of([name], seed):
                for each in wave:
                    estimator = choose_estimator(name, params=each.params, task=task, seed=1, model="m").estimator
                    kind, size = simplicity_of(name, estimator, 1_000)
                    assert kind == SPACES[name].simplicity
                    assert 0 <= size < 10**7
