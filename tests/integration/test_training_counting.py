"""A fit that is watched is the fit that nobody watches."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier

from prisml.training.counting import counted

RNG = np.random.default_rng(5)
X = RNG.normal(size=(3_000, 6))
Y = (X[:, 0] + RNG.normal(size=len(X)) > 0).astype(int)


def _estimators() -> list[object]:
    from lightgbm import LGBMClassifier
    from xgboost import XGBClassifier

    return [
        HistGradientBoostingRegressor(max_iter=200, max_leaf_nodes=63, random_state=0),
        GradientBoostingClassifier(n_estimators=40, random_state=0),
        LGBMClassifier(n_estimators=12, verbose=-1, n_jobs=1),
        XGBClassifier(n_estimators=12, n_jobs=1),
    ]


@pytest.mark.parametrize("which", range(4))
def test_iterations_are_told_and_change_nothing(which):
    """Boosting tells of iterations in order; model and parameters are those of a silent fit."""
    watched, alone = _estimators()[which], _estimators()[which]
    told: list[tuple[str, int, int | None]] = []
    with counted(watched, lambda *step: told.append(step)) as asked:
        watched.fit(X, Y, **asked)
    alone.fit(X, Y)
    assert np.array_equal(watched.predict(X), alone.predict(X))
    assert watched.get_params() == alone.get_params()
    wanted = getattr(alone, "max_iter", None) or alone.n_estimators
    done = [count for _, count, _ in told]
    assert done, "nothing was told"
    assert done == sorted(set(done))
    assert {(step, total) for step, _, total in told} == {("fit", wanted)}
    assert done[-1] <= wanted
    if which > 1:
        assert done == list(range(1, wanted + 1))


def test_a_forest_and_a_silent_fit_are_left_alone():
    """What cannot be seen tells nothing and needs nothing; where nobody listens nothing is asked for."""
    from lightgbm import LGBMClassifier

    from prisml.progress import silent

    told: list[tuple[str, int, int | None]] = []
    with counted(forest := RandomForestClassifier(5), lambda *step: told.append(step)) as asked:
        forest.fit(X, Y, **asked)
    assert told == []
    with counted(LGBMClassifier(), silent) as asked:
        assert asked == {}


def test_a_fit_that_fails_leaves_no_thread_and_no_callback():
    """What a fit raises comes through, and the estimator has its own parameters again."""
    import threading

    from xgboost import XGBClassifier

    before = threading.active_count()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"), counted(GradientBoostingClassifier(), lambda *_: None):
        GradientBoostingClassifier().fit(X, Y[:-1])
    estimator = XGBClassifier()
    with pytest.raises(ValueError), counted(estimator, lambda *_: None):
        estimator.fit(X, Y[:-1])
    assert estimator.callbacks is None
    assert threading.active_count() == before
