"""How far a fit is, told while it runs: for estimators that let it be seen, and without a change to what they fit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from prisml.progress import Progress, silent

STEP = "fit"
_EVERY = 0.1
"""Seconds between two looks."""


@contextmanager
def counted(estimator: Any, progress: Progress) -> Iterator[dict[str, object]]:
    """Within it ``progress`` hears of each iteration that the estimator has done; the arguments that ``fit`` needs for that.

    Boosting is told by iterations. What others do cannot be seen from outside: of them nothing is told.
    """
    if progress is silent:
        yield {}
    elif (library := type(estimator).__module__.partition(".")[0]) == "lightgbm":
        yield {"callbacks": [_LightGBM(progress)]}
    elif library == "xgboost":
        with _xgboost(estimator, progress):
            yield {}
    elif (look := _LOOKS.get(type(estimator).__name__.removesuffix("Classifier").removesuffix("Regressor"))) is not None:
        with _looking(lambda: look(estimator), progress):
            yield {}
    else:
        yield {}


def _of_histograms(estimator: Any) -> tuple[int, int]:
    return len(getattr(estimator, "_predictors", ())), int(estimator.max_iter)


def _of_gradients(estimator: Any) -> tuple[int, int]:
    made = getattr(estimator, "estimators_", ())
    return sum(row[0] is not None for row in made), int(estimator.n_estimators)


_LOOKS: dict[str, Callable[[Any], tuple[int, int]]] = {"HistGradientBoosting": _of_histograms, "GradientBoosting": _of_gradients}
"""The iterations done and in all, of a scikit-learn estimator that is being fitted, by what its class's name begins with."""


@contextmanager
def _looking(look: Callable[[], tuple[int, int]], progress: Progress) -> Iterator[None]:
    """A thread that looks now and then, and tells what is new; it never disturbs the fit."""
    over = threading.Event()

    def watch() -> None:
        last = 0
        # What it looks at is nobody's promise, and may change with a release: then nothing is told.
        with suppress(Exception):
            while not over.wait(_EVERY):
                done, total = look()
                if last < done <= total:
                    progress(STEP, last := done, total)

    watcher = threading.Thread(target=watch, name="prisml-fit", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


class _LightGBM:
    """A callback of LightGBM's, which is called after each iteration."""

    order = 0
    before_iteration = False

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, state: Any) -> None:
        self._progress(STEP, state.iteration + 1 - state.begin_iteration, state.end_iteration - state.begin_iteration)


@contextmanager
def _xgboost(estimator: Any, progress: Progress) -> Iterator[None]:
    """XGBoost takes callbacks as a parameter, which is put back afterwards: it is not the model's."""
    from xgboost.callback import TrainingCallback

    class Told(TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            progress(STEP, min(epoch + 1, total), total)
            return False

    before, total = estimator.callbacks, int(estimator.get_num_boosting_rounds())
    estimator.set_params(callbacks=[*(before or ()), Told()])
    try:
        yield
    finally:
        estimator.set_params(callbacks=before)
